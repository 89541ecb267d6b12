package import Model

extension ResourceProvider: KeyedRecord {
    package static var table: String { "resource_providers" }
    package static let columns = [
        "id", "name", "generation", "epoch",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), name: row.text(), generation: row.int(), epoch: row.int())
    }

    package var values: [SQLValue] {
        [
            .id(id), .text(name), .int(generation), .int(epoch),
        ]
    }
}

extension Inventory: KeyedRecord {
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

package enum PlacementQueries {
    package static func inventories(of provider: ResourceProviderID, _ db: any Connection) throws -> [Inventory] {
        try db.fetch(Inventory.self, "WHERE provider_id = ?1 ORDER BY resource_class", [.id(provider)])
    }

    /// The traits of one provider, in order of name.
    package static func traits(of provider: ResourceProviderID, _ db: any Connection) throws -> [String] {
        try db.texts(
            "SELECT trait FROM resource_provider_traits WHERE provider_id = ?1 ORDER BY trait", [.id(provider)])
    }

    /// The traits of all providers.
    package static func traits(_ db: any Connection) throws -> [ResourceProviderID: Set<String>] {
        var found: [ResourceProviderID: Set<String>] = [:]
        try db.forEach("SELECT provider_id, trait FROM resource_provider_traits", []) {
            found[ResourceProviderID($0.text(0)), default: []].insert($0.text(1))
        }
        return found
    }

    /// The traits of a provider that its host reports, or those that clients gave it.
    package static func traits(
        of provider: ResourceProviderID, reported: Bool, _ db: any Connection
    ) throws -> [String] {
        try db.texts(
            "SELECT trait FROM resource_provider_traits WHERE provider_id = ?1 AND is_reported = ?2 ORDER BY trait",
            [.id(provider), .bool(reported)])
    }

    /// Makes these the traits of a provider on its host's word, or on that of clients; the others' stay. A trait of
    /// both is the host's.
    package static func setTraits(
        _ traits: [String], of provider: ResourceProviderID, reported: Bool = true, _ db: any Connection
    ) throws {
        let wanted = Set(traits).sorted()
        guard try self.traits(of: provider, reported: reported, db) != wanted else { return }
        try db.execute(
            "DELETE FROM resource_provider_traits WHERE provider_id = ?1 AND is_reported = ?2",
            [.id(provider), .bool(reported)])
        for trait in wanted {
            try db.execute(
                """
                INSERT INTO resource_provider_traits (provider_id, trait, is_reported) VALUES (?1, ?2, ?3)
                ON CONFLICT (provider_id, trait) DO UPDATE SET is_reported = 1
                """,
                [.id(provider), .text(trait), .bool(reported)])
        }
        try countChange(of: provider, db)
    }

    /// What decides over placing on the provider's host has changed.
    package static func raiseEpoch(of provider: ResourceProviderID, _ db: any Connection) throws {
        try db.execute("UPDATE resource_providers SET epoch = epoch + 1 WHERE id = ?1", [.id(provider)])
    }

    package static func countChange(of provider: ResourceProviderID, _ db: any Connection) throws {
        try db.execute("UPDATE resource_providers SET generation = generation + 1 WHERE id = ?1", [.id(provider)])
    }

    /// Counts a claim; `false` when the provider has another epoch than the one that the claim was made by.
    private static func countClaim(
        on provider: ResourceProviderID, by epoch: Int?, _ db: any Connection
    ) throws -> Bool {
        guard let epoch else {
            try countChange(of: provider, db)
            return true
        }
        return try db.execute(
            "UPDATE resource_providers SET generation = generation + 1 WHERE id = ?1 AND epoch = ?2",
            [.id(provider), .int(epoch)]) == 1
    }

    /// Takes resources of one provider for a consumer, all or none of them; `false` when one does not fit, or when the
    /// provider's epoch is another one, and then nothing is taken.
    package static func claim(
        _ wanted: [(resourceClass: String, amount: Int)], on provider: ResourceProviderID, for consumer: String,
        project: ProjectID, user: UserID, epoch: Int? = nil, _ db: any Connection
    ) throws -> Bool {
        var taken: [(resourceClass: String, amount: Int)] = []
        for want in wanted where want.amount > 0 {
            let fits =
                try db.execute(
                    """
                    UPDATE inventories SET used = used + ?2
                    WHERE key = ?1 AND ?2 <= max_unit AND ?2 >= min_unit AND ?2 % step_size = 0
                        AND used + ?2 <= (total - reserved) * allocation_ratio / 1000
                    """,
                    [.text("\(provider)/\(want.resourceClass)"), .int(want.amount)]) == 1
            guard fits else { return try refuseClaim(taken, on: provider, db) }
            taken.append(want)
        }
        guard try countClaim(on: provider, by: epoch, db) else { return try refuseClaim(taken, on: provider, db) }
        try db.insertAll(
            taken.map { part in
                Allocation(
                    consumerID: consumer, providerID: provider, resourceClass: part.resourceClass, used: part.amount,
                    projectID: project, userID: user)
            })
        return true
    }

    private static func refuseClaim(
        _ taken: [(resourceClass: String, amount: Int)], on provider: ResourceProviderID, _ db: any Connection
    ) throws -> Bool {
        for back in taken { try giveBack(back.amount, of: back.resourceClass, on: provider, db) }
        return false
    }

    private static func giveBack(
        _ amount: Int, of resourceClass: String, on provider: ResourceProviderID, _ db: any Connection
    ) throws {
        try db.execute(
            "UPDATE inventories SET used = used - ?2 WHERE key = ?1",
            [.text("\(provider)/\(resourceClass)"), .int(amount)])
    }

    package static func allocations(of consumer: String, _ db: any Connection) throws -> [Allocation] {
        try db.fetch(Allocation.self, "WHERE consumer_id = ?1 ORDER BY resource_class", [.text(consumer)])
    }

    package static func allocations(
        of consumer: String, on provider: ResourceProviderID, _ db: any Connection
    ) throws -> [Allocation] {
        try db.fetch(
            Allocation.self, "WHERE consumer_id = ?1 AND provider_id = ?2 ORDER BY resource_class",
            [.text(consumer), .id(provider)])
    }

    /// What one consumer holds of a provider is another's from now on.
    package static func handOver(
        from consumer: String, to other: String, on provider: ResourceProviderID, _ db: any Connection
    ) throws {
        try db.execute(
            "UPDATE allocations SET consumer_id = ?2 WHERE consumer_id = ?1 AND provider_id = ?3",
            [.text(consumer), .text(other), .id(provider)])
        try countChange(of: provider, db)
    }

    /// Gives back what a consumer holds of one provider; nothing is wrong when it holds nothing.
    package static func release(
        _ consumer: String, on provider: ResourceProviderID, _ db: any Connection
    ) throws -> [Allocation] {
        let held = try allocations(of: consumer, on: provider, db)
        if held.isEmpty { return [] }
        for part in held { try giveBack(part.used, of: part.resourceClass, on: provider, db) }
        try countChange(of: provider, db)
        try db.execute(
            "DELETE FROM allocations WHERE consumer_id = ?1 AND provider_id = ?2", [.text(consumer), .id(provider)])
        return held
    }
}
