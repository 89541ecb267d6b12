package import APIKit
import HTTPTypes
package import Compute
package import HostProtocol
package import Image
package import Model
package import Networking
import Wire

/// The compute service: all its routes, at their address and, for clients of its first API, at another.
package struct ComputeAPI: Sendable {
    private let compute: ComputeService
    private let image: ImageService
    private let networking: NetworkingService
    private let hosts: any HostLookups
    private let policy: ComputePolicy
    private let isProject: @Sendable (ProjectID) async throws -> Bool

    package init(
        compute: ComputeService, image: ImageService, networking: NetworkingService, hosts: any HostLookups,
        policy: ComputePolicy = ComputePolicy(),
        isProject: @escaping @Sendable (ProjectID) async throws -> Bool
    ) {
        self.compute = compute
        self.image = image
        self.networking = networking
        self.hosts = hosts
        self.policy = policy
        self.isProject = isProject
    }

    /// `/compute/v2.1` and `/compute/v2`.
    package var services: [APIService] {
        ComputeVersion.allCases.map { version in
            let isLegacy = version == .legacy
            let routes = version.routes + ExtensionsAPI(isLegacy: isLegacy).routes + routes
            return APIService(
                name: isLegacy ? "compute-legacy" : "compute", prefix: version.prefix, style: .compute,
                versions: .compute, isLegacy: isLegacy, projectInPath: true,
                routes: routes.map { policy.applied(to: QueryRules.applied(to: $0), compute) })
        }
    }

    /// `/compute`: the versions, without a token.
    package static var open: [Route] { [ComputeVersion.list] }

    private var routes: [Route] {
        var routes = serverRoutes + proxyRoutes + administration
        routes += FlavorsAPI(compute: compute).routes
        routes += FlavorExtraSpecsAPI(compute: compute).routes
        routes += KeypairsAPI(compute: compute).routes
        routes += ServerGroupsAPI(compute: compute).routes
        routes += LimitsAPI(compute: compute).routes
        routes += QuotasAPI(compute: compute, isProject: isProject).routes
        routes += UnfinishedAPI.routes
        return routes
    }

    private var floatingIPs: FloatingIPProxyAPI { FloatingIPProxyAPI(networking: networking, compute: compute) }

    private var serverRoutes: [Route] {
        let servers = ServersAPI(compute: compute)
        let fixedIPs = FixedIPProxyAPI(networking: networking, compute: compute)
        let lookups = ServerLookups(compute: compute, hosts: hosts)
        let actions = ServerActionsAPI(
            compute: compute, lookups: lookups, policy: policy,
            proxied: floatingIPs.actions.merging(fixedIPs.actions) { $1 })
        var routes = servers.routes + actions.routes
        routes += ServerDiagnosticsAPI(compute: compute, lookups: lookups).routes
        routes += ServerTopologyAPI(compute: compute).routes
        routes += ExplanationsAPI(compute: compute).routes
        routes += ServerTimelinesAPI(compute: compute).routes
        routes += VolumesBootAPI(servers: servers, serverActions: actions).routes
        routes += RemoteConsolesAPI(compute: compute).routes
        routes += ServerSecurityGroupsAPI(compute: compute).routes
        routes += ServerMetadataAPI(compute: compute).routes
        routes += ServerTagsAPI(compute: compute).routes
        routes += ServerPasswordAPI(compute: compute).routes
        routes += ServerKeysAPI(compute: compute).routes
        routes += ServerInterfacesAPI(compute: compute).routes
        routes += InstanceActionsAPI(compute: compute).routes
        routes += ServerExternalEventsAPI(compute: compute).routes
        return routes
    }

    /// What other services have, in the form of Nova's first API.
    private var proxyRoutes: [Route] {
        ImageProxyAPI(image: image).routes + ImageMetadataProxyAPI(image: image, compute: compute).routes
            + SecurityGroupProxyAPI(networking: networking).routes
            + SecurityGroupRuleProxyAPI(networking: networking).routes + floatingIPs.routes
            + NetworkProxyAPI(networking: networking).routes + VolumeProxyAPI(compute: compute).routes
            + BareMetalNodesAPI().routes
    }

    /// What administrators ask of hosts and projects.
    private var administration: [Route] {
        HostAggregatesAPI(compute: compute).routes + AvailabilityZonesAPI(compute: compute).routes
            + ComputeServicesAPI(compute: compute).routes + HypervisorsAPI(compute: compute).routes
            + LegacyHostsAPI(compute: compute).routes + TenantUsagesAPI(compute: compute).routes
            + QuotaClassesAPI(compute: compute).routes + UsageAuditLogAPI(compute: compute).routes
            + MigrationListsAPI(compute: compute).routes
    }
}
