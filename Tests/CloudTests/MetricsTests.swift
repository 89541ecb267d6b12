import Cloud
import Foundation
import HTTPTypes
import InMemoryLogging
import Logging
import Model
import Store
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3)))
struct MetricsTests {
    @Test func countsWhatTheCloudDoes() async throws {
        try await CloudFixture.run { fixture async throws in
            _ = try await fixture.boot()
            _ = try await fixture.request(.get, "/compute/v2.1/servers")
            _ = try await fixture.request(.get, "/compute/v2.1/servers", as: nil)
            _ = try await fixture.request(.get, "/compute/v2.1/nothing")
            let answer = try await fixture.request(.get, "/metrics", as: .admin)
            #expect(answer.status == 200 && answer.header("Content-Type").hasPrefix("text/plain; version=0.0.4"))
            let lines = Set(String(decoding: answer.body, as: UTF8.self).split(separator: "\n"))
            let list = #"{service="compute",method="GET",route="/servers""#
            for wanted in [
                #"novella_http_requests_total\#(list),code="200"} 1"#,
                #"novella_http_requests_total\#(list),code="401"} 1"#,
                #"novella_http_requests_total{service="compute",method="",route="",code="404"} 1"#,
                #"novella_http_request_duration_seconds_count\#(list)} 2"#,
                #"novella_workflow_steps_total{kind="build-server",step="guest",outcome="done"} 1"#,
                #"novella_hosts{state="up"} 1"#, #"novella_hosts{state="down"} 0"#,
                #"novella_servers{state="active"} 1"#, "novella_workflow_oldest_age_seconds 0",
            ] {
                #expect(lines.contains(Substring(wanted)), "\(wanted)")
            }
            for name in [
                "novella_network_hosts_rung_total", #"novella_network_parts_sent_total{kind="network"}"#,
                "process_open_fds", "process_resident_memory_bytes", "novella_store_commit_transactions_count",
            ] {
                // Hosts are rung beside the answer, a moment after the commit.
                try await eventually("\(name) counts") {
                    let answer = try await fixture.request(.get, "/metrics", as: .admin)
                    let lines = String(decoding: answer.body, as: UTF8.self).split(separator: "\n")
                    let line = try #require(lines.first { $0.hasPrefix(name + " ") })
                    return Int(line.dropFirst(name.count + 1)) ?? 0 > 0
                }
            }
        }
    }

    /// A proxy on this machine asks for anybody: an address says nothing.
    @Test func strangersNeedAToken() async throws {
        try await CloudFixture.run { fixture async throws in
            let path = fixture.stateDirectory + "/metrics-token"
            let token = try String(contentsOfFile: path, encoding: .utf8).filter { !$0.isNewline }
            for role in [nil, People.Role.member] {
                for address in [nil, "203.0.113.1", "127.0.0.1", "::1"] {
                    #expect(try await fixture.request(.get, "/metrics", as: role, from: address).status == 401)
                    for (bearer, status) in [("Bearer \(token)", 200), ("Bearer \(token)x", 401), (token, 401)] {
                        let answer = try await fixture.request(
                            .get, "/metrics", as: role, headers: ["Authorization": bearer], from: address)
                        #expect(answer.status == status, "\(bearer): \(answer.status)")
                    }
                }
            }
            #expect(try await fixture.request(.get, "/metrics", token: "garbage").status == 401)
        }
    }

    @Test func whatCannotBeGatheredIsLoggedAndAnswered() async throws {
        let log = InMemoryLogHandler()
        var options = CloudFixture.Options()
        options.logger = Logger(label: "test") { _ in log }
        options.runsWorkflows = false
        options.runsAgents = false
        try await CloudFixture.run(options) { fixture async throws in
            try await fixture.cloud.database.transaction { db in
                try db.execute("ALTER TABLE servers RENAME TO mislaid", [])
            }
            let answer = try await fixture.request(.get, "/metrics", as: .admin)
            #expect(answer.status == 500 && !answer.body.isEmpty, "\(answer)")
            #expect(log.entries.contains { "\($0.message)" == "the metrics cannot be gathered" })
        }
    }
}
