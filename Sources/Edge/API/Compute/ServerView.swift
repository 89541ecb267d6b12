import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// What the servers of one answer share; used by one task.
final class ServerContext {
    let isForAdmin: Bool
    let baseURL: String
    let rootURL: String
    /// Whether addresses have a version and the address itself, and no more.
    var showsPlainAddresses = false
    /// The server group, where it is shown.
    var group: ServerGroupID?
    private let hosts: [String: KnownHost]

    init(_ request: APIRequest, hosts: [HostState]) {
        isForAdmin = request.caller.isAdmin
        baseURL = request.baseURL
        rootURL = request.rootURL
        self.hosts = Dictionary(hosts.map { ($0.id.text, KnownHost($0)) }) { $1 }
    }

    func host(of row: any ServerRow) -> KnownHost? { row.optionalText(.hostID).flatMap { hosts[$0] } }
}

/// A host, and what projects may know of it.
final class KnownHost {
    let hostname: String
    /// Nova's words for a host's service.
    let status: String
    private var digests: [String: String] = [:]

    init(_ host: HostState) {
        hostname = host.hostname
        status = host.isDisabled ? "MAINTENANCE" : host.isUp ? "UP" : "DOWN"
    }

    /// Made once for each project.
    func digest(for project: String) throws -> String {
        if let made = digests[project] { return made }
        let digest = try ComputeService.hostDigest(hostname, for: ProjectID(project))
        digests[project] = digest
        return digest
    }
}

/// A server's row and what its answers need beyond it.
struct ServerRendering {
    let row: any ServerRow
    let state: ServerState
    let host: KnownHost?
    let hostDigest: String
    /// Where the answer has of each address its version and itself, and no more.
    let plainAddresses: String?
    let context: ServerContext

    /// Without the state of a list that shows none.
    init(_ row: any ServerRow, in context: ServerContext, withState: Bool = true) throws {
        self.row = row
        self.context = context
        state = withState ? try row.state() : ServerState(settled: .building, operation: nil, phase: 0, power: 0)
        host = withState ? context.host(of: row) : nil
        hostDigest = try host.map { try $0.digest(for: row.text(.projectID)) } ?? ""
        plainAddresses = context.showsPlainAddresses ? try ServerAddresses(row.text(.addresses)).json : nil
    }

    var hostname: String? { host?.hostname }
}

extension JSONWriter {
    /// A text of the row; null where there is none, or what stands for it.
    fileprivate mutating func field(
        _ name: StaticString, _ rendering: ServerRendering, _ column: ServerColumn, else other: StaticString? = nil
    ) {
        key(name)
        rendering.row.withUTF8(column) { text in
            if let text { value(utf8: text) } else if let other { value("\(other)") } else { null() }
        }
    }

    /// A text of the row that is JSON.
    fileprivate mutating func field(_ name: StaticString, json column: ServerColumn, of rendering: ServerRendering) {
        key(name)
        rendering.row.withUTF8(column) { if let json = $0 { raw(utf8: json) } else { null() } }
    }
}

/// The microversions of a server's answer, one row a field (api-ref, "Show Server Details").
enum ServerView {
    static let summaryColumns: [ServerColumn] = [.name]
    /// What the other answers are written from.
    static let detailColumns: [ServerColumn] = [
        .name, .projectID, .userID, .description, .hostname, .reservationID, .launchIndex, .settled, .operation, .phase,
        .power, .fault, .isLocked, .lockedReason, .hostID, .requestedZone, .availabilityZone, .flavorID, .flavor,
        .imageID, .imageProperties, .keyName, .metadata, .tags, .addresses, .securityGroups, .hints, .configDrive,
        .accessIPv4, .accessIPv6, .diskConfig, .createdAt, .updatedAt, .launchedAt, .terminatedAt,
    ]

    static let detail: [Field<ServerRendering>] = basics + placement + states + facts + extras

    /// One server by itself says more than a row of a list.
    static let show: [Field<ServerRendering>] = detail + groups

    /// What a change answers with: up to 2.74 less than a show does.
    static let update: [Field<ServerRendering>] =
        basics + (placement + states + facts).map { $0.from(75) } + extras + groups

