package import Model

extension ServerColumn {
    fileprivate var expression: String {
        self == .userData
            ? "(SELECT user_data FROM server_requests WHERE server_requests.server_id = servers.id)"
            : Server.columns[rawValue]
    }
}

extension ServerQueries {
    /// Calls `body` for the servers that `list` finds, with the columns that are wanted, of which the first is the id;
    /// returns how many they were, and the last of a full page.
    package static func forEach(
        _ filter: ServerFilter, after marker: ServerID?, limit: Int, _ columns: [ServerColumn],
        _ db: any Connection, _ body: (ServerRow) throws -> Void
    ) throws -> (count: Int, last: String?) {
        guard filter.keep == nil else {
            // What the store cannot judge is judged of records, and those that are kept are read once more.
            let kept = try list(filter, after: marker, limit: limit, db)
            for server in kept { try row(server.id, columns, db, body) }
            return (kept.count, kept.last?.id.text)
        }
        let (condition, arguments) = page(filter, after: marker, limit: limit)
        var (count, last): (Int, String?) = (0, nil)
        let (sql, places) = select(columns)
        try places.withUnsafeBufferPointer { places in
            try db.forEach(sql + condition, arguments) { row in
                count += 1
                if count == limit { last = row.text(0) }
                try body(ServerRow(row, places))
            }
        }
        return (count, last)
    }

    /// The same for one server; says whether there is one.
    @discardableResult
    package static func row(
        _ id: ServerID, _ columns: [ServerColumn], _ db: any Connection, _ body: (ServerRow) throws -> Void
    ) throws -> Bool {
        var isThere = false
        let (sql, places) = select(columns)
        try places.withUnsafeBufferPointer { places in
            try db.forEach(sql + "WHERE id = ?1", [.id(id)]) { row in
                isThere = true
                try body(ServerRow(row, places))
            }
        }
        return isThere
    }

    private static func select(_ columns: [ServerColumn]) -> (sql: String, places: [Int]) {
        var places = Array(repeating: columns.count, count: ServerColumn.allCases.count)
        for (place, column) in columns.enumerated() { places[column.rawValue] = place }
        return ("SELECT \(columns.map(\.expression).joined(separator: ", ")) FROM servers ", places)
    }
}
