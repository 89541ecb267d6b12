package import Model
package import Store

/// Placement, but for claims: Compute makes them in its own transactions, through `PlacementQueries`.
package struct PlacementService: Sendable {
    package let database: any Database

    package init(database: any Database) {
        self.database = database
    }

    package func providers() async throws -> [ResourceProvider] {
        try await database.read { try $0.fetch(ResourceProvider.self, "ORDER BY name") }
    }

    package func provider(_ id: ResourceProviderID) async throws -> ResourceProvider {
        guard let found = try await database.read({ try $0.find(ResourceProvider.self, key: .id(id)) }) else {
            throw Self.noProvider(id)
        }
        return found
    }

    static func noProvider(_ id: ResourceProviderID) -> CloudError {
        CloudError(.notFound, "No resource provider with uuid \(id) found")
    }

    package func inventories(of id: ResourceProviderID) async throws -> (ResourceProvider, [Inventory]) {
        let provider = try await provider(id)
        return (provider, try await database.read { try PlacementQueries.inventories(of: id, $0) })
    }

    package func traits(of id: ResourceProviderID) async throws -> (ResourceProvider, [String]) {
        let provider = try await provider(id)
        return (provider, try await database.read { try PlacementQueries.traits(of: id, $0) })
    }

    package func allocations(of consumer: String) async throws -> [Allocation] {
        try await database.read { try PlacementQueries.allocations(of: consumer, $0) }
    }

    package func allocations(on id: ResourceProviderID) async throws -> (ResourceProvider, [Allocation]) {
        let provider = try await provider(id)
        return (
            provider,
            try await database.read {
                try $0.fetch(Allocation.self, "WHERE provider_id = ?1 ORDER BY consumer_id", [.id(id)])
            }
        )
    }

    /// Sums by resource class of what a project uses, and how many consumers have it.
    package func usages(
        of project: ProjectID, user: UserID?
    ) async throws -> (sums: [String: Int], consumers: Int) {
        let rows = try await database.read {
            try $0.fetch(Allocation.self, "WHERE project_id = ?1", [.id(project)])
        }.filter { user == nil || $0.userID == user }
        let sums = rows.reduce(into: [:]) { $0[$1.resourceClass, default: 0] += $1.used }
        return (sums, Set(rows.map(\.consumerID)).count)
    }

    package func generation(of id: ResourceProviderID) async throws -> Int {
        try await provider(id).generation
    }
}
