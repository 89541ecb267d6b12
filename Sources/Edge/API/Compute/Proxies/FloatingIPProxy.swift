import APIKit
import Compute
import HTTPTypes
import Model
import Networking
import Wire

/// `/os-floating-ips` and `/os-floating-ip-pools` until 2.35, and the actions that point floating IPs to servers until
/// 2.43. A pool is an external network.
struct FloatingIPProxyAPI: Sendable {
    let networking: NetworkingService
    let compute: ComputeService

    private static let versions = Microversion(2, 1)...Microversion(2, 35)
    private static let lastAction = Microversion(2, 43)

    var routes: [Route] {
        let (all, one) = ("/os-floating-ips", "/os-floating-ips/{id}")
        return [
            Route(.get, "/os-floating-ip-pools", .authenticated, versions: Self.versions, handler: pools),
            Route(.get, all, .reader, versions: Self.versions, handler: list),
            Route(.post, all, .member, versions: Self.versions, handler: create),
            Route(.get, one, .reader, versions: Self.versions) { request in
                try await answer(try await floatingIP(request), request)
            },
            Route(.delete, one, .member, versions: Self.versions) { request in
                try await networking.deleteFloatingIP(try await floatingIP(request).id, by: request.caller)
                return .accepted
            },
        ]
    }

    var actions: [String: ServerAction] {
        [
            "addFloatingIp": ServerAction(last: Self.lastAction, run: add),
            "removeFloatingIp": ServerAction(last: Self.lastAction, run: remove),
        ]
    }

    // MARK: Pools

    private func externalNetworks(_ caller: Caller) async throws -> [Network] {
        try await networking.networks(by: caller).filter(\.isExternal)
    }

    private func pools(_ request: APIRequest) async throws -> APIResponse {
        let pools = try await externalNetworks(request.caller)
        return .json { writer in
            writer.array("floating_ip_pools") { writer in
                for pool in pools { writer.object { $0.field("name", Self.name(of: pool)) } }
            }
        }
    }

    private static func name(of pool: Network) -> String { pool.name.isEmpty ? pool.id.text : pool.name }

    /// The external network of a name or id; without a wish the only one.
    private func pool(_ wanted: String?, _ caller: Caller) async throws -> Network {
        let all = try await externalNetworks(caller)
        let found = wanted.map { name in all.filter { $0.id.text == name || $0.name == name } } ?? all
        guard let pool = found.first else { throw CloudError(.notFound, "Floating IP pool not found.") }
        guard found.count == 1 else {
            throw CloudError.badRequest(
                wanted.map { "Multiple floating IP pools matches found for name '\($0.prefix(80))'" }
                    ?? "There are several floating IP pools: name one.")
        }
        return pool
    }

    // MARK: Floating IPs

    private func floatingIP(_ request: APIRequest) async throws -> FloatingIP {
        let id: FloatingIPID = request.id()
        do {
            return try await networking.record(FloatingIP.self, id, by: request.caller)
        } catch let error as CloudError where error.kind == .notFound {
            throw CloudError(.notFound, "Floating IP not found for ID \(id)", cause: error)
        }
    }

    /// What stands beside floating IPs in Nova's form.
    private struct Surroundings {
        var pools: [NetworkID: String]
        var devices: [PortID: String]
    }

    private func surroundings(of some: [FloatingIP], _ caller: Caller) async throws -> Surroundings {
        let pools = try await networking.networks(by: caller).map { ($0.id, Self.name(of: $0)) }
        var around = Surroundings(pools: Dictionary(uniqueKeysWithValues: pools), devices: [:])
        for id in some.compactMap(\.portID) {
            do {
                around.devices[id] = try await networking.port(id, by: caller).deviceID
            } catch let error as CloudError where error.kind == .notFound {
                continue
            }
        }
        return around
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let project = try request.caller.project()
        let own = try await networking.records(FloatingIP.self, by: request.caller).filter { $0.projectID == project }
        let around = try await surroundings(of: own, request.caller)
        return .json { writer in
            writer.array("floating_ips") { writer in
                for floating in own { writer.object { Self.write(floating, around, to: &$0) } }
            }
        }
    }

    private func answer(_ floating: FloatingIP, _ request: APIRequest) async throws -> APIResponse {
        let around = try await surroundings(of: [floating], request.caller)
        return .json { writer in
            writer.object("floating_ip") { Self.write(floating, around, to: &$0) }
        }
    }

