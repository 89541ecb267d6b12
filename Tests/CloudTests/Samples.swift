import HTTPTypes
import Model
import TestSupport
import Wire

/// One good body for every route that reads one.
struct Samples: Sendable {
    private let bodies: [String: String]

    /// Routes that write without reading a body of JSON.
    static let bodyless: Set<String> = Set([
        "PUT /compute/v2.1/servers/{id}/tags/{tag}", "PUT /image/v2/images/{id}/tags/{tag}",
        "PUT /image/v2/images/{id}/file", "PUT /image/v2/images/{id}/stage",
        "PUT /identity/v3/groups/{id}/users/{user}",
        "PUT /identity/v3/roles/{id}/implies/{implied}", "PUT /identity/v3/projects/{id}/tags/{tag}",
        "POST /image/v2/images/{id}/actions/deactivate",
        "POST /image/v2/images/{id}/actions/reactivate", "PUT /placement/traits/{name}",
    ]).union(tagged.map { "PUT /network/v2.0/\($0)/{id}/tags/{tag}" }).union(grants)

    private static let grants = ["users", "groups"].flatMap { kind in
        let tail = "\(kind)/{actor}/roles/{role}"
        return [
            "PUT /identity/v3/projects/{target}/\(tail)", "PUT /identity/v3/domains/{target}/\(tail)",
            "PUT /identity/v3/system/\(tail)",
            "PUT /identity/v3/OS-INHERIT/projects/{target}/\(tail)/inherited_to_projects",
            "PUT /identity/v3/OS-INHERIT/domains/{target}/\(tail)/inherited_to_projects",
        ]
    }

    /// What has tags in Network.
    private static let tagged = [
        "networks", "subnets", "ports", "routers", "floatingips", "security-groups", "security-group-rules",
        "subnetpools",
    ]

