import APIKit
import Attributes
import HTTPTypes
import Model
import Networking
import Wire

/// `/routers`.
struct RoutersAPI: Sendable {
    let networking: NetworkingService

    var routes: [Route] {
        let resource = NetworkResource(table: RouterAttributes.table, networking: networking, path: "routers")
        return resource.routes(
            create: create,
            update: { id, wishes, request in
                try await networking.update(RouterID(id), by: request.caller) { try wishes.apply(to: &$0) }
            },
            delete: { id, request in try await networking.deleteRouter(RouterID(id), by: request.caller) }
        ) + resource.tagRoutes(Router.self) + [
            Route(.put, "/routers/{id}/add_router_interface", .member) { request in
                let (subnet, port) = try await target(request)
                guard subnet == nil || port == nil else {
                    throw Self.bad("Cannot specify both subnet-id and port-id")
                }
                return try interface(
                    try await networking.addInterface(
                        router: request.id(), subnet: subnet, port: port, by: request.caller), request)
            },
            Route(.put, "/routers/{id}/remove_router_interface", .member) { request in
                let (subnet, port) = try await target(request)
                return try interface(
                    try await networking.removeInterface(
                        router: request.id(), subnet: subnet, port: port, by: request.caller), request)
            },
        ]
    }

    @Sendable
    private func create(_ wishes: [Wishes<RouterDraft>], _ request: APIRequest) async throws -> [String] {
        let now = networking.clock.now()
        let drafts = try wishes.map { wish in
            var draft = RouterDraft(
                Router(
                    id: .random(), projectID: try request.owner(wish), routes: try JSONText([]),
                    tags: try JSONText([]), createdAt: now, updatedAt: now))
            try wish.apply(to: &draft)
            return draft
        }
        return try await networking.create(drafts, by: request.caller).map(\.id.text)
    }

    private static func bad(_ reason: String) -> CloudError {
        CloudError(.badRequest, "Bad router request: \(reason).", type: "BadRequest")
    }

    private func target(_ request: APIRequest) async throws -> (SubnetID?, PortID?) {
        var fields = try Fields(try await request.json())
        let found: (SubnetID?, PortID?) = (try fields.optionalID("subnet_id"), try fields.optionalID("port_id"))
        try fields.finish()
        guard found.0 != nil || found.1 != nil else { throw Self.bad("Either subnet_id or port_id must be specified") }
        return found
    }

    private func interface(_ port: Port, _ request: APIRequest) throws -> APIResponse {
        let subnets = try port.fixedIPs.value().map(\.subnetID)
        return .json { writer in
            writer.field("id", request.parameter("id"))
            writer.field("port_id", port.id)
            writer.field("network_id", port.networkID)
            writer.field("subnet_id", subnets.last)
            writer.field("subnet_ids", strings: subnets.map(\.text))
            writer.field("project_id", port.projectID)
            writer.field("tenant_id", port.projectID)
        }
    }
}
