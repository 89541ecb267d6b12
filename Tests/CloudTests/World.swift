import APIKit
import Cloud
import Compute
import HTTPTypes
import Model
import TestSupport
import Wire

/// A route of the tables, with the service it belongs to.
struct ServiceRoute: Sendable {
    var service: APIService
    var route: Route

    var name: String { "\(route.method) \(service.prefix)\(route.path)" }
    var isWrite: Bool { [.post, .put, .patch].contains(route.method) }
    var hasParameters: Bool { route.path.contains("{") }

    /// Members act where they may, so that what they make is theirs.
    var writer: People.Role {
        [.manager, .admin, .serviceOrAdmin].contains(route.access) || service.name == "identity" ? .admin : .member
    }

    /// Whether a good body may be answered so: access is taken only from those who have it, a region is made once, an
    /// image without data is not imported, no server migrates live, and nothing is done to a host as a whole.
    func accepts(_ status: Int) -> Bool {
        if name == "PUT /identity/v3/regions/{id}" { return status == 409 }
        if name.hasSuffix("/flavors/{id}/action") { return status == 404 }
        if name.hasSuffix("/import") || name.hasSuffix("/migrations/{id}/action") { return status == 409 }
        if name.hasSuffix("/os-hosts/{id}") { return status == 501 }
        return (200..<300).contains(status)
    }

    /// A version at which the route is there.
    var version: String? {
        service.versions.map { "\($0.service) \(route.versions.map { max($0.lowerBound, old) } ?? $0.maximum)" }
    }

    private var old: Microversion { service.versions?.minimum ?? Microversion(0, 0) }

    static func all(_ cloud: Cloud, offered: Bool) -> [ServiceRoute] {
        // Those of the first API are the same.
        cloud.services.filter { !$0.isLegacy }.flatMap { service in
            service.routes.filter { $0.isOffered == offered }.map { ServiceRoute(service: service, route: $0) }
        }
    }
}

/// A cloud with one of everything in project `demo`, and the ids that go into paths.
struct World: Sendable {
    let fixture: CloudFixture
    /// By the path segment before the id.
    private(set) var ids: [String: String] = [:]

    var routes: [ServiceRoute] { ServiceRoute.all(fixture.cloud, offered: true) }

    static func run(
        _ options: CloudFixture.Options = CloudFixture.Options(), _ body: @Sendable (World) async throws -> Void
    ) async throws {
        try await CloudFixture.run(options) { fixture in
            var world = World(fixture: fixture)
            try await world.populate()
            try await body(world)
        }
    }

    /// The path with ids of what is there, or with an id that nothing has.
    func path(_ entry: ServiceRoute, unknownIDs: Bool = false) -> String {
        var before = ""
        let segments = entry.route.path.split(separator: "/").map { segment -> String in
            defer { before = String(segment) }
            guard segment.hasPrefix("{") else { return String(segment) }
            if unknownIDs { return "00000000-0000-4000-8000-000000000000" }
            // Credentials of applications are made by nobody but their owner.
            if before == "users", entry.name.contains("/application_credentials") {
                return fixture.people.admin.userID.text
            }
            if entry.service.name == "compute", before == "extensions" { return "os-keypairs" }
            return ids[before] ?? "missing"
        }
        return entry.service.prefix + "/" + segments.joined(separator: "/")
    }

    func send(
        _ entry: ServiceRoute, as role: People.Role? = .admin, path: String? = nil, json: String? = nil,
        token: String? = nil, version: String? = nil
    ) async throws -> Answer {
        var headers: [String: String] = [:]
        if entry.service.name == "image" {
            if entry.route.method == .patch {
                headers["Content-Type"] = "application/openstack-images-v2.1-json-patch"
            } else if entry.route.path.hasSuffix("/file") || entry.route.path.hasSuffix("/stage") {
                headers["Content-Type"] = "application/octet-stream"
            }
        }
        return try await fixture.request(
            entry.route.method, path ?? self.path(entry), as: role, token: token, version: version ?? entry.version,
            json: json, headers: headers)
    }

    private mutating func make(_ segment: String, _ path: String, _ json: String, as role: People.Role = .member)
        async throws
    {
        let made = try await fixture.request(.post, path, as: role, version: "2.1", json: json)
        guard (200..<300).contains(made.status), case .object(let members) = made.json else {
            throw CloudError(.internal, "\(path): \(made)")
        }
        let inner = members.first.map { $0.value.at("id") == nil ? made.json : $0.value }
        if case .string(let id)? = inner?.at("id") { ids[segment] = id }
    }

