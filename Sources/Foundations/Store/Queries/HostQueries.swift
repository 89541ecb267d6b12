package import Model

extension Host: Record {
    package static var table: String { "hosts" }
    package static let columns = [
        "id", "hostname", "availability_zone", "is_disabled", "disabled_reason", "is_forced_down", "last_seen_at",
        "inventory", "created_at",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), hostname: row.text(), availabilityZone: row.text(), isDisabled: row.bool(),
            disabledReason: row.optionalText(), isForcedDown: row.bool(), lastSeenAt: row.time(), inventory: row.text(),
            createdAt: row.time())
    }

    package var values: [SQLValue] {
        [
            .id(id), .text(hostname), .text(availabilityZone), .bool(isDisabled), .text(disabledReason),
            .bool(isForcedDown), .time(lastSeenAt), .text(inventory), .time(createdAt),
        ]
    }
}
