package import Model
import Store

/// What clients change of providers. A host of the cloud is one whose id is a host's: what the scheduler counts by is
/// its host's word, and stays so.
extension PlacementService {
    package func create(_ provider: ResourceProvider) async throws {
        try await database.transaction { db in
            guard try !db.insertIfAbsent(provider) else { return }
            let isID = try db.find(ResourceProvider.self, key: .id(provider.id)) != nil
            let taken = isID ? "uuid: \(provider.id)" : "name: \(provider.name)"
            throw CloudError.conflict("Conflicting resource provider \(taken) already exists.")
        }
    }

    package func rename(_ id: ResourceProviderID, to name: String) async throws -> ResourceProvider {
        try await change(id) { provider, db in
            guard provider.name != name else { return }
            try Self.refuseHost(id, "its name is the host's", db)
            guard try db.first(ResourceProvider.self, "WHERE name = ?1", [.text(name)]) == nil else {
                throw CloudError.conflict("Conflicting resource provider \(name) already exists.")
            }
            provider.name = name
            try db.update(provider)
        }
    }

    package func delete(_ id: ResourceProviderID) async throws {
        _ = try await change(id) { provider, db in
            guard try PlacementQueries.classesInUse(of: id, db).isEmpty else {
                throw CloudError.conflict(
                    "Unable to delete resource provider \(id): Resource provider has allocations.")
            }
            try Self.refuseHost(id, "it is there as long as its host is", db)
            try db.delete(ResourceProvider.self, key: .id(id))
        }
    }

    /// Makes these the traits of a provider; those that its host reports must be among them.
    package func setTraits(
        _ traits: Set<String>, of id: ResourceProviderID, generation: Int?
    ) async throws -> ResourceProvider {
        let known = try await self.traits()
        return try await change(id, generation) { _, db in
            let unknown = traits.subtracting(known).sorted()
            guard unknown.isEmpty else {
                throw CloudError.badRequest("No such trait \(unknown.joined(separator: ", ").prefix(255))")
            }
            let reported = Set(try PlacementQueries.traits(of: id, reported: true, db))
            guard reported.isSubset(of: traits) else {
                let lost = reported.subtracting(traits).sorted().joined(separator: ", ")
                throw CloudError.conflict(
                    "The host of resource provider \(id) reports \(lost), which cannot be taken away.")
            }
            try PlacementQueries.setTraits(traits.subtracting(reported).sorted(), of: id, reported: false, db)
        }
    }

    package func aggregates(of id: ResourceProviderID) async throws -> (ResourceProvider, [String]) {
        let provider = try await provider(id)
        return (provider, try await database.read { try PlacementQueries.aggregates(of: id, $0) })
    }

    /// `generation` is what the client has seen; without it nothing is compared, and nothing counted.
    package func setAggregates(
        _ aggregates: [String], of id: ResourceProviderID, generation: Int?
    ) async throws -> ResourceProvider {
        try await change(id, generation) { _, db in
            try PlacementQueries.setAggregates(aggregates, of: id, db)
            if generation != nil { try PlacementQueries.countChange(of: id, db) }
        }
    }

    /// Changes a provider that is still as the client has seen it; returns what it is then.
    func change(
        _ id: ResourceProviderID, _ generation: Int? = nil,
        _ body: @escaping @Sendable (inout ResourceProvider, any Connection) throws -> Void
    ) async throws -> ResourceProvider {
        try await database.transaction { db in
            guard var provider = try db.find(ResourceProvider.self, key: .id(id)) else { throw Self.noProvider(id) }
            guard generation == nil || generation == provider.generation else {
                throw CloudError.conflict("resource provider generation conflict")
            }
            try body(&provider, db)
            return try db.find(ResourceProvider.self, key: .id(id)) ?? provider
        }
    }

    static func isHost(_ id: ResourceProviderID, _ db: any Connection) throws -> Bool {
        try db.find(Host.self, key: .text(id.text)) != nil
    }

    private static func refuseHost(_ id: ResourceProviderID, _ why: String, _ db: any Connection) throws {
        guard try isHost(id, db) else { return }
        throw CloudError.conflict("Resource provider \(id) is a host of this cloud: \(why).")
    }
}
