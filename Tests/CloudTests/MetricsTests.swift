import Cloud
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
                "process_open_fds", "process_resident_memory_bytes", "novella_store_commit_transactions_count",
            ] {
                let line = try #require(lines.first { $0.hasPrefix(name + " ") })
                #expect(Int(line.dropFirst(name.count + 1)) ?? 0 > 0, "\(line)")
            }
        }
    }

    @Test func strangersNeedAnAdministratorsToken() async throws {
        try await CloudFixture.run { fixture async throws in
            let forwarded = ["X-Forwarded-For": "203.0.113.1"]
            for role in [nil, People.Role.member] {
                #expect(try await fixture.request(.get, "/metrics", as: role).status == 401)
                #expect(try await fixture.request(.get, "/metrics", as: role, from: "203.0.113.1").status == 401)
                #expect(try await fixture.request(.get, "/metrics", as: role, from: "127.0.0.1").status == 200)
                #expect(try await fixture.request(.get, "/metrics", as: role, from: "::1").status == 200)
                #expect(
                    try await fixture.request(.get, "/metrics", as: role, headers: forwarded, from: "::1").status == 401
                )
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
            let answer = try await fixture.request(.get, "/metrics", from: "127.0.0.1")
            #expect(answer.status == 500 && !answer.body.isEmpty, "\(answer)")
            #expect(log.entries.contains { "\($0.message)" == "the metrics cannot be gathered" })
        }
    }
}
