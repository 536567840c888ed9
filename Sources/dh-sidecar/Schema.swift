import ArgumentParser
import FoundationEssentials
import ParameterSchema
import Sidecar

#if canImport(Glibc)
  import Glibc
#endif

struct Schema: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the JSON Schemas, the OpenRPC document and the list of errors, from the declarations.",
    discussion: """
      Below the folder: function.schema.json, run.ACTION.schema.json and methods/METHOD.schema.json (JSON Schema \
      2020-12), the same below draft-07/ and, for forms, below forms/; what goes with a form, below ui/json-forms/ and \
      ui/react-jsonschema-form/; openrpc.json; errors.json. A README.md beside the folder that has the markers \
      <!-- BEGIN generated: NAME --> gets its tables of methods, parameters and errors anew.

      EXIT CODES
        0   all is written
        64  the command line is wrong
        74  a file can't be written
      """
  )

  @Option(help: "The folder to write into; it is made where it is missing.")
  var write: String

  func run() throws {
    for (path, bytes) in SchemaFiles.all(methods: MethodRegistry.declarations, version: SidecarVersion.current) {
      let file = write.hasSuffix("/") ? write + path : write + "/" + path
      let folder = String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)])
      try Self.attempt(file) {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: file), options: .atomic)
      }
    }
    try refreshTables(of: URL(filePath: write).deletingLastPathComponent().appending(path: "README.md"))
  }

  private func refreshTables(of readme: URL) throws {
    guard let old = try? String(contentsOf: readme, encoding: .utf8) else { return }
    let new = ReferenceTables.refreshed(old, methods: MethodRegistry.declarations)
    guard new != old else { return }
    try Self.attempt(readme.path) { try Data(new.utf8).write(to: readme, options: .atomic) }
  }

  private static func attempt(_ file: String, _ write: () throws -> Void) throws {
    do {
      try write()
    } catch {
      let cause = String(cString: strerror(errno))
      Descriptor.write("dh-sidecar: \(file) can't be written (\(cause)); name a folder that can.\n", to: 2)
      throw ExitCode(EX_IOERR)
    }
  }
}
