import Cloud
import Compute
import HostProtocol
import Hypervisor
import Model
import Store
import TestSupport
import Testing

/// Servers that stay together or apart.
@Suite(.timeLimit(.minutes(3)))
struct AffinityTests {
    private func run(hosts: Int, _ body: @Sendable (CloudFixture) async throws -> Void) async throws {
        var options = CloudFixture.Options()
        options.hosts = hosts
        try await CloudFixture.run(options) { fixture in
            let limits = ["instances": -1, "cores": -1, "ram": -1, "server_group_members": -1]
            try await fixture.cloud.compute.setQuotas(limits, of: fixture.people.demo, force: true)
            try await body(fixture)
        }
    }

    private func group(
        _ policy: ServerGroup.Policy, limit: Int? = nil, _ fixture: CloudFixture
    ) async throws -> ServerGroupID {
        let group = ServerGroup(
            id: .random(), projectID: fixture.people.demo, userID: fixture.people.member.userID, name: "g",
            policy: policy, maxServerPerHost: limit, createdAt: fixture.cloud.compute.clock.now())
        try await fixture.cloud.compute.create(group)
        return group.id
    }

    private func hint(_ name: String, _ id: some CustomStringConvertible) -> String { #"{"\#(name)": "\#(id)"}"# }

    private func createAtOnce(_ count: Int, hints: String, _ fixture: CloudFixture) async throws -> [Server] {
        try await withThrowingTaskGroup(of: [Server].self) { tasks in
            for index in 0..<count {
                tasks.addTask { try await fixture.create("vm\(index)") { $0.hints = hints } }
            }
            return try await tasks.reduce(into: []) { $0 += $1 }
        }
    }

    private func boot(_ hints: String, _ fixture: CloudFixture) async throws -> Server {
        let made = try #require(try await fixture.create { $0.hints = hints }.first)
        return try await fixture.server(made.id) { $0.operation == nil }
    }

    private func counts(_ servers: [Server]) -> [Int] {
        Dictionary(grouping: servers.compactMap(\.hostID)) { $0 }.values.map(\.count).sorted()
    }

    @Test(arguments: [nil, 2])
    func antiAffinityHoldsUnderParallelCreation(limit: Int?) async throws {
        try await run(hosts: 5) { fixture in
            let group = try await group(.antiAffinity, limit: limit, fixture)
            let made = try await createAtOnce(20, hints: hint("group", group), fixture)
            #expect(counts(made) == Array(repeating: limit ?? 1, count: 5))
            let refused = try #require(made.first { $0.hostID == nil })
            #expect(
                try await fixture.fault(of: refused.id)
                    == "No valid host was found. Of 5 hosts, 5 hold as many servers of the anti-affinity group as a "
                    + "host may. Without the hint group it would fit on 5 hosts.")
            for server in made where server.hostID != nil {
                try await fixture.server(server.id) { $0.settled == .active }
            }
        }
    }

    @Test func affinityHoldsUnderParallelCreation() async throws {
        try await run(hosts: 5) { fixture in
            let group = try await group(.affinity, fixture)
            let made = try await createAtOnce(12, hints: hint("group", group), fixture)
            #expect(counts(made) == [12])
        }
    }

    @Test func oneRequestForSeveralKeepsThePolicy() async throws {
        try await run(hosts: 3) { fixture in
            for (policy, expected) in [
                (ServerGroup.Policy.antiAffinity, [1, 1, 1]), (.affinity, [6]), (.softAntiAffinity, [2, 2, 2]),
                (.softAffinity, [6]),
            ] {
                let group = try await group(policy, fixture)
                let made = try await fixture.create(count: 6) { $0.hints = hint("group", group) }
                #expect(counts(made) == expected, "\(policy)")
            }
        }
    }

