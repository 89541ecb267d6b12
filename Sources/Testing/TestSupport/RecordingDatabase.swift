import Model
package import Store
import Synchronization

/// Keeps the text of every statement that PostgreSQL or SQLite has understood, and counts them.
package final class RecordingDatabase: Database {
    private let inner: any Database
    private let seen = SeenStatements()

    package init(_ inner: any Database) {
        self.inner = inner
    }

    package var timeStatement: String? { inner.timeStatement }

    package var statements: Set<String> { Set(seen.work.withLock { $0.keys }) }

    /// What has run so far of the statements with this in their text.
    package func work(with text: String = "") -> Work {
        seen.work.withLock { all in
            all.filter { text.isEmpty || $0.key.contains(text) }.values.reduce(into: Work()) { sum, one in
                sum.statements += one.statements
                sum.rows += one.rows
            }
        }
    }

    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await inner.read { [seen] in try body(RecordingConnection(inner: $0, seen: seen)) }
    }

    @discardableResult
    package func transaction<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await inner.transaction { [seen] in try body(RecordingConnection(inner: $0, seen: seen)) }
    }

    package func close() async throws {
        try await inner.close()
    }
}

extension RecordingDatabase {
    package struct Work: Sendable, Equatable {
        package var statements = 0
        /// Rows that were read or written.
        package var rows = 0

        package init() {}

        package static func - (left: Self, right: Self) -> Self {
            var difference = left
            difference.statements -= right.statements
            difference.rows -= right.rows
            return difference
        }
    }
}

private final class SeenStatements: Sendable {
    let work = Mutex<[String: RecordingDatabase.Work]>([:])

    func add(_ sql: String, rows: Int) {
        work.withLock { work in
            work[sql, default: .init()].statements += 1
            work[sql, default: .init()].rows += rows
        }
    }
}

private struct RecordingConnection: Connection {
    let inner: any Connection
    let seen: SeenStatements

    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
        let changed = try inner.execute(sql, arguments)
        seen.add(sql, rows: changed)
        return changed
    }

    func forEach(_ sql: String, _ arguments: [SQLValue], _ row: (SQLRow) throws -> Void) throws {
        var rows = 0
        try inner.forEach(sql, arguments) { found in
            rows += 1
            try row(found)
        }
        seen.add(sql, rows: rows)
    }
}
