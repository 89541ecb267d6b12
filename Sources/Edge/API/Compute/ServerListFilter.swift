import APIKit
import HTTPTypes
import Compute
import Model

/// The query of a server list.
enum ServerListFilter {
    private static let equal: [(name: String, field: ServerFilter.Field)] = [
        ("user_id", .user), ("flavor", .flavor), ("instance_type_id", .flavor), ("image", .image),
        ("image_ref", .image),
        ("key_name", .key), ("availability_zone", .zone), ("reservation_id", .reservation), ("uuid", .id),
    ]

    /// `hostID` tells a host by its name, for administrators.
    static func read(
        _ request: APIRequest, hostID: (String) -> HostID?
    ) throws -> (filter: ServerFilter, allProjects: Bool) {
        var filter = ServerFilter()
        let allProjects = try readScope(request, &filter)
        for (name, field) in equal {
            if let value = request.query(name) { filter.equal.append((field, value)) }
        }
        if let name = request.query("host"), request.caller.isAdmin {
            filter.equal.append((.host, hostID(name)?.text ?? ""))
        }
        filter.changedSince = try time("changes-since", request)
        filter.changedBefore = request.version >= Microversion(2, 66) ? try time("changes-before", request) : nil
        if filter.changedSince != nil, filter.deleted == .without { filter.deleted = .with }
        filter.keep = try keep(request)
        filter.order = try ServerSorting.read(request)
        return (filter, allProjects)
    }

    /// Whose servers; says whether of all projects.
    private static func readScope(_ request: APIRequest, _ filter: inout ServerFilter) throws -> Bool {
        if request.caller.isAdmin, request.flag("deleted") { filter.deleted = .only }
        if request.query("all_tenants").map({ $0.isEmpty }) == true || request.flag("all_tenants") {
            guard request.caller.isAdmin else {
                throw CloudError(
                    .forbidden, "Policy doesn't allow os_compute_api:servers:detail:get_all_tenants to be performed.")
            }
            filter.project = (request.query("project_id") ?? request.query("tenant_id")).map { ProjectID($0) }
            return true
        }
        return false
    }

    private static func time(_ name: String, _ request: APIRequest) throws -> Timestamp? {
        guard let text = request.query(name) else { return nil }
        guard let time = Timestamp(iso8601: text) else {
            throw CloudError.badRequest("Invalid input for query parameters \(name). Value: '\(text.prefix(40))'.")
        }
        return time
    }

    private static func keep(_ request: APIRequest) throws -> (@Sendable (Server) throws -> Bool)? {
        var tests: [@Sendable (Server) throws -> Bool] = []
        if let pattern = request.query("name") ?? request.query("display_name") {
            let name = try NamePattern(pattern)
            tests.append { name.matches($0.name) }
        }
        let statuses = Set(request.queries("status").map { $0.uppercased() })
        if !statuses.isEmpty {
            try check(statuses, request)
            tests.append { statuses.contains($0.state.status) }
        }
        for (name, version) in [("ip", 4), ("ip6", 6)] {
            guard let pattern = try request.query(name).map(NamePattern.init) else { continue }
            tests.append { try ServerAddresses($0.addresses).contains(version: version, where: pattern.matches) }
        }
        if let state = request.query("vm_state") { tests.append { $0.state.vmState == state } }
        if let state = request.query("task_state") { tests.append { $0.state.taskState == state } }
        if let power = try request.integer("power_state") { tests.append { $0.state.powerState == power } }
        if let hostname = request.query("hostname") { tests.append { $0.hostname == hostname } }
        if let text = request.query("locked"), request.version >= Microversion(2, 73) {
            let wanted = ["true", "1", "t", "yes"].contains(text.lowercased())
            tests.append { $0.isLocked == wanted }
        }
        tests += tagTests(request)
        if tests.isEmpty { return nil }
        let all = tests
        return { server in try all.allSatisfy { try $0(server) } }
    }

    private static let statuses: Set<String> = [
        "ACTIVE", "BUILD", "DELETED", "ERROR", "HARD_REBOOT", "MIGRATING", "PASSWORD", "PAUSED", "REBOOT", "REBUILD",
        "RESCUE", "RESIZE", "REVERT_RESIZE", "SHELVED", "SHELVED_OFFLOADED", "SHUTOFF", "SOFT_DELETED", "SUSPENDED",
        "UNKNOWN", "VERIFY_RESIZE",
    ]

    /// An unknown status is an empty list, and a 400 from 2.38.
    private static func check(_ wanted: Set<String>, _ request: APIRequest) throws {
        if request.version >= Microversion(2, 38), let unknown = wanted.subtracting(statuses).first {
            throw CloudError.badRequest("Invalid status value '\(unknown.prefix(40))'.")
        }
    }

    private static func tagTests(_ request: APIRequest) -> [@Sendable (Server) -> Bool] {
        guard request.version >= Microversion(2, 26) else { return [] }
        func words(_ name: String) -> [String]? {
            request.query(name).map { $0.split(separator: ",").map { "\"\($0)\"" } }
        }
        var tests: [@Sendable (Server) -> Bool] = []
        if let all = words("tags") { tests.append { row in all.allSatisfy { row.tags.raw.contains($0) } } }
        if let any = words("tags-any") { tests.append { row in any.contains { row.tags.raw.contains($0) } } }
        if let all = words("not-tags") { tests.append { row in !all.allSatisfy { row.tags.raw.contains($0) } } }
        if let any = words("not-tags-any") { tests.append { row in !any.contains { row.tags.raw.contains($0) } } }
        return tests
    }
}
