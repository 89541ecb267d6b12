import APIKit
import Compute
import Foundation
import HostLink
import Model
import Store
import Telemetry

/// What this process counts of itself.
final class CloudMetrics: Sendable {
    let requests = RequestMetrics()
    let steps = StepCounts()
    let connections = Gauge()
    /// How many transactions shared a commit.
    let commits = Histogram(bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256])
}

extension Cloud {
    /// All figures in Prometheus' text form.
    func metricsText() async throws -> String {
        let (servers, workflows) = try await database.read { db in
            (try CensusQueries.servers(db), try CensusQueries.unfinishedWorkflows(db))
        }
        var text = MetricsText()
        metrics.requests.write(to: &text)
        text.family("novella_http_connections", .gauge, "Connections that clients have open.")
        text.sample("novella_http_connections", metrics.connections.value)
        text.family("novella_store_commit_transactions", .histogram, "Transactions in each commit of the store.")
        text.histogram("novella_store_commit_transactions", metrics.commits.reading)
        metrics.steps.write(to: &text)
        text.family("novella_workflows_unfinished", .gauge, "Workflows under way.")
        for one in workflows { text.sample("novella_workflows_unfinished", one.count, [("kind", one.kind)]) }
        let oldest = workflows.map(\.oldest.microseconds).min()
        let age = oldest.map { Double(clock.now().microseconds - $0) / 1_000_000 } ?? 0
        text.family("novella_workflow_oldest_age_seconds", .gauge, "Age of the oldest workflow under way, or 0.")
        text.sample("novella_workflow_oldest_age_seconds", max(age, 0))
        text.family("novella_hosts", .gauge, "Compute hosts by whether they have been seen lately.")
        let up = compute.capacity.all.count(where: \.isUp)
        text.sample("novella_hosts", up, [("state", "up")])
        text.sample("novella_hosts", compute.capacity.all.count - up, [("state", "down")])
        switchboard.writeMetrics(to: &text)
        text.family("novella_servers", .gauge, "Servers by the state they last settled in.")
        for one in servers { text.sample("novella_servers", one.count, [("state", one.settled)]) }
        try ProcessFigures.write(to: &text)
        return text.text
    }
}

extension Switchboard {
    fileprivate func writeMetrics(to text: inout MetricsText) {
        text.family("novella_network_hosts_rung_total", .counter, "Rings of hosts for changes of the network.")
        text.sample("novella_network_hosts_rung_total", networkRings)
        text.family("novella_network_parts_sent_total", .counter, "Parts of the network sent to hosts in full.")
        let sent = networkParts
        for kind in NetworkPart.Kind.allCases {
            text.sample("novella_network_parts_sent_total", sent[kind] ?? 0, [("kind", kind.rawValue)])
        }
    }
}

/// What the kernel says of this process.
private enum ProcessFigures {
    static func write(to text: inout MetricsText) throws {
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        guard pages.count > 1, let resident = Int(pages[1]) else {
            throw CloudError(.internal, "/proc/self/statm cannot be read: \(pages.joined(separator: " ")).")
        }
        text.family("process_resident_memory_bytes", .gauge, "Resident memory size in bytes.")
        text.sample("process_resident_memory_bytes", resident * Int(sysconf(Int32(_SC_PAGESIZE))))
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        text.family("process_open_fds", .gauge, "Number of open file descriptors.")
        text.sample("process_open_fds", open)
    }
}
