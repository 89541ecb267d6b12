package import Model

extension Image: KeyedRecord {
    package static var table: String { "images" }
    package static let columns = [
        "id", "project_id", "name", "status", "visibility", "is_protected", "is_hidden", "disk_format",
        "container_format", "min_disk", "min_ram", "size", "virtual_size", "checksum", "sha512", "properties", "tags",
        "created_at", "updated_at", "is_staged", "upload", "upload_until",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), projectID: row.id(), name: row.optionalText(), status: try row.raw(),
            visibility: try row.raw(), isProtected: row.bool(), isHidden: row.bool(), diskFormat: row.optionalText(),
            containerFormat: row.optionalText(), minDisk: row.int(), minRAM: row.int(), size: row.optionalInt(),
            virtualSize: row.optionalInt(), checksum: row.optionalText(), sha512: row.optionalText(),
            properties: row.json(), tags: row.json(), createdAt: row.time(), updatedAt: row.time(),
            isStaged: row.bool(), upload: row.optionalText(), uploadUntil: row.time())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(projectID), .text(name), .raw(status), .raw(visibility), .bool(isProtected), .bool(isHidden),
            .text(diskFormat), .text(containerFormat), .int(minDisk), .int(minRAM), .int(size), .int(virtualSize),
            .text(checksum), .text(sha512), .text(properties.raw), .text(tags.raw), .time(createdAt), .time(updatedAt),
            .bool(isStaged), .text(upload), .time(uploadUntil),
        ]
    }
}

package enum ImageQueries {
    /// An upload takes a queued image without data; `false` when there is none.
    package static func begin(
        _ upload: String, of id: ImageID, isStaged: Bool, until: Timestamp, _ db: any Connection
    ) throws -> Bool {
        try db.execute(
            """
            UPDATE images SET status = 'saving', is_staged = ?2, upload = ?3, upload_until = ?4
            WHERE id = ?1 AND status = 'queued' AND is_staged = 0
            """,
            [.id(id), .bool(isStaged), .text(upload), .time(until)]) == 1
    }

    /// `false` when the image is no longer the upload's.
    package static func renew(
        _ upload: String, of id: ImageID, until: Timestamp, _ db: any Connection
    ) throws -> Bool {
        try db.execute(
            "UPDATE images SET upload_until = ?3 WHERE id = ?1 AND status = 'saving' AND upload = ?2",
            [.id(id), .text(upload), .time(until)]) == 1
    }

    /// An upload has failed: the image waits for its data again, if it is still the upload's.
    package static func giveUp(_ upload: String, of id: ImageID, _ db: any Connection) throws {
        try db.execute(
            """
            UPDATE images SET status = 'queued', is_staged = 0, upload = NULL, upload_until = 0
            WHERE id = ?1 AND status = 'saving' AND upload = ?2
            """,
            [.id(id), .text(upload)])
    }

    /// What waits to be imported is thrown away; `false` when nothing waits.
    package static func unstage(_ id: ImageID, _ db: any Connection) throws -> Bool {
        try db.execute(
            """
            UPDATE images SET is_staged = 0, upload = NULL, upload_until = 0
            WHERE id = ?1 AND status = 'queued' AND is_staged = 1
            """, [.id(id)]) == 1
    }

    /// Leaves the id of an image and nothing else, so that it is never given again.
    package static func bury(_ id: ImageID, at now: Timestamp, _ db: any Connection) throws {
        try db.execute("DELETE FROM image_members WHERE image_id = ?1", [.id(id)])
        try db.execute(
            """
            UPDATE images SET status = 'deleted', name = NULL, size = NULL, virtual_size = NULL, checksum = NULL,
                sha512 = NULL, properties = '{}', tags = '[]', updated_at = ?2, upload = NULL, upload_until = 0
            WHERE id = ?1
            """,
            [.id(id), .time(now)])
    }

    package static func hasAbandoned(at now: Timestamp, _ db: any Connection) throws -> Bool {
        try db.integer("SELECT 1 FROM images WHERE status = 'saving' AND upload_until <= ?1 LIMIT 1", [.time(now)])
            != nil
    }

    /// The images of uploads whose lease has ended wait for their data again.
    package static func requeueAbandoned(at now: Timestamp, _ db: any Connection) throws {
        try db.execute(
            """
            UPDATE images SET status = 'queued', is_staged = 0, upload = NULL, upload_until = 0
            WHERE status = 'saving' AND upload_until <= ?1
            """, [.time(now)])
    }

    /// Ends the leases of all uploads: of a process that is known to be alone, they are of one that is no more.
    package static func endLeases(_ db: any Connection) throws {
        try db.execute("UPDATE images SET upload_until = 0 WHERE status = 'saving'", [])
    }

    /// The files of images that have data.
    package static func filesWithData(_ db: any Connection) throws -> Set<String> {
        try files("status IN ('active', 'deactivated') OR (status = 'queued' AND is_staged = 1)", db)
    }

    /// With those to which uploads under way write.
    package static func filesInUse(_ db: any Connection) throws -> Set<String> {
        try files("status IN ('active', 'deactivated', 'saving') OR is_staged = 1", db)
    }

    private static func files(_ condition: String, _ db: any Connection) throws -> Set<String> {
        Set(try db.fetch(Image.self, "WHERE \(condition)").map(\.fileName))
    }
}
