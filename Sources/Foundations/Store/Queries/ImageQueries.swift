package import Model

extension Image: Record {
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
