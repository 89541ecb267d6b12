import APIKit
import Attributes
import Model
import Networking

/// `/networks`.
struct NetworksAPI: Sendable {
    let networking: NetworkingService

    var routes: [Route] {
        let resource = NetworkResource(table: NetworkAttributes.table, networking: networking, path: "networks")
        return resource.routes(
            create: { wishes, request in
                let now = networking.clock.now()
                let drafts = try wishes.map { wish in
                    var network = Network(
                        id: .random(), projectID: try request.owner(wish), name: "", segmentationID: 0,
                        tags: try JSONText([]), createdAt: now, updatedAt: now)
                    try wish.apply(to: &network)
                    return network
                }
                return try await networking.create(drafts, by: request.caller).map(\.id.text)
            },
            update: { id, wishes, request in
                try await networking.update(NetworkID(id), by: request.caller) { try wishes.apply(to: &$0) }
            },
            delete: { id, request in try await networking.deleteNetwork(NetworkID(id), by: request.caller) }
        ) + resource.tagRoutes(Network.self)
    }
}
