import CSQLite
import Dispatch
import Store

/// An open connection to SQLite with a thread of its own (a serial queue), on which all of its work is done.
///
/// `@unchecked Sendable`: the connection and its statements are touched on the queue only.
final class SQLiteHandle: @unchecked Sendable {
    enum Access {
        /// The store's own file: a log is written before it, and every commit is synced.
        case readingAndWriting
        case reading
        /// A file that gets a copy, as SQLite makes files.
        case copying
    }

    let path: String
    private let queue = DispatchQueue(label: "novella.sqlite")
    private let connection: SQLiteConnection
    private var isOpen = true

    /// - Parameter cacheKiB: what it may keep of the file in memory.
    init(path: String, cacheKiB: Int, _ access: Access) throws {
        self.path = path
        connection = SQLiteConnection(db: try Self.open(path, access))
        guard access != .copying else { return }
        if access == .readingAndWriting { try connection.script("PRAGMA journal_mode = WAL") }
        // The log is written back at 64 MB: what is usual the checkpointer does. What savepoints keep of pages stays in
        // memory: in a file it is most of what a commit writes.
        try connection.script(
            """
            PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -\(cacheKiB);
            PRAGMA wal_autocheckpoint = 16000; PRAGMA temp_store = MEMORY
            """)
    }

    private static let isSetUp = novella_sqlite_set_up() == SQLITE_OK

    private static func open(_ path: String, _ access: Access) throws -> OpaquePointer {
        guard isSetUp else { throw StoreError(.other, "SQLite is in use already, and cannot be set up") }
        var opened: OpaquePointer?
        let mode = access == .reading ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        // One queue for each connection: SQLite need not lock.
        let code = sqlite3_open_v2(path, &opened, mode | SQLITE_OPEN_NOMUTEX, nil)
        guard let opened else { throw StoreError(.other, "SQLite has no memory to open \(path)") }
        do {
            guard code == SQLITE_OK else { throw StoreError(sqlite: opened, "opening \(path)") }
            sqlite3_extended_result_codes(opened, 1)
            // In milliseconds.
            sqlite3_busy_timeout(opened, 10_000)
            guard novella_sqlite_refuse_quoted_texts(opened) == SQLITE_OK,
                access != .readingAndWriting || novella_sqlite_set_small_pieces(opened, 256) == SQLITE_OK
            else {
                throw StoreError(sqlite: opened, "setting up \(path)")
            }
            return opened
        } catch {
            sqlite3_close_v2(opened)
            throw error
        }
    }

    deinit {
        if isOpen { finish() }
    }

    /// Returns at once; `work` runs behind what was started before.
    func start(_ work: @escaping @Sendable (SQLiteConnection) -> Void) {
        queue.async { [self] in work(connection) }
    }

    /// Waits for what was started before, and for `body`.
    func wait<Result>(_ body: (SQLiteConnection) throws -> Result) rethrows -> Result {
        try queue.sync { try body(connection) }
    }

    /// Waits for what was started before; nothing may be asked afterwards.
    func close() {
        queue.sync {
            if isOpen { finish() }
            isOpen = false
        }
    }

    private func finish() {
        connection.statements.empty()
        sqlite3_close_v2(connection.db)
    }
}

extension StoreError {
    /// What SQLite says of its last call on this connection.
    init(sqlite connection: OpaquePointer, _ what: String) {
        let code = sqlite3_extended_errcode(connection)
        let kind: Kind =
            switch code {
            case novella_sqlite_unique, novella_sqlite_primary_key: .uniqueViolation
            case novella_sqlite_check, novella_sqlite_not_null: .checkViolation
            case novella_sqlite_foreign_key: .foreignKeyViolation
            case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt
            default: .other
            }
        self.init(kind, "SQLite error \(code): \(String(cString: sqlite3_errmsg(connection))), \(what)")
    }
}
