import Foundation
import Model
package import Store
package import StorePostgres
import StoreSQLite
import Synchronization

/// A migrated store for one test, removed with this object: an SQLite file, in memory where the machine has such a
/// folder, or a database of this process's own PostgreSQL server.
package final class ScratchStore: Database {
    private enum Place {
        case folder(SQLiteDatabase, URL)
        case cluster(ScratchCluster.Loan, ScratchCluster)
    }

    package let kind: StoreKind
    private let place: Place
    private let database: any Database
    /// Whether the schema may have been changed.
    private let isSpoilt = Atomic(false)

    /// On SQLite.
    package init(migrated: Bool = true) throws {
        let (sqlite, folder) = try Self.makeFolder()
        if migrated { try sqlite.migrate() }
        kind = .sqlite
        place = .folder(sqlite, folder)
        database = sqlite
    }

    package init(on kind: StoreKind, migrated: Bool = true) async throws {
        self.kind = kind
        switch kind {
        case .sqlite:
            let (sqlite, folder) = try Self.makeFolder()
            if migrated { try sqlite.migrate() }
            place = .folder(sqlite, folder)
            database = sqlite
        case .postgresql:
            let cluster = try await ScratchCluster.shared.value
            let loan = try await cluster.lend(migrated: migrated)
            place = .cluster(loan, cluster)
            database = loan.database
            if !migrated { isSpoilt.store(true, ordering: .relaxed) }
        }
    }

    deinit {
        switch place {
        case .folder(_, let folder):
            // A file left behind is no failure of what is tested.
            try? FileManager.default.removeItem(at: folder)
        case .cluster(let loan, let cluster):
            let isSpoilt = isSpoilt.load(ordering: .relaxed)
            // Nor is a database: it goes with its server.
            Task { try? await cluster.takeBack(loan, isSpoilt: isSpoilt) }
        }
    }

    private static func makeFolder() throws -> (SQLiteDatabase, URL) {
        let folder = parent.appending(path: "novella-test-\(UUIDText.random())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let store = try SQLiteDatabase(path: file(in: folder)) { error in
            FileHandle.standardError.write(Data("a scratch store: \(error)\n".utf8))
        }
        return (store, folder)
    }

    private static func file(in folder: URL) -> String { folder.appending(path: "cloud.db").path() }

    private static var parent: URL {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: "/dev/shm", isDirectory: &isFolder)
        return exists && isFolder.boolValue ? URL(filePath: "/dev/shm") : FileManager.default.temporaryDirectory
    }

    package var timeStatement: String? { database.timeStatement }

    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await database.read(body)
    }

    @discardableResult
    package func transaction<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await database.transaction(body)
    }

    package func close() async throws {
        isSpoilt.store(true, ordering: .relaxed)
        try await database.close()
    }
}

extension ScratchStore {
    package func migrate(
        _ migrations: [Migration] = Migrations.all, watch: @escaping @Sendable (String) throws -> Void = { _ in }
    ) async throws {
        switch place {
        case .folder(let sqlite, _): try sqlite.migrate(migrations, watch: watch)
        case .cluster(let loan, _):
            isSpoilt.store(true, ordering: .relaxed)
            try await loan.database.migrate(migrations, watch: watch)
        }
    }

    package func schemaDump() async throws -> String {
        switch place {
        case .folder(let sqlite, _): try sqlite.schemaDump()
        case .cluster(let loan, _): try await loan.database.schemaDump()
        }
    }

    /// Reads through connections of their own, as another process does.
    package func readAfresh<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        switch place {
        case .folder(_, let folder):
            return try await SQLiteDatabase(readingOnly: Self.file(in: folder)).read(body)
        case .cluster(let loan, let cluster):
            return try await PostgresDatabase.open(cluster.settings(loan.name)).read(body)
        }
    }

    /// Another set of connections to the same database; `nil` on SQLite.
    package func postgres(_ change: (inout PostgresSettings) -> Void = { _ in }) async throws -> PostgresDatabase? {
        guard case .cluster(let loan, let cluster) = place else { return nil }
        isSpoilt.store(true, ordering: .relaxed)
        var settings = cluster.settings(loan.name)
        change(&settings)
        return try await PostgresDatabase.open(settings)
    }

    package func tables() async throws -> Set<String> {
        let statement =
            switch kind {
            case .sqlite: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            case .postgresql: "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            }
        return Set(try await read { try $0.texts(statement) })
    }

    /// In the table's own order.
    package func columns(of table: String) async throws -> [String] {
        let statement =
            switch kind {
            case .sqlite: "SELECT name FROM pragma_table_info(?1)"
            case .postgresql:
                """
                SELECT column_name FROM information_schema.columns
                WHERE table_schema = 'public' AND table_name = ?1 ORDER BY ordinal_position
                """
            }
        return try await read { try $0.texts(statement, [.text(table)]) }
    }
}
