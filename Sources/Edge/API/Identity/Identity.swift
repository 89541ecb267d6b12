package import APIKit
import HTTPTypes
package import Identity
import Model
import Wire

/// The identity service, Keystone v3.
package enum IdentityAPI {
    package static func service(identity: IdentityService) -> APIService {
        var routes = [
            Route(.get, "/", .anyone) { request in
                .json { writer in
                    writer.key("version")
                    version(request.rootURL, to: &writer)
                }
            }
        ]
        routes += TokensAPI(identity: identity).routes
        routes += DomainsAPI(identity: identity).routes
        routes += ProjectsAPI(identity: identity).routes
        routes += UsersAPI(identity: identity).routes
        routes += GroupsAPI(identity: identity).routes
        routes += RolesAPI(identity: identity).routes
        routes += GrantsAPI(identity: identity).routes
        routes += AssignmentsAPI(identity: identity).routes
        routes += CatalogAPI(identity: identity).routes
        routes += CredentialsAPI(identity: identity).routes + EC2CredentialsAPI(identity: identity).routes
        routes += TrustsAPI(identity: identity).routes
        routes += UnfinishedIdentityAPI.routes
        return APIService(
            name: "identity", prefix: "/identity/v3", style: .identity, forgivesSlash: true, routes: routes)
    }

    package static var open: [Route] {
        [
            Route(.get, "/identity", .anyone) { request in
                .json(.multipleChoices) { writer in
                    writer.object("versions") { writer in
                        writer.array("values") { version(request.rootURL, to: &$0) }
                    }
                }
            }
        ]
    }

    private static func version(_ root: String, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", "v3.14")
            writer.field("status", "stable")
            writer.field("updated", "2020-04-07T00:00:00Z")
            writer.array("links") { writer in
                writer.object {
                    $0.field("rel", "self")
                    $0.field("href", "\(root)/identity/v3/")
                }
            }
            writer.array("media-types") { writer in
                writer.object {
                    $0.field("base", "application/json")
                    $0.field("type", "application/vnd.openstack.identity-v3+json")
                }
            }
        }
    }

    /// The member that every record has.
    static func writeLinks(_ path: String, _ request: APIRequest, to writer: inout JSONWriter) {
        writer.object("links") { $0.field("self", "\(request.rootURL)/identity/v3/\(path)") }
    }
}
