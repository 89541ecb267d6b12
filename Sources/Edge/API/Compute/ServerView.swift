import APIKit
import HTTPTypes
import Compute
import Model
import Wire

extension JSONWriter {
    /// A text of the row that is JSON.
    fileprivate mutating func field(_ name: StaticString, json column: ServerColumn, of row: ServerRow) {
        key(name)
        if let json = row.utf8(column) { raw(utf8: json) } else { null() }
    }
}

/// The microversions of a server's answer, one row a field (api-ref, "Show Server Details").
enum ServerView {
    static let detail: [Field<ServerMember>] =
        basics + placement + userData + hostStatus + states + facts + extras

    /// One server by itself says more than a row of a list.
    static let show: [Field<ServerMember>] = detail + groups

    /// What a change answers with: up to 2.74 less than a show does.
    static let update: [Field<ServerMember>] =
        basics + (placement + userData + hostStatus + states + facts).map { $0.from(75) } + extras + groups

    /// What a rebuild answers with; the new password is told here and nowhere else.
    static let rebuild: [Field<ServerMember>] =
        basics + (placement + hostStatus + states + facts).map { $0.from(75) } + extras + groups + [
            Field(since: 54, until: 74, .text("key_name", .keyName)),
            Field(since: 57, .text("user_data", .userData)),
            Field(
                .written([]) { _, context, writer in
                    if let password = context.adminPassword { writer.field("adminPass", password) }
                }),
        ]

    private static let groups = [
        Field<ServerMember>(
            since: 71, .written([]) { $2.field("server_groups", strings: $1.group.map { [$0.text] } ?? []) })
    ]

    static let summary: [Field<ServerMember>] = [
        Field(.text("id", .id)),
        Field(.text("name", .name)),
        Field(links),
    ]

