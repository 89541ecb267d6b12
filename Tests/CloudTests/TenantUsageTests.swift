import Cloud
import Compute
import HTTPTypes
import Model
import Store
import TestSupport
import Testing
import Wire

/// `/os-simple-tenant-usage` and the audit log.
@Suite(.timeLimit(.minutes(3)))
struct TenantUsageTests {
    /// Noon of the first day of 2026, and three servers of flavor `42` (256 MiB, 1 GiB): one ran from 8 to 10, one runs
    /// since 9, one has never run.
    private struct Lab: Sendable {
        static let noon = Timestamp(microseconds: 1_767_268_800_000_000)
        let fixture: CloudFixture
        let ids: [ServerID]

        static func run(on kind: StoreKind, _ body: @Sendable (Lab) async throws -> Void) async throws {
            var options = CloudFixture.Options()
            (options.runsWorkflows, options.runsAgents) = (false, false)
            options.clock = ManualClock(now: noon)
            options.database = try await ScratchStore(on: kind)
            try await CloudFixture.run(options) { fixture in
                let made = try await fixture.create("vm", count: 3).map(\.id)
                try await fixture.cloud.database.transaction { db in
                    let runs: [(ServerID, Double, Double?)] = [(made[0], -4, -2), (made[1], -3, nil)]
                    for (id, from, to) in runs {
                        guard var server = try ServerQueries.live(id, db) else { continue }
                        server.launchedAt = noon.advanced(seconds: from * 3600)
                        if let to {
                            (server.settled, server.operation, server.workflowID) = (.deleted, nil, nil)
                            server.terminatedAt = noon.advanced(seconds: to * 3600)
                            server.deletedAt = server.terminatedAt
                        }
                        try db.update(server)
                    }
                }
                try await body(Lab(fixture: fixture, ids: made))
            }
        }

        func ask(_ path: String, as role: People.Role = .admin, version: String = "2.104") async throws -> Answer {
            try await fixture.request(.get, "/compute/v2.1/\(path)", as: role, version: version)
        }

        func usage(_ query: String, as role: People.Role = .member, version: String = "2.104") async throws -> Answer {
            try await ask("os-simple-tenant-usage/\(fixture.people.demo)?\(query)", as: role, version: version)
        }
    }

    private func number(_ value: JSONValue?) -> Double? {
        switch value {
        case .integer(let number): Double(number)
        case .real(let number): number
        default: nil
        }
    }

