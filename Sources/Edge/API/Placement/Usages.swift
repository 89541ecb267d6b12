import APIKit
import HTTPTypes
import Model
import Placement
import Wire

/// What is taken: `/allocations`, `/usages`, and those of a provider.
struct UsagesAPI: Sendable {
    let placement: PlacementService

    /// Of a consumer, by one of its allocations.
    private static let consumer: [Field<FieldWriter<Allocation>>] = [
        Field(since: 12) { $1.field("project_id", $0.projectID) },
        Field(since: 12) { $1.field("user_id", $0.userID) },
        Field(since: 28) { $1.field("consumer_generation", 1) },
        Field(since: 38) { $1.field("consumer_type", consumerType) },
    ]

    var routes: [Route] {
        [
            Route(.get, "/resource_providers/{id}/usages", .serviceOrAdmin) { request in
                let (provider, found) = try await placement.inventories(of: request.id())
                return .json { writer in
                    writer.field("resource_provider_generation", provider.generation)
                    writer.object("usages") { writer in
                        for inventory in found {
                            writer.key(text: inventory.resourceClass)
                            writer.value(inventory.used)
                        }
                    }
                }
            },
            Route(.get, "/resource_providers/{id}/allocations", .serviceOrAdmin, handler: providerAllocations),
            Route(.get, "/allocations/{id}", .serviceOrAdmin, handler: consumerAllocations),
            Route(.get, "/usages", .reader, versions: PlacementAPI.since(9), handler: usages),
        ]
    }

    private func providerAllocations(_ request: APIRequest) async throws -> APIResponse {
        let (provider, found) = try await placement.allocations(on: request.id())
        let byConsumer = Dictionary(grouping: found, by: \.consumerID)
        return .json { writer in
            writer.object("allocations") { writer in
                for (consumer, parts) in byConsumer.sorted(by: { $0.key < $1.key }) {
                    writer.key(text: consumer)
                    writer.object { resources(parts, to: &$0) }
                }
            }
            writer.field("resource_provider_generation", provider.generation)
        }
    }

    private func resources(_ parts: [Allocation], to writer: inout JSONWriter) {
        writer.object("resources") { writer in
            for part in parts {
                writer.key(text: part.resourceClass)
                writer.value(part.used)
            }
        }
    }

    private func consumerAllocations(_ request: APIRequest) async throws -> APIResponse {
        let found = try await placement.allocations(of: request.parameter("id"))
        let byProvider = Dictionary(grouping: found, by: \.providerID)
        var generations: [ResourceProviderID: Int] = [:]
        for id in byProvider.keys { generations[id] = try await placement.generation(of: id) }
        let known = generations
        return .json { writer in
            writer.object("allocations") { writer in
                for (id, parts) in byProvider {
                    writer.key(text: id.text)
                    writer.object { writer in
                        writer.field("generation", known[id] ?? 0)
                        resources(parts, to: &writer)
                    }
                }
            }
            guard let first = found.first else { return }
            FieldPlan(Self.consumer, at: request.version).writeMembers(of: first, to: &writer)
        }
    }

    private func usages(_ request: APIRequest) async throws -> APIResponse {
        guard let project = request.query("project_id") else {
            throw CloudError.badRequest("Invalid query string parameters: 'project_id' is a required property.")
        }
        guard request.caller.owns(ProjectID(project)) else {
            throw CloudError(.forbidden, "You may not see the usage of this project.")
        }
        let hasTypes = request.version >= Microversion(1, 38)
        try ProviderFilter.refuseUnknown(request, ["project_id", "user_id"] + (hasTypes ? ["consumer_type"] : []))
        let type = hasTypes ? request.query("consumer_type") : nil
        let (sums, consumers) = try await placement.usages(
            of: ProjectID(project), user: request.query("user_id").map { UserID($0) })
        // All that takes anything here are servers.
        let isShown = type.map { [Self.consumerType, "all"].contains($0) } ?? true
        return .json { writer in
            writer.object("usages") { writer in
                guard hasTypes else { return Self.write(sums, to: &writer) }
                guard isShown, consumers > 0 else { return }
                writer.key(text: type == "all" ? "all" : Self.consumerType)
                writer.object { writer in
                    writer.field("consumer_count", consumers)
                    Self.write(sums, to: &writer)
                }
            }
        }
    }

    /// What Nova calls its servers.
    private static let consumerType = "INSTANCE"

    private static func write(_ sums: [String: Int], to writer: inout JSONWriter) {
        for (resourceClass, used) in sums.sorted(by: { $0.key < $1.key }) {
            writer.key(text: resourceClass)
            writer.value(used)
        }
    }
}
