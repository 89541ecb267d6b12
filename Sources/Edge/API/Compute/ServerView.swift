import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// What the servers of one answer share.
struct ServerContext: Sendable {
    let isForAdmin: Bool
    let baseURL: String
    let rootURL: String
    private var digests: [ProjectID: [HostID: String]] = [:]

    init(_ request: APIRequest) {
        isForAdmin = request.caller.isAdmin
        baseURL = request.baseURL
        rootURL = request.rootURL
    }

    /// What the project may know of the host; made once for each pair.
    mutating func digest(of host: HostState?, for project: ProjectID) throws -> String {
        guard let host else { return "" }
        if let made = digests[project]?[host.id] { return made }
        let digest = try ComputeService.hostDigest(host.hostname, for: project)
        digests[project, default: [:]][host.id] = digest
        return digest
    }
}

/// A server and what its answers need beyond its row.
struct ServerRendering: Sendable {
    var server: Server
    var state: ServerState
    var host: HostState?
    var hostDigest: String
    var userData: String?
    /// The server group, where it is shown.
    var group: ServerGroupID?
    let isForAdmin: Bool
    let baseURL: String
    let rootURL: String

    var hostname: String? { host?.hostname }

    /// Nova's words for a host's service.
    var hostStatus: String {
        guard let host else { return "" }
        if host.isDisabled { return "MAINTENANCE" }
        return host.isUp ? "UP" : "DOWN"
    }

    init(
        _ server: Server, host: HostState?, userData: String? = nil, group: ServerGroupID? = nil,
        in context: inout ServerContext
    ) throws {
        self.server = server
        state = server.state
        self.host = host
        hostDigest = try context.digest(of: host, for: server.projectID)
        self.userData = userData
        self.group = group
        isForAdmin = context.isForAdmin
        baseURL = context.baseURL
        rootURL = context.rootURL
    }
}

/// The microversions of a server's answer, one row a field (api-ref, "Show Server Details").
enum ServerView {
    static let detail: [Field<ServerRendering>] = basics + placement + states + facts + extras

    /// One server by itself says more than a row of a list.
    static let show: [Field<ServerRendering>] = detail + groups

    /// What a change answers with: up to 2.74 less than a show does.
    static let update: [Field<ServerRendering>] =
        basics + (placement + states + facts).map { $0.from(75) } + extras + groups

    private static let groups = [
        Field<ServerRendering>(since: 71) { $1.field("server_groups", strings: $0.group.map { [$0.text] } ?? []) }
    ]

    static let summary: [Field<ServerRendering>] = [
        Field { $1.field("id", $0.server.id) },
        Field { $1.field("name", $0.server.name) },
        Field { links($0, &$1) },
    ]

    private static let basics: [Field<ServerRendering>] = [
        Field { $1.field("id", $0.server.id) },
        Field { $1.field("name", $0.server.name) },
        Field { $1.field("status", $0.state.status) },
        Field { $1.field("tenant_id", $0.server.projectID) },
        Field { $1.field("user_id", $0.server.userID) },
        Field { $1.field("metadata", $0.server.metadata) },
        Field { $1.field("hostId", $0.hostDigest) },
        Field(until: 97) { image($0, withProperties: false, &$1) },
        Field(since: 98) { image($0, withProperties: true, &$1) },
        Field(until: 46) { flavorLink($0, &$1) },
        Field(since: 47) { $1.field("flavor", $0.server.flavor) },
        Field { $1.field("created", $0.server.createdAt.iso8601()) },
        Field { $1.field("updated", $0.server.updatedAt.iso8601()) },
        Field { $1.field("addresses", raw: $0.server.addresses) },
        Field { $1.field("accessIPv4", $0.server.accessIPv4 ?? "") },
        Field { $1.field("accessIPv6", $0.server.accessIPv6 ?? "") },
        Field { links($0, &$1) },
        Field { $1.field("OS-DCF:diskConfig", $0.server.diskConfig) },
        Field { progress($0, &$1) },
        Field { fault($0, &$1) },
    ]

    private static let placement: [Field<ServerRendering>] = [
        Field { $1.field("OS-EXT-AZ:availability_zone", $0.server.availabilityZone ?? "") },
        Field(adminOnly: true) { $1.field("OS-EXT-SRV-ATTR:host", $0.hostname) },
        Field(adminOnly: true) { $1.field("OS-EXT-SRV-ATTR:instance_name", "instance-\($0.server.id.text.prefix(8))") },
        Field(adminOnly: true) { $1.field("OS-EXT-SRV-ATTR:hypervisor_hostname", $0.hostname) },
        Field(since: 3, adminOnly: true) { $1.field("OS-EXT-SRV-ATTR:reservation_id", $0.server.reservationID) },
        Field(since: 3, adminOnly: true) { $1.field("OS-EXT-SRV-ATTR:launch_index", $0.server.launchIndex) },
        Field(since: 3, until: 89, adminOnly: true) { $1.field("OS-EXT-SRV-ATTR:hostname", $0.server.hostname) },
        Field(since: 90) { $1.field("OS-EXT-SRV-ATTR:hostname", $0.server.hostname) },
        Field(since: 3, adminOnly: true) { $1.field("OS-EXT-SRV-ATTR:kernel_id", "") },
        Field(since: 3, adminOnly: true) { $1.field("OS-EXT-SRV-ATTR:ramdisk_id", "") },
        Field(since: 3, adminOnly: true) { $1.field("OS-EXT-SRV-ATTR:root_device_name", "/dev/vda") },
        Field(since: 3, adminOnly: true) { $1.field("OS-EXT-SRV-ATTR:user_data", $0.userData) },
        Field(since: 16, adminOnly: true) { $1.field("host_status", $0.hostStatus) },
    ]

