import APIKit
import Attributes
import Model
import Networking

/// `/subnetpools`, and `/address-scopes` that they may be of.
struct SubnetPoolsAPI: Sendable {
    let networking: NetworkingService

    var routes: [Route] { pools + scopes }

    private var pools: [Route] {
        let resource = NetworkResource(table: SubnetPoolAttributes.table, networking: networking, path: "subnetpools")
        return resource.routes(
            create: { wishes, request in
                let now = networking.clock.now()
                let drafts = try wishes.map { wish in
                    var pool = SubnetPool(
                        id: .random(), projectID: try request.owner(wish), name: "", prefixes: try JSONText([]),
                        tags: try JSONText([]), createdAt: now, updatedAt: now)
                    try wish.apply(to: &pool)
                    return pool
                }
                return try await networking.create(drafts, by: request.caller).map(\.id.text)
            },
            update: { id, wishes, request in
                try await networking.update(SubnetPoolID(id), by: request.caller) { try wishes.apply(to: &$0) }
            },
            delete: { id, request in try await networking.deleteSubnetPool(SubnetPoolID(id), by: request.caller) }
        ) + resource.tagRoutes(SubnetPool.self)
    }

    private var scopes: [Route] {
        let resource = NetworkResource(
            table: AddressScopeAttributes.table, networking: networking, path: "address-scopes")
        return resource.routes(
            create: { wishes, request in
                let now = networking.clock.now()
                let drafts = try wishes.map { wish in
                    var scope = AddressScope(
                        id: .random(), projectID: try request.owner(wish), ipVersion: 4, createdAt: now)
                    try wish.apply(to: &scope)
                    return scope
                }
                return try await networking.create(drafts).map(\.id.text)
            },
            update: { id, wishes, request in
                try await networking.update(AddressScopeID(id), by: request.caller) { try wishes.apply(to: &$0) }
            },
            delete: { id, request in try await networking.deleteAddressScope(AddressScopeID(id), by: request.caller) })
    }
}
