import APIKit
import Model

/// The query of a server list.
enum ServerListFilter {
    /// Parameters that say whose servers, in which order and how many; the others are `ServerFilterTable`'s.
    static let names: Set<String> = [
        "all_tenants", "changes-since", "deleted", "limit", "marker", "project_id", "soft_deleted", "sort_dir",
        "sort_key", "tenant_id",
    ]

    /// `hostID` tells a host by its name, for administrators.
    static func read(
        _ request: APIRequest, hostID: (String) -> HostID?
    ) throws -> (filter: ServerFilter, allProjects: Bool) {
        var filter = ServerFilter()
        let allProjects = try readScope(request, &filter)
        filter.changedSince = try request.time("changes-since")
        filter.changedBefore = try request.time("changes-before")
        if let since = filter.changedSince, let before = filter.changedBefore, since > before {
            throw CloudError.badRequest("The value of changes-since must be less than or equal to changes-before.")
        }
        try readDeleted(request, &filter)
        try readRows(request, &filter, hostID)
        filter.order = try ServerSorting.read(request)
        return (filter, allProjects)
    }

    /// Reads whose servers are asked for, and returns whether those of all projects are. `tenant_id` chooses a project
    /// then, and has no effect without `all_tenants`.
    private static func readScope(_ request: APIRequest, _ filter: inout ServerFilter) throws -> Bool {
        guard let asked = request.query("all_tenants") else { return false }
        guard let isWide = asked.isEmpty ? true : APIRequest.boolean(asked) else {
            throw ServerFilterTable.invalid("all_tenants", asked, "It must be a boolean.")
        }
        guard isWide else { return false }
        guard request.caller.isAdmin else {
            throw CloudError(
                .forbidden, "Policy doesn't allow os_compute_api:servers:detail:get_all_tenants to be performed.")
        }
        filter.project = (request.query("project_id") ?? request.query("tenant_id")).map { ProjectID($0) }
        return true
    }

    /// Deleted servers are listed where an administrator asks for them, and in a list by the time of change; those that
    /// are deleted for a while also to whoever asks for that status.
    private static func readDeleted(_ request: APIRequest, _ filter: inout ServerFilter) throws {
        let statuses = Set(request.queries("status").map { $0.uppercased() })
        let isAsked = request.caller.isAdmin && request.query("soft_deleted").flatMap(APIRequest.boolean) == true
        if isAsked || statuses.contains("SOFT_DELETED") { filter.deleted = .withSoftDeleted }
        if statuses == ["DELETED"] {
            guard request.caller.isAdmin else {
                throw CloudError(.forbidden, "Only administrators may list deleted instances")
            }
            filter.deleted = .with
        } else if request.caller.isAdmin, let asked = request.query("deleted") {
            if APIRequest.boolean(asked) == true { filter.deleted = .only }
        } else if filter.changedSince != nil || filter.changedBefore != nil {
            filter.deleted = .with
        }
    }

    private static func readRows(
        _ request: APIRequest, _ filter: inout ServerFilter, _ hostID: (String) -> HostID?
    ) throws {
        var tests: [ServerFilterRow.Test] = []
        for name in request.queryNames.sorted() {
            guard let row = ServerFilterTable.rows[name], row.applies(to: request) else { continue }
            let values = request.queries(name)
            switch row.meaning {
            case .equal(let field): filter.equal.append((field, values[0]))
            case .host: filter.equal.append((.host, hostID(values[0])?.text ?? ""))
            case .test(let read): tests.append(try read(values, request))
            case .refused:
                throw ServerFilterTable.invalid(name, values[0], "Servers cannot be listed by it.")
            }
        }
        guard !tests.isEmpty else { return }
        let all = tests
        filter.keep = { server in try all.allSatisfy { try $0(server) } }
    }
}
