import Foundation

/// An authority of the test's own in a folder, and the certificates that it signed.
struct Certificates {
  let directory: String
  var authority: String { directory + "/ca.pem" }

  init() throws {
    directory = FileManager.default.temporaryDirectory.path + "/tls-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try openssl(
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=Test"
    )
  }

  /// Key and certificate for a `subjectAltName`, such as `IP:127.0.0.1`.
  func issue(_ name: String, for subject: String, days: Int = 2) throws -> (certificate: String, key: String) {
    try Data("subjectAltName=\(subject)\n".utf8).write(to: URL(filePath: "\(directory)/\(name).ext"))
    try openssl(
      "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout \(name).key -out \(name).csr -subj /CN=\(name)"
    )
    try openssl(
      "x509 -req -in \(name).csr -CA ca.pem -CAkey ca.key -CAcreateserial -out \(name).pem -days \(days) -extfile \(name).ext"
    )
    return ("\(directory)/\(name).pem", "\(directory)/\(name).key")
  }

  func remove() { try? FileManager.default.removeItem(atPath: directory) }

  private func openssl(_ arguments: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments.split(separator: " ").map(String.init)
    process.currentDirectoryURL = URL(filePath: directory)
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableRuntimeMismatch) }
  }
}