    private static let states: [Field<ServerRendering>] = [
        Field { $1.field("OS-EXT-STS:task_state", $0.state.taskState) },
        Field { $1.field("OS-EXT-STS:vm_state", $0.state.vmState) },
        Field { $1.field("OS-EXT-STS:power_state", $0.state.powerState) },
        Field { $1.field("OS-SRV-USG:launched_at", $0.server.launchedAt.map(plainTime)) },
        Field { $1.field("OS-SRV-USG:terminated_at", $0.server.terminatedAt.map(plainTime)) },
    ]

    private static let facts: [Field<ServerRendering>] = [
        Field { $1.field("key_name", $0.server.keyName) },
        Field { $1.field("config_drive", $0.server.configDrive ? "True" : "") },
        Field { securityGroups($0, &$1) },
        Field { _, writer in writer.array("os-extended-volumes:volumes_attached") { _ in } },
    ]

    private static let extras: [Field<ServerRendering>] = [
        Field(since: 9) { $1.field("locked", $0.server.isLocked) },
        Field(since: 73) { $1.field("locked_reason", $0.server.lockedReason) },
        Field(since: 19) { $1.field("description", $0.server.description) },
        Field(since: 26) { $1.field("tags", $0.server.tags) },
        Field(since: 63) { _, writer in writer.null("trusted_image_certificates") },
        Field(since: 96) { $1.field("pinned_availability_zone", $0.server.requestedZone) },
        Field(since: 100) { $1.field("scheduler_hints", raw: $0.server.hints) },
    ]

    /// Nova's form without a zone, as `launched_at` has it.
    private static func plainTime(_ time: Timestamp) -> String {
        time.iso8601(.microsecondsWithoutZone)
    }

    static func links(_ rendering: ServerRendering, _ writer: inout JSONWriter) {
        writeLinks("/servers/", "/compute/servers/", rendering.server.id, rendering.baseURL, rendering.rootURL, &writer)
    }

    private static func image(
        _ rendering: ServerRendering, withProperties: Bool, _ writer: inout JSONWriter
    ) {
        guard let id = rendering.server.imageID else { return writer.field("image", "") }
        writer.object("image") { writer in
            writer.field("id", id)
            writer.array("links") { writer in
                writer.object {
                    $0.field("rel", "bookmark")
                    $0.field("href", rendering.rootURL, "/compute/images/", id.text)
                }
            }
            if withProperties { writer.field("properties", rendering.server.imageProperties) }
        }
    }

    private static func flavorLink(_ rendering: ServerRendering, _ writer: inout JSONWriter) {
        writer.object("flavor") { writer in
            writer.field("id", rendering.server.flavorID)
            writer.array("links") { writer in
                writer.object {
                    $0.field("rel", "bookmark")
                    $0.field("href", rendering.rootURL, "/compute/flavors/", rendering.server.flavorID.text)
                }
            }
        }
    }

    private static func progress(_ rendering: ServerRendering, _ writer: inout JSONWriter) {
        switch rendering.state.status {
        case "ACTIVE", "BUILD", "REBOOT", "HARD_REBOOT", "RESIZE", "REBUILD", "MIGRATING", "PASSWORD", "VERIFY_RESIZE":
            writer.field("progress", rendering.server.progress)
        default: return
        }
    }

    private static func fault(_ rendering: ServerRendering, _ writer: inout JSONWriter) {
        guard ["ERROR", "DELETED"].contains(rendering.state.status), let kept = rendering.server.fault else { return }
        let fault: ServerFault
        do {
            fault = try kept.value()
        } catch {
            // One unreadable row must not take a whole list away.
            fault = ServerFault(
                code: 500, created: rendering.server.updatedAt.iso8601(),
                message: "The fault that is kept of this server cannot be read.", details: "\(error)")
        }
        writer.object("fault") { writer in
            writer.field("code", fault.code)
            writer.field("created", fault.created)
            writer.field("message", fault.message)
            if rendering.isForAdmin, let details = fault.details { writer.field("details", details) }
        }
    }

    private static func securityGroups(_ rendering: ServerRendering, _ writer: inout JSONWriter) {
        if rendering.server.securityGroups != "[]" {
            writer.field("security_groups", raw: rendering.server.securityGroups)
        }
    }
}

/// `self` and `bookmark`, as every Nova resource has them.
func writeLinks<Kind>(
    _ path: StaticString, _ bookmark: StaticString, _ id: Identifier<Kind>, _ baseURL: String, _ rootURL: String,
    _ writer: inout JSONWriter
) {
    writer.array("links") { writer in
        writer.object {
            $0.field("rel", "self")
            $0.field("href", baseURL, path, id.text)
        }
        writer.object {
            $0.field("rel", "bookmark")
            $0.field("href", rootURL, bookmark, id.text)
        }
    }
}

extension Server {
    /// In percent: a server that has been built is done.
    var progress: Int { settled == .building || launchedAt == nil ? 0 : 100 }
}
