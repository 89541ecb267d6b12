import CPostgres
import Foundation
import Store

/// One connection, used by one thread only. It is made when it is first needed and made again after it was lost.
final class PostgresSession {
    enum Mode: String {
        case write = "BEGIN ISOLATION LEVEL SERIALIZABLE"
        case read = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        /// Each statement sees what was committed before it, also while a lock was waited for.
        case migration = "BEGIN ISOLATION LEVEL READ COMMITTED"
    }

    /// Statements kept prepared; when there are more, all are forgotten.
    private static let statementLimit = 512
    private let settings: PostgresSettings
    private var connection: OpaquePointer?
    private var wasConnected = false
    /// Names of prepared statements by their portable text.
    private var prepared: [String: String] = [:]
    private var preparedCount = 0
    /// The first statement of this transaction that failed: PostgreSQL refuses every one after it.
    private var failure: PostgresFailure?
    private var isCommitting = false

    init(_ settings: PostgresSettings) {
        self.settings = settings
    }

    deinit {
        disconnect()
    }

    /// Runs `body` in a transaction, again and again while other transactions are in its way.
    func transaction<Result>(_ mode: Mode, _ body: (any Connection) throws -> Result) throws -> Result {
        var retries = Retries(seconds: settings.retrySeconds)
        while true {
            do {
                return try attempt(mode, body)
            } catch {
                // An error of the body's own is not repaired by running it again; what PostgreSQL refused may be.
                guard let failure, !isCommitting || !failure.isConnectionLost else { throw commitError(error) }
                guard retries.allows(failure, wasConnected: wasConnected) else { throw Self.mapped(error) }
            }
        }
    }

    private func attempt<Result>(_ mode: Mode, _ body: (any Connection) throws -> Result) throws -> Result {
        failure = nil
        isCommitting = false
        try connect()
        defer { endTransaction() }
        try command(mode.rawValue)
        let result = try body(PostgresConnection(session: self))
        // The body may have gone on after it, but nothing can be committed.
        if let failure { throw failure }
        isCommitting = true
        try command("COMMIT")
        return result
    }

    /// Without a transaction, for commands that refuse to stand in one.
    func alone(_ sql: String) throws {
        do {
            try connect()
            try command(sql)
        } catch {
            throw Self.mapped(error)
        }
    }

    private func endTransaction() {
        guard let connection else { return }
        if !isConnected {
            disconnect()
        } else if novella_pg_transaction_status(connection) != NOVELLA_PG_IDLE {
            do { try command("ROLLBACK") } catch { disconnect() }
        }
    }

    private func commitError(_ error: any Error) -> any Error {
        guard let failure, isCommitting else { return Self.mapped(error) }
        return StoreError(
            .other,
            "the connection to PostgreSQL was lost while it committed, so the change may or may not have been made; "
                + "look before you repeat it: \(failure.message)")
    }

    private static func mapped(_ error: any Error) -> any Error {
        (error as? PostgresFailure)?.storeError ?? error
    }
}

// MARK: - The line

extension PostgresSession {
    private var isConnected: Bool { connection.map { novella_pg_is_connected($0) != 0 } ?? false }

    private func connect() throws {
        if connection != nil { return }
        if let why = novella_pg_load() {
            throw StoreError(.other, "libpq cannot be used (\(String(cString: why))); install Debian's package libpq5")
        }
        // Later ones win, so that the connection string may say otherwise.
        let parameters = [
            ("application_name", "novella"), ("connect_timeout", "\(settings.connectTimeoutSeconds)"),
            ("client_encoding", "UTF8"), ("dbname", settings.connection),
        ]
        let made = Self.withTexts(parameters.map { $0.0 } + [nil]) { keywords in
            Self.withTexts(parameters.map { $0.1 } + [nil]) { values in novella_pg_connect(keywords, values) }
        }
        connection = made
        guard isConnected else {
            let why = made.map { Self.trimmed(novella_pg_connection_error($0)) } ?? "no memory"
            disconnect()
            throw fail(PostgresFailure(message: "no connection: \(why)", isConnectionLost: true))
        }
        wasConnected = true
        do {
            try command("SET statement_timeout = \(settings.statementTimeoutMilliseconds)")
            try demandDurability()
        } catch {
            disconnect()
            throw error
        }
    }

