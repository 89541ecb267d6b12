import CPostgres
import Store

struct PostgresConnection: Connection {
    let session: PostgresSession

    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
        try run(sql, arguments).rowsChanged
    }

    func forEach(_ sql: String, _ arguments: [SQLValue], _ row: (any SQLRow) throws -> Void) throws {
        let result = try run(sql, arguments)
        for number in 0..<result.rowCount {
            try row(PostgresRow(result: result, number: number))
            if let misread = result.misread {
                throw StoreError(.corrupt, "PostgreSQL: \(misread), in: \(sql)")
            }
        }
    }

    private func run(_ sql: String, _ arguments: [SQLValue]) throws -> PostgresResult {
        do {
            return try session.run(sql, arguments)
        } catch let failure as PostgresFailure {
            throw failure.storeError
        }
    }
}

/// A whole answer, in memory.
final class PostgresResult {
    private let result: OpaquePointer
    /// The first column that was read as what it is not.
    fileprivate(set) var misread: String?

    init(_ result: OpaquePointer) {
        self.result = result
    }

    deinit {
        novella_pg_clear(result)
    }

    var rowCount: Int { Int(novella_pg_row_count(result)) }

    var rowsChanged: Int { Int(String(cString: novella_pg_rows_changed(result))) ?? 0 }

    func isNull(_ row: Int, _ column: Int) -> Bool { novella_pg_is_null(result, Int32(row), Int32(column)) != 0 }

    func text(_ row: Int, _ column: Int) -> String? {
        isNull(row, column) ? nil : String(cString: novella_pg_value(result, Int32(row), Int32(column)))
    }
}

struct PostgresRow: SQLRow {
    let result: PostgresResult
    let number: Int

    func isNull(_ column: Int) -> Bool { result.isNull(number, column) }

    func integer(_ column: Int) -> Int64 {
        let text = text(column)
        if let value = Int64(text) { return value }
        note("column \(column) is '\(text)', not an integer of 64 bits")
        return 0
    }

    func text(_ column: Int) -> String {
        if let text = result.text(number, column) { return text }
        note("column \(column) is NULL")
        return ""
    }

    func withUTF8(_ column: Int, _ body: (UnsafeBufferPointer<UInt8>?) -> Void) {
        guard var text = result.text(number, column) else { return body(nil) }
        text.withUTF8(body)
    }

    private func note(_ what: String) {
        if result.misread == nil { result.misread = what }
    }
}
