import Foundation
import Model
package import Store
package import StorePostgres
import StoreSQLite

/// A migrated store for one test, removed with this object: an SQLite file, in memory where the machine has such a
/// folder, or a database of this process's own PostgreSQL server.
package final class ScratchStore: Database {
    private enum Place {
        case folder(SQLiteDatabase, URL)
        case cluster(PostgresDatabase, name: String, ScratchCluster)
    }

    package let kind: StoreKind
    private let place: Place
    private let database: any Database

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
            let (postgres, name) = try await cluster.makeDatabase(migrated: migrated)
            place = .cluster(postgres, name: name, cluster)
            database = postgres
        }
    }

    deinit {
        switch place {
        case .folder(_, let folder):
            // A file left behind is no failure of what is tested.
            try? FileManager.default.removeItem(at: folder)
        case .cluster(let postgres, let name, let cluster):
            Task {
                // Nor is a database: it goes with its server.
                try? await postgres.close()
                try? await cluster.drop(name)
            }
        }
    }

    private static func makeFolder() throws -> (SQLiteDatabase, URL) {
        let folder = parent.appending(path: "novella-test-\(UUIDText.random())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return (try SQLiteDatabase(path: file(in: folder)), folder)
    }

    private static func file(in folder: URL) -> String { folder.appending(path: "cloud.db").path() }

    private static var parent: URL {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: "/dev/shm", isDirectory: &isFolder)
        return exists && isFolder.boolValue ? URL(filePath: "/dev/shm") : FileManager.default.temporaryDirectory
    }

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
        try await database.close()
    }
}

extension ScratchStore {
    package func migrate(_ migrations: [Migration] = Migrations.all) async throws {
        switch place {
        case .folder(let sqlite, _): try sqlite.migrate(migrations)
        case .cluster(let postgres, _, _): try await postgres.migrate(migrations)
        }
    }

    package func schemaDump() async throws -> String {
        switch place {
        case .folder(let sqlite, _): try sqlite.schemaDump()
        case .cluster(let postgres, _, _): try await postgres.schemaDump()
        }
    }

    /// Reads through connections of their own, as another process does.
    package func readAfresh<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        switch place {
        case .folder(_, let folder):
            return try await SQLiteDatabase(path: Self.file(in: folder)).read(body)
        case .cluster(_, let name, let cluster):
            return try await PostgresDatabase.open(cluster.settings(name)).read(body)
        }
    }

    /// Another set of connections to the same database; `nil` on SQLite.
    package func postgres(_ change: (inout PostgresSettings) -> Void = { _ in }) async throws -> PostgresDatabase? {
        guard case .cluster(_, let name, let cluster) = place else { return nil }
        var settings = cluster.settings(name)
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
