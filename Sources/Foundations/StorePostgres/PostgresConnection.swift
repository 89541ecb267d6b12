import CPostgres
import Model
import Store

struct PostgresConnection: Connection {
    let session: PostgresSession

    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
        try run(sql, arguments).rowsChanged
    }

    func forEach(_ sql: String, _ arguments: [SQLValue], _ row: (SQLRow) throws -> Void) throws {
        let result = try run(sql, arguments)
        let columns = result.columnCount
        let buffer = SQLRowBuffer(columns: columns)
        try withExtendedLifetime(result) {
            for number in 0..<result.rowCount {
                for column in 0..<columns { buffer.cells[column] = result.cell(number, column) }
                try row(buffer.row)
                if let misread = buffer.misread {
                    throw StoreError(.corrupt, "PostgreSQL: \(misread), in: \(sql)")
                }
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

    init(_ result: OpaquePointer) {
        self.result = result
    }

    deinit {
        novella_pg_clear(result)
    }

    var rowCount: Int { Int(novella_pg_row_count(result)) }

    var rowsChanged: Int { Int(String(cString: novella_pg_rows_changed(result))) ?? 0 }

    var columnCount: Int { Int(novella_pg_column_count(result)) }

    /// Valid as long as the answer.
    func cell(_ row: Int, _ column: Int) -> SQLCell {
        guard novella_pg_is_null(result, Int32(row), Int32(column)) == 0 else { return .null }
        let length = Int(novella_pg_length(result, Int32(row), Int32(column)))
        let start = UnsafeRawPointer(novella_pg_value(result, Int32(row), Int32(column)))
        return .text(UnsafeBufferPointer(start: start?.assumingMemoryBound(to: UInt8.self), count: length))
    }

    func text(_ row: Int, _ column: Int) -> String? {
        guard case .text(let bytes) = cell(row, column) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
