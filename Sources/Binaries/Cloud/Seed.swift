import Compute
import Identity
import Model
import Networking
import Store

/// What a fresh cloud holds. It is planted once: what the operator renames or deletes afterwards stays so. A first
/// start that is cut short is taken up again, and adds what is missing.
package struct Seed: Sendable {
    package struct Options: Sendable {
        package var adminPassword: String
        /// The network that servers get by default, NATed outward.
        package var defaultCIDR = "10.20.0.0/24"
        package var externalCIDR = "172.24.4.0/24"
        package var unlimitedAdmin = false

        package init(adminPassword: String) {
            self.adminPassword = adminPassword
        }
    }

    /// The only region.
    static let region = "RegionOne"

    private let cloud: Cloud
    private let options: Options

    package init(_ cloud: Cloud, _ options: Options) {
        self.cloud = cloud
        self.options = options
    }

    package func plant() async throws {
        let database = cloud.database
        guard try await state() != .planted else { return }
        try await database.transaction { try SeedQueries.set(.begun, $0) }
        if try await cloud.identity.list(Domain.self).isEmpty {
            try await plantIdentity()
        }
        let admin = try await adminProject()
        if options.unlimitedAdmin { try await liftQuotas(of: admin) }
        try await plantFlavors()
        try await plantNetworks(caller(admin))
        try await database.transaction { try SeedQueries.set(.planted, $0) }
    }

    /// A store with domains and without this row was seeded by a release that wrote no such row.
    private func state() async throws -> SeedQueries.State? {
        if let known = try await cloud.database.read({ try SeedQueries.state($0) }) { return known }
        guard try await !cloud.identity.list(Domain.self).isEmpty else { return nil }
        try await cloud.database.transaction { try SeedQueries.set(.planted, $0) }
        return .planted
    }

    private func caller(_ project: ProjectID) -> Caller {
        Caller(
            userID: UserID("seed"), scope: .project(project), roles: ["admin", "member", "reader"],
            requestID: "req-seed")
    }

    private func adminProject() async throws -> ProjectID {
        let projects = try await cloud.identity.list(Project.self)
        guard let admin = projects.first(where: { $0.name == "admin" && $0.domainID == Domain.defaultID }) else {
            throw CloudError(.notFound, "The store has domains, but no project 'admin' in the default one.")
        }
        return admin.id
    }

    /// In one commit: a first start that is cut short leaves all of it or nothing.
    private func plantIdentity() async throws {
        let projects = [("admin", "The operator's project"), ("service", "For services")].map { name, text in
            Project(id: .randomUndashed(), name: name, domainID: Domain.defaultID, description: text)
        }
        let roles = ["admin", "manager", "member", "reader", "service"].map { name in
            Role(id: .randomUndashed(), name: name)
        }
        let admin = User(id: .randomUndashed(), name: "admin", domainID: Domain.defaultID)
        let targets = [
            (RoleAssignment.Target.project, projects[0].id.text), (.domain, Domain.defaultID.text), (.system, "all"),
        ]
        let grants = targets.map { target, id in
            RoleAssignment(userID: admin.id, target: target, targetID: id, roleID: roles[0].id)
        }
        let domain = Domain(id: Domain.defaultID, name: "Default", description: "The default domain")
        // Each of the first four roles implies the next.
        try await cloud.identity.plant(
            IdentitySeed(
                records: [domain] + projects + roles + catalog, administrator: admin,
                password: options.adminPassword, grants: grants,
                implied: zip(roles.prefix(3), roles.dropFirst()).map { ($0.id, $1.id) }))
    }

    /// Addresses without a host: each client reads the one it came by.
    private var catalog: [any Record] {
        var records: [any Record] = [Region(id: Self.region)]
        for (type, name, path) in [
            ("identity", "keystone", "/identity/v3"), ("compute", "nova", "/compute/v2.1"),
            ("image", "glance", "/image"), ("network", "neutron", "/network"), ("placement", "placement", "/placement"),
        ] {
            let service = CatalogService(id: .randomUndashed(), type: type, name: name)
            records.append(service)
            for interface in ["public", "internal", "admin"] {
                records.append(
                    Endpoint(
                        id: .randomUndashed(), serviceID: service.id, interface: interface, url: path,
                        regionID: Self.region))
            }
        }
        return records
    }

    private func liftQuotas(of project: ProjectID) async throws {
        let compute = Dictionary(
            uniqueKeysWithValues: Quota.computeDefaults.map { ($0.resource, Quota.unlimited) })
        try await cloud.compute.setQuotas(compute, of: project, force: true)
        let network = Dictionary(
            uniqueKeysWithValues: Quota.networkDefaults.map { ($0.resource, Quota.unlimited) })
        try await cloud.networking.setQuotas(network, of: project)
    }

    private func plantFlavors() async throws {
        let now = cloud.compute.clock.now()
        let usual = [
            ("1", "m1.tiny", 1, 512, 1), ("2", "m1.small", 1, 2048, 20), ("3", "m1.medium", 2, 4096, 40),
            ("4", "m1.large", 4, 8192, 80), ("5", "m1.xlarge", 8, 16_384, 160), ("42", "m1.nano", 1, 256, 1),
        ]
        for (id, name, vcpus, memory, disk) in usual {
            do {
                _ = try await cloud.compute.create(
                    Flavor(
                        id: FlavorID(id), name: name, vcpus: vcpus, memory: memory, disk: disk,
                        extraSpecs: try JSONText([:]), createdAt: now))
            } catch let error as CloudError where error.kind == .conflict {
                continue
            }
        }
    }

    private func plantNetworks(_ admin: Caller) async throws {
        let networking = cloud.networking
        let project = try admin.project()
        _ = try await networking.defaultGroup(of: project)
        let external = try await network("public", project, isExternal: true, by: admin)
        _ = try await subnet("public-subnet", options.externalCIDR, on: external, dhcp: false, by: admin)
        let inner = try await network("default", project, isExternal: false, by: admin)
        let innerSubnet = try await subnet("default-subnet", options.defaultCIDR, on: inner, dhcp: true, by: admin)
        try await router("default-router", project, from: innerSubnet, to: external, by: admin)
    }

    /// What an earlier start made is found by its name.
    private func router(
        _ name: String, _ project: ProjectID, from subnet: Subnet, to external: Network, by admin: Caller
    ) async throws {
        let networking = cloud.networking
        let now = networking.clock.now()
        let known = try await networking.records(Router.self, by: admin)
        var router = known.first { $0.name == name && $0.projectID == project }
        if router == nil {
            var draft = RouterDraft(
                Router(
                    id: .random(), projectID: project, name: name, routes: try JSONText([]), tags: try JSONText([]),
                    createdAt: now, updatedAt: now))
            draft.gateway = GatewayRequest(networkID: external.id)
            router = try await networking.create([draft], by: admin).first
        }
        guard let router, try await networking.interfaces(of: router.id).isEmpty else { return }
        _ = try await networking.addInterface(router: router.id, subnet: subnet.id, port: nil, by: admin)
    }

    private func network(
        _ name: String, _ project: ProjectID, isExternal: Bool, by admin: Caller
    ) async throws -> Network {
        let known = try await cloud.networking.networks(by: admin)
        if let found = known.first(where: { $0.name == name && $0.projectID == project }) { return found }
        let now = cloud.networking.clock.now()
        return try await cloud.networking.create(
            Network(
                id: .random(), projectID: project, name: name, isShared: !isExternal, isExternal: isExternal,
                isDefault: !isExternal, segmentationID: 0, tags: try JSONText([]), createdAt: now, updatedAt: now),
            by: admin)
    }

    private func subnet(
        _ name: String, _ cidr: String, on network: Network, dhcp: Bool, by admin: Caller
    ) async throws -> Subnet {
        let known = try await cloud.networking.subnets(of: network.id)
        if let found = known.first(where: { $0.name == name }) { return found }
        let now = cloud.networking.clock.now()
        return try await cloud.networking.create(
            Subnet(
                id: .random(), networkID: network.id, projectID: network.projectID, name: name, ipVersion: 4,
                cidr: cidr, gatewayIP: "", enableDHCP: dhcp, dnsNameservers: try JSONText([]),
                hostRoutes: try JSONText([]),
                allocationPools: JSONText(raw: ""), tags: try JSONText([]), createdAt: now, updatedAt: now), by: admin)
    }
}
