import APIKit
import HTTPTypes

/// The query parameters of compute's routes, as Nova's schemas have them. Most routes know none, and say so from 2.102.
enum QueryRules {
    private static let flavors: Set<String> = [
        "is_public", "limit", "marker", "minDisk", "minRam", "sort_dir", "sort_key",
    ]
    private static let servers = ServerListFilter.names.union(ServerFilterTable.rows.keys)
        .subtracting(["instance_type_id"])
    private static let actions: Set<String> = ["changes-since", "limit", "marker"]

    /// By path; an empty list is a route that never minds.
    private static let rules: [String: [QueryRule]] = [
        "/": [],
        "/flavors": [QueryRule(strictFrom: 102, flavors.union(["name"])), QueryRule(strictFrom: 75, flavors)],
        "/flavors/detail": [QueryRule(strictFrom: 102, flavors.union(["name"])), QueryRule(strictFrom: 75, flavors)],
        "/limits": [QueryRule(strictFrom: 75, ["tenant_id"])],
        "/os-keypairs": [QueryRule(strictFrom: 75, ["limit", "marker", "user_id"])],
        "/os-keypairs/{name}": [QueryRule(strictFrom: 75, ["user_id"])],
        "/os-quota-sets/{project}": [QueryRule(strictFrom: 75, ["user_id"])],
        "/os-quota-sets/{project}/detail": [QueryRule(strictFrom: 75, ["user_id"])],
        "/os-quota-sets/{project}/defaults": [],
        "/os-server-groups": [QueryRule(strictFrom: 75, ["all_projects", "limit", "offset"])],
        "/servers": [QueryRule(strictFrom: 75, servers)],
        "/servers/detail": [QueryRule(strictFrom: 75, servers)],
        "/servers/{id}/os-instance-actions": [
            QueryRule(strictFrom: 66, actions.union(["changes-before"])), QueryRule(strictFrom: 58, actions),
        ],
        "/servers/{server_id}/os-volume_attachments": [QueryRule(strictFrom: 75, ["limit", "offset"])],
        "/servers/{id}/tags": [],
        "/servers/{id}/tags/{tag}": [],
    ]

    /// The route with its rule. Only reading minds; quota sets and key pairs mind always.
    static func applied(to route: Route) -> Route {
        var ruled = route
        if let known = rules[route.path], route.method == .get || !route.path.hasPrefix("/servers") {
            ruled.query = known
        } else if route.method == .get {
            ruled.query = [QueryRule(strictFrom: 102, [])]
        }
        return ruled
    }
}
