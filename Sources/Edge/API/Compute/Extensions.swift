import APIKit
import HTTPTypes
import Model
import Wire

/// `/extensions`: the names that Nova's API had grown by before it counted versions. Clients still look them up; the
/// list says nothing of what this cloud has.
struct ExtensionsAPI: Sendable {
    private typealias Row = (alias: String, name: String, description: String)

    /// Whether it is the list of `/v2`, which has one more.
    let isLegacy: Bool

    var routes: [Route] {
        [
            Route(.get, "/extensions", .authenticated) { _ in
                .json(reserving: 24_576) { writer in
                    writer.array("extensions") { writer in
                        for row in rows { writer.object { Self.write(row, to: &$0) } }
                    }
                }
            },
            Route(.get, "/extensions/{id}", .authenticated) { request in
                guard let row = rows.first(where: { $0.alias == request.parameter("id") }) else {
                    throw CloudError(.notFound, "The resource could not be found.")
                }
                return .json { writer in
                    writer.object("extension") { Self.write(row, to: &$0) }
                }
            },
        ]
    }

    private var rows: [Row] { isLegacy ? Self.legacy : Self.all }

    private static func write(_ row: Row, to writer: inout JSONWriter) {
        writer.field("alias", row.alias)
        writer.field("description", row.description)
        writer.array("links") { _ in }
        writer.field("name", row.name)
        writer.field("namespace", "http://docs.openstack.org/compute/ext/fake_xml")
        writer.field("updated", "2014-12-03T00:00:00Z")
    }

    private static let legacy =
        (all + [
            ("OS-EXT-VIF-NET", "ExtendedVIFNet", "The network of a server's interfaces.")
        ]).sorted { $0.alias < $1.alias }

