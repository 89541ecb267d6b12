import GRDB
import GRDBSQLite
import Store

/// Runs statements that GRDB has prepared, without its rows and arguments, which cost more than the statements.
struct SQLiteConnection: Connection {
    /// SQLite copies what is bound.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    let db: GRDB.Database
    let statements: StatementCache

    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
        try mapped {
            try run(sql, arguments) { _ in }
            return Int(sqlite3_changes(db.sqliteConnection))
        }
    }

    func forEach(_ sql: String, _ arguments: [SQLValue], _ row: (any SQLRow) throws -> Void) throws {
        try mapped { try run(sql, arguments) { try row(SQLiteRow(statement: $0)) } }
    }

    private func run(_ sql: String, _ arguments: [SQLValue], _ row: (OpaquePointer) throws -> Void) throws {
        var prepared = try statements.statement(sql, of: db)
        // The rows of the same statement are being read further out.
        if sqlite3_stmt_busy(prepared.sqliteStatement) != 0 { prepared = try db.makeStatement(sql: sql) }
        try withExtendedLifetime(prepared) {
            let statement = prepared.sqliteStatement
            defer { sqlite3_reset(statement) }
            try bind(arguments, to: statement, sql)
            while true {
                switch sqlite3_step(statement) {
                case SQLITE_ROW: try row(statement)
                case SQLITE_DONE: return
                default: throw failure(sql)
                }
            }
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

    private func failure(_ sql: String) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: sqlite3_extended_errcode(db.sqliteConnection)),
            message: sqlite3_errmsg(db.sqliteConnection).map { String(cString: $0) }, sql: sql)
    }
}

/// The statements that one connection has prepared, a bounded number: their texts depend on what clients ask for.
///
/// `@unchecked Sendable`: used only on the connection's own queue.
final class StatementCache: @unchecked Sendable {
    private static let limit = 512
    private var known: [String: Statement] = [:]

    func statement(_ sql: String, of db: GRDB.Database) throws -> Statement {
        if let found = known[sql] { return found }
        let made = try db.makeStatement(sql: sql)
        if known.count >= Self.limit { known = [:] }
        known[sql] = made
        return made
    }

    /// Before the connection closes, which it cannot while a statement lives.
    func empty() { known = [:] }
}

/// The row at which a statement stands.
struct SQLiteRow: SQLRow {
    let statement: OpaquePointer

    func isNull(_ column: Int) -> Bool { sqlite3_column_type(statement, CInt(column)) == SQLITE_NULL }

    func integer(_ column: Int) -> Int64 { sqlite3_column_int64(statement, CInt(column)) }

    func text(_ column: Int) -> String {
        guard let bytes = sqlite3_column_text(statement, CInt(column)) else { return "" }
        let count = Int(sqlite3_column_bytes(statement, CInt(column)))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    func withUTF8(_ column: Int, _ body: (UnsafeBufferPointer<UInt8>?) -> Void) {
        guard let bytes = sqlite3_column_text(statement, CInt(column)) else { return body(nil) }
        body(UnsafeBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(statement, CInt(column)))))
    }
}

/// SQLite's errors in the store's words.
func mapped<Result>(_ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch let error as DatabaseError {
        let kind: StoreError.Kind =
            switch error.extendedResultCode {
            case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY: .uniqueViolation
            case .SQLITE_CONSTRAINT_CHECK, .SQLITE_CONSTRAINT_NOTNULL: .checkViolation
            case .SQLITE_CONSTRAINT_FOREIGNKEY: .foreignKeyViolation
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: .corrupt
            default: .other
            }
        throw StoreError(kind, "\(error)")
    }
}
