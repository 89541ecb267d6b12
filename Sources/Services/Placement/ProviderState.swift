package import Model
import Store

/// A provider with all that a request can ask of it.
package struct ProviderState: Sendable {
    package var provider: ResourceProvider
    package var inventories: [Inventory]
    package var traits: Set<String>
    package var aggregates: Set<String>

    /// Whether so much of each class is free, in amounts that are given out.
    package func hasRoom(for wanted: [String: Int]) -> Bool {
        wanted.allSatisfy { resource, amount in
            inventories.contains { $0.resourceClass == resource && $0.hasRoom(for: amount) }
        }
    }
}

extension Inventory {
    fileprivate func hasRoom(for amount: Int) -> Bool {
        amount <= capacity - used && minUnit <= amount && amount <= maxUnit && amount % max(stepSize, 1) == 0
    }
}

extension PlacementService {
    /// All providers at one moment, in order of name.
    package func states() async throws -> [ProviderState] {
        try await database.read { db in
            let inventories = Dictionary(grouping: try db.fetch(Inventory.self, "ORDER BY key"), by: \.providerID)
            let traits = try PlacementQueries.traits(db)
            let aggregates = try PlacementQueries.aggregates(db)
            return try db.fetch(ResourceProvider.self, "ORDER BY name").map { provider in
                ProviderState(
                    provider: provider, inventories: inventories[provider.id] ?? [], traits: traits[provider.id] ?? [],
                    aggregates: aggregates[provider.id] ?? [])
            }
        }
    }
}
