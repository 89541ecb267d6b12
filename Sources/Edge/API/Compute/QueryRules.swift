import APIKit
import HTTPTypes

/// The query parameters that compute's routes know, as Nova's schemas have them. Most routes know none, and refuse any
/// from 2.102.
enum QueryRules {
    private static let flavors: Set<String> = [
        "is_public", "limit", "marker", "minDisk", "minRam", "sort_dir", "sort_key",
    ]
    private static let servers = ServerListFilter.names.union(ServerFilterTable.rows.keys)
        .subtracting(["instance_type_id"])
    private static let changesBefore = Field(since: 66, "changes-before")
    private static let serverLists = QueryRule(strictFrom: 75, servers, [changesBefore])

    private static let hypervisors = QueryRule(
        strictFrom: 53, [],
        [
            Field(since: 33, "limit"), Field(since: 33, "marker"), Field(since: 53, "hypervisor_hostname_pattern"),
            Field(since: 53, "with_servers"),
        ])

    /// By path; `nil` for a route that never refuses a parameter.
    private static let rules: [String: QueryRule?] = [
        "/": nil,
        "/flavors": QueryRule(strictFrom: 75, flavors, [Field(since: 102, "name")]),
        "/flavors/detail": QueryRule(strictFrom: 75, flavors, [Field(since: 102, "name")]),
        "/os-hypervisors": hypervisors,
        "/os-hypervisors/detail": hypervisors,
        "/os-hypervisors/{id}": QueryRule(strictFrom: 53, [], [Field(since: 53, "with_servers")]),
        "/os-hypervisors/statistics": nil,
        "/os-hypervisors/{id}/uptime": nil,
        "/os-migrations": QueryRule(
            strictFrom: 59, ["hidden", "host", "instance_uuid", "migration_type", "source_compute", "status"],
            [
                Field(since: 59, "changes-since"), Field(since: 59, "limit"), Field(since: 59, "marker"),
                Field(since: 66, "changes-before"), Field(since: 80, "project_id"), Field(since: 80, "user_id"),
            ]),
        "/os-services": QueryRule(strictFrom: 75, ["binary", "host"]),
        "/os-simple-tenant-usage": QueryRule(
            strictFrom: 75, ["detailed", "end", "start"], [Field(since: 40, "limit"), Field(since: 40, "marker")]),
        "/os-simple-tenant-usage/{id}": QueryRule(
            strictFrom: 75, ["end", "start"], [Field(since: 40, "limit"), Field(since: 40, "marker")]),
        "/limits": QueryRule(strictFrom: 75, ["tenant_id"]),
        "/os-console-auth-tokens/{token}": QueryRule(strictFrom: 99, []),
        "/os-keypairs": QueryRule(strictFrom: 75, ["limit", "marker"], [Field(since: 10, "user_id")]),
        "/os-keypairs/{name}": QueryRule(strictFrom: 75, [], [Field(since: 10, "user_id")]),
        "/os-quota-sets/{project}": QueryRule(strictFrom: 75, ["user_id"]),
        "/os-quota-sets/{project}/detail": QueryRule(strictFrom: 75, ["user_id"]),
        "/os-quota-sets/{project}/defaults": nil,
        "/os-server-groups": QueryRule(strictFrom: 75, ["all_projects", "limit", "offset"]),
        "/servers": serverLists,
        "/servers/detail": serverLists,
        VolumesBootAPI.path: serverLists,
        "\(VolumesBootAPI.path)/detail": serverLists,
        "/versions/{id}": nil,
        "/servers/{id}/os-instance-actions": QueryRule(
            strictFrom: 58, ["changes-since", "limit", "marker"], [changesBefore]),
        "/servers/{server_id}/os-volume_attachments": QueryRule(strictFrom: 75, ["limit", "offset"]),
        "/servers/{server_id}/shares": QueryRule(strictFrom: 97, []),
        "/servers/{server_id}/shares/{id}": QueryRule(strictFrom: 97, []),
        "/servers/{id}/tags": nil,
        "/servers/{id}/tags/{tag}": nil,
    ]

    /// The route with the rule of its path. Of servers only GET has a rule, elsewhere every method.
    static func applied(to route: Route) -> Route {
        var ruled = route
        let isOfServers = route.path.hasPrefix("/servers") || route.path.hasPrefix(VolumesBootAPI.path)
        if let known = rules[route.path], route.method == .get || !isOfServers {
            ruled.query = known
        } else if route.method == .get {
            ruled.query = QueryRule(strictFrom: 102, [])
        }
        return ruled
    }
}
