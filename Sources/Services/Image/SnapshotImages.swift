package import Model
package import Store

/// Images that hosts fill with the disks of servers.
extension ImageService {
    /// Makes the record, in the transaction that gives the host its command; it is shared with `member`, if there is
    /// one, which finds it among its images.
    package static func reserve(_ image: Image, sharedWith member: ProjectID?, _ db: any Connection) throws {
        try ImageAttributes.check(image)
        try db.insert(image)
        guard let member else { return }
        try db.insert(
            ImageMember(
                imageID: image.id, member: member, status: .accepted, createdAt: image.createdAt,
                updatedAt: image.createdAt))
    }

    /// Writes down what became known of its content. An image that its owner has deleted meanwhile stays so.
    package static func describe(
        _ id: ImageID, with properties: [String: String], at now: Timestamp, _ db: any Connection
    ) throws {
        guard var image = try db.find(Image.self, key: .id(id)), image.status != .deleted else { return }
        image.properties = try JSONText(try image.properties.value().merging(properties) { $1 })
        image.updatedAt = now
        try db.update(image)
    }

    /// Nobody will fill it any more. One that has its data stays.
    package static func discard(_ id: ImageID, at now: Timestamp, _ db: any Connection) throws {
        guard let image = try db.find(Image.self, key: .id(id)), image.status == .queued || image.status == .saving
        else { return }
        try ImageQueries.bury(id, at: now, db)
    }

    /// Takes away an image that the cloud made for itself; its file goes with the next sweep. One that somebody has
    /// protected stays.
    package static func remove(_ id: ImageID, at now: Timestamp, _ db: any Connection) throws {
        guard let image = try db.find(Image.self, key: .id(id)), image.status != .deleted, !image.isProtected else {
            return
        }
        try ImageQueries.bury(id, at: now, db)
    }

    /// Takes away the oldest backups of a server, in one project and of one kind, but for so many. Those that are
    /// protected stay.
    package func rotate(
        _ kind: String, of server: ServerID, in project: ProjectID, keeping count: Int
    ) async throws {
        let now = clock.now()
        let names = try await database.transaction { db -> [String] in
            let backups = try db.fetch(
                Image.self,
                """
                WHERE project_id = ?1 AND status IN ('queued', 'saving', 'active', 'deactivated')
                ORDER BY created_at DESC, id DESC
                """, [.id(project)]
            ).filter { image in
                let properties = try image.properties.value()
                return properties["image_type"] == "backup" && properties["backup_type"] == kind
                    && properties["instance_uuid"] == server.text
            }
            let excess = backups.dropFirst(count).filter { !$0.isProtected }
            for image in excess { try ImageQueries.bury(image.id, at: now, db) }
            return excess.map(\.fileName)
        }
        for name in names { try await files.remove(name) }
    }
}
