import JSON

/// The arguments of `core-double`.
package enum CommandLineOptions {
  /// Throws `OptionFault` for what is none.
  package static func read(_ arguments: some Sequence<String>) throws(OptionFault) -> (DoubleOptions, port: Int) {
    var options = DoubleOptions()
    var port = 0
    var iterator = arguments.makeIterator()
    while let name = iterator.next() {
      guard let value = iterator.next() else { throw OptionFault(description: "\(name): a value is missing") }
      switch name {
      case "--port":
        guard let number = Int(value) else { throw OptionFault(description: "--port: a number") }
        port = number
      case "--level":
        guard let number = Int(value) else { throw OptionFault(description: "--level: 13, 14 or 15") }
        try options.merge(["level": .integer(number)])
      case "--auth": try options.merge(["auth": .string(value)])
      case "--option":
        guard let object = (try? JSONValue(parsing: value))?.objectValue else {
          throw OptionFault(description: "--option: a JSON object")
        }
        try options.merge(object)
      default: throw OptionFault(description: "\(name): there is no such argument")
      }
    }
    return (options, port)
  }
}