    private mutating func populate() async throws {
        let fixed = [
            "os-quota-sets": fixture.people.demo.text, "quotas": fixture.people.demo.text, "os-keypairs": "mine",
            "metadata": "role", "os-extra_specs": "own:x", "tags": "blue", "ips": "own", "extensions": "router",
            "traits": "CUSTOM_SIMULATED", "resource_classes": "CUSTOM_OWN", "inventories": "VCPU",
            "os-services": fixture.host.id.text, "os-hypervisors": fixture.host.id.text, "os-hosts": "sim-1",
            "os-aggregates": "1", "os-quota-class-sets": "default", "os-simple-tenant-usage": fixture.people.demo.text,
            "os-instance_usage_audit_log": "2026-01-01%2000:00:00", "agents": fixture.host.id.text,
            "members": fixture.people.demo.text, "namespaces": "OS::OperatingSystem", "versions": "v2.1",
        ]
        ids.merge(fixed) { $1 }
        try await populateIdentity()
        try await populateNetwork()
        try await populateCompute()
        try await populatePlacement()
        // Under Compute's names for them.
        for (name, own) in [
            ("os-security-groups", "security-groups"), ("os-security-group-rules", "security-group-rules"),
            ("os-floating-ips", "floatingips"), ("os-networks", "networks"), ("os-tenant-networks", "networks"),
        ] { ids[name] = ids[own] }
    }

