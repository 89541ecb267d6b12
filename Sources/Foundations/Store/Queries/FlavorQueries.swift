package import Model

extension Flavor: Record {
    package static var table: String { "flavors" }
    package static let columns = [
        "id", "name", "vcpus", "memory", "disk", "ephemeral", "swap", "rxtx_factor", "is_public", "is_disabled",
        "description", "extra_specs", "created_at",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), name: row.text(), vcpus: row.int(), memory: row.int(), disk: row.int(), ephemeral: row.int(),
            swap: row.int(), rxtxFactor: row.text(), isPublic: row.bool(), isDisabled: row.bool(),
            description: row.optionalText(), extraSpecs: row.json(), createdAt: row.time())
    }

    package var values: [SQLValue] {
        [
            .id(id), .text(name), .int(vcpus), .int(memory), .int(disk), .int(ephemeral), .int(swap), .text(rxtxFactor),
            .bool(isPublic), .bool(isDisabled), .text(description), .text(extraSpecs.raw), .time(createdAt),
        ]
    }
}