    /// What left the group makes room, and a group that is gone keeps nobody apart.
    @Test func aDeletedServerMakesRoom() async throws {
        try await run(hosts: 1) { fixture in
            let compute = fixture.cloud.compute
            let group = try await group(.antiAffinity, fixture)
            let first = try await boot(hint("group", group), fixture)
            let refused = try await boot(hint("group", group), fixture)
            #expect(first.settled == .active && refused.settled == .error)
            try await compute.begin(.delete, on: first.id, by: fixture.people.member)
            try await fixture.server(first.id) { $0.settled == .deleted }
            let second = try await boot(hint("group", group), fixture)
            #expect(second.settled == .active)
            try await compute.deleteServerGroup(group, by: fixture.people.member)
            #expect(try await compute.serverGroup(of: second.id) == nil)
            let quota = try await compute.quotas(of: fixture.people.demo).first { $0.resource == "server_groups" }
            #expect(quota?.used == 0)
        }
    }

    @Test func hintsNameServersToBeWithOrAwayFrom() async throws {
        try await run(hosts: 3) { fixture in
            let first = try await boot("{}", fixture)
            let other = try await boot(hint("different_host", first.id), fixture)
            #expect(other.settled == .active && other.hostID != first.hostID)
            for _ in 0..<3 {
                let same = try await boot(hint("same_host", first.id), fixture)
                #expect(same.hostID == first.hostID)
            }
            let third = try await boot(#"{"different_host": ["\#(first.id)", "\#(other.id)"]}"#, fixture)
            #expect(third.settled == .active && ![first.hostID, other.hostID].contains(third.hostID))
            let nowhere = try await boot(
                #"{"same_host": "\#(first.id)", "different_host": ["\#(first.id)"]}"#, fixture)
            #expect(
                try await fixture.fault(of: nowhere.id)
                    == "No valid host was found. Of 3 hosts, 2 hold no server of the hint same_host, 1 holds a server "
                    + "of the hint different_host. Without the hint same_host it would fit on 2 hosts.")
        }
    }

    /// An administrator's choice of a host passes over hints, but not over the group.
    @Test func aForcedHostMustKeepThePolicyToo() async throws {
        try await run(hosts: 2) { fixture in
            let group = try await group(.antiAffinity, fixture)
            let first = try await boot(hint("group", group), fixture)
            let taken = try #require(fixture.cloud.compute.host(of: first)?.hostname)
            let made = try await fixture.create(as: .admin) { request in
                request.availabilityZone = "nova:\(taken)"
                request.hints = hint("group", group)
            }
            let fault = try await fixture.fault(of: try #require(made.first?.id))
            #expect(
                fault.hasPrefix(
                    "No valid host was found. Of 2 hosts, 1 is not the requested host, 1 holds as many servers of the "
                        + "anti-affinity group as a host may. Without the "), "\(fault)")
            let beside = try await fixture.create(as: .admin) { request in
                request.availabilityZone = "nova:\(taken)"
                request.hints = hint("different_host", first.id)
            }
            #expect(beside.first?.hostID == first.hostID)
        }
    }

    /// A build that moves to another host moves within its hints and its group.
    @Test func anotherHostMustKeepThePolicyToo() async throws {
        try await run(hosts: 3) { fixture in
            let group = try await group(.antiAffinity, fixture)
            let first = try await boot(hint("group", group), fixture)
            let others = fixture.hosts.filter { $0.id != first.hostID }
            others[0].driver.fail(.start, times: nil)
            let second = try await boot(hint("group", group), fixture)
            #expect(second.settled == .active && second.hostID == others[1].id)
            let third = try await boot(hint("group", group), fixture)
            #expect(third.settled == .error)
            #expect(
                try await fixture.fault(of: third.id)
                    == "The simulated host refused. No other host would do. Of 2 hosts, 2 hold as many servers of the "
                    + "anti-affinity group as a host may. Without the hint group it would fit on 2 hosts.")
            let apart = try await boot(#"{"different_host": "\#(second.id)"}"#, fixture)
            #expect(apart.settled == .active && apart.hostID == first.hostID)
        }
    }
}
