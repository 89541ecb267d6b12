import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/os-instance_usage_audit_log`: that the task which it tells of runs on no host, which is Nova's default.
struct UsageAuditLogAPI: Sendable {
    let compute: ComputeService

    var routes: [Route] {
        [
            Route(.get, "/os-instance_usage_audit_log", .admin) { _ in
                try await report("instance_usage_audit_logs", before: compute.clock.now())
            },
            Route(.get, "/os-instance_usage_audit_log/{id}", .admin) { request in
                let text = request.parameter("id")
                let form = /[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?/
                guard text.wholeMatch(of: form) != nil, let time = Timestamp(iso8601: text) else {
                    throw CloudError.badRequest("Invalid timestamp for date \(text.prefix(80))")
                }
                return try await report("instance_usage_audit_log", before: time)
            },
        ]
    }

    private func report(_ name: StaticString, before time: Timestamp) async throws -> APIResponse {
        let hosts = try await compute.hosts().map(\.hostname)
        let (begin, end) = Self.lastMonth(before: time)
        return .json { writer in
            writer.object(name) { writer in
                writer.field("period_beginning", begin)
                writer.field("period_ending", end)
                writer.field("num_hosts", hosts.count)
                writer.field("num_hosts_done", 0)
                writer.field("num_hosts_running", 0)
                writer.field("num_hosts_not_run", hosts.count)
                writer.field("hosts_not_run", strings: hosts)
                writer.field("total_instances", 0)
                writer.field("total_errors", 0)
                writer.field(
                    "overall_status",
                    hosts.isEmpty ? "ALL hosts done. 0 errors." : "0 of \(hosts.count) hosts done. 0 errors.")
                writer.object("log") { _ in }
            }
        }
    }

    /// The last month that had ended by then: its beginning, and its end.
    private static func lastMonth(before time: Timestamp) -> (begin: String, end: String) {
        // The microsecond before belongs to the month that had not ended.
        let day = Timestamp(microseconds: time.microseconds - 1).iso8601()
        let (year, month) = (Int(day.prefix(4)) ?? 1970, Int(day.dropFirst(5).prefix(2)) ?? 1)
        let end = firstDay(year, month)
        return (month == 1 ? firstDay(year - 1, 12) : firstDay(year, month - 1), end)
    }

    private static func firstDay(_ year: Int, _ month: Int) -> String {
        "\(year)-\(month < 10 ? "0" : "")\(month)-01 00:00:00"
    }
}
