package import APIKit
import HTTPTypes
package import Compute
package import HostProtocol
package import Image
package import Model
package import Networking
import Wire

/// The compute service: all its routes, and its version documents.
package enum ComputeAPI {
    package static func service(
        compute: ComputeService, image: ImageService, networking: NetworkingService, hosts: any HostLookups,
        isProject: @escaping @Sendable (ProjectID) async throws -> Bool
    ) -> APIService {
        let lookups = ServerLookups(compute: compute, hosts: hosts)
        let floatingIPs = FloatingIPProxyAPI(networking: networking, compute: compute)
        let fixedIPs = FixedIPProxyAPI(networking: networking, compute: compute)
        var routes = [
            Route(.get, "/", .anyone) { request in
                .json { writer in
                    writer.key("version")
                    version(request.rootURL, to: &writer)
                }
            }
        ]
        routes += ServersAPI(compute: compute).routes
        let proxied = floatingIPs.actions.merging(fixedIPs.actions) { $1 }
        routes += ServerActionsAPI(compute: compute, lookups: lookups, proxied: proxied).routes
        routes += RemoteConsolesAPI(compute: compute).routes
        routes += ServerSecurityGroupsAPI(compute: compute).routes
        routes += ServerMetadataAPI(compute: compute).routes
        routes += ServerTagsAPI(compute: compute).routes
        routes += ServerPasswordAPI(compute: compute).routes
        routes += ServerInterfacesAPI(compute: compute).routes
        routes += InstanceActionsAPI(compute: compute).routes
        routes += FlavorsAPI(compute: compute).routes
        routes += FlavorExtraSpecsAPI(compute: compute).routes
        routes += KeypairsAPI(compute: compute).routes
        routes += ServerGroupsAPI(compute: compute).routes
        routes += LimitsAPI(compute: compute).routes
        routes += administration(compute)
        routes += QuotasAPI(compute: compute, isProject: isProject).routes
        routes += MigrationListsAPI(compute: compute).routes
        routes += proxies(compute, image, networking) + floatingIPs.routes + UnfinishedAPI.routes
        return APIService(
            name: "compute", prefix: "/compute/v2.1", style: .compute, versions: .compute, projectInPath: true,
            routes: routes.map(QueryRules.applied))
    }

    /// What other services have, in the form of Nova's first API.
    private static func proxies(
        _ compute: ComputeService, _ image: ImageService, _ networking: NetworkingService
    ) -> [Route] {
        ImageProxyAPI(image: image).routes + ImageMetadataProxyAPI(image: image, compute: compute).routes
            + SecurityGroupProxyAPI(networking: networking).routes
            + SecurityGroupRuleProxyAPI(networking: networking).routes + NetworkProxyAPI(networking: networking).routes
    }

    /// What administrators ask of hosts and projects.
    private static func administration(_ compute: ComputeService) -> [Route] {
        HostAggregatesAPI(compute: compute).routes + AvailabilityZonesAPI(compute: compute).routes
            + ComputeServicesAPI(compute: compute).routes + HypervisorsAPI(compute: compute).routes
            + LegacyHostsAPI(compute: compute).routes + TenantUsagesAPI(compute: compute).routes
            + QuotaClassesAPI(compute: compute).routes + UsageAuditLogAPI(compute: compute).routes
    }

    /// `/compute`: the versions, without a token.
    package static var open: [Route] {
        [
            Route(.get, "/compute", .anyone) { request in
                .json { writer in
                    writer.array("versions") { version(request.rootURL, to: &$0) }
                }
            }
        ]
    }

    private static func version(_ root: String, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", "v2.1")
            writer.field("status", "CURRENT")
            writer.field("version", "\(VersionRange.compute.maximum)")
            writer.field("min_version", "\(VersionRange.compute.minimum)")
            writer.field("updated", "2013-07-23T11:33:21Z")
            writer.array("links") { writer in
                writer.object {
                    $0.field("rel", "self")
                    $0.field("href", "\(root)/compute/v2.1/")
                }
                writer.object {
                    $0.field("rel", "describedby")
                    $0.field("type", "text/html")
                    $0.field("href", "http://docs.openstack.org/")
                }
            }
            writer.array("media-types") { writer in
                writer.object {
                    $0.field("base", "application/json")
                    $0.field("type", "application/vnd.openstack.compute+json;version=2.1")
                }
            }
        }
    }
}
