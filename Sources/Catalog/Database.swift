import CSQLite
internal import Model

/// What SQLite stores here.
enum SQLValue {
  case null
  case integer(Int)
  case text(String)

  init(_ text: String?) { self = text.map { .text($0) } ?? .null }
}

/// One row of a result, valid inside the closure that gets it.
struct SQLRow {
  fileprivate let statement: OpaquePointer

  func integer(_ column: Int32) -> Int { Int(sqlite3_column_int64(statement, column)) }

  func text(_ column: Int32) -> String { optionalText(column) ?? "" }

  func optionalText(_ column: Int32) -> String? {
    guard sqlite3_column_type(statement, column) != SQLITE_NULL, let bytes = sqlite3_column_text(statement, column)
    else { return nil }
    let count = Int(sqlite3_column_bytes(statement, column))
    return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
  }
}

/// A connection to one SQLite file: prepared statements with bound values, transactions, and errors that say what to
/// do. Not thread-safe: it belongs to the catalog's thread.
final class Database {
  let path: String
  private let connection: OpaquePointer
  private var statements: [String: OpaquePointer] = [:]

  /// Statements that are kept prepared; lists have many combinations of filters.
  private static let statementLimit = 64
  /// The file must exist (it is made with its mode by `CatalogFile`) or be creatable. `busySeconds`: how long a
  /// statement waits for another process's write.
  init(path: String, busySeconds: Int) throws(SidecarError) {
    self.path = path
    var connection: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
    let code = sqlite3_open_v2(path, &connection, flags, nil)
    guard code == SQLITE_OK, let connection else {
      let error = CatalogError.make(code: code, connection: connection, path: path)
      sqlite3_close_v2(connection)
      throw error
    }
    self.connection = connection
    sqlite3_busy_timeout(connection, Int32(busySeconds * 1000))
  }

  deinit {
    for statement in statements.values { sqlite3_finalize(statement) }
    sqlite3_close_v2(connection)
  }

  /// Runs one statement to its end and gives what `read` makes of each row.
  @discardableResult
  func query<Value>(
    _ sql: String,
    _ values: [SQLValue] = [],
    _ read: (SQLRow) throws -> Value
  ) throws -> [Value] {
    let statement = try prepare(sql)
    defer {
      sqlite3_reset(statement)
      sqlite3_clear_bindings(statement)
    }
    for (index, value) in values.enumerated() { try bind(value, at: Int32(index + 1), of: statement) }
    var result: [Value] = []
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW: result.append(try read(SQLRow(statement: statement)))
      case SQLITE_DONE: return result
      case let code: throw CatalogError.make(code: code, connection: connection, path: path)
      }
    }
  }

  /// Runs one statement; gives the number of rows that it changed.
  @discardableResult
  func execute(_ sql: String, _ values: [SQLValue] = []) throws -> Int {
    try query(sql, values) { _ in }
    return Int(sqlite3_changes64(connection))
  }

  func integer(_ sql: String, _ values: [SQLValue] = []) throws -> Int {
    try query(sql, values) { $0.integer(0) }.first ?? 0
  }

  /// Several statements without values, for migrations.
  func script(_ sql: String) throws(SidecarError) {
    let code = sqlite3_exec(connection, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw CatalogError.make(code: code, connection: connection, path: path) }
  }

  /// All of it or nothing. IMMEDIATE, so that it waits for other writers at the beginning and never has to be
  /// repeated because its snapshot was too old (sqlite.org/isolation.html).
  func transaction<Value>(_ body: () throws -> Value) throws -> Value { try between("BEGIN IMMEDIATE", body) }

  /// Several reads of one and the same state of the file, whoever writes meanwhile.
  func snapshot<Value>(_ body: () throws -> Value) throws -> Value { try between("BEGIN", body) }

  private func between<Value>(_ begin: String, _ body: () throws -> Value) throws -> Value {
    try execute(begin)
    do {
      let value = try body()
      try execute("COMMIT")
      return value
    } catch {
      // Some errors (a full disk) have rolled back already.
      if sqlite3_get_autocommit(connection) == 0 { sqlite3_exec(connection, "ROLLBACK", nil, nil, nil) }
      throw error
    }
  }

  /// Whether the path leads to another file by now (deleted, replaced): writes would vanish with the old one.
  var hasMoved: Bool {
    var moved: Int32 = 0
    sqlite3_file_control(connection, "main", SQLITE_FCNTL_HAS_MOVED, &moved)
    return moved != 0
  }

  /// Rows changed by this connection since it was opened.
  var totalChanges: Int { Int(sqlite3_total_changes64(connection)) }

  private func prepare(_ sql: String) throws -> OpaquePointer {
    if let statement = statements[sql] { return statement }
    var statement: OpaquePointer?
    let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
    guard code == SQLITE_OK, let statement else {
      throw CatalogError.make(code: code, connection: connection, path: path)
    }
    if statements.count >= Self.statementLimit {
      for old in statements.values where sqlite3_stmt_busy(old) == 0 { sqlite3_finalize(old) }
      statements = statements.filter { sqlite3_stmt_busy($0.value) != 0 }
    }
    statements[sql] = statement
    return statement
  }

  private func bind(_ value: SQLValue, at index: Int32, of statement: OpaquePointer) throws {
    let code: Int32
    switch value {
    case .null: code = sqlite3_bind_null(statement, index)
    case .integer(let integer): code = sqlite3_bind_int64(statement, index, Int64(integer))
    case .text(let text):
      // SQLITE_TRANSIENT: SQLite copies the bytes.
      let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
      var text = text
      code = text.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) { characters in
          guard let start = characters.baseAddress else { return sqlite3_bind_text(statement, index, "", 0, nil) }
          return sqlite3_bind_text64(
            statement,
            index,
            start,
            UInt64(characters.count),
            transient,
            UInt8(SQLITE_UTF8)
          )
        }
      }
    }
    guard code == SQLITE_OK else { throw CatalogError.make(code: code, connection: connection, path: path) }
  }
}
