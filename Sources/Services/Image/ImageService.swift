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
        guard let image = try await database.read({ try $0.find(Image.self, key: .id(id)) }), image.status != .deleted,
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

    /// Writes the changed record of an image that the caller owns.
    package func update(_ image: Image, by caller: Caller) async throws -> Image {
        let old = try await owned(image.id, by: caller)
        try check(image, by: caller)
        if old.status != .queued, old.diskFormat != image.diskFormat || old.containerFormat != image.containerFormat {
            throw CloudError(.forbidden, "disk_format and container_format cannot change once there is data.")
        }
        var changed = image
        changed.updatedAt = clock.now()
        let row = changed
        try await database.transaction { try $0.update(row) }
        return row
    }

    package func delete(_ id: ImageID, by caller: Caller) async throws {
        let image = try await owned(id, by: caller)
        guard !image.isProtected else {
            throw CloudError(.forbidden, "Image \(id) is protected and cannot be deleted.")
        }
        try await database.transaction { try $0.delete(Image.self, key: .id(id)) }
        try await files.remove(id)
    }

    package func owned(_ id: ImageID, by caller: Caller) async throws -> Image {
        let image = try await show(id, by: caller)
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
