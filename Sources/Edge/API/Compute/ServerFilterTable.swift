import APIKit
import Model
import Wire

/// One parameter by which servers can be listed.
struct ServerFilterRow: Sendable {
    typealias Test = @Sendable (Server) throws -> Bool

    enum Meaning: Sendable {
        case equal(ServerFilter.Field)
        /// The host's name.
        case host
        /// What the values ask of a server.
        case test(@Sendable (_ values: [String], _ request: APIRequest) throws -> Test)
        /// Nova's name for what servers here do not have.
        case refused
    }

    let name: String
    /// The minor version from which the parameter has an effect for users; `nil`: it never has, as in Nova.
    let users: Int?
    let administrators: Int
    let meaning: Meaning

    init(_ name: String, users: Int?, administrators: Int = 1, _ meaning: Meaning) {
        self.name = name
        self.users = users
        self.administrators = administrators
        self.meaning = meaning
    }

    func applies(to request: APIRequest) -> Bool {
        let since = request.caller.isAdmin ? administrators : users
        return since.map { request.version >= Microversion(2, $0) } ?? false
    }
}

enum ServerFilterTable {
    static let rows: [String: ServerFilterRow] = Dictionary(
        uniqueKeysWithValues: (exact + patterns + states + facts + tags + refused).map { ($0.name, $0) })

    private static let exact = [
        ServerFilterRow("availability_zone", users: 83, .equal(.zone)),
        ServerFilterRow("flavor", users: 1, .equal(.flavor)),
        ServerFilterRow("host", users: nil, .host),
        ServerFilterRow("image", users: 1, .equal(.image)),
        ServerFilterRow("image_ref", users: nil, .equal(.image)),
        ServerFilterRow("instance_type_id", users: nil, .equal(.flavor)),
        ServerFilterRow("key_name", users: 83, .equal(.key)),
        ServerFilterRow("node", users: nil, .host),
        ServerFilterRow("reservation_id", users: 1, .equal(.reservation)),
        ServerFilterRow("user_id", users: 83, .equal(.user)),
        ServerFilterRow("uuid", users: nil, .equal(.id)),
    ]

    private static let patterns = [
        pattern("access_ip_v4", users: nil) { $0.accessIPv4 },
        pattern("access_ip_v6", users: nil) { $0.accessIPv6 },
        pattern("description", users: nil) { $0.description },
        pattern("display_description", users: nil) { $0.description },
        pattern("display_name", users: nil) { $0.name },
        pattern("hostname", users: 90) { $0.hostname },
        pattern("locked_by", users: nil) { $0.isLocked ? ($0.lockedByAdmin ? "admin" : "owner") : nil },
        pattern("name", users: 1) { $0.name },
        address("ip", users: 1, version: 4),
        address("ip6", users: 5, version: 6),
    ]

    private static let states = [
        ServerFilterRow("power_state", users: 83, number("power_state") { $0.state.powerState }),
        ServerFilterRow("status", users: 1, .test(status)),
        word("task_state") { $0.state.taskState },
        word("vm_state") { $0.state.vmState },
    ]

    private static let facts = [
        ServerFilterRow("auto_disk_config", users: nil, flag("auto_disk_config") { $0.diskConfig == "AUTO" }),
        ServerFilterRow("config_drive", users: 83, flag("config_drive") { $0.configDrive }),
        ServerFilterRow("created_at", users: 83, time("created_at") { $0.createdAt }),
        ServerFilterRow("launch_index", users: nil, number("launch_index") { $0.launchIndex }),
        ServerFilterRow("launched_at", users: 83, time("launched_at") { $0.launchedAt }),
        ServerFilterRow("locked", users: 73, administrators: 73, flag("locked") { $0.isLocked }),
        ServerFilterRow("metadata", users: nil, .test(metadata)),
        ServerFilterRow("progress", users: 83, number("progress") { $0.shownProgress }),
        ServerFilterRow("terminated_at", users: 83, time("terminated_at") { $0.terminatedAt }),
    ]

    private static let tags = [
        tag("tags") { wanted, tags in wanted.isSubset(of: tags) },
        tag("tags-any") { wanted, tags in !wanted.isDisjoint(with: tags) },
        tag("not-tags") { wanted, tags in !wanted.isSubset(of: tags) },
        tag("not-tags-any") { wanted, tags in wanted.isDisjoint(with: tags) },
    ]

