import Foundation
import HostProtocol
import Hypervisor
import Model
import Testing

@testable import HostStorage

/// Disks that are copied, kept and taken away while their server stays.
@Suite(.enabled(if: toolsAreThere))
struct DiskChangeTests {
    private let bench: Bench
    private let storage: FileHostStorage
    private let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }

    init() throws {
        bench = try Bench()
        storage = try bench.storage()
    }

    private func prepare(_ wish: DesiredServer) async throws -> PreparedFiles {
        try await storage.prepare(wish, imageContent: bench.serve(bytes), configDrive: noDrive)
    }

    private func disks(_ wish: DesiredServer) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: storage.paths.server(wish.serverID).folder)
            .filter(ServerPaths.isDisk).sorted()
    }

    private func raw(_ disk: DomainSpec.Disk) async throws -> Data {
        let path = "\(bench.folder)/raw"
        _ = try await bench.tool(["qemu-img", "convert", "-f", disk.format, "-O", "raw", disk.path, path])
        return try Data(contentsOf: URL(filePath: path))
    }

    @Test func aLargerCopyHoldsWhatTheDiskHeldAndStandsOnTheSameImage() async throws {
        var wish = try desired(bench.image(bytes))
        let old = try await prepare(wish).disks[0]
        _ = try await bench.tool([
            "qemu-io", "-f", "qcow2", "-c", "write -P 7 1M 64k", old.path,
        ])
        let before = try await raw(old)
        var grown = wish.disks[0]
        (grown.id, grown.source) = ("root-1", .copy(of: "root", wish.disks[0].image))
        grown.sizeBytes = 2 << 30
        wish.disks[0].isKept = true
        wish.disks.insert(grown, at: 0)
        let files = try await prepare(wish)
        #expect(files.disks.map(\.id) == ["root-1", "root"])
        #expect(files.disks[0].backing == old.backing)
        let after = try await raw(files.disks[0])
        #expect(after.count == 2 << 30 && after.prefix(before.count) == before)
        #expect(try await raw(files.disks[1]) == before)
        #expect(try await prepare(wish) == files)
    }

    @Test func whatADocumentHasNoMoreGoesAndNothingElse() async throws {
        var wish = try desired(bench.image(bytes), everything: true)
        wish.disks.removeAll { $0.role == .config }
        _ = try await prepare(wish)
        wish.disks.removeAll { $0.role == .swap }
        for place in wish.disks.indices where wish.disks[place].role == .ephemeral { wish.disks[place].isKept = true }
        let disk = try await prepare(wish).disks[0]
        let copy = try await storage.beginCopy(of: disk, for: HostCommandID("c1"), of: wish.serverID)
        try await storage.copyAtRest(disk, to: copy)
        let kept = try await storage.keepCopy(
            copy, SnapshotReport(stage: .copied), boot: "b", for: HostCommandID("c1"), of: wish.serverID)
        try await storage.removeSurplus(wish)
        #expect(try disks(wish) == ["ephemeral0.raw", "root.qcow2"])
        #expect(try await storage.copy(for: HostCommandID("c1"), of: wish.serverID, boot: "b") == kept)
    }

    /// Guests know these disks by their labels, on every machine of the server.
    @Test func aDiskOfAnotherMachineHasTheSameLabel() async throws {
        var wish = try desired(bench.image(bytes), everything: true)
        wish.disks = wish.disks.filter { $0.role == .ephemeral }.map { disk in
            var disk = disk
            disk.id += "-3"
            return disk
        }
        let path = try await prepare(wish).disks[0].path
        #expect(try await bench.tool(["blkid", "-o", "value", "-s", "LABEL", path]) == "ephemeral0\n")
    }

    @Test func aCopyOnItsWayToAnImageIsTheCommandsAndThisBoots() async throws {
        let wish = try desired(bench.image(bytes))
        let disk = try await prepare(wish).disks[0]
        func keep(_ command: String) async throws {
            let path = try await storage.beginCopy(of: disk, for: HostCommandID(command), of: wish.serverID)
            try await storage.copyAtRest(disk, to: path)
            _ = try await storage.keepCopy(
                path, SnapshotReport(stage: .copied), boot: "b", for: HostCommandID(command), of: wish.serverID)
        }
        func found(_ command: String, _ boot: String = "b") async throws -> DiskCopy? {
            try await storage.copy(for: HostCommandID(command), of: wish.serverID, boot: boot)
        }
        try await keep("c1")
        let copy = try #require(try await found("c1"))
        let info = try await bench.tool(["qemu-img", "info", copy.path])
        #expect(info.contains("file format: qcow2") && !info.contains("backing"))
        #expect(try await found("c1", "another") == nil)
        #expect(try await storage.read(copy, at: copy.size, count: 10).isEmpty)
        try await keep("c2")
        #expect(try await found("c1") == nil)
        try await storage.removeCopies(of: wish.serverID)
        #expect(try await found("c2") == nil)
        #expect(try disks(wish) == ["root.qcow2"])
    }

    @Test func guestsThatMayBeFrozenAreRememberedByTheNextProcess() async throws {
        let (one, two) = (ServerID.random(), ServerID.random())
        try await storage.noteFreeze(of: one, true)
        try await storage.noteFreeze(of: two, true)
        try await storage.noteFreeze(of: two, false)
        #expect(try await bench.storage().notedFreezes() == [one])
    }
}
