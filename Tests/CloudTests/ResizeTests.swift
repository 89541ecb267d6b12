import Cloud
import Compute
import HTTPTypes
import HostProtocol
import Hypervisor
import Inspection
import Model
import Store
import TestSupport
import Testing
import Wire

/// Servers that get another flavor, and the choice to keep it.
@Suite(.timeLimit(.minutes(3)))
struct ResizeTests {
    private func flavor(
        _ fixture: CloudFixture, _ id: String, vcpus: Int = 2, memory: Int = 512, disk: Int = 2, ephemeral: Int = 0,
        swap: Int = 0
    ) async throws {
        _ = try await fixture.cloud.compute.create(
            Flavor(
                id: FlavorID(id), name: id, vcpus: vcpus, memory: memory, disk: disk, ephemeral: ephemeral, swap: swap,
                extraSpecs: try JSONText([:]), createdAt: Timestamp(microseconds: 0)))
    }

    private func spec(_ fixture: CloudFixture, _ id: ServerID) -> DomainSpec? {
        fixture.hosts.compactMap { $0.driver.spec(of: id) }.first
    }

    private func expectNoDifference(_ fixture: CloudFixture) async throws {
        #expect(try await StoreAudit.differences(in: fixture.cloud.database) == [])
    }

    @Test(arguments: [false, true])
    func aServerIsResizedAndConfirmed(_ wasStopped: Bool) async throws {
        try await CloudFixture.run { fixture in
            try await flavor(fixture, "double", ephemeral: 1, swap: 16)
            let id = try await fixture.boot()
            if wasStopped {
                #expect(try await fixture.act(id, #"{"os-stop": null}"#).status == 202)
                try await fixture.server(id) { $0.settled == .stopped && $0.operation == nil }
            }
            #expect(try await fixture.act(id, #"{"resize": {"flavorRef": "double"}}"#).status == 202)
            let resized = try await fixture.server(id) { $0.operation == nil }
            #expect(resized.settled == .resized && resized.flavorID == FlavorID("double"))
            let shown = try await fixture.request(.get, "/compute/v2.1/servers/\(id)")
            #expect(shown.at("server.status") == .string("VERIFY_RESIZE"))
            try await expectNoDifference(fixture)
            #expect(spec(fixture, id)?.hardware.memoryMiB == 512)
            #expect(spec(fixture, id)?.disks.map(\.id) == ["root-1", "ephemeral0-1", "swap-1"])
            #expect(try await fixture.act(id, #"{"confirmResize": null}"#).status == 204)
            let confirmed = try await fixture.server(id) { $0.operation == nil }
            #expect(confirmed.settled == (wasStopped ? .stopped : .active))
            try await expectNoDifference(fixture)
            #expect(try await fixture.act(id, #"{"confirmResize": null}"#).status == 409)
        }
    }

    @Test func aRevertBringsTheOldMachineBack() async throws {
        try await CloudFixture.run { fixture in
            try await flavor(fixture, "one", vcpus: 1, memory: 256, disk: 1, ephemeral: 1, swap: 8)
            try await flavor(fixture, "double", ephemeral: 2, swap: 16)
            let made = try await fixture.create { $0.flavorID = FlavorID("one") }
            let id = try #require(made.first?.id)
            try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
            let held = try await fixture.holdings()
            #expect(try await fixture.act(id, #"{"resize": {"flavorRef": "double"}}"#).status == 202)
            try await fixture.server(id) { $0.settled == .resized && $0.operation == nil }
            #expect(spec(fixture, id)?.disks.map(\.id) == ["root-1", "ephemeral0-1", "swap-1"])
            #expect(try await fixture.act(id, #"{"revertResize": null}"#).status == 202)
            let reverted = try await fixture.server(id) { $0.operation == nil }
            #expect(reverted.settled == .active && reverted.flavorID == FlavorID("one"))
            #expect(spec(fixture, id)?.disks.map(\.id) == ["root", "ephemeral0", "swap"])
            #expect(spec(fixture, id)?.hardware.memoryMiB == 256)
            #expect(try await fixture.holdings() == held)
            try await expectNoDifference(fixture)
        }
    }