    private mutating func populatePlacement() async throws {
        let provider = UUIDText.random()
        ids["resource_providers"] = provider
        for (path, json) in [
            ("resource_classes", #"{"name": "CUSTOM_OWN"}"#),
            ("resource_providers", #"{"name": "own", "uuid": "\#(provider)"}"#),
            ("resource_providers/\(provider)/inventories", #"{"resource_class": "VCPU", "total": 4}"#),
        ] {
            let made = try await fixture.request(
                .post, "/placement/\(path)", as: .admin, version: "placement 1.2", json: json)
            guard made.status == 201 else { throw CloudError(.internal, "\(path): \(made)") }
        }
    }

    private mutating func populateIdentity() async throws {
        let identity = "/identity/v3"
        try await make("domains", "\(identity)/domains", #"{"domain": {"name": "spare"}}"#, as: .admin)
        try await make("projects", "\(identity)/projects", #"{"project": {"name": "spare"}}"#, as: .admin)
        try await make("users", "\(identity)/users", #"{"user": {"name": "spare", "password": "x"}}"#, as: .admin)
        try await make("roles", "\(identity)/roles", #"{"role": {"name": "spare"}}"#, as: .admin)
        try await make("services", "\(identity)/services", #"{"service": {"type": "spare"}}"#, as: .admin)
        let endpoint =
            #"{"endpoint": {"service_id": "\#(ids["services"] ?? "")", "interface": "public", "url": "http://x"}}"#
        try await make("endpoints", "\(identity)/endpoints", endpoint, as: .admin)
        try await make(
            "regions", "\(identity)/regions", #"{"region": {"id": "spare"}}"#, as: .admin)
        try await make("groups", "\(identity)/groups", #"{"group": {"name": "spare"}}"#, as: .admin)
        let owner = #""user_id": "\#(fixture.people.admin.userID)""#
        try await make(
            "credentials", "\(identity)/credentials",
            #"{"credential": {"type": "cert", "blob": "x", \#(owner)}}"#, as: .admin)
        try await make(
            "application_credentials", "\(identity)/users/\(fixture.people.admin.userID)/application_credentials",
            #"{"application_credential": {"name": "spare"}}"#, as: .admin)
        let keys = try await fixture.request(
            .post, "\(identity)/users/\(ids["users"] ?? "")/credentials/OS-EC2", as: .admin,
            json: #"{"tenant_id": "\#(fixture.people.demo)"}"#)
        ids["OS-EC2"] = keys.text("credential.access")
        let own = fixture.people.admin
        try await make(
            "trusts", "\(identity)/OS-TRUST/trusts",
            #"{"trust": {"trustor_user_id": "\#(own.userID)", "trustee_user_id": "\#(fixture.people.member.userID)", "#
                + #""impersonation": false, "project_id": "\#(try own.project())", "roles": [{"name": "admin"}]}}"#,
            as: .admin)
        let reader = try await fixture.request(.get, "\(identity)/roles?name=reader", as: .admin).text("roles.0.id")
        ids["implies"] = reader
        for path in [
            "groups/\(ids["groups"] ?? "")/users/\(ids["users"] ?? "")",
            "roles/\(ids["roles"] ?? "")/implies/\(reader)",
        ] {
            let made = try await fixture.request(.put, "\(identity)/\(path)", as: .admin)
            guard (200..<300).contains(made.status) else { throw CloudError(.internal, "\(path): \(made)") }
        }
    }

    private mutating func populateNetwork() async throws {
        let network = "/network/v2.0"
        try await make("networks", "\(network)/networks", #"{"network": {"name": "own"}}"#)
        let id = ids["networks"] ?? ""
        try await make(
            "subnets", "\(network)/subnets",
            #"{"subnet": {"network_id": "\#(id)", "ip_version": 4, "cidr": "192.168.7.0/24"}}"#)
        try await make(
            "subnetpools", "\(network)/subnetpools", #"{"subnetpool": {"name": "own", "prefixes": ["10.9.0.0/16"]}}"#)
        try await make(
            "address-scopes", "\(network)/address-scopes", #"{"address_scope": {"name": "own", "ip_version": 4}}"#)
        try await make("ports", "\(network)/ports", #"{"port": {"network_id": "\#(id)"}}"#)
        let found = try await fixture.request(.get, "\(network)/networks?router:external=true")
        let external = found.text("networks.0.id")
        ids["external"] = external
        try await make(
            "routers", "\(network)/routers",
            #"{"router": {"name": "own", "external_gateway_info": {"network_id": "\#(external)"}}}"#)
        try await make(
            "floatingips", "\(network)/floatingips", #"{"floatingip": {"floating_network_id": "\#(external)"}}"#)
        try await make("security-groups", "\(network)/security-groups", #"{"security_group": {"name": "own"}}"#)
        let group = ids["security-groups"] ?? ""
        try await make(
            "security-group-rules", "\(network)/security-group-rules",
            #"{"security_group_rule": {"security_group_id": "\#(group)", "direction": "ingress"}}"#)
    }

    private mutating func populateCompute() async throws {
        let key =
            #""public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB me""#
        try await make("", "/compute/v2.1/os-keypairs", #"{"keypair": {"name": "mine", \#(key)}}"#)
        try await make(
            "flavors", "/compute/v2.1/flavors",
            #"{"flavor": {"name": "own", "id": "own", "vcpus": 1, "ram": 64, "disk": 0}}"#, as: .admin)
        try await make(
            "os-server-groups", "/compute/v2.1/os-server-groups",
            #"{"server_group": {"name": "own", "policies": ["anti-affinity"]}}"#)
        try await make("", "/compute/v2.1/os-aggregates", #"{"aggregate": {"name": "own"}}"#, as: .admin)
        let image = #"{"name": "own", "disk_format": "raw", "container_format": "bare", "visibility": "shared"}"#
        try await make("images", "/image/v2/images", image)
        let member = #"{"member": "\#(fixture.people.demo)"}"#
        try await make("", "/image/v2/images/\(ids["images"] ?? "")/members", member)
        for segment in ["servers", "os-volumes_boot"] {
            try await make(
                segment, "/compute/v2.1/servers",
                #"{"server": {"name": "own", "imageRef": "\#(fixture.image)", "flavorRef": "42", "#
                    + #""metadata": {"role": "x"}, "networks": [{"uuid": "\#(ids["networks"] ?? "")"}]}}"#)
            try await fixture.server(ServerID(ids[segment] ?? "")) { $0.settled == .active && $0.operation == nil }
        }
        let server = ServerID(ids["servers"] ?? "")
        ids["allocations"] = server.text
        ids["os-console-auth-tokens"] = try await fixture.cloud.compute.consoleToken(
            .serial, of: server, for: "get_serial_console", by: fixture.people.member)
        ids["os-instance-actions"] = try await fixture.workflows(of: server).first?.requestID
        ids["os-interface"] = try await fixture.cloud.compute.attachments(of: server, by: fixture.people.member).first?
            .port.id.text
    }
}
