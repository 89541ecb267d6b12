package import Model

extension ServerColumn {
    fileprivate var expression: String {
        self == .userData
            ? "(SELECT user_data FROM server_requests WHERE server_requests.server_id = servers.id)"
            : Server.columns[rawValue]
    }
}

/// A class, so that a reference and not 48 bytes are handed on.
private final class StoredServerRow: ServerRow {
    private let row: any SQLRow
    /// Of each column that was selected.
    private let places: [Int]

    init(row: any SQLRow, places: [Int]) {
        self.row = row
        self.places = places
    }

    func isNull(_ column: ServerColumn) -> Bool { row.isNull(places[column.rawValue]) }
    func integer(_ column: ServerColumn) -> Int { Int(row.integer(places[column.rawValue])) }
    func text(_ column: ServerColumn) -> String { row.text(places[column.rawValue]) }

    func time(_ column: ServerColumn) -> Timestamp? {
        isNull(column) ? nil : Timestamp(microseconds: row.integer(places[column.rawValue]))
    }

    func withUTF8(_ column: ServerColumn, _ body: (UnsafeBufferPointer<UInt8>?) -> Void) {
        row.withUTF8(places[column.rawValue], body)
    }

    func state() throws -> ServerState {
        let (settled, operation) = (text(.settled), optionalText(.operation))
        guard let settled = SettledState(rawValue: settled) else {
            throw StoreError(.corrupt, "'\(settled)' is not a SettledState")
        }
        let known = operation.flatMap { ServerOperation(rawValue: $0) }
        if let operation, known == nil { throw StoreError(.corrupt, "'\(operation)' is not a ServerOperation") }
        return ServerState(settled: settled, operation: known, phase: integer(.phase), power: integer(.power))
    }
}

extension ServerQueries {
    /// Calls `body` for the servers that `list` finds, with the columns that are wanted; returns how many they were,
    /// and the last of a full page.
    package static func forEach(
        _ filter: ServerFilter, after marker: ServerID?, limit: Int, _ columns: [ServerColumn],
        _ db: any Connection, _ body: (any ServerRow) throws -> Void
    ) throws -> (count: Int, last: String?) {
        guard filter.keep == nil else {
            // What the store cannot judge is judged of records, and those that are kept are read once more.
            let kept = try list(filter, after: marker, limit: limit, db)
            for server in kept { try row(server.id, [.id] + columns, db, body) }
            return (kept.count, kept.last?.id.text)
        }
        let (condition, arguments) = page(filter, after: marker, limit: limit)
        var (count, last): (Int, String?) = (0, nil)
        let (sql, places) = select([.id] + columns)
        try db.forEach(sql + condition, arguments) { row in
            count += 1
            if count == limit { last = row.text(0) }
            try body(StoredServerRow(row: row, places: places))
        }
        return (count, last)
    }

    /// The same for one server; says whether there is one.
    @discardableResult
    package static func row(
        _ id: ServerID, _ columns: [ServerColumn], _ db: any Connection, _ body: (any ServerRow) throws -> Void
    ) throws -> Bool {
        var isThere = false
        let (sql, places) = select(columns)
        try db.forEach(sql + "WHERE id = ?1", [.id(id)]) { row in
            isThere = true
            try body(StoredServerRow(row: row, places: places))
        }
        return isThere
    }

    private static func select(_ columns: [ServerColumn]) -> (sql: String, places: [Int]) {
        var places = Array(repeating: 0, count: ServerColumn.allCases.count)
        for (place, column) in columns.enumerated() { places[column.rawValue] = place }
        return ("SELECT \(columns.map(\.expression).joined(separator: ", ")) FROM servers ", places)
    }
}
