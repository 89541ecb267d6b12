package import Model

/// A database of the cloud. Two exist: SQLite for one machine, PostgreSQL for many.
package protocol Database: Sendable {
    /// Answers with the time, in microseconds, of the clock that all processes of this store share; `nil` where that is
    /// their machine's own. See `DatabaseClock`.
    var timeStatement: String? { get }

    /// Runs `body` on a snapshot. It must not write.
    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result

    /// Runs `body` in a transaction that is durable when this returns.
    ///
    /// `body` is synchronous, has no effect but on the connection, and may run more than once: alone after a shared
    /// commit failed, or again after a serialisation conflict. An error thrown by it rolls back its own writes only.
    /// It must not go on after a statement failed: PostgreSQL has given up the transaction by then.
    @discardableResult
    func transaction<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result

    /// Lets what is under way end; nothing may be asked afterwards.
    func close() async throws
}

/// A connection inside `read` or `transaction`; not to be kept.
package protocol Connection {
    /// Runs one statement with `?1`, `?2`, ... bound to `arguments`; returns the number of rows changed.
    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int
    /// Calls `row` for each row of the answer.
    func forEach(_ sql: String, _ arguments: [SQLValue], _ row: (SQLRow) throws -> Void) throws
}

package enum SQLValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case text(String)

    package static func bool(_ value: Bool) -> Self { .integer(value ? 1 : 0) }
    package static func int(_ value: Int) -> Self { .integer(Int64(value)) }
    package static func int(_ value: Int?) -> Self { value.map { .integer(Int64($0)) } ?? .null }
    package static func text(_ value: String?) -> Self { value.map { .text($0) } ?? .null }
    package static func id<Kind>(_ value: Identifier<Kind>) -> Self { .text(value.text) }
    package static func id<Kind>(_ value: Identifier<Kind>?) -> Self { value.map { .text($0.text) } ?? .null }
    package static func time(_ value: Timestamp) -> Self { .integer(value.microseconds) }
    package static func time(_ value: Timestamp?) -> Self { value.map { .integer($0.microseconds) } ?? .null }
    package static func raw<Value: RawRepresentable<String>>(_ value: Value) -> Self { .text(value.rawValue) }
    package static func raw<Value: RawRepresentable<String>>(_ value: Value?) -> Self {
        value.map { .text($0.rawValue) } ?? .null
    }
}

/// The store found something its constraints should have made impossible.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    package enum Kind: Sendable { case uniqueViolation, checkViolation, foreignKeyViolation, corrupt, other }
    package var kind: Kind
    package var description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
