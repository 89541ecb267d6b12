import CSQLite
import Model
import Store

/// Runs statements on an open connection, on its own queue.
struct SQLiteConnection: Connection {
    /// SQLite copies what is bound.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    let db: OpaquePointer
    let statements = StatementCache()

    var isInTransaction: Bool { sqlite3_get_autocommit(db) == 0 }
    /// Rows that were written since it was opened, rolled back or not.
    var changeCount: Int64 { sqlite3_total_changes64(db) }

    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
        try withStatement(sql, arguments) { statement in
            while try step(statement, sql) {}
        }
        return Int(sqlite3_changes(db))
    }

    func forEach(_ sql: String, _ arguments: [SQLValue], _ row: (SQLRow) throws -> Void) throws {
        try withStatement(sql, arguments) { statement in
            let columns = Int(sqlite3_column_count(statement))
            let buffer = SQLRowBuffer(columns: columns)
            while try step(statement, sql) {
                for column in 0..<columns { buffer.cells[column] = Self.cell(statement, CInt(column)) }
                try row(buffer.row)
                if let misread = buffer.misread { throw StoreError(.corrupt, "SQLite: \(misread), in: \(sql)") }
            }
        }
    }

    /// Several statements without arguments and rows.
    func script(_ sql: String) throws {
        guard sqlite3_exec(db, sql, nil, nil, nil) == SQLITE_OK else { throw failure(sql) }
    }

    /// Runs `body` in a transaction that is kept when it returns.
    func transaction<Result>(_ begin: String, _ body: () throws -> Result) throws -> Result {
        try execute(begin, [])
        do {
            let result = try body()
            try execute("COMMIT", [])
            return result
        } catch {
            if isInTransaction { try execute("ROLLBACK", []) }
            throw error
        }
    }

    /// Writes of the log back what nobody holds on to; `false` when another connection is at it.
    func checkpoint() throws -> Bool {
        let code = sqlite3_wal_checkpoint_v2(db, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
        guard code == SQLITE_OK || code & 0xff == SQLITE_BUSY else { throw failure("PRAGMA wal_checkpoint") }
        return code == SQLITE_OK
    }

    /// Copies everything as of one moment into another connection's file.
    func backUp(into target: SQLiteConnection) throws {
        guard let backup = sqlite3_backup_init(target.db, "main", db, "main") else {
            throw target.failure("backup")
        }
        let code = sqlite3_backup_step(backup, -1)
        guard sqlite3_backup_finish(backup) == SQLITE_OK, code == SQLITE_DONE else { throw target.failure("backup") }
    }

    private func step(_ statement: OpaquePointer, _ sql: String) throws -> Bool {
        switch sqlite3_step(statement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw failure(sql)
        }
    }

    /// Asks for the value once: each question of a column is a call with bookkeeping, and those of a value are not. One
    /// thread at a time uses a connection, so that its values need no protection
    /// (https://www.sqlite.org/c3ref/value.html).
    private static func cell(_ statement: OpaquePointer, _ column: CInt) -> SQLCell {
        let value = sqlite3_column_value(statement, column)
        switch sqlite3_value_type(value) {
        case SQLITE_NULL: return .null
        case SQLITE_INTEGER: return .integer(sqlite3_value_int64(value))
        default:
            let start = sqlite3_value_text(value)
            return .text(UnsafeBufferPointer(start: start, count: Int(sqlite3_value_bytes(value))))
        }
    }

    private func withStatement(
        _ sql: String, _ arguments: [SQLValue], _ body: (OpaquePointer) throws -> Void
    ) throws {
        var prepared = try statements.statement(sql, of: self)
        // The rows of the same statement are being read further out.
        if sqlite3_stmt_busy(prepared.pointer) != 0 { prepared = try PreparedStatement(sql, of: self, isKept: false) }
        try withExtendedLifetime(prepared) {
            defer {
                sqlite3_reset(prepared.pointer)
                sqlite3_clear_bindings(prepared.pointer)
            }
            try bind(arguments, to: prepared.pointer, sql)
            try body(prepared.pointer)
        }
    }

    private func bind(_ arguments: [SQLValue], to statement: OpaquePointer, _ sql: String) throws {
        guard sqlite3_bind_parameter_count(statement) == arguments.count else {
            throw StoreError(.other, "\(arguments.count) values are not what this statement wants: \(sql)")
        }
        for (at, argument) in arguments.enumerated() {
            let place = CInt(at + 1)
            let code =
                switch argument {
                case .null: sqlite3_bind_null(statement, place)
                case .integer(let value): sqlite3_bind_int64(statement, place, value)
                case .text(var value):
                    value.withUTF8 { bytes in
                        bytes.withMemoryRebound(to: CChar.self) {
                            sqlite3_bind_text(statement, place, $0.baseAddress, CInt($0.count), Self.transient)
                        }
                    }
                }
            guard code == SQLITE_OK else { throw failure(sql) }
        }
    }

    fileprivate func failure(_ sql: String) -> StoreError {
        StoreError(sqlite: db, "in: \(sql)")
    }
}

/// A statement that SQLite has compiled.
final class PreparedStatement {
    let sql: String
    let pointer: OpaquePointer

    init(_ sql: String, of connection: SQLiteConnection, isKept: Bool) throws {
        var made: OpaquePointer?
        let flags = isKept ? CUnsignedInt(SQLITE_PREPARE_PERSISTENT) : 0
        guard sqlite3_prepare_v3(connection.db, sql, -1, flags, &made, nil) == SQLITE_OK else {
            throw connection.failure(sql)
        }
        guard let made else { throw StoreError(.other, "there is no statement in: \(sql)") }
        pointer = made
        self.sql = sql
    }

    deinit {
        sqlite3_finalize(pointer)
    }
}

/// The statements that one connection has prepared, a bounded number: their texts depend on what clients ask for.
final class StatementCache {
    private static let limit = 512
    private var known: [String: PreparedStatement] = [:]
    /// Most texts stand where they stood: to compare them with themselves costs less than to hash them.
    private var byPlace: [UnsafeRawPointer: PreparedStatement] = [:]

    func statement(_ sql: String, of connection: SQLiteConnection) throws -> PreparedStatement {
        let place = sql.utf8.withContiguousStorageIfAvailable { UnsafeRawPointer($0.baseAddress) } ?? nil
        if let place, let found = byPlace[place], found.sql == sql { return found }
        let found = try known[sql] ?? make(sql, of: connection)
        if let place {
            if byPlace.count >= Self.limit { byPlace = [:] }
            byPlace[place] = found
        }
        return found
    }

    private func make(_ sql: String, of connection: SQLiteConnection) throws -> PreparedStatement {
        let made = try PreparedStatement(sql, of: connection, isKept: true)
        if known.count >= Self.limit { empty() }
        known[sql] = made
        return made
    }

    /// Before the connection closes.
    func empty() {
        known = [:]
        byPlace = [:]
    }
}
