package import APIKit
import Attributes
import HTTPTypes
import Model
package import Networking
import Wire

/// The network service, Neutron v2.0.
package enum NetworkAPI {
    /// What the version's own page tells of; the rest is told by extensions.
    private static let coreResources = [("network", "networks"), ("subnet", "subnets"), ("port", "ports")]

    package static func service(networking: NetworkingService) -> APIService {
        var routes = [
            Route(.get, "/", .anyone) { request in
                .json { writer in
                    writer.array("resources") { writer in
                        for (name, collection) in coreResources {
                            writer.object { writer in
                                writer.field("name", name)
                                writer.field("collection", collection)
                                writer.array("links") { writer in
                                    writer.object {
                                        $0.field("rel", "self")
                                        $0.field("href", "\(request.rootURL)/network/v2.0/\(collection)")
                                    }
                                }
                            }
                        }
                    }
                }
            }
        ]
        routes += NetworksAPI(networking: networking).routes
        routes += SubnetsAPI(networking: networking).routes
        routes += SubnetPoolsAPI(networking: networking).routes
        routes += PortsAPI(networking: networking).routes
        routes += RoutersAPI(networking: networking).routes
        routes += FloatingIPsAPI(networking: networking).routes
        routes += SecurityGroupsAPI(networking: networking).routes
        routes +=
            AgentsAPI(networking: networking).routes + NetworkExtensionsAPI().routes
            + NetworkQuotasAPI(networking: networking).routes
        routes += UnfinishedNetworkAPI.routes
        return APIService(
            name: "network", prefix: "/network/v2.0", style: .network, forgivesSlash: true, routes: routes)
    }

    package static var open: [Route] {
        [
            Route(.get, "/network", .anyone) { request in
                .json { writer in
                    writer.array("versions") { writer in
                        writer.object { writer in
                            writer.field("id", "v2.0")
                            writer.field("status", "CURRENT")
                            writer.array("links") { writer in
                                writer.object {
                                    $0.field("rel", "self")
                                    $0.field("href", "\(request.rootURL)/network/v2.0/")
                                }
                            }
                        }
                    }
                }
            }
        ]
    }
}

extension APIRequest {
    /// The project a new resource belongs to; only administrators name another's.
    func owner<Draft>(_ wishes: Wishes<Draft>) throws -> ProjectID {
        let named = Set([wishes["project_id"], wishes["tenant_id"]].compactMap { $0?.optionalText })
        guard let name = named.first else { return try caller.project() }
        guard named.count == 1 else {
            throw CloudError(.badRequest, "'project_id' and 'tenant_id' do not match", type: "HTTPBadRequest")
        }
        guard caller.owns(ProjectID(name)) else {
            throw CloudError(
                .badRequest,
                "Specifying 'project_id' other than the authenticated project in request is not allowed "
                    + "for the current user.", type: "HTTPBadRequest")
        }
        return ProjectID(name)
    }
}
