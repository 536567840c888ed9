// `core-double [--level 13|14|15] [--port N] [--auth none|basic|bearer] [--option JSON]`: a DigitalHub Core to test
// against, by hand or from another language. `--option` takes any options as an object and may come again. Prints one
// line, `{"endpoint": "http://127.0.0.1:PORT"}`, and runs until its stdin closes. `/_double/` scripts it.
import CoreDouble

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

do {
  let (options, port) = try CommandLineOptions.read(CommandLine.arguments.dropFirst())
  let double = try await CoreDouble.start(options, port: port)
  print("{\"endpoint\": \"\(double.endpoint)\"}")
  fflush(nil)
  var byte: UInt8 = 0
  while read(0, &byte, 1) > 0 {}
  await double.stop()
} catch {
  let message = Array("core-double: \(error)\n".utf8)
  write(2, message, message.count)
  exit(2)
}
