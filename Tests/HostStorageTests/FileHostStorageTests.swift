import Foundation
import HostProtocol
import Hypervisor
import Model
import Synchronization
import Testing

@testable import HostStorage

@Suite(.enabled(if: toolsAreThere))
struct FileHostStorageTests {
    private let bench: Bench
    private let storage: FileHostStorage
    private let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }

    init() throws {
        bench = try Bench()
        storage = try bench.storage()
    }

    @Test func makesEverythingOnce() async throws {
        let wish = try desired(bench.image(bytes), everything: true)
        let drive: @Sendable () async throws -> [ConfigDriveFile] = {
            [ConfigDriveFile(path: "openstack/latest/meta_data.json", content: Array("{}".utf8))]
        }
        let files = try await storage.prepare(wish, imageContent: bench.serve(bytes), configDrive: drive)
        #expect(files.disks.map(\.id) == ["root", "ephemeral0", "swap", "config"])
        let info = try await bench.tool(["qemu-img", "info", "-U", files.disks[0].path])
        #expect(info.contains("virtual size: 1 GiB") && info.contains("backing file format: raw"))
        #expect(try await bench.tool(["blkid", "-o", "value", "-s", "LABEL", files.disks[1].path]) == "ephemeral0\n")
        #expect(try await bench.tool(["blkid", "-o", "value", "-s", "TYPE", files.disks[2].path]) == "swap\n")
        #expect(try await bench.tool(["blkid", "-o", "value", "-s", "LABEL", files.disks[3].path]) == "config-2\n")
        let before = try await bench.tool(["stat", "-c", "%i %Y"] + files.disks.map(\.path))
        let again = try await storage.prepare(wish, imageContent: bench.serve([]), configDrive: noDrive)
        #expect(again == files)
        #expect(try await bench.tool(["stat", "-c", "%i %Y"] + files.disks.map(\.path)) == before)
        #expect(bench.reads.withLock { $0 } == 1)
    }

    @Test func manyServersFetchAnImageOnce() async throws {
        let image = try bench.image(bytes)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 {
                group.addTask { [self] in
                    _ = try await storage.prepare(
                        desired(image), imageContent: bench.serve(bytes), configDrive: noDrive)
                }
            }
            try await group.waitForAll()
        }
        #expect(bench.reads.withLock { $0 } == 1)
    }

    @Test func refusesDamagedLongAndBrokenImages() async throws {
        let image = try bench.image(bytes)
        var damaged = bytes
        damaged[200_000] ^= 1
        for (content, says) in [
            (bench.serve(damaged), "checksum"), (bench.serve(bytes + [0]), "checksum"),
            (bench.serve(Array(bytes.dropLast())), "checksum"), (bench.serve(bytes, breaksAfter: 1), "link broke"),
        ] {
            let found = await failure {
                _ = try await storage.prepare(desired(image), imageContent: content, configDrive: noDrive)
            }
            #expect(found?.message.contains(says) == true, "\(String(describing: found))")
            #expect(try FileManager.default.contentsOfDirectory(atPath: storage.paths.images).isEmpty)
        }
        _ = try await storage.prepare(desired(image), imageContent: bench.serve(bytes), configDrive: noDrive)
    }

    @Test func refusesAQCOW2WithABackingFile() async throws {
        let path = "\(bench.folder)/evil.qcow2"
        _ = try await bench.tool([
            "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-u", "-b", "/etc/passwd", path, "1M",
        ])
        let evil = Array(try Data(contentsOf: URL(filePath: path)))
        for format in [DiskFormat.qcow2, .raw] {
            let found = await failure {
                _ = try await storage.prepare(
                    desired(bench.image(evil, format: format)), imageContent: bench.serve(evil), configDrive: noDrive)
            }
            #expect(found?.message.contains(format == .raw ? "declared as raw" : "backing file") == true)
        }
    }

    @Test(arguments: [["compat=1.1"], ["compat=0.10"], ["extended_l2=on"], ["cluster_size=512"], ["cluster_size=2M"]])
    func takesWhatQEMUMakes(options: [String]) async throws {
        let path = "\(bench.folder)/good.qcow2"
        _ = try await bench.tool(["qemu-img", "create", "-q", "-f", "qcow2", "-o", options[0], path, "70M"])
        let good = Array(try Data(contentsOf: URL(filePath: path)))
        let files = try await storage.prepare(
            desired(bench.image(good, format: .qcow2), rootGiB: 0), imageContent: bench.serve(good),
            configDrive: noDrive)
        let info = try await bench.tool(["qemu-img", "info", "-U", files.disks[0].path])
        #expect(info.contains("virtual size: 70 MiB") && info.contains("backing file format: qcow2"))
    }

    @Test func removesAServerAndThenItsImage() async throws {
        let image = try bench.image(bytes)
        let (first, second) = (desired(image), desired(image))
        for wish in [first, second] {
            _ = try await storage.prepare(wish, imageContent: bench.serve(bytes), configDrive: noDrive)
        }
        try await storage.remove(first.serverID)
        try await storage.remove(first.serverID)
        #expect(try await storage.removeUnusedImages(unusedFor: .zero) == ImageSweep())
        try await storage.remove(second.serverID)
        #expect(try await storage.removeUnusedImages(unusedFor: .seconds(3600)) == ImageSweep())
        #expect(try await storage.removeUnusedImages(unusedFor: .zero) == ImageSweep(removed: [image.sha512]))
        #expect(try FileManager.default.contentsOfDirectory(atPath: storage.paths.images).isEmpty)
    }

    /// The day of an unused image begins when the last server that needs it was seen.
    @Test func anImageStaysForAWhileAfterItsLastServer() async throws {
        let image = try bench.image(bytes)
        let wish = desired(image)
        _ = try await storage.prepare(wish, imageContent: bench.serve(bytes), configDrive: noDrive)
        let path = try storage.paths.image(image.sha512)
        func makeOld() throws {
            let twoDaysAgo = Date(timeIntervalSinceNow: -172_800)
            try FileManager.default.setAttributes([.modificationDate: twoDaysAgo], ofItemAtPath: path)
        }
        try makeOld()
        #expect(try await storage.removeUnusedImages(unusedFor: .seconds(86_400)) == ImageSweep())
        try await storage.remove(wish.serverID)
        #expect(try await storage.removeUnusedImages(unusedFor: .seconds(86_400)) == ImageSweep())
        try makeOld()
        let again = desired(image)
        _ = try await storage.prepare(again, imageContent: bench.serve([]), configDrive: noDrive)
        try await storage.remove(again.serverID)
        #expect(try await storage.removeUnusedImages(unusedFor: .seconds(86_400)) == ImageSweep())
        try makeOld()
        #expect(try await storage.removeUnusedImages(unusedFor: .seconds(86_400)).removed == [image.sha512])
    }

    @Test func anImageThatIsComingInOrInUseStays() async throws {
        let image = try bench.image(bytes)
        let (first, second) = (bytes.prefix(100_000), bytes.dropFirst(100_000))
        let storage = self.storage
        let content: ImageCache.Content = { _ in
            let pieces = Mutex([Array(first), Array(second)])
            return AsyncThrowingStream { () async throws -> [UInt8]? in
                let sweep = try await storage.removeUnusedImages(unusedFor: .zero)
                #expect(sweep == ImageSweep())
                return pieces.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            }
        }
        let files = try await storage.prepare(desired(image), imageContent: content, configDrive: noDrive)
        #expect(try await bench.tool(["qemu-img", "check", "-q", files.disks[0].path]).isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: storage.paths.images) == [image.sha512])
    }

    @Test func aStrangerInTheCacheIsNamedAndLeft() async throws {
        let image = try bench.image(bytes)
        let wish = desired(image)
        _ = try await storage.prepare(wish, imageContent: bench.serve(bytes), configDrive: noDrive)
        try await storage.remove(wish.serverID)
        let stranger = "\(storage.paths.images)/A-notes.txt"
        try Data("mine".utf8).write(to: URL(filePath: stranger))
        let sweep = try await storage.removeUnusedImages(unusedFor: .zero)
        #expect(sweep == ImageSweep(removed: [image.sha512], unknownFiles: ["A-notes.txt"]))
        #expect(FileManager.default.fileExists(atPath: stranger))
    }

    @Test func nothingGoesWhileAReferenceCannotBeRead() async throws {
        let (one, other) = try (desired(bench.image(bytes)), desired(bench.image(bytes)))
        for wish in [one, other] {
            _ = try await storage.prepare(wish, imageContent: bench.serve(bytes), configDrive: noDrive)
        }
        try await storage.remove(other.serverID)
        try Data("torn".utf8).write(to: URL(filePath: storage.paths.server(one.serverID).imageReference))
        let found = await failure { _ = try await storage.removeUnusedImages(unusedFor: .zero) }
        #expect(found?.detail.contains("'torn'") == true, "\(String(describing: found))")
        #expect(try FileManager.default.contentsOfDirectory(atPath: storage.paths.images).count == 1)
    }

    @Test func clearsWhatACrashLeft() async throws {
        let image = try bench.image(bytes)
        let wish = desired(image)
        let folder = try storage.paths.server(wish.serverID).folder
        for path in ["\(storage.paths.images)/.tmp-x", "\(storage.paths.servers)/.tmp-y", "\(folder)/.tmp-z"] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        let after = try bench.storage()
        _ = try await after.prepare(wish, imageContent: bench.serve(bytes), configDrive: noDrive)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["image", "root.qcow2"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: storage.paths.images) == [image.sha512])
    }

    /// Any disk may be made of an image, of any number of images, and none of them leaves the cache meanwhile.
    @Test func disksOfTwoImages() async throws {
        let (one, two) = ([UInt8](repeating: 1, count: 1 << 16), [UInt8](repeating: 2, count: 1 << 16))
        let images = [try bench.image(one, format: .raw), try bench.image(two, format: .raw)]
        var wish = desired(images[0])
        wish.disks += [
            GuestDisk(id: "data-1", role: .root, source: .image(images[1]), sizeBytes: 1 << 20, bootIndex: 1),
            GuestDisk(id: "scratch", role: .ephemeral, source: .blank(.none), sizeBytes: 1 << 20),
        ]
        let files = try await storage.prepare(
            wish, imageContent: { try await bench.serve($0 == images[0].id ? one : two)($0) }, configDrive: noDrive)
        #expect(files.disks.map(\.id) == ["root", "data-1", "scratch"])
        #expect(files.disks[1].backing?.path == "\(storage.paths.images)/\(images[1].sha512)")
        let sweep = try await storage.removeUnusedImages(unusedFor: .zero)
        #expect(sweep.removed.isEmpty)
        try await storage.remove(wish.serverID)
        let rest = try await storage.removeUnusedImages(unusedFor: .zero)
        #expect(Set(rest.removed) == Set(images.map(\.sha512)))
    }

    @Test func keepsRecords() async throws {
        let one = ServerRecord(serverID: .random(), highestEpoch: 4)
        var two = ServerRecord(
            serverID: .random(), highestEpoch: 9, tombstone: true,
            commands: [
                CommandReport(
                    id: HostCommandID("c"), state: .failed, progress: 3, result: ["a": "b"],
                    failure: HostFailure(message: "m", detail: "d"))
            ])
        try await storage.saveRecord(one)
        try await storage.saveRecord(two)
        two.highestEpoch = 10
        try await storage.saveRecord(two)
        let found = try await bench.storage().loadRecords()
        #expect(Set(found.map(\.serverID)) == [one.serverID, two.serverID] && found.contains(two))
        try Data("{".utf8).write(to: URL(filePath: storage.paths.record(one.serverID)))
        await #expect(throws: HostFailure.self) { try await storage.loadRecords() }
    }

    /// Records of releases in which a document had a slot for one command.
    @Test func readsAnOlderRecord() throws {
        let text = """
            {"serverID": "s", "highestEpoch": 3, "tombstone": false, "lastCommand": "c", "appliedEpoch": 3,
            "appliedBoot": "b"}
            """
        let found = try JSONDecoder().decode(ServerRecord.self, from: Data(text.utf8))
        #expect(found.commands == [CommandReport(id: HostCommandID("c"), state: .done)])
        #expect(found.highestEpoch == 3 && found.appliedBoot == "b")
    }

    @Test func readsTheEndOfTheConsole() async throws {
        let server = ServerID.random()
        #expect(try await storage.consoleTail(server, maxBytes: 10).isEmpty)
        let paths = try storage.paths.server(server)
        try FileManager.default.createDirectory(atPath: paths.folder, withIntermediateDirectories: true)
        try Data("older".utf8).write(to: URL(filePath: paths.olderConsoleLog))
        try Data("newer".utf8).write(to: URL(filePath: paths.consoleLog))
        #expect(try await storage.consoleTail(server, maxBytes: 8) == Array("dernewer".utf8.suffix(8)))
        #expect(try await storage.consoleTail(server, maxBytes: 3) == Array("wer".utf8))
        #expect(try await storage.consoleTail(server, maxBytes: 0).isEmpty)
    }
}
