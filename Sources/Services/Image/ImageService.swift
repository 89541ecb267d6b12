package import Attributes
package import Logging
package import Model
package import Store
package import Wire

/// Glance's verbs. Rows are in the store, bytes in a folder of files named by image and upload.
package struct ImageService: Sendable {
    package let database: any Database
    package let clock: any CloudClock
    let files: ImageFiles
    let logger: Logger

    package init(
        database: any Database, clock: any CloudClock, directory: String, bounds: ImageBounds = ImageBounds(),
        logger: Logger
    ) throws {
        self.database = database
        self.clock = clock
        self.logger = logger
        files = try ImageFiles(directory: directory, bounds: bounds)
    }

    /// An image the caller may see; others do not exist for it.
    package func show(_ id: ImageID, by caller: Caller) async throws -> Image {
        try await database.read { try visible(id, by: caller, $0) }
    }

    /// Its own, public and community images, and those that are shared with it, whether it has accepted them or not.
    package func visible(_ id: ImageID, by caller: Caller, _ db: any Connection) throws -> Image {
        guard let image = try db.find(Image.self, key: .id(id)), image.status != .deleted,
            try caller.owns(image.projectID) || image.visibility == .public || image.visibility == .community
                || isMember(caller, of: image, db)
        else { throw ImageAttributes.table.notFound(id) }
        return image
    }

    private func isMember(_ caller: Caller, of image: Image, _ db: any Connection) throws -> Bool {
        guard image.visibility == .shared, case .project(let project) = caller.scope else { return false }
        return try ImageMemberQueries.member(project, of: image.id, db) != nil
    }

    /// The images that a query made for the caller finds, as their table of attributes shows them, written into an
    /// answer.
    package func list<Answer: Sendable>(
        _ query: ListQuery, by caller: Caller,
        _ answer: @escaping @Sendable (_ rows: (inout JSONWriter) throws -> Listing) throws -> Answer
    ) async throws -> Answer {
        let viewer = Viewer(project: nil, isAdmin: caller.isAdmin)
        return try await database.read { db in
            // Where a page begins tells how the marker compares with other images.
            if let marker = query.marker { _ = try visible(ImageID(marker), by: caller, db) }
            return try answer { try ImageAttributes.table.list(query, for: viewer, into: &$0, db) }
        }
    }

    /// The same images as records.
    package func images(_ query: ListQuery, by caller: Caller) async throws -> [Image] {
        let viewer = Viewer(project: nil, isAdmin: caller.isAdmin)
        return try await database.read { db in
            if let marker = query.marker { _ = try visible(ImageID(marker), by: caller, db) }
            return try ImageAttributes.table.records(of: Image.self, query, for: viewer, db)
        }
    }

    /// One of them.
    package func row(_ id: ImageID, by caller: Caller) async throws -> [UInt8] {
        let viewer = Viewer(project: nil, isAdmin: caller.isAdmin)
        return try await database.read { db in
            _ = try visible(id, by: caller, db)
            guard let row = try ImageAttributes.table.show(id.text, for: viewer, db) else {
                throw ImageAttributes.table.notFound(id)
            }
            return row
        }
    }

    /// The images of a name that a project owns, newest first.
    package func images(named name: String, of project: ProjectID) async throws -> [Image] {
        try await database.read { db in
            try db.fetch(
                Image.self, "WHERE name = ?1 AND project_id = ?2 ORDER BY created_at DESC, id DESC",
                [.text(name), .id(project)])
        }
    }

    /// Makes the record; the bytes come later.
    package func create(_ image: Image, by caller: Caller) async throws -> Image {
        try check(image, by: caller)
        try ImageAttributes.check(image)
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
            try ImageAttributes.check(image)
            if old.visibility != image.visibility || old.status == .queued { try check(image, by: caller) }
            if old.status != .queued || old.isStaged,
                old.diskFormat != image.diskFormat || old.containerFormat != image.containerFormat
            {
                throw CloudError(.forbidden, "disk_format and container_format cannot change once there is data.")
            }
            image.updatedAt = now
            try db.update(image)
            return image
        }
    }

    /// Its id is never another image's: whoever boots from it by id gets that image or none.
    package func delete(_ id: ImageID, by caller: Caller) async throws {
        let now = clock.now()
        let name = try await database.transaction { db in
            let image = try owned(id, by: caller, db)
            guard !image.isProtected else {
                throw CloudError(.forbidden, "Image \(id) is protected and cannot be deleted.")
            }
            try ImageQueries.bury(id, at: now, db)
            return image.fileName
        }
        try await files.remove(name)
    }

    package func owned(_ id: ImageID, by caller: Caller) async throws -> Image {
        try await database.read { try owned(id, by: caller, $0) }
    }

    func owned(_ id: ImageID, by caller: Caller, _ db: any Connection) throws -> Image {
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
    }

    /// Takes an image out of use, or puts it back.
    package func setActive(_ isActive: Bool, _ id: ImageID, by caller: Caller) async throws {
        let now = clock.now()
        try await database.transaction { db in
            var image = try owned(id, by: caller, db)
            guard image.status == .active || image.status == .deactivated else {
                throw CloudError(
                    .forbidden,
                    "Not allowed to \(isActive ? "re" : "de")activate image in status "
                        + "'\(image.status.rawValue)'.")
            }
            image.status = isActive ? .active : .deactivated
            image.updatedAt = now
            try db.update(image)
        }
    }
}
