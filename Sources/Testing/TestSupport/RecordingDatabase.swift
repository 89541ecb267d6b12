import Model
package import Store
import Synchronization

/// Keeps the text of every statement that PostgreSQL or SQLite has understood.
package final class RecordingDatabase: Database {
    private let inner: any Database
    private let seen = SeenStatements()

    package init(_ inner: any Database) {
        self.inner = inner
    }

    package var statements: Set<String> { seen.all.withLock { $0 } }

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

private final class SeenStatements: Sendable {
    let all = Mutex<Set<String>>([])
}

private struct RecordingConnection: Connection {
    let inner: any Connection
    let seen: SeenStatements

    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
        let changed = try inner.execute(sql, arguments)
        _ = seen.all.withLock { $0.insert(sql) }
        return changed
    }

    func forEach(_ sql: String, _ arguments: [SQLValue], _ row: (SQLRow) throws -> Void) throws {
        try inner.forEach(sql, arguments, row)
        _ = seen.all.withLock { $0.insert(sql) }
    }
}
