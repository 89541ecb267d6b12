import APIKit
import HTTPTypes

/// Neutron's routes that are known and not there yet. Their extensions are not announced.
enum UnfinishedNetworkAPI {
    /// Collections with a list, a creation, and one by id.
    private static let collections = [
        "address-groups", "auto-allocated-topology", "default-security-group-rules",
        "flavors", "local_ips", "log/logs", "metering/metering-labels", "metering/metering-label-rules",
        "ndp_proxies", "network-ip-availabilities", "network_segment_ranges", "qos/policies", "rbac-policies",
        "segments", "service_profiles", "trunks",
    ]

    static var routes: [Route] {
        collections.flatMap { name -> [Route] in
            [
                .unfinished(.get, "/\(name)"), .unfinished(.post, "/\(name)"), .unfinished(.get, "/\(name)/{id}"),
                .unfinished(.put, "/\(name)/{id}"), .unfinished(.delete, "/\(name)/{id}"),
            ]
        }
            + [
                .unfinished(.get, "/floatingips/{id}/port_forwardings"),
                .unfinished(.post, "/floatingips/{id}/port_forwardings"),
                .unfinished(.put, "/routers/{id}/add_extraroutes"),
                .unfinished(.put, "/routers/{id}/remove_extraroutes"),
                .unfinished(.get, "/routers/{id}/conntrack_helpers"),
                .unfinished(.post, "/routers/{id}/conntrack_helpers"),
                .unfinished(.get, "/ports/{id}/bindings"), .unfinished(.post, "/ports/{id}/bindings"),
                .unfinished(.get, "/qos/rule-types"), .unfinished(.get, "/log/loggable-resources"),
                .unfinished(.get, "/service-providers"),
                .unfinished(.put, "/subnetpools/{id}/onboard_network_subnets"),
            ]
    }
}
