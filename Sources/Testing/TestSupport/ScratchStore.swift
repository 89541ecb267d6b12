import Foundation
import Model
import Store
package import StoreSQLite

/// A migrated SQLite file in memory where the machine has such a folder, removed with this object.
package final class ScratchStore: Sendable {
    package let sqlite: SQLiteDatabase
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

    /// A second set of connections to the same file, as another process has them.
    package func reopened() throws -> SQLiteDatabase {
        try SQLiteDatabase(path: folder.appending(path: "cloud.db").path())
    }
}