    init(_ world: World) {
        let tags = Self.tagged.map { ("PUT /network/v2.0/\($0)/{id}/tags", #"{"tags": ["red", "green"]}"#) }
        bodies = Self.identity(world).merging(Self.network(world)) { $1 }.merging(Self.compute(world)) { $1 }
            .merging(Self.proxies(world)) { $1 }
            .merging(Self.image(world)) { $1 }
            .merging(tags) { $1 }.merging(Self.placement) { $1 }
    }

    subscript(entry: ServiceRoute) -> String? { bodies[entry.name] }

    private static func identity(_ world: World) -> [String: String] {
        let login =
            #"{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "member", "password": "#
            + #""correct horse", "domain": {"id": "default"}}}}, "scope": {"project": {"name": "demo", "domain": "#
            + #"{"id": "default"}}}}}"#
        return [
            "POST /identity/v3/auth/tokens": login,
            "POST /identity/v3/domains": #"{"domain": {"name": "d1", "description": "x", "enabled": true}}"#,
            "PATCH /identity/v3/domains/{id}": #"{"domain": {"description": "y", "enabled": false}}"#,
            "POST /identity/v3/projects": #"{"project": {"name": "p1", "domain_id": "default", "enabled": true}}"#,
            "PATCH /identity/v3/projects/{id}": #"{"project": {"description": "y"}}"#,
            "POST /identity/v3/users":
                #"{"user": {"name": "u1", "password": "pw", "email": "a@b", "domain_id": "default"}}"#,
            "PATCH /identity/v3/users/{id}": #"{"user": {"email": "c@d", "description": "x"}}"#,
            "POST /identity/v3/users/{id}/password": #"{"user": {"original_password": "x", "password": "y"}}"#,
            "POST /identity/v3/roles": #"{"role": {"name": "r1", "description": "x"}}"#,
            "PATCH /identity/v3/roles/{id}": #"{"role": {"description": "y"}}"#,
            "POST /identity/v3/groups": #"{"group": {"name": "g1", "domain_id": "default"}}"#,
            "PATCH /identity/v3/groups/{id}": #"{"group": {"description": "y"}}"#,
            "PUT /identity/v3/projects/{id}/tags": #"{"tags": ["a", "b"]}"#,
            "PATCH /identity/v3/services/{id}": #"{"service": {"name": "s2", "enabled": true}}"#,
            "PATCH /identity/v3/endpoints/{id}": #"{"endpoint": {"url": "http://z"}}"#,
            "POST /identity/v3/regions": #"{"region": {"id": "r1", "parent_region_id": "RegionOne"}}"#,
            "PUT /identity/v3/regions/{id}": #"{"region": {"description": "x"}}"#,
            "PATCH /identity/v3/regions/{id}": #"{"region": {"description": "y"}}"#,
            "POST /identity/v3/credentials":
                #"{"credential": {"type": "cert", "blob": "x", "user_id": "\#(world.fixture.people.admin.userID)"}}"#,
            "PATCH /identity/v3/credentials/{id}": #"{"credential": {"blob": "y"}}"#,
            "POST /identity/v3/OS-TRUST/trusts":
                #"{"trust": {"trustor_user_id": "\#(world.fixture.people.admin.userID)", "trustee_user_id": "#
                + #""\#(world.fixture.people.member.userID)", "impersonation": true, "remaining_uses": 2}}"#,
            "POST /identity/v3/users/{user}/application_credentials": #"{"application_credential": {"name": "a1"}}"#,
            "POST /identity/v3/users/{user}/credentials/OS-EC2": #"{"tenant_id": "\#(world.fixture.people.demo)"}"#,
            "POST /identity/v3/services": #"{"service": {"type": "t1", "name": "s1", "description": "x"}}"#,
            "POST /identity/v3/endpoints":
                #"{"endpoint": {"service_id": "\#(world.ids["services"] ?? "")", "interface": "admin", "#
                + #""url": "http://y", "#
                + #""region_id": "RegionOne"}}"#,
        ]
    }

    private static func network(_ world: World) -> [String: String] {
        let network = world.ids["networks"] ?? ""
        let group = world.ids["security-groups"] ?? ""
        let base = "/network/v2.0"
        return [
            "POST \(base)/networks": #"{"network": {"name": "n1", "admin_state_up": true, "mtu": 1400}}"#,
            "PUT \(base)/networks/{id}": #"{"network": {"name": "n2", "description": "x"}}"#,
            "POST \(base)/subnets":
                #"{"subnet": {"network_id": "\#(network)", "ip_version": 4, "cidr": "192.168.8.0/24", "name": "s", "#
                + #""enable_dhcp": true, "dns_nameservers": ["8.8.8.8"]}}"#,
            "PUT \(base)/subnets/{id}": #"{"subnet": {"name": "s2", "dns_nameservers": []}}"#,
            "POST \(base)/subnetpools":
                #"{"subnetpool": {"name": "p", "prefixes": ["10.8.0.0/16"], "min_prefixlen": 24, "#
                + #""default_quota": 1000, "shared": false}}"#,
            "PUT \(base)/subnetpools/{id}": #"{"subnetpool": {"name": "p2", "default_prefixlen": 26}}"#,
            "PUT \(base)/subnetpools/{id}/add_prefixes": #"{"prefixes": ["10.7.0.0/16"]}"#,
            "PUT \(base)/subnetpools/{id}/remove_prefixes": #"{"prefixes": ["10.7.0.0/16"]}"#,
            "POST \(base)/address-scopes": #"{"address_scope": {"name": "s", "ip_version": 6, "shared": false}}"#,
            "PUT \(base)/address-scopes/{id}": #"{"address_scope": {"name": "s2"}}"#,
            "PUT \(base)/agents/{id}": #"{"agent": {"description": "x", "admin_state_up": true}}"#,
            "POST \(base)/ports": #"{"port": {"network_id": "\#(network)", "name": "p", "admin_state_up": true}}"#,
            "PUT \(base)/ports/{id}": #"{"port": {"name": "p2", "description": "x"}}"#,
            "POST \(base)/routers": #"{"router": {"name": "r", "admin_state_up": true}}"#,
            "PUT \(base)/routers/{id}": #"{"router": {"name": "r2", "description": "x"}}"#,
            "PUT \(base)/routers/{id}/add_router_interface": #"{"subnet_id": "\#(world.ids["subnets"] ?? "")"}"#,
            "PUT \(base)/routers/{id}/remove_router_interface": #"{"subnet_id": "\#(world.ids["subnets"] ?? "")"}"#,
            "POST \(base)/security-groups": #"{"security_group": {"name": "g", "description": "x"}}"#,
            "PUT \(base)/security-groups/{id}": #"{"security_group": {"name": "g2", "description": "y"}}"#,
            "PUT \(base)/security-group-rules/{id}": #"{"security_group_rule": {"description": "x"}}"#,
            "POST \(base)/security-group-rules":
                #"{"security_group_rule": {"security_group_id": "\#(group)", "direction": "ingress", "ethertype": "#
                + #""IPv4", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22, "remote_ip_prefix": "#
                + #""10.0.0.0/8"}}"#,
            "POST \(base)/floatingips":
                #"{"floatingip": {"floating_network_id": "\#(world.ids["external"] ?? "")", "description": "x"}}"#,
            "PUT \(base)/floatingips/{id}": #"{"floatingip": {"port_id": null, "description": "x"}}"#,
            "PUT \(base)/quotas/{project}": #"{"quota": {"network": 50, "port": 60}}"#,
        ]
    }

    /// Each change of a provider counts, in the order of the routes.
    private static let placement: [String: String] = {
        let provider = "/placement/resource_providers/{id}"
        func seen(_ generation: Int, _ rest: String) -> String {
            #"{"resource_provider_generation": \#(generation), \#(rest)}"#
        }
        return [
            "POST /placement/resource_providers": #"{"name": "p1"}"#,
            "PUT \(provider)": #"{"name": "p2"}"#,
            "PUT \(provider)/inventories": seen(1, #""inventories": {"VCPU": {"total": 8}}"#),
            "POST \(provider)/inventories": #"{"resource_class": "MEMORY_MB", "total": 8, "allocation_ratio": 1.5}"#,
            "PUT \(provider)/inventories/{class}": seen(3, #""total": 9, "step_size": 2"#),
            "PUT \(provider)/traits": seen(4, #""traits": ["CUSTOM_SIMULATED"]"#),
            "PUT \(provider)/aggregates": #"["00000000-0000-4000-8000-00000000000a"]"#,
            "POST /placement/resource_classes": #"{"name": "CUSTOM_NEW"}"#,
            "PUT /placement/resource_classes/{class}": #"{"name": "CUSTOM_OTHER"}"#,
        ]
    }()

    private static func compute(_ world: World) -> [String: String] {
        let base = "/compute/v2.1"
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC other"
        return [
            "POST \(base)/servers":
                #"{"server": {"name": "s", "imageRef": "\#(world.fixture.image)", "flavorRef": "42", "networks": "#
                + #"[{"uuid": "\#(world.ids["networks"] ?? "")"}], "metadata": {"a": "b"}, "description": "x"}}"#,
            "PUT \(base)/servers/{id}": #"{"server": {"name": "s2", "description": "y"}}"#,
            "POST \(base)/servers/{id}/action": #"{"unlock": null}"#,
            "POST \(base)/servers/novella-explain":
                #"{"server": {"name": "s", "imageRef": "\#(world.fixture.image)", "flavorRef": "42", "networks": "#
                + #""none"}}"#,
            "POST \(base)/servers/{id}/novella-explain": #"{"resize": {"flavorRef": "1"}}"#,
            "POST \(base)/servers/{id}/remote-consoles":
                #"{"remote_console": {"protocol": "serial", "type": "serial"}}"#,
            "POST \(base)/servers/{server_id}/migrations/{id}/action": #"{"force_complete": null}"#,
            "POST \(base)/servers/{id}/metadata": #"{"metadata": {"k": "v"}}"#,
            "PUT \(base)/servers/{id}/metadata": #"{"metadata": {"role": "v"}}"#,
            "PUT \(base)/servers/{id}/metadata/{key}": #"{"meta": {"role": "v"}}"#,
            "PUT \(base)/servers/{id}/tags": #"{"tags": ["blue", "green"]}"#,
            "POST \(base)/flavors":
                #"{"flavor": {"name": "f", "id": "f", "vcpus": 1, "ram": 64, "disk": 1, "swap": 0, "#
                + #""description": "x"}}"#,
            "PUT \(base)/flavors/{id}": #"{"flavor": {"description": "z"}}"#,
            "POST \(base)/flavors/{id}/action": #"{"removeTenantAccess": {"tenant": "\#(world.fixture.people.demo)"}}"#,
            "POST \(base)/flavors/{id}/os-extra_specs": #"{"extra_specs": {"own:x": "1"}}"#,
            "PUT \(base)/flavors/{id}/os-extra_specs/{key}": #"{"own:x": "2"}"#,
            "POST \(base)/os-keypairs": #"{"keypair": {"name": "k2", "type": "ssh", "public_key": "\#(key)"}}"#,
            "POST \(base)/servers/{id}/novella-keys": #"{"key": {"public_key": "\#(key)", "only_metadata": true}}"#,
            "POST \(base)/servers/{id}/os-interface":
                #"{"interfaceAttachment": {"net_id": "\#(world.ids["networks"] ?? "")"}}"#,
            "POST \(base)/os-server-groups":
                #"{"server_group": {"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": 2}}}"#,
            "PUT \(base)/os-services/{id}": #"{"status": "enabled", "forced_down": false}"#,
            "PUT \(base)/os-hosts/{id}": #"{"status": "enable"}"#,
            "PUT \(base)/os-quota-class-sets/{id}": #"{"quota_class_set": {"instances": 30, "cores": 30}}"#,
            "PUT \(base)/os-quota-sets/{project}": #"{"quota_set": {"instances": 20, "force": true}}"#,
        ].merging(aggregates) { $1 }
    }

    private static let aggregates = [
        "POST /compute/v2.1/os-aggregates": #"{"aggregate": {"name": "a", "availability_zone": "east"}}"#,
        "PUT /compute/v2.1/os-aggregates/{id}": #"{"aggregate": {"name": "b", "availability_zone": "west"}}"#,
        "POST /compute/v2.1/os-aggregates/{id}/action": #"{"set_metadata": {"metadata": {"ssd": "true", "x": null}}}"#,
    ]

    /// What Compute has of other services, and under other names.
    private static func proxies(_ world: World) -> [String: String] {
        let base = "/compute/v2.1"
        let group = world.ids["security-groups"] ?? ""
        let server =
            #"{"server": {"name": "s", "imageRef": "\#(world.fixture.image)", "flavorRef": "42", "networks": "#
            + #"[{"uuid": "\#(world.ids["networks"] ?? "")"}]}}"#
        return [
            "POST \(base)/images/{image_id}/metadata": #"{"metadata": {"k": "v"}}"#,
            "PUT \(base)/images/{image_id}/metadata": #"{"metadata": {"role": "v"}}"#,
            "PUT \(base)/images/{image_id}/metadata/{key}": #"{"meta": {"role": "v"}}"#,
            "POST \(base)/os-security-groups": #"{"security_group": {"name": "g", "description": "d"}}"#,
            "PUT \(base)/os-security-groups/{id}": #"{"security_group": {"name": "g", "description": "d"}}"#,
            "POST \(base)/os-security-group-rules":
                #"{"security_group_rule": {"parent_group_id": "\#(group)", "ip_protocol": "tcp", "from_port": 23, "#
                + #""to_port": 23, "cidr": "10.0.0.0/8"}}"#,
            "POST \(base)/os-floating-ips": #"{"pool": "public"}"#,
            "POST \(base)/os-server-external-events":
                #"{"events": [{"name": "network-changed", "server_uuid": "\#(world.ids["servers"] ?? "")"}]}"#,
            "POST \(base)/os-volumes_boot": server,
            "PUT \(base)/os-volumes_boot/{id}": #"{"server": {"name": "s2"}}"#,
            "POST \(base)/os-volumes_boot/{id}/action": #"{"reboot": {"type": "SOFT"}}"#,
        ]
    }

    private static func image(_ world: World) -> [String: String] {
        [
            "POST /image/v2/images": #"{"name": "i", "disk_format": "raw", "min_disk": 0, "tags": ["a"]}"#,
            "POST /image/v2/images/{id}/members":
                #"{"member": "\#(world.fixture.people.projects["other"]?.text ?? "")"}"#,
            "PUT /image/v2/images/{id}/members/{member}": #"{"status": "accepted"}"#,
            "POST /image/v2/images/{id}/import": #"{"method": {"name": "glance-direct"}, "all_stores": true}"#,
            "PATCH /image/v2/images/{id}": #"[{"op": "replace", "path": "/name", "value": "i2"}]"#,
        ]
    }
}
