import GRDB
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
    init(inForceOn connection: DatabaseQueue) throws {
        self = try connection.inDatabase { db in
            Self(
                synchronous: try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? 0,
                journalMode: try String.fetchOne(db, sql: "PRAGMA journal_mode") ?? "none",
                foreignKeys: try Int.fetchOne(db, sql: "PRAGMA foreign_keys") ?? 0)
        }
    }

    /// - Throws: when SQLite does less than a store needs, whatever it was told.
    static func demand(on connection: DatabaseQueue) throws {
        let shortcomings = try ConnectionSettings(inForceOn: connection).shortcomings
        guard shortcomings.isEmpty else {
            throw StoreError(
                .other,
                "\(connection.path) could lose what it has acknowledged, so it is not used: "
                    + shortcomings.joined(separator: "; "))
        }
    }
}
