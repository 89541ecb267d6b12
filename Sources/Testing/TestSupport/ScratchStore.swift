import Foundation
import Model
package import Store
import StoreSQLite

/// A migrated SQLite file, in memory where the machine has such a folder; removed with this object.
package final class ScratchStore: Database {
    private let sqlite: SQLiteDatabase
    private let folder: URL

    package init(migrated: Bool = true) throws {
        folder = Self.parent.appending(path: "novella-test-\(UUIDText.random())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        sqlite = try SQLiteDatabase(path: folder.appending(path: "cloud.db").path())
        if migrated { try sqlite.migrate() }
    }

    deinit {
        // A file left behind is no failure of what is tested.
        try? FileManager.default.removeItem(at: folder)
    }

    private static var parent: URL {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: "/dev/shm", isDirectory: &isFolder)
        return exists && isFolder.boolValue ? URL(filePath: "/dev/shm") : FileManager.default.temporaryDirectory
    }

    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await sqlite.read(body)
    }

    @discardableResult
    package func transaction<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await sqlite.transaction(body)
    }

    package func close() async throws {
        try await sqlite.close()
    }

    package func migrate(_ migrations: [Migration] = Migrations.all) throws {
        try sqlite.migrate(migrations)
    }

    package func schemaDump() throws -> String {
        try sqlite.schemaDump()
    }

    /// Reads through connections of their own, as another process does.
    package func readAfresh<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await SQLiteDatabase(path: folder.appending(path: "cloud.db").path()).read(body)
    }
}