    /// A role or a database may have a lower default for its sessions, which this one raises; the rest is the server's.
    private func demandDurability() throws {
        if try durability().synchronousCommit == "off" { try command("SET synchronous_commit = on") }
        guard settings.demandsDurability else { return }
        let shortcomings = try durability().shortcomings
        guard shortcomings.isEmpty else {
            throw StoreError(
                .other,
                "this PostgreSQL server could lose what it has acknowledged, so it is not used: "
                    + shortcomings.joined(separator: "; "))
        }
    }

    private func durability() throws -> PostgresDurability {
        let found = try command(PostgresDurability.question)
        let values = (0..<3).map { found.rowCount > 0 ? found.text(0, $0) ?? "" : "" }
        return PostgresDurability(synchronousCommit: values[0], fsync: values[1], fullPageWrites: values[2])
    }

    private func disconnect() {
        if let connection { novella_pg_finish(connection) }
        connection = nil
        prepared = [:]
    }

    private func fail(_ failure: PostgresFailure) -> PostgresFailure {
        if self.failure == nil { self.failure = failure }
        return failure
    }

    private static func trimmed(_ text: UnsafePointer<CChar>?) -> String {
        text.map { String(cString: $0).trimmingCharacters(in: .whitespacesAndNewlines) } ?? "no reason given"
    }

    /// The same texts for C; `nil` is NULL.
    private static func withTexts<Result>(
        _ texts: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) throws -> Result
    ) rethrows -> Result {
        var bytes: [CChar] = []
        let starts = texts.map { text -> Int? in
            guard let text else { return nil }
            defer { bytes += text.utf8.map { CChar(bitPattern: $0) } + [0] }
            return bytes.count
        }
        return try bytes.withUnsafeBufferPointer { bytes in
            let pointers = starts.map { start in start.flatMap { at in bytes.baseAddress.map { $0 + at } } }
            return try pointers.withUnsafeBufferPointer { try body($0.baseAddress) }
        }
    }
}

// MARK: - Statements

extension PostgresSession {
    /// Statements without parameters, not prepared.
    @discardableResult
    func command(_ sql: String) throws -> PostgresResult {
        guard let connection else { throw lost() }
        return try checked(novella_pg_execute(connection, sql), sql)
    }

    func run(_ sql: String, _ arguments: [SQLValue]) throws -> PostgresResult {
        let texts = try arguments.map { try text(of: $0, in: sql) }
        let name = try prepare(sql, arguments)
        guard let connection else { throw lost() }
        let result = Self.withTexts(texts) { values in
            novella_pg_execute_prepared(connection, name, Int32(texts.count), values)
        }
        return try checked(result, sql)
    }

    private func prepare(_ sql: String, _ arguments: [SQLValue]) throws -> String {
        if let name = prepared[sql] { return name }
        if prepared.count >= Self.statementLimit {
            try command("DEALLOCATE ALL")
            prepared = [:]
        }
        guard let connection else { throw lost() }
        preparedCount += 1
        let name = "s\(preparedCount)"
        // Where a value says nothing of its type, its place in the statement does.
        let types = arguments.map { value -> UInt32 in
            switch value {
            case .null: 0
            case .integer: NOVELLA_PG_INT8
            case .text: NOVELLA_PG_TEXT
            }
        }
        _ = try checked(
            novella_pg_prepare(connection, name, StatementText.translated(sql), Int32(types.count), types), sql)
        prepared[sql] = name
        return name
    }

    private func text(of value: SQLValue, in sql: String) throws -> String? {
        switch value {
        case .null: return nil
        case .integer(let number): return String(number)
        case .text(let text):
            guard !text.utf8.contains(0) else {
                let failure = PostgresFailure(
                    sqlState: "22021", message: "a text holds U+0000, which PostgreSQL cannot keep, in: \(sql)")
                throw fail(failure)
            }
            return text
        }
    }

    private func checked(_ result: OpaquePointer?, _ sql: String) throws -> PostgresResult {
        guard let result else { throw lost() }
        let kept = PostgresResult(result)
        let status = novella_pg_status(result)
        if status == NOVELLA_PG_COMMAND_OK || status == NOVELLA_PG_TUPLES_OK { return kept }
        throw fail(
            PostgresFailure(
                sqlState: novella_pg_sql_state(result).map { String(cString: $0) },
                message: "\(Self.trimmed(novella_pg_message(result))), in: \(sql)", isConnectionLost: !isConnected))
    }

    private func lost() -> PostgresFailure {
        let why = connection.map { Self.trimmed(novella_pg_connection_error($0)) } ?? "there is no connection"
        return fail(PostgresFailure(message: why, isConnectionLost: true))
    }
}
