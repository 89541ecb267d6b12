import Cloud
import Compute
import Foundation
import HostLink
import HostProtocol
import Hypervisor
import Model
import TestSupport
import Testing

/// An agent and a cloud of neighbouring releases: what one does not know of the other concerns one server only.
@Suite(.timeLimit(.minutes(3)))
struct NeighbourReleaseTests {
    private let inventory = SimulatedHost.inventory(0)

    /// An agent of a release before versions sends its inventory and nothing else.
    @Test func anAgentFromBeforeVersionsIsRefusedWithAClearWord() async throws {
        let old = try JSONDecoder().decode(HostRegistration.self, from: JSONEncoder().encode(inventory))
        #expect(old.inventory == inventory)
        try await CloudFixture.run { fixture in
            let error = await #expect(throws: CloudError.self) { try await fixture.cloud.compute.register(old) }
            #expect(
                error?.message == "The agent of sim-1 speaks version 0 of the host protocol, and this cloud version 1: "
                    + "upgrade the agent.")
        }
    }

    @Test(arguments: [(1, 3, 1), (1, 1, 1), (0, 1, 1)])
    func theNewestVersionOfBothIsSpoken(oldest: Int, newest: Int, agreed: Int) throws {
        let registration = HostRegistration(inventory: inventory, versions: oldest...newest)
        let sent = try JSONDecoder().decode(HostRegistration.self, from: JSONEncoder().encode(registration))
        #expect(try sent.agreedVersion() == agreed)
    }

    @Test func aCloudThatIsTooOldSaysSo() throws {
        let error = #expect(throws: CloudError.self) {
            try HostRegistration(inventory: inventory, versions: 2...3).agreedVersion()
        }
        let words = "speaks versions 2 to 3 of the host protocol, and this cloud version 1: upgrade the cloud."
        #expect(error?.message.hasSuffix(words) == true)
    }

    /// A newer cloud's words: a field, an enum's case, a command.
    @Test func aBatchIsReadOneByOne() throws {
        let batch = DesiredBatch(
            servers: [document("a", epoch: 4), document("b", epoch: 5), document("c", epoch: 6)],
            commands: [
                DesiredCommand(id: HostCommandID("x"), serverID: ServerID("a"), action: .rebootSoft),
                DesiredCommand(id: HostCommandID("y"), serverID: ServerID("c"), action: .rebootHard),
            ], sequence: 8, isLast: true)
        var text = String(decoding: try JSONEncoder().encode(batch), as: UTF8.self)
        text = text.replacing(#""serverID":"a""#, with: #""serverID":"a","shine":{"level":3}"#)
        text = text.replacing(#""power":"paused""#, with: #""power":"hovering""#)
        text = text.replacing(#""rebootHard""#, with: #""levitate""#)
        let read = try JSONDecoder().decode(DesiredBatch.self, from: Data(text.utf8))
        #expect(read.servers.map(\.serverID.text) == ["a", "c"])
        #expect(read.commands.map(\.id.text) == ["x"])
        #expect(read.sequence == 8 && read.isLast)
        #expect(read.illegible.map(\.serverID.text) == ["b", "c"])
        #expect(read.illegible.first?.epoch == 5 && read.illegible.first?.why.contains("hovering") == true)
        #expect(read.illegible.last?.command?.text == "y" && read.illegible.last?.why.contains("levitate") == true)
    }

    /// Such documents stand in stores: with the disks of a flavor, and without a mark.
    @Test func aDocumentOfAnEarlierReleaseIsRead() throws {
        var document = document("a", epoch: 3)
        document.mark = ""
        let disks = FlavorDisks(
            image: ImageReference(id: ImageID("image"), sha512: "ab", format: .raw, sizeBytes: 512), rootGiB: 3,
            ephemeralGiB: [1, 2], swapMiB: 64, configDrive: true)
        document.disks = disks.list
        var tree = try #require(
            JSONSerialization.jsonObject(with: JSONEncoder().encode(document)) as? [String: Any])
        tree["disks"] = try JSONSerialization.jsonObject(with: JSONEncoder().encode(disks))
        tree["mark"] = nil
        let read = try JSONDecoder().decode(DesiredServer.self, from: JSONSerialization.data(withJSONObject: tree))
        #expect(read == document && read.disks.map(\.id) == ["root", "ephemeral0", "ephemeral1", "swap", "config"])
        #expect(read.disks[0].sizeBytes == 3 << 30 && read.disks[0].bootIndex == 0)
    }

    private func document(_ id: String, epoch: Int64) -> DesiredServer {
        DesiredServer(
            serverID: ServerID(id), epoch: epoch, presence: .present, power: id == "b" ? .paused : .running,
            hardware: GuestHardware(name: "vm", vcpus: 1, memoryMiB: 256),
            disks: FlavorDisks(
                image: ImageReference(id: ImageID("image"), sha512: "ab", format: .raw, sizeBytes: 512), rootGiB: 1,
                configDrive: false
            ).list, nics: [])
    }

    /// A newer agent's word for a power: the operation that waits for it fails, and others go on.
    @Test func anAnswerThatCannotBeReadEndsItsOperation() async throws {
        var options = CloudFixture.Options()
        options.runsAgents = false
        try await CloudFixture.run(options) { fixture in
            var seen: [ServerObservation] = []
            for name in ["strange", "fine"] {
                let id = try #require(try await fixture.create(name).first?.id)
                let told = try await fixture.placement(of: id) { $0.document != nil }
                seen.append(
                    ServerObservation(
                        hostID: fixture.host.id, serverID: id, epoch: told.epoch,
                        power: name == "strange" ? .paused : .running))
            }
            let sent = String(decoding: try JSONEncoder().encode(HostReport(seen)), as: UTF8.self)
            let text = sent.replacing(#""paused""#, with: #""hovering""#)
            let report = try JSONDecoder().decode(HostReport.self, from: Data(text.utf8))
            try await fixture.cloud.compute.heard(report, from: fixture.host.id)
            try await fixture.server(seen[0].serverID) { $0.settled == .error }
            #expect(try await fixture.fault(of: seen[0].serverID).contains("upgrade the cloud"))
            try await fixture.server(seen[1].serverID) { $0.settled == .active }
        }
    }
}
