import APIKit
import HTTPTypes

/// Keystone's routes that are known and not there yet.
enum UnfinishedIdentityAPI {
    /// Collections with a list, a creation, and one by id.
    private static let collections = [
        "policies", "limits", "registered_limits", "OS-FEDERATION/identity_providers",
        "OS-FEDERATION/mappings", "OS-FEDERATION/service_providers", "OS-OAUTH1/consumers",
        "OS-EP-FILTER/endpoint_groups",
    ]

    static var routes: [Route] {
        collections.flatMap { name -> [Route] in
            [
                .unfinished(.get, "/\(name)"), .unfinished(.post, "/\(name)"), .unfinished(.get, "/\(name)/{id}"),
                .unfinished(.patch, "/\(name)/{id}"), .unfinished(.delete, "/\(name)/{id}"),
            ]
        } + domains + filters + others
    }

    private static var domains: [Route] {
        ["/domains/{id}/config", "/domains/{id}/config/{group}", "/domains/{id}/config/{group}/{option}"].flatMap {
            [.unfinished(.get, $0), .unfinished(.patch, $0), .unfinished(.delete, $0)]
        }
            + [
                .unfinished(.put, "/domains/{id}/config"), .unfinished(.get, "/domains/config/default"),
                .unfinished(.get, "/domains/config/{group}/default"),
                .unfinished(.get, "/domains/config/{group}/{option}/default"),
            ]
    }

    private static var filters: [Route] {
        let project = "/OS-EP-FILTER/projects/{project}/endpoints"
        let group = "/OS-EP-FILTER/endpoint_groups/{id}/projects"
        return [
            .unfinished(.get, project), .unfinished(.get, "\(project)/{endpoint}"),
            .unfinished(.put, "\(project)/{endpoint}"), .unfinished(.delete, "\(project)/{endpoint}"),
            .unfinished(.get, "/OS-EP-FILTER/endpoints/{endpoint}/projects"),
            .unfinished(.get, "/OS-EP-FILTER/projects/{project}/endpoint_groups"), .unfinished(.get, group),
            .unfinished(.get, "\(group)/{project}"), .unfinished(.put, "\(group)/{project}"),
            .unfinished(.delete, "\(group)/{project}"),
            .unfinished(.get, "/OS-EP-FILTER/endpoint_groups/{id}/endpoints"),
        ]
    }

    private static var others: [Route] {
        [
            .unfinished(.get, "/limits/model"),
            .unfinished(.put, "/OS-FEDERATION/identity_providers/{id}"),
            .unfinished(.get, "/OS-FEDERATION/identity_providers/{id}/protocols"),
            .unfinished(.get, "/OS-FEDERATION/identity_providers/{id}/protocols/{protocol}"),
            .unfinished(.put, "/OS-FEDERATION/identity_providers/{id}/protocols/{protocol}"),
            .unfinished(.patch, "/OS-FEDERATION/identity_providers/{id}/protocols/{protocol}"),
            .unfinished(.delete, "/OS-FEDERATION/identity_providers/{id}/protocols/{protocol}"),
            .unfinished(.get, "/OS-FEDERATION/identity_providers/{id}/protocols/{protocol}/auth"),
            .unfinished(.put, "/OS-FEDERATION/mappings/{id}"),
            .unfinished(.put, "/OS-FEDERATION/service_providers/{id}"),
            .unfinished(.get, "/OS-FEDERATION/projects"), .unfinished(.get, "/OS-FEDERATION/domains"),
            .unfinished(.get, "/OS-FEDERATION/saml2/metadata"), .unfinished(.post, "/auth/OS-FEDERATION/saml2"),
            .unfinished(.post, "/auth/OS-FEDERATION/saml2/ecp"), .unfinished(.get, "/auth/OS-FEDERATION/websso/{id}"),
            .unfinished(.post, "/OS-OAUTH1/request_token"), .unfinished(.post, "/OS-OAUTH1/access_token"),
            .unfinished(.put, "/OS-OAUTH1/authorize/{id}"), .unfinished(.get, "/users/{user}/OS-OAUTH1/access_tokens"),
            .unfinished(.get, "/users/{user}/OS-OAUTH1/access_tokens/{id}"),
            .unfinished(.delete, "/users/{user}/OS-OAUTH1/access_tokens/{id}"),
            .unfinished(.get, "/users/{user}/OS-OAUTH1/access_tokens/{id}/roles"),
            .unfinished(.post, "/OS-OAUTH2/token"), .unfinished(.get, "/OS-SIMPLE-CERT/ca"),
            .unfinished(.get, "/OS-SIMPLE-CERT/certificates"), .unfinished(.get, "/OS-REVOKE/events"),
            .unfinished(.get, "/auth/tokens/OS-PKI/revoked"), .unfinished(.post, "/ec2tokens"),
            .unfinished(.post, "/s3tokens"), .unfinished(.get, "/users/{user}/access_rules"),
            .unfinished(.get, "/users/{user}/access_rules/{id}"),
            .unfinished(.delete, "/users/{user}/access_rules/{id}"),
            .unfinished(.get, "/endpoints/{endpoint}/OS-ENDPOINT-POLICY/policy"),
            .unfinished(.get, "/policies/{id}/OS-ENDPOINT-POLICY/endpoints"),
        ]
    }
}
