package import Model

extension Image: KeyedRecord {
    package static var table: String { "images" }
    package static let columns = [
        "id", "project_id", "name", "status", "visibility", "is_protected", "is_hidden", "disk_format",
        "container_format", "min_disk", "min_ram", "size", "virtual_size", "checksum", "sha512", "properties", "tags",
        "created_at", "updated_at",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), projectID: row.id(), name: row.optionalText(), status: try row.raw(),
            visibility: try row.raw(), isProtected: row.bool(), isHidden: row.bool(), diskFormat: row.optionalText(),
            containerFormat: row.optionalText(), minDisk: row.int(), minRAM: row.int(), size: row.optionalInt(),
            virtualSize: row.optionalInt(), checksum: row.optionalText(), sha512: row.optionalText(),
            properties: row.json(), tags: row.json(), createdAt: row.time(), updatedAt: row.time())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(projectID), .text(name), .raw(status), .raw(visibility), .bool(isProtected), .bool(isHidden),
            .text(diskFormat), .text(containerFormat), .int(minDisk), .int(minRAM), .int(size), .int(virtualSize),
            .text(checksum), .text(sha512), .text(properties.raw), .text(tags.raw), .time(createdAt), .time(updatedAt),
        ]
    }
}

package enum ImageQueries {
    /// Moves an image between two states; `false` when it is no longer in the first.
    package static func move(
        _ id: ImageID, from old: Image.Status, to new: Image.Status, _ db: any Connection
    ) throws -> Bool {
        try db.execute(
            "UPDATE images SET status = ?3 WHERE id = ?1 AND status = ?2", [.id(id), .raw(old), .raw(new)]) == 1
    }

    /// Every image that is `saving` waits for its data again.
    package static func requeueSaving(_ db: any Connection) throws {
        try db.execute("UPDATE images SET status = 'queued' WHERE status = 'saving'", [])
    }

    package static func idsWithData(_ db: any Connection) throws -> Set<String> {
        Set(try db.texts("SELECT id FROM images WHERE status IN ('active', 'deactivated')"))
    }
}
