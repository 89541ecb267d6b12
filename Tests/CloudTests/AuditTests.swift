import Cloud
import Compute
import HTTPTypes
import Hypervisor
import Inspection
import Model
import Networking
import Store
import TestSupport
import Testing

/// The auditor finds nothing in a cloud that works, and every fault that is planted.
@Suite(.timeLimit(.minutes(3)))
struct AuditTests {
    private func differences(_ fixture: CloudFixture) async throws -> [String] {
        try await StoreAudit.differences(in: fixture.cloud.database)
    }

    @Test func aWorkingCloudHasNoDifferences() async throws {
        try await CloudFixture.run { fixture async throws in
            #expect(try await differences(fixture) == [])
            let ids = [try await fixture.boot("one"), try await fixture.boot("two")]
            #expect(try await differences(fixture) == [])
            try await fixture.cloud.compute.begin(.stop, on: ids[0], by: fixture.people.member)
            try await fixture.server(ids[0]) { $0.settled == .stopped && $0.operation == nil }
            try await fixture.cloud.compute.begin(.delete, on: ids[1], by: fixture.people.member)
            try await fixture.server(ids[1]) { $0.settled == .deleted }
            fixture.host.driver.fail(.start, times: 1)
            let broken = try #require(try await fixture.create().first?.id)
            try await fixture.server(broken) { $0.settled == .error }
            #expect(try await differences(fixture) == [])
        }
    }

    @Test(arguments: [
        ("UPDATE inventories SET used = used + 1 WHERE resource_class = 'VCPU'", "inventory use"),
        ("DELETE FROM allocations WHERE resource_class = 'VCPU'", "inventory use"),
        ("DELETE FROM allocations WHERE resource_class = 'VCPU'", "allocation"),
        ("UPDATE quotas SET used = used + 1 WHERE resource = 'instances'", "quota use"),
        ("UPDATE quotas SET used = used - 1 WHERE resource = 'ram'", "quota use"),
        ("DELETE FROM quotas WHERE resource = 'cores'", "quota use"),
        ("UPDATE quotas SET used = used + 1 WHERE resource = 'port'", "quota use"),
        ("UPDATE ports SET device_id = 'nobody' WHERE device_owner LIKE 'compute:%'", "port of a server"),
        ("UPDATE ports SET device_id = 'nobody' WHERE device_owner = 'network:router_gateway'", "port of a router"),
        ("DELETE FROM address_allocations WHERE address LIKE '10.20.%'", "address that is not taken"),
        ("UPDATE ports SET fixed_ips = '[]' WHERE device_owner LIKE 'compute:%'", "address that no port shows"),
        ("UPDATE servers SET settled = 'stopped'", "power"),
        ("UPDATE server_placements SET observed_power = 'absent'", "power"),
        ("UPDATE server_placements SET document = NULL", "server without a document"),
        ("UPDATE server_placements SET server_id = 'nobody'", "placement of a server that is not there"),
        ("UPDATE server_placements SET server_id = 'nobody'", "claim of a server that is not there"),
        ("UPDATE server_placements SET consumer_id = NULL", "allocation without a placement"),
        ("UPDATE server_placements SET consumer_id = 'nobody'", "claim that holds nothing"),
        ("UPDATE servers SET host_id = NULL, settled = 'error'", "server that is not where it is placed"),
        (
            """
            INSERT INTO host_commands (id, host_id, server_id, action, arguments, state, progress, sequence, updated_at)
            SELECT 'c', host_id, id, 'rebootSoft', '{}', 'waiting', 0, 1, 1 FROM servers
            """, "command that nobody waits for"
        ),
        ("UPDATE servers SET operation = 'stop', workflow_id = 'none'", "operation without a workflow"),
        ("UPDATE workflows SET outcome = NULL, finished_at = NULL", "workflow that no server waits for"),
        (
            """
            UPDATE workflows SET outcome = NULL, finished_at = NULL, action = 'attach_interface', server_id = 'nobody'
            """, "workflow of a server that is not there"
        ),
        (
            "UPDATE workflows SET outcome = NULL, finished_at = NULL, awaits_turn = 1",
            "workflow that waits for a turn nobody has"
        ),
    ])
    func findsWhatIsPlanted(_ fault: String, _ name: String) async throws {
        var options = CloudFixture.Options()
        options.runsAgents = true
        try await CloudFixture.run(options) { fixture async throws in
            _ = try await fixture.boot()
            try await fixture.cloud.database.transaction { try $0.execute(fault, []) }
            #expect(try await differences(fixture).contains { $0.hasPrefix(name) })
        }
    }

    /// However many ask at once, a limit is reached and never passed.
    @Test func aThousandCreatesAgainstALimitOfAHundred() async throws {
        try await CloudFixture.run { fixture async throws in
            try await fixture.cloud.compute.setQuotas(
                ["instances": 100, "cores": -1, "ram": -1], of: fixture.people.demo, force: true)
            let made = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<1000 {
                    group.addTask {
                        do {
                            _ = try await fixture.create("vm-\(number)")
                            return true
                        } catch let error as CloudError where error.kind == .overQuota {
                            return false
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(made == 100)
            try await eventually("every server has come to rest") {
                try await fixture.cloud.database.read { try WorkflowQueries.unfinished($0).isEmpty }
            }
            let held = try await fixture.holdings()
            #expect(held.instances == 100 && held.cores == 100)
            #expect(try await differences(fixture) == [])
        }
    }
}
