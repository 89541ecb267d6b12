import Cloud
import Compute
import Dataplane
import Foundation
import HTTPTypes
import HostProtocol
import Hypervisor
import Model
import Networking
import Store
import TestSupport
import Testing
import Workflow

/// Changes without a `task_state` wait for one another and refuse nobody.
@Suite(.timeLimit(.minutes(3)))
struct InterfaceTests {
    private func ports(_ id: ServerID, _ fixture: CloudFixture) async throws -> [PortID] {
        try await fixture.cloud.compute.attachments(of: id, by: fixture.people.member).map(\.port.id)
    }

    private func taps(_ id: ServerID, _ fixture: CloudFixture) async throws -> Set<String> {
        try await fixture.host.driver.taps(of: id)
    }

    private func port(_ fixture: CloudFixture) async throws -> Model.Port {
        let (networking, member) = (fixture.cloud.networking, fixture.people.member)
        let network = try #require(try await networking.networks(by: member).first { $0.isDefault })
        return try #require(
            try await networking.create(
                [PortRequest(networkID: network.id, projectID: fixture.people.demo)], by: member
            ).first)
    }

    @Test func manyAtOnceAreCarriedOutOneAfterTheOther() async throws {
        try await CloudFixture.run { fixture in
            let (compute, member) = (fixture.cloud.compute, fixture.people.member)
            let id = try await fixture.boot()
            fixture.host.driver.setLatency(.milliseconds(5), of: .setNICs)
            let attached = try await withThrowingTaskGroup(of: PortID.self) { group in
                for _ in 0..<8 { group.addTask { try await compute.attach(nil, to: id, by: member).port.id } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(attached.count == 8)
            let all = try await ports(id, fixture)
            #expect(Set(all).isSuperset(of: attached) && all.count == 9)
            #expect(try await taps(id, fixture) == Set(all.map { fixture.host.dataplane.tapName(of: $0) }))
            let actions = try await fixture.workflows(of: id).filter { $0.action == "attach_interface" }
                .sorted { $0.createdAt < $1.createdAt }
            #expect(actions.allSatisfy { $0.outcome == .succeeded })
            let addresses = try await fixture.server(id).addresses
            #expect(addresses.components(separatedBy: "\"addr\"").count - 1 == 9)
        }
    }

    @Test func whatComesLaterWaitsAndWhatIsRefusedIsRefused() async throws {
        try await Workshop.run { shop in
            let (compute, member) = (shop.fixture.cloud.compute, shop.fixture.people.member)
            let id = try await shop.begin(WorkflowScenario.all[0])
            try await shop.finish(id)
            let first = try await compute.beginAttaching(nil, to: id, by: member)
            let second = try await compute.beginAttaching(nil, to: id, by: member)
            #expect(try await shop.fixture.server(id).state.taskState == nil)
            try await compute.begin(.stop, on: id, by: member)
            #expect(try await shop.fixture.server(id).state.taskState == "powering-off")
            let rows = try await shop.fixture.workflows(of: id).filter { $0.finishedAt == nil }
            #expect(rows.filter { !$0.awaitsTurn }.map(\.id) == [first])
            for refused in [
                await refusal { _ = try await compute.beginAttaching(nil, to: id, by: member) },
                await refusal { try await compute.begin(.rebootHard, on: id, by: member) },
            ] {
                #expect(refused.hasSuffix("instance \(id) while it is in task_state powering-off"))
            }
            try await shop.finish(id)
            let now = compute.clock.now()
            let ended = try await shop.fixture.workflows(of: id).sorted {
                ($0.finishedAt ?? now) < ($1.finishedAt ?? now)
            }
            #expect(ended.map(\.action) == ["create", "attach_interface", "attach_interface", "stop"])
            #expect(ended[1].id == first && ended[2].id == second)
            #expect(try await ports(id, shop.fixture).count == 3)
        }
    }

    /// However far the attaching has come, a delete leaves nothing of it, and nothing of those that wait.
    @Test(arguments: 0...3)
    func deleteTakesOver(commits: Int) async throws {
        try await Workshop.run { shop in
            let (compute, member) = (shop.fixture.cloud.compute, shop.fixture.people.member)
            let id = try await shop.begin(WorkflowScenario.all[0])
            try await shop.finish(id)
            let given = try await port(shop.fixture)
            for nic in [nil, RequestedNIC(portID: given.id), nil] {
                _ = try await compute.beginAttaching(nic, to: id, by: member)
            }
            for _ in 0..<(commits * 2) { _ = await shop.fixture.runner().step() }
            try await compute.begin(.delete, on: id, by: member)
            #expect(try await shop.finish(id).outcome == .succeeded)
            var left = Holdings()
            left.portQuota = 1
            #expect(try await shop.settledHoldings(id, guests: 0) == left)
            #expect(try await shop.fixture.cloud.networking.port(given.id, by: member).deviceID == "")
        }
    }

    @Test func aPortThatWasGivenIsSetFree() async throws {
        try await CloudFixture.run { fixture in
            let (compute, member) = (fixture.cloud.compute, fixture.people.member)
            let id = try await fixture.boot()
            let given = try await port(fixture)
            let nic = RequestedNIC(portID: given.id, tag: "lan")
            let attached = try await compute.attach(nic, to: id, by: member)
            #expect(attached.port.id == given.id && attached.tag == "lan")
            let again = await refusal { _ = try await compute.attach(nic, to: id, by: member) }
            #expect(again == "Port \(given.id) is still in use.")
            try await compute.detach(given.id, from: id, by: member)
            try await eventually("it is detached") { try await fixture.workflows(of: id).first?.outcome == .succeeded }
            #expect(try await fixture.cloud.networking.port(given.id, by: member).deviceID == "")
            #expect(try await taps(id, fixture).count == 1)
            let request = try await fixture.cloud.database.read { try $0.find(ServerRequest.self, key: .id(id)) }
            #expect(try request?.nics.value().contains { $0.portID == given.id } == false)
        }
    }

    /// Of two that want one port, one gets it, and the port outlives the server all the same.
    @Test func aPortIsGivenOnce() async throws {
        try await CloudFixture.run { fixture in
            let (compute, member) = (fixture.cloud.compute, fixture.people.member)
            let id = try await fixture.boot()
            let given = try await port(fixture)
            let nic = RequestedNIC(portID: given.id)
            let outcomes = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<2 {
                    group.addTask { await refusal { _ = try await compute.attach(nic, to: id, by: member) } }
                }
                return try await group.reduce(into: []) { $0.append($1) }.sorted()
            }
            #expect(outcomes == ["Port \(given.id) is still in use.", "it was allowed"])
            #expect(try await ports(id, fixture).count == 2)
            try await compute.begin(.delete, on: id, by: member)
            try await fixture.server(id) { $0.settled == .deleted }
            #expect(try await fixture.cloud.networking.port(given.id, by: member).deviceID == "")
        }
    }

    /// The host's words reach the one who asked, and the server is as it was.
    @Test func aHostThatCannotSaysWhy() async throws {
        try await CloudFixture.run { fixture in
            let (compute, member) = (fixture.cloud.compute, fixture.people.member)
            let id = try await fixture.boot()
            fixture.host.driver.fail(.setNICs, with: HostFailure(message: "No free slot.", detail: "test"))
            await #expect(throws: CloudError.self) { _ = try await compute.attach(nil, to: id, by: member) }
            let action = try #require(try await fixture.workflows(of: id).first)
            #expect(action.failure == "No free slot." && action.outcome == .failed)
            let server = try await fixture.server(id)
            #expect(server.settled == .active && server.fault == nil && server.operation == nil)
            #expect(try await ports(id, fixture).count == 1)
            try await fixture.placement(of: id) { $0.isAnswered }
            #expect(try await taps(id, fixture).count == 1)
            // A guest that keeps its card keeps its port.
            fixture.host.driver.fail(.setNICs, with: HostFailure(message: "It does not let go.", detail: "test"))
            let port = try #require(try await ports(id, fixture).first)
            try await compute.detach(port, from: id, by: member)
            try await eventually("the detaching has failed") {
                let newest = try await fixture.workflows(of: id).first
                return newest?.failure == "It does not let go." && newest?.finishedAt != nil
            }
            #expect(try await ports(id, fixture) == [port])
            #expect(try await taps(id, fixture) == [fixture.host.dataplane.tapName(of: port)])
        }
    }

    /// A card without a tap would keep the guest from starting again.
    @Test func aPortThatIsDeletedInNetworkIsDetached() async throws {
        try await CloudFixture.run { fixture in
            let (compute, member) = (fixture.cloud.compute, fixture.people.member)
            let id = try await fixture.boot()
            let attached = try await compute.attach(nil, to: id, by: member)
            try await fixture.cloud.networking.deletePort(attached.port.id, by: member)
            try await eventually("the guest has one NIC") { try await taps(id, fixture).count == 1 }
            try await eventually("the detaching has ended") {
                try await fixture.workflows(of: id).first { $0.action == "detach_interface" }?.outcome == .succeeded
            }
        }
    }

    /// The server that has had the port is told as well as whoever has it now.
    @Test func aPortThatGoesToAnotherDeviceIsDetached() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            let attached = try await fixture.cloud.compute.attach(nil, to: id, by: fixture.people.member)
            let moved = try await fixture.request(
                .put, "/network/v2.0/ports/\(attached.port.id)", as: .admin,
                json: #"{"port": {"device_id": "elsewhere"}}"#)
            #expect(moved.status == 200, "\(moved)")
            try await eventually("the guest has one NIC") { try await taps(id, fixture).count == 1 }
            try await fixture.server(id) { !$0.addresses.contains(attached.port.macAddress) }
        }
    }
}
