import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/os-simple-tenant-usage`.
struct TenantUsagesAPI: Sendable {
    private struct Period {
        var start: Timestamp
        var stop: Timestamp
    }

    let compute: ComputeService

    private static let paged = Microversion(2, 40)

    var routes: [Route] {
        [
            Route(.get, "/os-simple-tenant-usage", .admin, handler: list),
            Route(.get, "/os-simple-tenant-usage/{id}", .reader, handler: show),
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let (period, page) = (try period(request), try Page(request))
        let isDetailed = request.query("detailed") == "1"
        let found = try await usages(period, page, of: nil, request)
        return .json { writer in
            writer.array("tenant_usages") { writer in
                for usages in Self.byProject(found) {
                    Self.write(usages, period, detailed: isDetailed, to: &writer)
                }
            }
            writeNext("tenant_usages_links", found, page, request, to: &writer)
        }
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let project: ProjectID = request.id()
        guard request.caller.owns(project) else {
            throw CloudError(
                .forbidden, "Policy doesn't allow os_compute_api:os-simple-tenant-usage:show to be performed.")
        }
        let (period, page) = (try period(request), try Page(request))
        let found = try await usages(period, page, of: project, request)
        return .json { writer in
            writer.key("tenant_usage")
            if found.isEmpty { writer.object { _ in } } else { Self.write(found, period, detailed: true, to: &writer) }
            writeNext("tenant_usage_links", found, page, request, to: &writer)
        }
    }

    private func usages(
        _ period: Period, _ page: Page, of project: ProjectID?, _ request: APIRequest
    ) async throws -> [ServerUsage] {
        try await compute.usages(
            from: period.start, to: period.stop, of: project, marker: page.marker.map { ServerID($0) },
            limit: page.limit, by: request.caller)
    }

    private func writeNext(
        _ name: StaticString, _ usages: [ServerUsage], _ page: Page, _ request: APIRequest, to writer: inout JSONWriter
    ) {
        guard request.version >= Self.paged else { return }
        page.writeNext(name, last: usages.last?.server.id.text, count: usages.count, request, to: &writer)
    }

    // MARK: The period

    /// What has not come yet is not reported. Without either end it is empty, and not refused.
    private func period(_ request: APIRequest) throws -> Period {
        let now = compute.clock.now()
        let (start, end) = (try Self.time("start", request), try Self.time("end", request))
        let period = Period(start: start ?? now, stop: end ?? (start == nil ? now.advanced(seconds: 1) : now))
        guard period.start < period.stop else {
            throw CloudError.badRequest("Invalid start time. The start time cannot occur after the end time.")
        }
        return Period(start: period.start, stop: min(period.stop, now))
    }

    /// UTC, in one of the forms that Nova reads.
    private static func time(_ name: String, _ request: APIRequest) throws -> Timestamp? {
        guard let text = request.query(name), !text.isEmpty else { return nil }
        let form = /[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]{8}(\.[0-9]{1,6})?| [0-9:]{8}\.[0-9]{1,6})/
        guard text.wholeMatch(of: form) != nil, let time = Timestamp(iso8601: text) else {
            throw CloudError.badRequest("Invalid datetime string: Datetime is in invalid format")
        }
        return time
    }

    // MARK: Answers

    /// They come by project.
    private static func byProject(_ usages: [ServerUsage]) -> [[ServerUsage]] {
        usages.reduce(into: []) { groups, usage in
            if groups.last?.last?.server.projectID == usage.server.projectID {
                groups[groups.count - 1].append(usage)
            } else {
                groups.append([usage])
            }
        }
    }

    private static func write(
        _ usages: [ServerUsage], _ period: Period, detailed: Bool, to writer: inout JSONWriter
    ) {
        func sum(_ figure: (ServerUsage) -> Int) -> String {
            "\(usages.reduce(0.0) { $0 + Double(figure($1)) * $1.hours })"
        }
        writer.object { writer in
            writer.field("tenant_id", usages.first?.server.projectID)
            if detailed {
                writer.array("server_usages") { writer in
                    for usage in usages { write(usage, to: &writer) }
                }
            }
            writer.field("total_local_gb_usage", raw: sum(\.localGiB))
            writer.field("total_vcpus_usage", raw: sum(\.flavor.vcpus))
            writer.field("total_memory_mb_usage", raw: sum(\.flavor.ram))
            writer.field("total_hours", raw: sum { _ in 1 })
            writer.field("start", period.start, .microsecondsWithoutZone)
            writer.field("stop", period.stop, .microsecondsWithoutZone)
        }
    }

    private static func write(_ usage: ServerUsage, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("instance_id", usage.server.id)
            writer.field("name", usage.server.name)
            writer.field("tenant_id", usage.server.projectID)
            writer.field("flavor", usage.flavor.originalName)
            writer.field("hours", raw: "\(usage.hours)")
            writer.field("memory_mb", usage.flavor.ram)
            writer.field("local_gb", usage.localGiB)
            writer.field("vcpus", usage.flavor.vcpus)
            writer.field("started_at", usage.launchedAt, .microsecondsWithoutZone)
            writer.field("ended_at", usage.server.terminatedAt, .microsecondsWithoutZone)
            writer.field("state", usage.state)
            writer.field("uptime", usage.uptime)
        }
    }
}
