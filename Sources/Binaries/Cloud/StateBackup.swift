import Files
import Foundation
import Model
import Store
import StoreSQLite

/// A copy of all that a cloud cannot do without: its store (with the keys of tokens), its images and the operator's
/// password. The cloud may go on meanwhile. Guests' disks stay where they are.
package struct StateBackup: Sendable {
    package struct Summary: Sendable {
        package var images = 0
        package var bytes: Int64 = 0
    }

    private let source: String

    package init(of stateDirectory: String) {
        source = stateDirectory
    }

    /// Writes a folder from which a cloud can be started; it must not be there yet. Images that are deleted after the
    /// store was copied are copied as long as they are there, and an image that went meanwhile is an error. When this
    /// returns, all of it is on the disk.
    package func write(to folder: String) async throws -> Summary {
        let files = FileManager.default
        guard files.fileExists(atPath: source + "/novella.db") else {
            throw CloudError(.notFound, "\(source)/novella.db is not there; name the folder of a cloud.")
        }
        guard !files.fileExists(atPath: folder) else {
            throw CloudError(.conflict, "\(folder) is there already; a backup is written to a new folder.")
        }
        try DurableFile.makeFolder(folder + "/images", mode: 0o700)
        let copy = folder + "/novella.db"
        guard files.createFile(atPath: copy, contents: nil, attributes: [.posixPermissions: 0o600]) else {
            throw CloudError(.internal, "\(copy) cannot be written.")
        }
        try await SQLiteDatabase(readingOnly: source + "/novella.db").copy(to: copy)
        var summary = Summary()
        for name in try await images(in: copy) {
            try Self.copy("\(source)/images/\(name)", to: "\(folder)/images/\(name)")
            let facts = try files.attributesOfItem(atPath: "\(folder)/images/\(name)")
            summary.images += 1
            summary.bytes += (facts[.size] as? NSNumber)?.int64Value ?? 0
        }
        let password = "/admin-password"
        if files.fileExists(atPath: source + password) {
            try Self.copy(source + password, to: folder + password)
        }
        for path in [copy, folder + "/images", folder] { try DurableFile.sync(path) }
        return summary
    }

    private func images(in store: String) async throws -> [String] {
        let database = try SQLiteDatabase(readingOnly: store)
        let found = try await database.read { try ImageQueries.filesWithData($0) }
        try await database.close()
        return found.sorted()
    }

    private static func copy(_ path: String, to copy: String) throws {
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        try DurableFile.sync(copy)
    }
}
