package import Model

extension Image: KeyedRecord {
    package static var table: String { "images" }
    package static let columns = [
        "id", "project_id", "name", "status", "visibility", "is_protected", "is_hidden", "disk_format",
        "container_format", "min_disk", "min_ram", "size", "virtual_size", "checksum", "sha512", "properties", "tags",
        "created_at", "updated_at", "is_staged",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), projectID: row.id(), name: row.optionalText(), status: try row.raw(),
            visibility: try row.raw(), isProtected: row.bool(), isHidden: row.bool(), diskFormat: row.optionalText(),
            containerFormat: row.optionalText(), minDisk: row.int(), minRAM: row.int(), size: row.optionalInt(),
            virtualSize: row.optionalInt(), checksum: row.optionalText(), sha512: row.optionalText(),
            properties: row.json(), tags: row.json(), createdAt: row.time(), updatedAt: row.time(),
            isStaged: row.bool())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(projectID), .text(name), .raw(status), .raw(visibility), .bool(isProtected), .bool(isHidden),
            .text(diskFormat), .text(containerFormat), .int(minDisk), .int(minRAM), .int(size), .int(virtualSize),
            .text(checksum), .text(sha512), .text(properties.raw), .text(tags.raw), .time(createdAt), .time(updatedAt),
            .bool(isStaged),
        ]
    }
}

package enum ImageQueries {
    /// A status, and whether the image has data that waits to be imported.
    package typealias Moment = (status: Image.Status, isStaged: Bool)

    /// Moves an image between two states; `false` when it is no longer in the first.
    package static func move(_ id: ImageID, from old: Moment, to new: Moment, _ db: any Connection) throws -> Bool {
        try db.execute(
            "UPDATE images SET status = ?4, is_staged = ?5 WHERE id = ?1 AND status = ?2 AND is_staged = ?3",
            [.id(id), .raw(old.status), .bool(old.isStaged), .raw(new.status), .bool(new.isStaged)]) == 1
    }

    /// Leaves of an image no more than that its id was given.
    package static func bury(_ id: ImageID, at now: Timestamp, _ db: any Connection) throws {
        try db.execute("DELETE FROM image_members WHERE image_id = ?1", [.id(id)])
        try db.execute(
            """
            UPDATE images SET status = 'deleted', name = NULL, size = NULL, virtual_size = NULL, checksum = NULL,
                sha512 = NULL, properties = '{}', tags = '[]', updated_at = ?2
            WHERE id = ?1
            """,
            [.id(id), .time(now)])
    }

    /// Every image that is `saving` waits for its data again.
    package static func requeueSaving(_ db: any Connection) throws {
        try db.execute("UPDATE images SET status = 'queued', is_staged = 0 WHERE status = 'saving'", [])
    }

    package static func idsWithData(_ db: any Connection) throws -> Set<String> {
        Set(try db.texts("SELECT id FROM images WHERE status IN ('active', 'deactivated') OR is_staged = 1"))
    }
}
