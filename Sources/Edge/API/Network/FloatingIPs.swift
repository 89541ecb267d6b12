import APIKit
import Attributes
import Model
import Networking

/// `/floatingips`.
struct FloatingIPsAPI: Sendable {
    let networking: NetworkingService

    var routes: [Route] {
        let resource = NetworkResource(table: FloatingIPAttributes.table, networking: networking, path: "floatingips")
        return resource.routes(
            create: { wishes, request in
                let now = networking.clock.now()
                let drafts = try wishes.map { wish in
                    var draft = FloatingIPDraft(
                        FloatingIP(
                            id: .random(), projectID: try request.owner(wish), networkID: NetworkID(""), address: "",
                            holderPortID: PortID(""), tags: try JSONText([]), createdAt: now, updatedAt: now))
                    try wish.apply(to: &draft)
                    return draft
                }
                return try await networking.create(drafts, by: request.caller).map(\.id.text)
            },
            update: { id, wishes, request in
                try await networking.update(FloatingIPID(id), by: request.caller) { try wishes.apply(to: &$0) }
            },
            delete: { id, request in try await networking.deleteFloatingIP(FloatingIPID(id), by: request.caller) }
        ) + resource.tagRoutes(FloatingIP.self)
    }
}
