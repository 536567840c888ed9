import ArgumentParser
import FoundationEssentials
import ParameterSchema
import Sidecar

#if canImport(Glibc)
  import Glibc
#endif

struct Schema: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the JSON Schemas, the OpenRPC document and the list of errors, from the declarations."
  )

  @Option(help: "The folder to write into; it is made where it is missing.")
  var write: String

  func run() throws {
    for (path, bytes) in SchemaFiles.all(methods: MethodRegistry.declarations, version: SidecarVersion.current) {
      let file = write.hasSuffix("/") ? write + path : write + "/" + path
      let folder = String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)])
      do {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: file), options: .atomic)
      } catch {
        let cause = String(cString: strerror(errno))
        Descriptor.write("dh-sidecar: \(file) can't be written (\(cause)); name a folder that can.\n", to: 2)
        throw ExitCode(EX_IOERR)
      }
    }
  }
}