    /// What was made anew before is not taken for what the resize has made.
    @Test func oneThatFailsAfterARebuildLosesNothing() async throws {
        try await CloudFixture.run { fixture in
            try await flavor(fixture, "double")
            let id = try await fixture.boot()
            #expect(try await fixture.act(id, #"{"rebuild": {"imageRef": "\#(fixture.image)"}}"#).status == 202)
            try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
            for host in fixture.hosts { host.driver.fail(.define) }
            #expect(try await fixture.act(id, #"{"resize": {"flavorRef": "double"}}"#).status == 202)
            let failed = try await fixture.server(id) { $0.operation == nil }
            #expect(failed.settled == .error && failed.flavorID == FlavorID("42"))
            try await expectNoDifference(fixture)
            #expect(try await fixture.act(id, #"{"reboot": {"type": "HARD"}}"#).status == 202)
            try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
            #expect(spec(fixture, id)?.disks.map(\.id) == ["root-1"])
        }
    }

    @Test func whatCannotBeIsRefusedAndTakesNothing() async throws {
        try await CloudFixture.run { fixture in
            try await flavor(fixture, "huge", vcpus: 60, memory: 1 << 30, ephemeral: 1)
            try await flavor(fixture, "flat", disk: 0)
            try await flavor(fixture, "deep", disk: 1, ephemeral: 1)
            try await flavor(fixture, "shallow", disk: 1)
            let made = try await fixture.create { $0.flavorID = FlavorID("deep") }
            let id = try #require(made.first?.id)
            try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
            let held = try await fixture.holdings()
            for (body, words) in [
                (#"{"flavorRef": "none"}"#, "Unable to locate requested flavor."),
                (#"{"flavorRef": "deep"}"#, "instances must change flavor"),
                (#"{"flavorRef": "flat"}"#, "zero disk flavor"),
                (#"{"flavorRef": "shallow"}"#, "resize disk down"), (#"{"flavorRef": "deep", "more": 1}"#, "more"),
                ("{}", "flavorRef"), ("null", "object"), (#"{"flavorRef": null}"#, "flavorRef"),
            ] {
                let answer = try await fixture.act(id, #"{"resize": \#(body)}"#)
                #expect(answer.status == 400 && "\(answer)".contains(words), "\(body): \(answer)")
            }
            _ = try await fixture.cloud.database.transaction { db in
                for resource in ["cores", "ram"] {
                    try QuotaQueries.setLimit(-1, of: resource, for: fixture.people.demo, db)
                }
            }
            let refused = try await fixture.act(id, #"{"resize": {"flavorRef": "huge"}}"#)
            #expect(refused.status == 400 && "\(refused)".contains("No valid host was found"), "\(refused)")
            _ = try await fixture.cloud.database.transaction {
                try QuotaQueries.setLimit(1, of: "cores", for: fixture.people.demo, $0)
            }
            let quota = try await fixture.act(id, #"{"resize": {"flavorRef": "huge"}}"#)
            #expect(quota.status == 403 && "\(quota)".contains("Quota exceeded for cores"), "\(quota)")
            #expect(try await fixture.act(id, #"{"resize": {"flavorRef": "42"}}"#, as: .reader).status == 403)
            #expect(try await fixture.act(id, #"{"resize": {"flavorRef": "42"}}"#, as: .stranger).status == 404)
            #expect(try await fixture.act(id, #"{"revertResize": null}"#).status == 409)
            #expect(try await fixture.holdings() == held)
        }
    }

    @Test func oneThatNobodyDecidesIsConfirmedInTheEnd() async throws {
        try await CloudFixture.run { fixture in
            try await flavor(fixture, "double")
            let id = try await fixture.boot()
            #expect(try await fixture.act(id, #"{"resize": {"flavorRef": "double"}}"#).status == 202)
            try await fixture.server(id) { $0.settled == .resized && $0.operation == nil }
            try await fixture.cloud.compute.confirmResizes(undecidedFor: 3600)
            #expect(try await fixture.server(id).settled == .resized)
            try await fixture.cloud.compute.confirmResizes(undecidedFor: 0)
            let server = try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
            #expect(server.flavorID == FlavorID("double"))
            #expect(try await fixture.workflows(of: id).first?.action == "confirmResize")
        }
    }

    /// Both claims and the quota of both go with the server.
    @Test func oneThatIsDeletedBeforeItsDecisionLeavesNothing() async throws {
        try await CloudFixture.run { fixture in
            try await flavor(fixture, "double")
            let id = try await fixture.boot()
            #expect(try await fixture.act(id, #"{"resize": {"flavorRef": "double"}}"#).status == 202)
            try await fixture.server(id) { $0.settled == .resized && $0.operation == nil }
            try await fixture.cloud.compute.begin(.delete, on: id, by: fixture.people.member)
            try await fixture.server(id) { $0.settled == .deleted }
            #expect(try await fixture.holdings() == Holdings())
        }
    }
}