    private static func write(_ floating: FloatingIP, _ around: Surroundings, to writer: inout JSONWriter) {
        writer.field("fixed_ip", floating.fixedAddress)
        writer.field("id", floating.id)
        writer.field("instance_id", floating.portID.flatMap { around.devices[$0] })
        writer.field("ip", floating.address)
        writer.field("pool", around.pools[floating.networkID] ?? floating.networkID.text)
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let json = try await request.json()
        var wanted: String?
        if json != .null {
            var body = try Fields(json)
            wanted = try body.optionalString("pool").flatMap { $0.isEmpty ? nil : $0 }
        }
        let pool = try await pool(wanted, request.caller)
        let now = networking.clock.now()
        let draft = FloatingIPDraft(
            FloatingIP(
                id: .random(), projectID: try request.caller.project(), networkID: pool.id, address: "",
                holderPortID: PortID(""), tags: try JSONText([]), createdAt: now, updatedAt: now))
        do {
            guard let made = try await networking.create([draft], by: request.caller).first else {
                throw CloudError(.internal, "No floating IP was made.")
            }
            return try await answer(made, request)
        } catch let error as CloudError where error.type == "ExternalIpAddressExhausted" {
            throw CloudError(
                .notFound, wanted.map { "No more floating IPs in pool \($0)." } ?? "No more floating IPs available.",
                cause: error)
        } catch let error as CloudError where error.kind == .overQuota {
            throw CloudError(
                .overQuota, wanted.map { "IP allocation over quota in pool \($0)." } ?? "IP allocation over quota.",
                cause: error)
        }
    }

    // MARK: Actions

    /// The caller's floating IP at an address.
    private func floatingIP(at address: String, _ caller: Caller) async throws -> FloatingIP? {
        let found = try await networking.records(FloatingIP.self, by: caller).filter { $0.address == address }
        guard found.count < 2 else {
            throw CloudError(.conflict, "Multiple floating IPs are found for address \(address).")
        }
        return found.first
    }

    private static func address(_ name: String, _ fields: inout Fields) throws -> String? {
        guard let text = try fields.optionalString(name) else { return nil }
        guard let address = IPAddress(text) else {
            throw fields.invalid(name, .string(text), "It is not an IP address.")
        }
        return address.description
    }

    private static func required(_ fields: inout Fields) throws -> String {
        try fields.require("address")
        try fields.refuseNulls()
        guard let address = try address("address", &fields) else { throw fields.invalid("address", .null, "") }
        return address
    }

    private func add(_ request: APIRequest, _ body: JSONValue) async throws -> APIResponse {
        var fields = try Fields(body, at: "addFloatingIp")
        let address = try Self.required(&fields)
        let wanted = try Self.address("fixed_address", &fields)
        try fields.finish()
        let id: ServerID = request.id()
        let (port, fixed) = try await port(of: id, wanted, for: address, by: request.caller)
        guard let floating = try await floatingIP(at: address, request.caller) else {
            throw CloudError(.notFound, "floating IP not found")
        }
        do {
            try await networking.update(floating.id, by: request.caller) { draft in
                draft.port = .some(port)
                draft.fixedAddress = fixed
            }
        } catch let error as CloudError where error.kind == .conflict {
            throw CloudError(.badRequest, error.message, cause: error)
        } catch let error as CloudError where error.kind != .forbidden {
            throw CloudError(
                .badRequest,
                "Unable to associate floating IP \(address) to fixed IP \(fixed) for instance \(id). Error: "
                    + error.message, cause: error)
        }
        try await compute.refreshAddresses(of: [id.text])
        return .accepted
    }

    /// The port that has the wished address of the server's, or its first one of IPv4.
    private func port(
        of id: ServerID, _ wanted: String?, for floating: String, by caller: Caller
    ) async throws -> (PortID, String) {
        let addresses = try await compute.attachments(of: id, by: caller).flatMap { interface in
            try interface.port.fixedIPs.value().map { (port: interface.port.id, address: $0.ipAddress) }
        }
        guard !addresses.isEmpty else { throw CloudError.badRequest("No fixed IPs associated to instance") }
        if let wanted {
            guard let found = addresses.first(where: { $0.address == wanted }) else {
                throw CloudError.badRequest("Specified fixed address not assigned to instance")
            }
            return (found.port, wanted)
        }
        guard let found = addresses.first(where: { IPAddress($0.address)?.version == 4 }) else {
            throw CloudError.badRequest(
                "Unable to associate floating IP \(floating) to any fixed IPs for instance \(id). Instance has no "
                    + "fixed IPv4 addresses to associate.")
        }
        return (found.port, found.address)
    }

    private func remove(_ request: APIRequest, _ body: JSONValue) async throws -> APIResponse {
        var fields = try Fields(body, at: "removeFloatingIp")
        let address = try Self.required(&fields)
        try fields.finish()
        let id: ServerID = request.id()
        guard let floating = try await floatingIP(at: address, request.caller) else {
            throw CloudError(.notFound, "Floating IP not found for address \(address).")
        }
        _ = try await compute.server(id, by: request.caller)
        let ports = try await compute.attachments(of: id, by: request.caller).map(\.port.id)
        guard let port = floating.portID, ports.contains(port) else {
            throw CloudError(
                .conflict, "Floating IP \(address) is not associated with instance \(id).")
        }
        try await networking.update(floating.id, by: request.caller) { $0.port = .some(nil) }
        try await compute.refreshAddresses(of: [id.text])
        return .accepted
    }
}
