import APIKit
import Attributes
import Model
import Networking

/// `/ports`.
struct PortsAPI: Sendable {
    let networking: NetworkingService

    var routes: [Route] {
        let resource = NetworkResource(table: PortAttributes.table, networking: networking, path: "ports")
        return resource.routes(
            create: { wishes, request in
                let now = networking.clock.now()
                let drafts = try wishes.map { wish in
                    var draft = PortDraft(
                        Port(
                            id: .random(), networkID: NetworkID(""), projectID: try request.owner(wish), macAddress: "",
                            fixedIPs: try JSONText([]), securityGroups: try JSONText([]),
                            allowedAddressPairs: try JSONText([]), tags: try JSONText([]), createdAt: now,
                            updatedAt: now))
                    try wish.apply(to: &draft)
                    return try PortRequest(draft)
                }
                return try await networking.create(drafts, by: request.caller).map(\.id.text)
            },
            update: { id, wishes, request in
                try await networking.update(PortID(id), by: request.caller) { try wishes.apply(to: &$0) }
            },
            delete: { id, request in try await networking.deletePort(PortID(id), by: request.caller) }
        ) + resource.tagRoutes(Port.self)
    }
}
