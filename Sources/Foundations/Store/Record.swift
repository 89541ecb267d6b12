package import Model
import Synchronization

/// A value kept as one row.
///
/// Conformances stand beside the queries of the same noun, so that nobody else knows the columns.
package protocol Record: Sendable {
    static var table: String { get }
    static var columns: [String] { get }
    init(row: inout RowReader) throws
    /// In the order of `columns`.
    var values: [SQLValue] { get }
}

/// A record whose first column is the whole primary key.
package protocol KeyedRecord: Record {}

/// Reads the columns of a row one after the other.
package struct RowReader {
    package let row: SQLRow
    private var at = 0

    package init(_ row: SQLRow) {
        self.row = row
    }

    private mutating func next() -> Int {
        defer { at += 1 }
        return at
    }

    package mutating func int64() -> Int64 { row.integer(next()) }
    package mutating func int() -> Int { Int(row.integer(next())) }
    package mutating func bool() -> Bool { row.integer(next()) != 0 }
    package mutating func text() -> String { row.text(next()) }
    package mutating func time() -> Timestamp { Timestamp(microseconds: row.integer(next())) }
    package mutating func id<Kind>() -> Identifier<Kind> { Identifier(row.text(next())) }

    package mutating func optionalInt() -> Int? {
        let column = next()
        return row.isNull(column) ? nil : Int(row.integer(column))
    }

    package mutating func optionalText() -> String? {
        let column = next()
        return row.isNull(column) ? nil : row.text(column)
    }

    package mutating func optionalTime() -> Timestamp? {
        let column = next()
        return row.isNull(column) ? nil : Timestamp(microseconds: row.integer(column))
    }

    package mutating func optionalID<Kind>() -> Identifier<Kind>? {
        let column = next()
        return row.isNull(column) ? nil : Identifier(row.text(column))
    }

    package mutating func json<Value>() -> JSONText<Value> { JSONText(raw: text()) }

    /// A value of a closed set; a text outside it means a corrupt row or a newer schema.
    package mutating func raw<Value: RawRepresentable<String>>() throws -> Value {
        let found = text()
        guard let value = Value(rawValue: found) else {
            throw StoreError(.corrupt, "'\(found)' is not a \(Value.self)")
        }
        return value
    }

    package mutating func optionalRaw<Value: RawRepresentable<String>>() throws -> Value? {
        guard let found = optionalText() else { return nil }
        guard let value = Value(rawValue: found) else {
            throw StoreError(.corrupt, "'\(found)' is not a \(Value.self)")
        }
        return value
    }
}

extension Connection {
    package func insert(_ record: some Record) throws {
        try execute(Statements.of(type(of: record)).insert, record.values)
    }

    /// All in one statement; a few at most, for each number of rows is another statement.
    package func insertAll<Kept: Record>(_ records: [Kept]) throws {
        guard let first = records.first else { return }
        if records.count == 1 { return try insert(first) }
        try execute(Statements.inserting(records.count, Kept.self), records.flatMap(\.values))
    }

    /// Inserts unless a row with one of the same unique keys is there; says whether it did.
    @discardableResult
    package func insertIfAbsent(_ record: some Record) throws -> Bool {
        try execute(Statements.of(type(of: record)).insertIfAbsent, record.values) == 1
    }

    /// Writes every column of the row with the record's key; says whether there was one.
    @discardableResult
    package func update(_ record: some KeyedRecord) throws -> Bool {
        try execute(Statements.of(type(of: record)).update, record.values) == 1
    }

    /// Writes the columns in which the row has become another than it was, and with them the indexes of these alone.
    package func update<Kept: KeyedRecord>(_ record: Kept, from old: Kept) throws {
        let (values, before) = (record.values, old.values)
        let changed = values.indices.filter { values[$0] != before[$0] }
        if changed.isEmpty { return }
        try execute(Statements.updating(changed, Kept.self), [values[0]] + changed.map { values[$0] })
    }

    /// The records for which `condition` (all that follows FROM, such as `WHERE ... ORDER BY ...`) holds.
    package func fetch<Wanted: Record>(
        _ type: Wanted.Type, _ condition: String = "", _ arguments: [SQLValue] = []
    ) throws -> [Wanted] {
        try records(type, Statements.selecting(condition, type), arguments)
    }

    private func records<Wanted: Record>(
        _ type: Wanted.Type, _ sql: String, _ arguments: [SQLValue]
    ) throws -> [Wanted] {
        var found: [Wanted] = []
        try forEach(sql, arguments) { row in
            var reader = RowReader(row)
            found.append(try Wanted(row: &reader))
        }
        return found
    }

    package func first<Wanted: Record>(
        _ type: Wanted.Type, _ condition: String, _ arguments: [SQLValue]
    ) throws -> Wanted? {
        try fetch(type, condition + " LIMIT 1", arguments).first
    }

    package func find<Wanted: KeyedRecord>(_ type: Wanted.Type, key: SQLValue) throws -> Wanted? {
        try records(type, Statements.of(type).find, [key]).first
    }

