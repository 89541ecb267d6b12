/// How a PostgreSQL database is reached and how long it is waited for.
package struct PostgresSettings: Sendable {
    /// A connection string of libpq, `host=... dbname=...` or `postgresql://...`. It may hold a password: never log it.
    package var connection: String
    /// Each has a thread of its own, started when it is first needed.
    package var maximumConnections = 8
    package var connectTimeoutSeconds = 5
    package var statementTimeoutMilliseconds = 30_000
    /// For how long a transaction is run again after conflicts, or after the connection was lost.
    package var retrySeconds = 10.0
    /// Whether a server that may lose what it has acknowledged is refused; `false` for one whose data is thrown away.
    package var demandsDurability = true

    package init(connection: String) {
        self.connection = connection
    }
}