    private static let groups = [
        Field<ServerRendering>(since: 71) {
            $1.field("server_groups", strings: $0.context.group.map { [$0.text] } ?? [])
        }
    ]

    static let summary: [Field<ServerRendering>] = [
        Field { $1.field("id", $0, .id) },
        Field { $1.field("name", $0, .name) },
        Field { links($0, &$1) },
    ]

    private static let basics: [Field<ServerRendering>] = [
        Field { $1.field("id", $0, .id) },
        Field { $1.field("name", $0, .name) },
        Field { $1.field("status", $0.state.status) },
        Field { $1.field("tenant_id", $0, .projectID) },
        Field { $1.field("user_id", $0, .userID) },
        Field { $1.field("metadata", json: .metadata, of: $0) },
        Field { $1.field("hostId", $0.hostDigest) },
        Field(until: 97) { image($0, withProperties: false, &$1) },
        Field(since: 98) { image($0, withProperties: true, &$1) },
        Field(until: 46) { flavorLink($0, &$1) },
        Field(since: 47) { $1.field("flavor", json: .flavor, of: $0) },
        Field { $1.field("created", $0.row.time(.createdAt)) },
        Field { $1.field("updated", $0.row.time(.updatedAt)) },
        Field { addresses($0, &$1) },
        Field { $1.field("accessIPv4", $0, .accessIPv4, else: "") },
        Field { $1.field("accessIPv6", $0, .accessIPv6, else: "") },
        Field { links($0, &$1) },
        Field { $1.field("OS-DCF:diskConfig", $0, .diskConfig) },
        Field { progress($0, &$1) },
        Field { fault($0, &$1) },
    ]

    private static let placement: [Field<ServerRendering>] = [
        Field { $1.field("OS-EXT-AZ:availability_zone", $0, .availabilityZone, else: "") },
        Field(adminOnly: true) { $1.field("OS-EXT-SRV-ATTR:host", $0.hostname) },
        Field(adminOnly: true) { $1.field("OS-EXT-SRV-ATTR:instance_name", "instance-\($0.row.text(.id).prefix(8))") },
        Field(adminOnly: true) { $1.field("OS-EXT-SRV-ATTR:hypervisor_hostname", $0.hostname) },
        Field(since: 3, adminOnly: true) { $1.field("OS-EXT-SRV-ATTR:reservation_id", $0, .reservationID) },
        Field(since: 3, adminOnly: true) { $1.field("OS-EXT-SRV-ATTR:launch_index", $0.row.integer(.launchIndex)) },
        Field(since: 3, until: 89, adminOnly: true) { $1.field("OS-EXT-SRV-ATTR:hostname", $0, .hostname) },
        Field(since: 90) { $1.field("OS-EXT-SRV-ATTR:hostname", $0, .hostname) },
        Field(since: 3, adminOnly: true) { $1.field("OS-EXT-SRV-ATTR:kernel_id", "") },
        Field(since: 3, adminOnly: true) { $1.field("OS-EXT-SRV-ATTR:ramdisk_id", "") },
        Field(since: 3, adminOnly: true) { $1.field("OS-EXT-SRV-ATTR:root_device_name", "/dev/vda") },
        Field(since: 3, adminOnly: true) { $1.field("OS-EXT-SRV-ATTR:user_data", $0, .userData) },
        Field(since: 16, adminOnly: true) { $1.field("host_status", $0.host?.status ?? "") },
    ]

    private static let states: [Field<ServerRendering>] = [
        Field { $1.field("OS-EXT-STS:task_state", $0.state.taskState) },
        Field { $1.field("OS-EXT-STS:vm_state", $0.state.vmState) },
        Field { $1.field("OS-EXT-STS:power_state", $0.state.powerState) },
        Field { $1.field("OS-SRV-USG:launched_at", $0.row.time(.launchedAt), .microsecondsWithoutZone) },
        Field { $1.field("OS-SRV-USG:terminated_at", $0.row.time(.terminatedAt), .microsecondsWithoutZone) },
    ]

    private static let facts: [Field<ServerRendering>] = [
        Field { $1.field("key_name", $0, .keyName) },
        Field { $1.field("config_drive", $0.row.integer(.configDrive) != 0 ? "True" : "") },
        Field { securityGroups($0, &$1) },
        Field { _, writer in writer.array("os-extended-volumes:volumes_attached") { _ in } },
    ]