    @discardableResult
    package func delete<Wanted: KeyedRecord>(_ type: Wanted.Type, key: SQLValue) throws -> Bool {
        try execute(Statements.of(type).delete, [key]) == 1
    }

    /// The first column of the first row; `nil` when there is no row or it is NULL.
    package func integer(_ sql: String, _ arguments: [SQLValue] = []) throws -> Int64? {
        var found: Int64?
        try forEach(sql, arguments) { row in
            if found == nil, !row.isNull(0) { found = row.integer(0) }
        }
        return found
    }

    /// Runs `body` within a transaction; what it throws by itself takes back its own writes, and none before them.
    /// Where a statement has failed PostgreSQL refuses the whole transaction all the same, see `Database.transaction`.
    package func attempt<Result>(_ body: () throws -> Result) throws -> Swift.Result<Result, any Error> {
        try execute("SAVEPOINT attempt", [])
        do {
            let result = try body()
            try execute("RELEASE SAVEPOINT attempt", [])
            return .success(result)
        } catch {
            try execute("ROLLBACK TO SAVEPOINT attempt", [])
            try execute("RELEASE SAVEPOINT attempt", [])
            return .failure(error)
        }
    }

    package func texts(_ sql: String, _ arguments: [SQLValue] = []) throws -> [String] {
        var found: [String] = []
        try forEach(sql, arguments) { row in found.append(row.text(0)) }
        return found
    }
}

/// Statement text made from column lists, once for each type.
private struct Statements: Sendable {
    private static let known = Mutex<[ObjectIdentifier: Statements]>([:])
    let select: String
    let find: String
    let insert: String
    let insertIfAbsent: String
    let update: String
    let delete: String

    private struct Some: Hashable {
        var type: ObjectIdentifier
        var condition: String
    }

    private static let someLimit = 512
    private static let selections = Mutex<[Some: String]>([:])

    /// Kept for conditions that the code says; there are too many of those that clients make to keep them all.
    static func selecting<Kept: Record>(_ condition: String, _ type: Kept.Type) -> String {
        let key = Some(type: ObjectIdentifier(type), condition: condition)
        if let found = selections.withLock({ $0[key] }) { return found }
        let made = of(type).select + condition
        selections.withLock { selections in
            if selections.count >= someLimit { selections = [:] }
            selections[key] = made
        }
        return made
    }

    private struct Columns: Hashable {
        var type: ObjectIdentifier
        var columns: [Int]
    }

    private static let updates = Mutex<[Columns: String]>([:])

    /// The key is the first argument, the columns follow.
    static func updating<Kept: KeyedRecord>(_ columns: [Int], _ type: Kept.Type) -> String {
        updates.withLock { updates in
            let key = Columns(type: ObjectIdentifier(type), columns: columns)
            if let found = updates[key] { return found }
            let pairs = columns.enumerated().map { "\(Kept.columns[$1]) = ?\($0 + 2)" }.joined(separator: ", ")
            let made = "UPDATE \(Kept.table) SET \(pairs) WHERE \(Kept.columns[0]) = ?1"
            if updates.count >= someLimit { updates = [:] }
            updates[key] = made
            return made
        }
    }

    private struct Many: Hashable {
        var type: ObjectIdentifier
        var count: Int
    }

    private static let inserts = Mutex<[Many: String]>([:])

    static func inserting<Kept: Record>(_ count: Int, _ type: Kept.Type) -> String {
        inserts.withLock { inserts in
            let key = Many(type: ObjectIdentifier(type), count: count)
            if let found = inserts[key] { return found }
            let width = Kept.columns.count
            let rows = (0..<count).map { row in
                "(" + (1...width).map { "?\(row * width + $0)" }.joined(separator: ", ") + ")"
            }
            let columns = Kept.columns.joined(separator: ", ")
            let made = "INSERT INTO \(Kept.table) (\(columns)) VALUES \(rows.joined(separator: ", "))"
            inserts[key] = made
            return made
        }
    }

    static func of<Kept: Record>(_ type: Kept.Type) -> Statements {
        known.withLock { known in
            if let found = known[ObjectIdentifier(type)] { return found }
            let made = Statements(type)
            known[ObjectIdentifier(type)] = made
            return made
        }
    }

    private init<Kept: Record>(_ type: Kept.Type) {
        let (table, columns) = (Kept.table, Kept.columns)
        let places = (1...columns.count).map { "?\($0)" }.joined(separator: ", ")
        let pairs = columns.enumerated().dropFirst().map { "\($1) = ?\($0 + 1)" }.joined(separator: ", ")
        let isKey = "WHERE \(columns[0]) = ?1"
        select = "SELECT \(columns.map { "\(table).\($0)" }.joined(separator: ", ")) FROM \(table) "
        find = select + isKey
        insert = "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(places))"
        insertIfAbsent = insert + " ON CONFLICT DO NOTHING"
        update = "UPDATE \(table) SET \(pairs) \(isKey)"
        delete = "DELETE FROM \(table) \(isKey)"
    }
}