    private static let refused = [
        "block_device_mapping", "info_cache", "kernel_id", "pci_devices", "ramdisk_id", "root_device_name",
        "security_groups", "services", "system_metadata",
    ].map { ServerFilterRow($0, users: nil, .refused) }
}

// MARK: What values mean

extension ServerFilterTable {
    static func invalid(_ name: String, _ value: String, _ why: String) -> CloudError {
        CloudError.badRequest(
            "Invalid input for query parameters \(name). Value: '\(value.prefix(40))'. \(why)")
    }

    private static func pattern(
        _ name: String, users: Int?, _ text: @escaping @Sendable (Server) -> String?
    ) -> ServerFilterRow {
        ServerFilterRow(
            name, users: users,
            .test { values, _ in
                let wanted = try NamePattern(values[0])
                return { server in text(server).map(wanted.matches) ?? false }
            })
    }

    private static func address(_ name: String, users: Int, version: Int) -> ServerFilterRow {
        ServerFilterRow(
            name, users: users,
            .test { values, _ in
                let wanted = try NamePattern(values[0])
                return { try PlainAddresses($0.addresses).contains(version: version, where: wanted.matches) }
            })
    }

    private static func word(_ name: String, _ word: @escaping @Sendable (Server) -> String?) -> ServerFilterRow {
        ServerFilterRow(
            name, users: 83,
            .test { values, _ in
                let wanted = Set(values)
                return { server in word(server).map(wanted.contains) ?? false }
            })
    }

    private static func number(
        _ name: String, _ number: @escaping @Sendable (Server) -> Int
    ) -> ServerFilterRow.Meaning {
        .test { values, _ in
            guard let wanted = Int(values[0]) else { throw invalid(name, values[0], "It must be an integer.") }
            return { number($0) == wanted }
        }
    }

    private static func flag(
        _ name: String, _ flag: @escaping @Sendable (Server) -> Bool
    ) -> ServerFilterRow.Meaning {
        .test { values, _ in
            guard let wanted = APIRequest.boolean(values[0]) else {
                throw invalid(name, values[0], "It must be a boolean.")
            }
            return { flag($0) == wanted }
        }
    }

    /// To the second, as times are shown.
    private static func time(
        _ name: String, _ time: @escaping @Sendable (Server) -> Timestamp?
    ) -> ServerFilterRow.Meaning {
        .test { values, _ in
            guard let wanted = Timestamp(iso8601: values[0]) else {
                throw invalid(name, values[0], "It must be a time in ISO 8601.")
            }
            return { server in time(server)?.iso8601() == wanted.iso8601() }
        }
    }

    private static func tag(
        _ name: String, _ test: @escaping @Sendable (_ wanted: Set<String>, _ tags: Set<String>) -> Bool
    ) -> ServerFilterRow {
        ServerFilterRow(
            name, users: 26, administrators: 26,
            .test { values, _ in
                let wanted = Set(values[0].split(separator: ",").map(String.init))
                return { test(wanted, Set(try $0.tags.value())) }
            })
    }

    /// Keys and values that all have to be there, as a JSON object.
    @Sendable private static func metadata(_ values: [String], _: APIRequest) throws -> ServerFilterRow.Test {
        let wanted = try Fields.stringMap(try JSONValue(parsing: Array(values[0].utf8)), "metadata")
        return { server in
            let held = try server.metadata.value()
            return wanted.allSatisfy { held[$0.key] == $0.value }
        }
    }

    private static let statuses: Set<String> = [
        "ACTIVE", "BUILD", "DELETED", "ERROR", "HARD_REBOOT", "MIGRATING", "PASSWORD", "PAUSED", "REBOOT", "REBUILD",
        "RESCUE", "RESIZE", "REVERT_RESIZE", "SHELVED", "SHELVED_OFFLOADED", "SHUTOFF", "SOFT_DELETED", "SUSPENDED",
        "UNKNOWN", "VERIFY_RESIZE",
    ]

    /// An unknown status is an empty list, and a 400 from 2.38.
    @Sendable private static func status(_ values: [String], _ request: APIRequest) throws -> ServerFilterRow.Test {
        let wanted = Set(values.map { $0.uppercased() })
        if request.version >= Microversion(2, 38), let unknown = wanted.subtracting(statuses).min() {
            throw CloudError.badRequest("Invalid status value '\(unknown.prefix(40))'.")
        }
        return { wanted.contains($0.state.status) }
    }
}
