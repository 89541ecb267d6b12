package import Model

extension ResourceProvider: Record {
    package static var table: String { "resource_providers" }
    package static let columns = [
        "id", "name", "generation",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), name: row.text(), generation: row.int())
    }

    package var values: [SQLValue] {
        [
            .id(id), .text(name), .int(generation),
        ]
    }
}

extension Inventory: Record {
    package static var table: String { "inventories" }
    package static let columns = [
        "key", "provider_id", "resource_class", "total", "reserved", "min_unit", "max_unit", "step_size",
        "allocation_ratio", "used",
    ]

    package init(row: inout RowReader) throws {
        _ = row.text()
        self.init(
            providerID: row.id(), resourceClass: row.text(), total: row.int(), reserved: row.int(), minUnit: row.int(),
            maxUnit: row.int(), stepSize: row.int(), allocationRatio: row.int(), used: row.int())
    }

    package var values: [SQLValue] {
        [
            .text(key), .id(providerID), .text(resourceClass), .int(total), .int(reserved), .int(minUnit),
            .int(maxUnit), .int(stepSize), .int(allocationRatio), .int(used),
        ]
    }
}

extension Allocation: Record {
    package static var table: String { "allocations" }
    package static let columns = [
        "consumer_id", "provider_id", "resource_class", "used", "project_id", "user_id",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            consumerID: row.text(), providerID: row.id(), resourceClass: row.text(), used: row.int(),
            projectID: row.id(), userID: row.id())
    }

    package var values: [SQLValue] {
        [
            .text(consumerID), .id(providerID), .text(resourceClass), .int(used), .id(projectID), .id(userID),
        ]
    }
}
