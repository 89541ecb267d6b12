package import Model

/// Names that clients made: classes, traits, aggregates.
extension PlacementQueries {
    package enum NameTable: String, Sendable {
        case resourceClasses = "resource_classes"
        case traits
    }

    package static func names(in table: NameTable, _ db: any Connection) throws -> [String] {
        try db.texts("SELECT name FROM \(table.rawValue) ORDER BY name")
    }

    /// Says whether the name is new.
    package static func add(_ name: String, to table: NameTable, _ db: any Connection) throws -> Bool {
        try db.execute("INSERT INTO \(table.rawValue) (name) VALUES (?1) ON CONFLICT DO NOTHING", [.text(name)]) == 1
    }

    /// Says whether it was there.
    package static func remove(_ name: String, from table: NameTable, _ db: any Connection) throws -> Bool {
        try db.execute("DELETE FROM \(table.rawValue) WHERE name = ?1", [.text(name)]) == 1
    }

    package static func isTraitInUse(_ name: String, _ db: any Connection) throws -> Bool {
        try db.integer("SELECT count(*) FROM resource_provider_traits WHERE trait = ?1", [.text(name)]) ?? 0 > 0
    }

    package static func isClassInUse(_ name: String, _ db: any Connection) throws -> Bool {
        try db.integer("SELECT count(*) FROM inventories WHERE resource_class = ?1", [.text(name)]) ?? 0 > 0
    }

    /// Gives a class another name wherever it stands.
    package static func renameClass(_ old: String, to new: String, _ db: any Connection) throws {
        let names: [SQLValue] = [.text(old), .text(new)]
        try db.execute("UPDATE resource_classes SET name = ?2 WHERE name = ?1", names)
        try db.execute(
            "UPDATE inventories SET resource_class = ?2, key = provider_id || '/' || ?2 WHERE resource_class = ?1",
            names)
        try db.execute("UPDATE allocations SET resource_class = ?2 WHERE resource_class = ?1", names)
    }

    /// The classes of a provider of which somebody holds something.
    package static func classesInUse(of provider: ResourceProviderID, _ db: any Connection) throws -> Set<String> {
        Set(
            try db.texts(
                "SELECT DISTINCT resource_class FROM allocations WHERE provider_id = ?1", [.id(provider)]))
    }

    package static func aggregates(_ db: any Connection) throws -> [ResourceProviderID: Set<String>] {
        var found: [ResourceProviderID: Set<String>] = [:]
        try db.forEach("SELECT provider_id, aggregate_id FROM resource_provider_aggregates", []) {
            found[ResourceProviderID($0.text(0)), default: []].insert($0.text(1))
        }
        return found
    }

    package static func aggregates(of provider: ResourceProviderID, _ db: any Connection) throws -> [String] {
        try db.texts(
            "SELECT aggregate_id FROM resource_provider_aggregates WHERE provider_id = ?1 ORDER BY aggregate_id",
            [.id(provider)])
    }

    package static func setAggregates(
        _ aggregates: [String], of provider: ResourceProviderID, _ db: any Connection
    ) throws {
        try db.execute("DELETE FROM resource_provider_aggregates WHERE provider_id = ?1", [.id(provider)])
        for aggregate in Set(aggregates).sorted() {
            try db.execute(
                "INSERT INTO resource_provider_aggregates (provider_id, aggregate_id) VALUES (?1, ?2)",
                [.id(provider), .text(aggregate)])
        }
    }

    /// Changes the aggregates of a provider, and counts that.
    package static func changeAggregates(
        of provider: ResourceProviderID, _ db: any Connection, _ change: (inout Set<String>) -> Void
    ) throws {
        var known = Set(try aggregates(of: provider, db))
        change(&known)
        try setAggregates(known.sorted(), of: provider, db)
        try countChange(of: provider, db)
    }

    /// Writes what clients say of an inventory, and leaves what is used of it.
    package static func setInventory(_ inventory: Inventory, _ db: any Connection) throws {
        if try db.insertIfAbsent(inventory) { return }
        try db.execute(
            """
            UPDATE inventories SET total = ?2, reserved = ?3, min_unit = ?4, max_unit = ?5, step_size = ?6,
                allocation_ratio = ?7 WHERE key = ?1
            """,
            [
                .text(inventory.key), .int(inventory.total), .int(inventory.reserved), .int(inventory.minUnit),
                .int(inventory.maxUnit), .int(inventory.stepSize), .int(inventory.allocationRatio),
            ])
    }
}
