import APIKit
import Attributes
import Model
import Networking

/// `/subnets`.
struct SubnetsAPI: Sendable {
    let networking: NetworkingService

    var routes: [Route] {
        let resource = NetworkResource(table: SubnetAttributes.table, networking: networking, path: "subnets")
        return resource.routes(
            create: { wishes, request in
                let now = networking.clock.now()
                let drafts = try wishes.map { wish in
                    // An empty gateway and empty pools ask for those that Neutron gives by default.
                    var draft = SubnetDraft(
                        Subnet(
                            id: .random(), networkID: NetworkID(""), projectID: try request.owner(wish), ipVersion: 4,
                            cidr: "", gatewayIP: "", dnsNameservers: try JSONText([]), hostRoutes: try JSONText([]),
                            allocationPools: JSONText(raw: ""), tags: try JSONText([]), createdAt: now, updatedAt: now))
                    try wish.apply(to: &draft)
                    return draft
                }
                return try await networking.create(drafts, by: request.caller).map(\.id.text)
            },
            update: { id, wishes, request in
                try await networking.update(SubnetID(id), by: request.caller) { subnet in
                    var draft = SubnetDraft(subnet)
                    try wishes.apply(to: &draft)
                    subnet = draft.subnet
                }
            },
            delete: { id, request in try await networking.deleteSubnet(SubnetID(id), by: request.caller) }
        ) + resource.tagRoutes(Subnet.self)
    }
}