    private static let basics: [Field<ServerMember>] = [
        Field(.text("id", .id)),
        Field(.text("name", .name)),
        Field(.state { $2.field("status", $1.state.status) }),
        Field(.text("tenant_id", .projectID)),
        Field(.text("user_id", .userID)),
        Field(.json("metadata", .metadata)),
        Field(.host { $2.field("hostId", $1.hostDigest) }),
        Field(.constant("image", "\"\"", .whereNull(.imageID))),
        Field(until: 97, .pasted("image", link(to: "images", .imageID) + [.literal("}")], .whereSet(.imageID))),
        Field(
            since: 98,
            .pasted(
                "image",
                link(to: "images", .imageID) + [.literal(#","properties":"#), .json(.imageProperties), .literal("}")],
                .whereSet(.imageID))),
        Field(until: 46, .pasted("flavor", link(to: "flavors", .flavorID) + [.literal("}")])),
        Field(since: 47, .json("flavor", .flavor)),
        Field(.time("created", .createdAt, .seconds)),
        Field(.time("updated", .updatedAt, .seconds)),
        Field(.written([.addresses]) { addresses($0, $1, &$2) }),
        Field(.textOrEmpty("accessIPv4", .accessIPv4)),
        Field(.textOrEmpty("accessIPv6", .accessIPv6)),
        Field(links),
        Field(.text("OS-DCF:diskConfig", .diskConfig)),
        Field(.state([.launchedAt, .progress]) { progress($0, $1, &$2) }),
        Field(.state([.fault, .updatedAt]) { fault($0, $1, &$2) }),
    ]

    private static let placement: [Field<ServerMember>] = [
        Field(.textOrEmpty("OS-EXT-AZ:availability_zone", .availabilityZone)),
        Field(adminOnly: true, .host { $2.field("OS-EXT-SRV-ATTR:host", $1.hostname) }),
        Field(adminOnly: true, .written([.id]) { instanceName($0, $1, &$2) }),
        Field(adminOnly: true, .host { $2.field("OS-EXT-SRV-ATTR:hypervisor_hostname", $1.hostname) }),
        Field(since: 3, adminOnly: true, .text("OS-EXT-SRV-ATTR:reservation_id", .reservationID)),
        Field(since: 3, adminOnly: true, .integer("OS-EXT-SRV-ATTR:launch_index", .launchIndex)),
        Field(since: 3, until: 89, adminOnly: true, .text("OS-EXT-SRV-ATTR:hostname", .hostname)),
        Field(since: 90, .text("OS-EXT-SRV-ATTR:hostname", .hostname)),
        Field(since: 3, adminOnly: true, .constant("OS-EXT-SRV-ATTR:kernel_id", "\"\"")),
        Field(since: 3, adminOnly: true, .constant("OS-EXT-SRV-ATTR:ramdisk_id", "\"\"")),
        Field(since: 3, adminOnly: true, .constant("OS-EXT-SRV-ATTR:root_device_name", #""/dev/vda""#)),
    ]

    private static let userData = [
        Field<ServerMember>(since: 3, adminOnly: true, .text("OS-EXT-SRV-ATTR:user_data", .userData))
    ]

    private static let hostStatus = [
        Field<ServerMember>(since: 16, adminOnly: true, .host { $2.field("host_status", $1.host?.status ?? "") })
    ]

    private static let states: [Field<ServerMember>] = [
        Field(.state { $2.field("OS-EXT-STS:task_state", $1.state.taskState) }),
        Field(.state { $2.field("OS-EXT-STS:vm_state", $1.state.vmState) }),
        Field(.state { $2.field("OS-EXT-STS:power_state", $1.state.powerState) }),
        Field(.time("OS-SRV-USG:launched_at", .launchedAt, .microsecondsWithoutZone)),
        Field(.time("OS-SRV-USG:terminated_at", .terminatedAt, .microsecondsWithoutZone)),
    ]

    private static let facts: [Field<ServerMember>] = [
        Field(.text("key_name", .keyName)),
        Field(
            .written([.configDrive]) { $2.field("config_drive", $0.integer(.configDrive) != 0 ? "True" : "") }),
        Field(.written([.securityGroups]) { securityGroups($0, $1, &$2) }),
        Field(.constant("os-extended-volumes:volumes_attached", "[]")),
    ]

    private static let extras: [Field<ServerMember>] = [
        Field(since: 9, .boolean("locked", .isLocked)),
        Field(since: 73, .text("locked_reason", .lockedReason)),
        Field(since: 19, .text("description", .description)),
        Field(since: 26, .json("tags", .tags)),
        Field(since: 63, .json("trusted_image_certificates", .trustedCertificates)),
        Field(since: 96, .text("pinned_availability_zone", .requestedZone)),
        Field(since: 100, .json("scheduler_hints", .hints)),
    ]

    private static let links = ServerMember.pasted(
        "links",
        [
            .literal(#"[{"rel":"self","href":""#), .baseURL, .literal("/servers/"), .text(.id),
            .literal(#""},{"rel":"bookmark","href":""#), .rootURL, .literal("/compute/servers/"), .text(.id),
            .literal(#""}]"#),
        ])

    /// An id and its bookmark; the object is still open.
    private static func link(to kind: String, _ id: ServerColumn) -> [ServerPiece] {
        [
            .literal(#"{"id":""#), .text(id), .literal(#"","links":[{"rel":"bookmark","href":""#), .rootURL,
            .literal("/compute/\(kind)/"), .text(id), .literal(#""}]"#),
        ]
    }

    private static func instanceName(_ row: ServerRow, _ context: ServerContext, _ writer: inout JSONWriter) {
        guard let id = row.utf8(.id) else { return }
        writer.field(
            "OS-EXT-SRV-ATTR:instance_name", "instance-", utf8: UnsafeBufferPointer(rebasing: id.prefix(8)), "")
    }

    private static func addresses(_ row: ServerRow, _ context: ServerContext, _ writer: inout JSONWriter) {
        if let plain = context.plainAddresses {
            writer.field("addresses", raw: plain)
        } else {
            writer.field("addresses", json: .addresses, of: row)
        }
    }

    private static func progress(_ row: ServerRow, _ context: ServerContext, _ writer: inout JSONWriter) {
        switch context.state.status {
        case "ACTIVE", "BUILD", "REBOOT", "HARD_REBOOT", "RESIZE", "REBUILD", "MIGRATING", "PASSWORD", "VERIFY_RESIZE":
            let atRest = context.state.vmState == "building" || row.isNull(.launchedAt) ? 0 : 100
            writer.field("progress", row.isNull(.progress) ? atRest : row.integer(.progress))
        default: return
        }
    }

    private static func fault(_ row: ServerRow, _ context: ServerContext, _ writer: inout JSONWriter) {
        guard ["ERROR", "DELETED"].contains(context.state.status), let kept = row.optionalText(.fault)
        else {
            return
        }
        let fault: ServerFault
        do {
            fault = try JSONText<ServerFault>(raw: kept).value()
        } catch {
            // A row that cannot be read must not fail the whole list.
            fault = ServerFault(
                code: 500, created: row.time(.updatedAt)?.iso8601() ?? "",
                message: "The fault that is kept of this server cannot be read.", details: "\(error)")
        }
        writer.object("fault") { writer in
            writer.field("code", fault.code)
            writer.field("created", fault.created)
            writer.field("message", fault.message)
            if context.isForAdmin, let details = fault.details { writer.field("details", details) }
        }
    }

    private static func securityGroups(_ row: ServerRow, _ context: ServerContext, _ writer: inout JSONWriter) {
        guard let groups = row.utf8(.securityGroups), groups.count > 2 else { return }
        writer.key("security_groups")
        writer.raw(utf8: groups)
    }
}

/// `self` and `bookmark`, as every Nova resource has them.
func writeLinks<Kind>(
    _ path: StaticString, _ bookmark: StaticString, _ id: Identifier<Kind>, _ baseURL: String, _ rootURL: String,
    _ writer: inout JSONWriter
) {
    var id = id.text
    id.withUTF8 { writeLinks(path, bookmark, utf8: $0, baseURL, rootURL, &writer) }
}

private func writeLinks(
    _ path: StaticString, _ bookmark: StaticString, utf8 id: UnsafeBufferPointer<UInt8>, _ baseURL: String,
    _ rootURL: String, _ writer: inout JSONWriter
) {
    writer.array("links") { writer in
        writer.object {
            $0.field("rel", "self")
            $0.field("href", baseURL, path, utf8: id)
        }
        writer.object {
            $0.field("rel", "bookmark")
            $0.field("href", rootURL, bookmark, utf8: id)
        }
    }
}

extension Server {
    /// The same of a record.
    var shownProgress: Int { progress ?? (settled == .building || launchedAt == nil ? 0 : 100) }
}
