import Cloud
import Compute
import HostProtocol
import HostStorage
import Hypervisor
import Model
import Testing
import TestSupport

/// A build that fails on its host is tried on others.
@Suite(.timeLimit(.minutes(3)))
struct RescheduleTests {
    private func run(hosts: Int, _ body: @Sendable (CloudFixture) async throws -> Void) async throws {
        var options = CloudFixture.Options()
        options.hosts = hosts
        try await CloudFixture.run(options, body)
    }

    private func fail(_ fixture: CloudFixture, hosts: Int) {
        for host in fixture.hosts.prefix(hosts) { host.driver.fail(.start, times: nil) }
    }

    @Test func aHostThatFailsIsLeftForAnother() async throws {
        try await run(hosts: 3) { fixture in
            fail(fixture, hosts: 2)
            let good = fixture.hosts[2]
            for _ in 0..<4 {
                let id = try #require(try await fixture.create().first?.id)
                let server = try await fixture.server(id) { $0.operation == nil }
                #expect(server.settled == .active && server.hostID == good.id && server.fault == nil)
                #expect(server.addresses != "{}")
                let builds = try await fixture.workflows(of: id)
                #expect(builds.count == 1 && builds.first?.outcome == .succeeded)
            }
            try await eventually("the failed hosts hold nothing") {
                let held = try await fixture.holdings()
                return held.guests == 4 && held.disks == 4 && held.allocations == 12 && held.ports == 4
            }
            #expect(try await good.driver.list().count == 4)
        }
    }

    @Test func threeHostsAreTriedAndNoMore() async throws {
        try await run(hosts: 5) { fixture in
            fail(fixture, hosts: 5)
            let id = try #require(try await fixture.create().first?.id)
            try await fixture.server(id) { $0.settled == .error }
            #expect(
                try await fixture.fault(of: id)
                    == "The simulated host refused. (the last of 3 hosts that were tried)")
            #expect(fixture.hosts.filter { $0.driver.callCount(.start) > 0 }.count == 3)
            try await eventually("nothing is left but the quota") { try await fixture.holdings() == brokenServer }
            try await fixture.cloud.compute.begin(.delete, on: id, by: fixture.people.member)
            try await fixture.server(id) { $0.settled == .deleted }
            try await eventually("nothing is left") { try await fixture.holdings() == Holdings() }
        }
    }

    @Test func aHostThatTheUserNamedIsTheOnlyOne() async throws {
        try await run(hosts: 3) { fixture in
            fail(fixture, hosts: 1)
            let id = try #require(
                try await fixture.create(as: .admin) { $0.availabilityZone = "nova:sim-1" }.first?.id)
            try await fixture.server(id) { $0.settled == .error }
            #expect(try await fixture.fault(of: id) == "The simulated host refused.")
            #expect(fixture.hosts[1...].allSatisfy { $0.driver.callCount(.define) == 0 })
        }
    }
}
