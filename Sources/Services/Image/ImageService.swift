package import Logging
package import Model
package import Store

/// Glance's verbs. Rows are in the store, bytes in a folder of files named by id.
package struct ImageService: Sendable {
    package let database: any Database
    package let clock: any CloudClock
    let files: ImageFiles
    let logger: Logger

    package init(database: any Database, clock: any CloudClock, directory: String, logger: Logger) throws {
        self.database = database
        self.clock = clock
        self.logger = logger
        files = try ImageFiles(directory: directory)
    }

    /// An image the caller may see; others do not exist for it.
    package func show(_ id: ImageID, by caller: Caller) async throws -> Image {
        try await database.read { try visible(id, by: caller, $0) }
    }

    private func visible(_ id: ImageID, by caller: Caller, _ db: any Connection) throws -> Image {
        guard let image = try db.find(Image.self, key: .id(id)), image.status != .deleted,
            caller.owns(image.projectID) || image.visibility == .public || image.visibility == .community
        else { throw CloudError(.notFound, "No image found with ID \(id)") }
        return image
    }

    /// Newest first, after `marker`.
    package func list(
        _ filter: ImageFilter, marker: ImageID?, limit: Int, by caller: Caller
    ) async throws -> [Image] {
        var after: Image?
        if let marker { after = try await show(marker, by: caller) }
        var project: ProjectID?
        if !caller.isAdmin { project = try caller.project() }
        let (start, own) = (after, project)
        return try await database.read {
            try ImageQueries.visible(to: own, marker: start, limit: limit, matching: filter, $0)
        }
    }

    /// Makes the record; the bytes come later.
    package func create(_ image: Image, by caller: Caller) async throws -> Image {
        try check(image, by: caller)
        do {
            try await database.transaction { try $0.insert(image) }
        } catch let error as StoreError where error.kind == .uniqueViolation {
            throw CloudError(.conflict, "Image ID \(image.id) already exists.", cause: error)
        }
        return image
    }

    /// Changes an image that the caller owns, beside whatever an upload does to it.
    package func update(
        _ id: ImageID, by caller: Caller, _ edit: @escaping @Sendable (inout Image) throws -> Void
    ) async throws -> Image {
        let now = clock.now()
        return try await database.transaction { db in
            let old = try owned(id, by: caller, db)
            var image = old
            try edit(&image)
            if old.visibility != image.visibility || old.status == .queued { try check(image, by: caller) }
            if old.status != .queued, old.diskFormat != image.diskFormat || old.containerFormat != image.containerFormat
            {
                throw CloudError(.forbidden, "disk_format and container_format cannot change once there is data.")
            }
            image.updatedAt = now
            try db.update(image)
            return image
        }
    }

    package func delete(_ id: ImageID, by caller: Caller) async throws {
        try await database.transaction { db in
            guard !(try owned(id, by: caller, db)).isProtected else {
                throw CloudError(.forbidden, "Image \(id) is protected and cannot be deleted.")
            }
            try db.delete(Image.self, key: .id(id))
        }
        try await files.remove(id)
    }

    package func owned(_ id: ImageID, by caller: Caller) async throws -> Image {
        try await database.read { try owned(id, by: caller, $0) }
    }

    private func owned(_ id: ImageID, by caller: Caller, _ db: any Connection) throws -> Image {
        let image = try visible(id, by: caller, db)
        guard caller.owns(image.projectID) else {
            throw CloudError(.forbidden, "You are not permitted to modify image \(id).")
        }
        return image
    }

    private func check(_ image: Image, by caller: Caller) throws {
        if image.visibility == .public, !caller.isAdmin {
            throw CloudError(.forbidden, "You are not authorized to publicize an image.")
        }
        if let format = image.diskFormat, DiskFormat(rawValue: format) == nil {
            let known = DiskFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw CloudError.badRequest("Invalid disk format '\(format.prefix(40))'; this cloud takes \(known).")
        }
        if let format = image.containerFormat, format != "bare" {
            throw CloudError.badRequest("Invalid container format '\(format.prefix(40))'; this cloud takes bare.")
        }
    }
}