    private static let extras: [Field<ServerRendering>] = [
        Field(since: 9) { $1.field("locked", $0.row.integer(.isLocked) != 0) },
        Field(since: 73) { $1.field("locked_reason", $0, .lockedReason) },
        Field(since: 19) { $1.field("description", $0, .description) },
        Field(since: 26) { $1.field("tags", json: .tags, of: $0) },
        Field(since: 63) { _, writer in writer.null("trusted_image_certificates") },
        Field(since: 96) { $1.field("pinned_availability_zone", $0, .requestedZone) },
        Field(since: 100) { $1.field("scheduler_hints", json: .hints, of: $0) },
    ]

    static func links(_ rendering: ServerRendering, _ writer: inout JSONWriter) {
        links(rendering.row.text(.id), rendering.context, &writer)
    }

    static func links(_ id: String, _ context: ServerContext, _ writer: inout JSONWriter) {
        writeLinks("/servers/", "/compute/servers/", ServerID(id), context.baseURL, context.rootURL, &writer)
    }

    private static func addresses(_ rendering: ServerRendering, _ writer: inout JSONWriter) {
        if let plain = rendering.plainAddresses {
            writer.field("addresses", raw: plain)
        } else {
            writer.field("addresses", json: .addresses, of: rendering)
        }
    }

    private static func image(
        _ rendering: ServerRendering, withProperties: Bool, _ writer: inout JSONWriter
    ) {
        guard let id = rendering.row.optionalText(.imageID) else { return writer.field("image", "") }
        writer.object("image") { writer in
            writer.field("id", id)
            writer.array("links") { writer in
                writer.object {
                    $0.field("rel", "bookmark")
                    $0.field("href", rendering.context.rootURL, "/compute/images/", id)
                }
            }
            if withProperties { writer.field("properties", json: .imageProperties, of: rendering) }
        }
    }

    private static func flavorLink(_ rendering: ServerRendering, _ writer: inout JSONWriter) {
        writer.object("flavor") { writer in
            writer.field("id", rendering, .flavorID)
            writer.array("links") { writer in
                writer.object {
                    $0.field("rel", "bookmark")
                    $0.field("href", rendering.context.rootURL, "/compute/flavors/", rendering.row.text(.flavorID))
                }
            }
        }
    }

    private static func progress(_ rendering: ServerRendering, _ writer: inout JSONWriter) {
        switch rendering.state.status {
        case "ACTIVE", "BUILD", "REBOOT", "HARD_REBOOT", "RESIZE", "REBUILD", "MIGRATING", "PASSWORD", "VERIFY_RESIZE":
            writer.field("progress", rendering.progress)
        default: return
        }
    }

    private static func fault(_ rendering: ServerRendering, _ writer: inout JSONWriter) {
        guard ["ERROR", "DELETED"].contains(rendering.state.status), let kept = rendering.row.optionalText(.fault)
        else {
            return
        }
        let fault: ServerFault
        do {
            fault = try JSONText<ServerFault>(raw: kept).value()
        } catch {
            // One unreadable row must not take a whole list away.
            fault = ServerFault(
                code: 500, created: rendering.row.time(.updatedAt)?.iso8601() ?? "",
                message: "The fault that is kept of this server cannot be read.", details: "\(error)")
        }
        writer.object("fault") { writer in
            writer.field("code", fault.code)
            writer.field("created", fault.created)
            writer.field("message", fault.message)
            if rendering.context.isForAdmin, let details = fault.details { writer.field("details", details) }
        }
    }

    private static func securityGroups(_ rendering: ServerRendering, _ writer: inout JSONWriter) {
        rendering.row.withUTF8(.securityGroups) { groups in
            guard let groups, groups.count > 2 else { return }
            writer.key("security_groups")
            writer.raw(utf8: groups)
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

extension ServerRendering {
    /// In percent: a server that has been built is done.
    fileprivate var progress: Int { state.vmState == "building" || row.isNull(.launchedAt) ? 0 : 100 }
}

extension Server {
    /// The same of a record.
    var progress: Int { settled == .building || launchedAt == nil ? 0 : 100 }
}
