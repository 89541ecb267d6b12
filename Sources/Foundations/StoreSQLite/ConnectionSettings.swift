import Store

/// What is in force on an open connection.
struct ConnectionSettings: Equatable {
    /// Every commit is on the disk when it returns, readers are not waited for, and references hold.
    static let needed = ConnectionSettings(synchronous: 2, journalMode: "wal", foreignKeys: 1)

    /// 0 is OFF, 1 NORMAL (a commit is in the log and not on the disk), 2 FULL, 3 EXTRA.
    var synchronous: Int
    var journalMode: String
    var foreignKeys: Int

    /// What is less than what a store needs; empty when nothing is.
    var shortcomings: [String] {
        let needed = Self.needed
        var found: [String] = []
        if synchronous < needed.synchronous {
            found.append("synchronous is \(synchronous), needed is \(needed.synchronous) (FULL)")
        }
        if journalMode != needed.journalMode {
            found.append("journal_mode is \(journalMode), needed is \(needed.journalMode)")
        }
        if foreignKeys != needed.foreignKeys {
            found.append("foreign_keys is \(foreignKeys), needed is \(needed.foreignKeys)")
        }
        return found
    }
}

extension ConnectionSettings {
    /// Reads them back.
    init(inForceOn handle: SQLiteHandle) throws {
        self = try handle.wait { db in
            Self(
                synchronous: Int(try db.integer("PRAGMA synchronous") ?? 0),
                journalMode: try db.texts("PRAGMA journal_mode").first ?? "none",
                foreignKeys: Int(try db.integer("PRAGMA foreign_keys") ?? 0))
        }
    }

    /// - Throws: when SQLite does less than a store needs, whatever it was told.
    static func demand(on handle: SQLiteHandle) throws {
        let shortcomings = try ConnectionSettings(inForceOn: handle).shortcomings
        guard shortcomings.isEmpty else {
            throw StoreError(
                .other,
                "\(handle.path) could lose what it has acknowledged, so it is not used: "
                    + shortcomings.joined(separator: "; "))
        }
    }
}