    @Test(arguments: StoreKind.here) func hoursAreCountedWithinThePeriod(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            let all = try await lab.usage("start=2026-01-01T00:00:00&end=2026-02-01T00:00:00")
            #expect(all.count("tenant_usage.server_usages") == 2, "\(all)")
            for (name, value) in [
                ("total_hours", 5.0), ("total_memory_mb_usage", 5 * 256), ("total_vcpus_usage", 5),
                ("total_local_gb_usage", 5),
            ] {
                #expect(number(all.at("tenant_usage.\(name)")) == value, "\(name): \(all)")
            }
            // What has not come yet is not reported.
            #expect(all.text("tenant_usage.stop") == "2026-01-01T12:00:00.000000")
            let usages = Dictionary(
                uniqueKeysWithValues: (0..<2).map { at -> (String, JSONValue?) in
                    let path = "tenant_usage.server_usages.\(at)"
                    return (all.text("\(path).instance_id"), all.at(path))
                })
            let (ended, running) = (usages[lab.ids[0].text] ?? nil, usages[lab.ids[1].text] ?? nil)
            #expect(ended?["state"] == .string("terminated") && number(ended?["hours"]) == 2)
            #expect(ended?["uptime"] == .integer(7200) && ended?["ended_at"] == .string("2026-01-01T10:00:00.000000"))
            #expect(running?["state"] == .string("building") && running?["ended_at"] == .null)
            #expect(running?["flavor"] == .string("m1.nano"))
            #expect(running?["started_at"] == .string("2026-01-01T09:00:00.000000"))
            let part = try await lab.usage("start=2026-01-01T09:30:00&end=2026-01-01T10:30:00.5")
            let hours = number(part.at("tenant_usage.total_hours")) ?? 0
            #expect(abs(hours - (0.5 + 1 + 0.5 / 3600)) < 1e-9, "\(part)")
            let before = try await lab.usage("start=2025-01-01%2000:00:00.0&end=2025-02-01%2000:00:00.0")
            #expect(before.status == 200 && before.at("tenant_usage") == .object([]), "\(before)")
            #expect(number(try await lab.usage("").at("tenant_usage.total_hours")) == 0)
        }
    }

    @Test(arguments: StoreKind.here) func administratorsSeeAllProjects(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            let period = "start=2026-01-01T00:00:00"
            let all = try await lab.ask("os-simple-tenant-usage?\(period)")
            #expect(all.count("tenant_usages") == 1 && all.at("tenant_usages.0.server_usages") == nil, "\(all)")
            #expect(all.text("tenant_usages.0.tenant_id") == lab.fixture.people.demo.text)
            let detailed = try await lab.ask("os-simple-tenant-usage?detailed=1&\(period)", version: "2.1")
            #expect(detailed.count("tenant_usages.0.server_usages") == 2)
            #expect(try await lab.ask("os-simple-tenant-usage?\(period)", as: .member).status == 403)
            #expect(try await lab.usage(period, as: .stranger).status == 403)
            #expect(try await lab.usage(period, as: .reader).status == 200)
        }
    }

    @Test(arguments: StoreKind.here) func pagesFollowOneAnother(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            let period = "start=2026-01-01T00:00:00"
            let ran = lab.ids.prefix(2).map(\.text).sorted()
            let first = try await lab.usage("\(period)&limit=1")
            #expect(first.text("tenant_usage.server_usages.0.instance_id") == ran[0])
            #expect(first.text("tenant_usage_links.0.href").hasSuffix("limit=1&marker=\(ran[0])"), "\(first)")
            let second = try await lab.usage("\(period)&marker=\(ran[0])")
            #expect(second.text("tenant_usage.server_usages.0.instance_id") == ran[1])
            #expect(second.at("tenant_usage_links") == nil)
            let whole = try await lab.ask("os-simple-tenant-usage?\(period)&limit=2")
            #expect(whole.text("tenant_usages_links.0.href").contains("marker=\(ran[1])"), "\(whole)")
            #expect(try await lab.usage("\(period)&limit=1", version: "2.39").count("tenant_usage.server_usages") == 2)
            let stranger = lab.fixture.people.projects["other"]?.text ?? ""
            for marker in [ran[0], UUIDText.random()] {
                let query = "os-simple-tenant-usage/\(stranger)?\(period)&marker=\(marker)"
                let refused = try await lab.ask(query, as: .stranger)
                #expect(refused.text("badRequest.message") == "Marker \(marker) could not be found.", "\(refused)")
            }
        }
    }

    @Test(arguments: StoreKind.here) func periodsAreChecked(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            for (query, version, status) in [
                ("start=yesterday", "2.1", 400), ("start=2026-01-01", "2.1", 400),
                ("start=2026-01-01%2000:00:00", "2.1", 400), ("start=2026-13-01T00:00:00", "2.1", 400),
                ("start=2026-01-01T00:00:00Z", "2.1", 400),
                ("start=2026-01-01T02:00:00&end=2026-01-01T01:00:00", "2.1", 400),
                ("end=2026-01-01T01:00:00", "2.1", 400), ("detailed=1", "2.74", 200), ("detailed=1", "2.75", 400),
                ("colour=red", "2.74", 200), ("colour=red", "2.75", 400),
            ] {
                let answer = try await lab.usage(query, version: version)
                #expect(answer.status == status, "\(query) at \(version): \(answer)")
            }
        }
    }

    @Test(arguments: StoreKind.here) func theAuditHasRunNowhere(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            let log = try await lab.ask("os-instance_usage_audit_log")
            let name = "instance_usage_audit_logs"
            #expect(log.text("\(name).period_beginning") == "2025-12-01 00:00:00", "\(log)")
            #expect(log.text("\(name).period_ending") == "2026-01-01 00:00:00")
            #expect(log.text("\(name).overall_status") == "0 of 1 hosts done. 0 errors.")
            #expect(log.at("\(name).hosts_not_run") == .array([.string("sim-1")]))
            for (time, begin) in [
                ("2026-01-01%2000:00:00", "2025-11-01 00:00:00"), ("2025-03-01%2000:00:00.1", "2025-02-01 00:00:00"),
            ] {
                let before = try await lab.ask("os-instance_usage_audit_log/\(time)")
                #expect(before.text("instance_usage_audit_log.period_beginning") == begin, "\(before)")
            }
            #expect(try await lab.ask("os-instance_usage_audit_log/yesterday").status == 400)
        }
    }
}