    private static let all: [Row] = [
        ("NMN", "Multinic", "Fixed addresses are added to servers and taken away."),
        ("OS-DCF", "DiskConfig", "How the disk of a server is divided."),
        ("OS-EXT-AZ", "ExtendedAvailabilityZone", "The availability zone of a server."),
        ("OS-EXT-IMG-SIZE", "ImageSize", "The size of images."),
        ("OS-EXT-IPS", "ExtendedIps", "The type of addresses: fixed or floating."),
        ("OS-EXT-IPS-MAC", "ExtendedIpsMac", "The MAC address beside an address."),
        (
            "OS-EXT-SRV-ATTR", "ExtendedServerAttributes",
            "Attributes of servers for administrators: host, hypervisor, name there."
        ),
        ("OS-EXT-STS", "ExtendedStatus", "The states behind a server's status."),
        ("OS-FLV-DISABLED", "FlavorDisabled", "Whether a flavor is disabled."),
        ("OS-FLV-EXT-DATA", "FlavorExtraData", "The ephemeral disk of flavors."),
        ("OS-SCH-HNT", "SchedulerHints", "Hints to the scheduler."),
        ("OS-SRV-USG", "ServerUsage", "When a server was launched and terminated."),
        ("os-access-ips", "AccessIPs", "Addresses by which a server is reached."),
        ("os-admin-actions", "AdminActions", "Actions of administrators: os-resetState, injectNetworkInfo."),
        ("os-admin-password", "AdminPassword", "The password of a server's administrator is changed."),
        ("os-agents", "Agents", "Builds of guest agents; they have gone."),
        ("os-aggregates", "Aggregates", "Groups of hosts, for administrators."),
        ("os-assisted-volume-snapshots", "AssistedVolumeSnapshots", "Snapshots of volumes that the hypervisor takes."),
        ("os-attach-interfaces", "AttachInterfaces", "Interfaces are attached to servers and detached."),
        ("os-availability-zone", "AvailabilityZone", "Availability zones, and a server's choice of one."),
        ("os-baremetal-ext-status", "BareMetalExtStatus", "More of the state of bare metal nodes."),
        ("os-baremetal-nodes", "BareMetalNodes", "Bare metal nodes, for administrators."),
        ("os-block-device-mapping", "BlockDeviceMapping", "Block devices of a new server."),
        (
            "os-block-device-mapping-v2-boot", "BlockDeviceMappingV2Boot",
            "Block devices of a new server, in their second form."
        ),
        ("os-cell-capacities", "CellCapacities", "The capacities of cells; they have gone."),
        ("os-cells", "Cells", "Cells of the first kind; they have gone."),
        ("os-certificates", "Certificates", "Certificates; they have gone."),
        ("os-cloudpipe", "Cloudpipe", "Servers that are gateways to a VPN; they have gone."),
        ("os-cloudpipe-update", "CloudpipeUpdate", "The address of a gateway to a VPN is changed; they have gone."),
        ("os-config-drive", "ConfigDrive", "Whether a server has a config drive."),
        ("os-console-auth-tokens", "ConsoleAuthTokens", "What the token of a console leads to."),
        ("os-console-output", "ConsoleOutput", "The end of what a server's console has shown."),
        ("os-consoles", "Consoles", "Consoles to work at."),
        ("os-create-backup", "CreateBackup", "Backups of servers, of which some are kept."),
        ("os-create-server-ext", "Createserverext", "More of what a new server may be given."),
        ("os-deferred-delete", "DeferredDelete", "Deleted servers are kept for a while."),
        ("os-evacuate", "Evacuate", "Servers are built anew away from a host that is down."),
        ("os-extended-evacuate-find-host", "ExtendedEvacuateFindHost", "An evacuation whose host the scheduler finds."),
        ("os-extended-floating-ips", "ExtendedFloatingIps", "A floating IP may name the fixed address that it is for."),
        ("os-extended-hypervisors", "ExtendedHypervisors", "More of hypervisors."),
        ("os-extended-networks", "ExtendedNetworks", "More of networks."),
        ("os-extended-quotas", "ExtendedQuotas", "Quotas are set back, or forced below what is in use."),
        ("os-extended-rescue-with-image", "ExtendedRescueWithImage", "A rescue may name its image."),
        ("os-extended-services", "ExtendedServices", "Why a service is disabled."),
        ("os-extended-services-delete", "ExtendedServicesDelete", "Services are deleted."),
        ("os-extended-status", "ExtendedStatus", "The states behind a server's status."),
        ("os-extended-volumes", "ExtendedVolumes", "The volumes of a server."),
        ("os-fixed-ips", "FixedIPs", "Fixed addresses, for administrators; they have gone."),
        ("os-flavor-access", "FlavorAccess", "Which projects have a flavor."),
        ("os-flavor-extra-specs", "FlavorExtraSpecs", "Extra specs of flavors."),
        ("os-flavor-manage", "FlavorManage", "Flavors are made and deleted."),
        ("os-flavor-rxtx", "FlavorRxtx", "The network factor of flavors."),
        ("os-flavor-swap", "FlavorSwap", "The swap of flavors."),
        ("os-floating-ip-dns", "FloatingIpDns", "Names of floating IPs; they have gone."),
        ("os-floating-ip-pools", "FloatingIpPools", "Where floating IPs are taken from."),
        ("os-floating-ips", "FloatingIps", "Floating IPs of a project."),
        ("os-floating-ips-bulk", "FloatingIpsBulk", "Many floating IPs at once; they have gone."),
        ("os-fping", "Fping", "Whether servers answer a ping; this has gone."),
        ("os-hide-server-addresses", "HideServerAddresses", "Addresses are not shown in certain states."),
        ("os-hosts", "Hosts", "Hosts, for administrators."),
        ("os-hypervisor-status", "HypervisorStatus", "The state of hypervisors."),
        ("os-hypervisors", "Hypervisors", "Hypervisors, for administrators."),
        ("os-instance-actions", "InstanceActions", "What was done to a server, and how it went."),
        ("os-instance_usage_audit_log", "OSInstanceUsageAuditLog", "Audits of use, for administrators."),
        ("os-keypairs", "Keypairs", "Key pairs of users."),
        ("os-lock-server", "LockServer", "Servers are locked and unlocked."),
        ("os-migrate-server", "MigrateServer", "Servers are migrated, live and cold."),
        ("os-migrations", "Migrations", "Migrations, for administrators."),
        ("os-multiple-create", "MultipleCreate", "Several servers are made at once."),
        ("os-networks", "Networks", "Networks, as compute shows them."),
        (
            "os-networks-associate", "NetworkAssociationSupport",
            "Networks are bound to hosts and projects; this has gone."
        ),
        ("os-pause-server", "PauseServer", "Servers are paused and unpaused."),
        ("os-personality", "Personality", "Files of a new server."),
        ("os-preserve-ephemeral-rebuild", "PreserveEphemeralOnRebuild", "The ephemeral disk is kept over a rebuild."),
        ("os-quota-class-sets", "QuotaClasses", "Limits of a class of quotas."),
        ("os-quota-sets", "Quotas", "Limits of projects."),
        ("os-rescue", "Rescue", "Servers boot from another image to be repaired."),
        (
            "os-security-group-default-rules", "SecurityGroupDefaultRules",
            "Rules of a new project's security group; they have gone."
        ),
        ("os-security-groups", "SecurityGroups", "Security groups, and those of a server."),
        ("os-server-diagnostics", "ServerDiagnostics", "What a server's guest uses, for administrators."),
        ("os-server-external-events", "ServerExternalEvents", "What other services tell of servers."),
        ("os-server-group-quotas", "ServerGroupQuotas", "Limits of server groups."),
        ("os-server-groups", "ServerGroups", "Groups of servers with a policy of placing."),
        ("os-server-list-multi-status", "ServerListMultiStatus", "Lists of servers in one of several states."),
        ("os-server-password", "ServerPassword", "The password that a guest has handed over."),
        ("os-server-sort-keys", "ServerSortKeys", "Lists of servers in an order."),
        ("os-server-start-stop", "ServerStartStop", "Servers are started and stopped."),
        ("os-services", "Services", "The services of compute, for administrators."),
        ("os-shelve", "Shelve", "Servers are shelved and brought back."),
        ("os-simple-tenant-usage", "SimpleTenantUsage", "What projects have used."),
        ("os-suspend-server", "SuspendServer", "Servers are suspended and resumed."),
        ("os-tenant-networks", "OSTenantNetworks", "Networks that a project sees."),
        ("os-used-limits", "UsedLimits", "How much of the limits is in use."),
        (
            "os-used-limits-for-admin", "UsedLimitsForAdmin",
            "How much of any project's limits is in use, for administrators."
        ),
        ("os-user-data", "UserData", "Data that a new server's guest reads."),
        ("os-user-quotas", "UserQuotas", "Limits of a user in a project."),
        ("os-virtual-interfaces", "VirtualInterfaces", "The interfaces of a server; they have gone."),
        ("os-volume-attachment-update", "VolumeAttachmentUpdate", "A server's volume is put in another's place."),
        ("os-volumes", "Volumes", "Volumes, and those of a server."),
    ]
}
