import Foundation
import Image
import Logging
import Model
import Store
import TestSupport
import Testing

/// Uploads of several processes on one store and one folder.
@Suite(.timeLimit(.minutes(3)))
struct UploadLeaseTests {
    private static let pieces = [[UInt8](repeating: 1, count: 512), [UInt8](repeating: 2, count: 512)]
    private static let lease = 60.0

    /// A process's image service, whose clock is its own.
    private struct Process {
        let service: ImageService
        let clock = ManualClock()

        init(_ store: ScratchStore, _ folder: String) throws {
            service = try ImageService(
                database: store, clock: clock, directory: folder,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }
    }

    /// Lets an upload stand in its midst.
    private struct Pause {
        private let reached = AsyncStream.makeStream(of: Void.self)
        private let opened = AsyncStream.makeStream(of: Void.self)

        func pass() async {
            reached.continuation.finish()
            for await _ in opened.stream {}
        }

        func waitUntilReached() async { for await _ in reached.stream {} }
        func open() { opened.continuation.finish() }
    }

    private struct Bench {
        let store: ScratchStore
        let folder: String
        let first: Process
        let second: Process
        let image: ImageID
        let caller = Caller(userID: UserID("u"), scope: .project(ProjectID("p")), roles: ["member"], requestID: "req-1")

        static func run(on kind: StoreKind, _ body: (Bench) async throws -> Void) async throws {
            let store = try await ScratchStore(on: kind)
            let folder = FileManager.default.temporaryDirectory.appending(path: "uploads-\(UUIDText.random())").path
            let (first, second) = (try Process(store, folder), try Process(store, folder))
            let now = first.clock.now()
            let bench = Bench(store: store, folder: folder, first: first, second: second, image: .random())
            _ = try await first.service.create(
                Model.Image(
                    id: bench.image, projectID: ProjectID("p"), diskFormat: "raw", containerFormat: "bare",
                    properties: try JSONText([:]), tags: try JSONText([]), createdAt: now, updatedAt: now),
                by: bench.caller)
            try await body(bench)
            try FileManager.default.removeItem(atPath: folder)
        }

        /// An upload by the first process that stands between its two pieces while `body` runs.
        func uploading(_ body: () async throws -> Void) async throws {
            let pause = Pause()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await first.service.upload(image, by: caller) { write in
                        try await write(UploadLeaseTests.pieces[0])
                        await pause.pass()
                        try await write(UploadLeaseTests.pieces[1])
                    }
                }
                await pause.waitUntilReached()
                do {
                    try await body()
                } catch {
                    pause.open()
                    throw error
                }
                pause.open()
                try await group.waitForAll()
            }
        }

        func status() async throws -> Model.Image.Status { try await second.service.show(image, by: caller).status }

        func leaseEnd() async throws -> Timestamp {
            let end = try await store.read { try $0.integer("SELECT upload_until FROM images") }
            return Timestamp(microseconds: try #require(end))
        }

        func data() async throws -> [UInt8] {
            let next = try await second.service.content(
                of: try await second.service.show(image, by: caller), for: caller)
            var found: [UInt8] = []
            while let piece = try await next() { found += piece }
            return found
        }

        func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder) }
    }

    @Test(arguments: StoreKind.here) func anotherProcessStartsWhileBytesCome(kind: StoreKind) async throws {
        try await Bench.run(on: kind) { bench async throws in
            try await bench.uploading {
                try await bench.second.service.recoverUploads()
                try await bench.second.service.requeueAbandoned()
                #expect(try await bench.status() == .saving)
            }
            #expect(try await bench.status() == .active)
            #expect(try await bench.data() == Self.pieces.flatMap { $0 })
            try await bench.second.service.recoverUploads()
            #expect(try await bench.data() == Self.pieces.flatMap { $0 })
            #expect(try bench.files().count == 1)
        }
    }

    @Test(arguments: StoreKind.here) func aLeaseIsRenewedForAsLongAsItTakes(kind: StoreKind) async throws {
        try await Bench.run(on: kind) { bench async throws in
            try await bench.uploading {
                let began = bench.first.clock.now()
                while bench.first.clock.now() < began.advanced(seconds: Self.lease * 3) {
                    let end = try await bench.leaseEnd()
                    try await eventually("the lease is renewed") {
                        bench.first.clock.advance(seconds: 1)
                        return try await bench.leaseEnd() > end
                    }
                    bench.second.clock.advance(to: bench.first.clock.now())
                    try await bench.second.service.requeueAbandoned()
                    #expect(try await bench.status() == .saving)
                }
            }
            #expect(try await bench.status() == .active)
        }
    }

    /// A process that stands still is as good as dead; when it goes on, it harms nobody.
    @Test(arguments: StoreKind.here) func anUploadWithoutALeaseGivesWay(kind: StoreKind) async throws {
        try await Bench.run(on: kind) { bench async throws in
            let other = [UInt8](repeating: 3, count: 512)
            let error = await #expect(throws: CloudError.self) {
                try await bench.uploading {
                    bench.second.clock.advance(seconds: Self.lease - 1)
                    try await bench.second.service.requeueAbandoned()
                    #expect(try await bench.status() == .saving)
                    bench.second.clock.advance(seconds: 1)
                    try await bench.second.service.requeueAbandoned()
                    #expect(try await bench.status() == .queued)
                    #expect(try bench.files().isEmpty)
                    try await bench.second.service.upload(bench.image, by: bench.caller) { try await $0(other) }
                }
            }
            #expect(error?.kind == .conflict, "\(error as Any)")
            #expect(try await bench.status() == .active)
            #expect(try await bench.data() == other)
            #expect(try bench.files().count == 1)
        }
    }

    /// The lock on the state folder tells it that the other one is no more.
    @Test(arguments: StoreKind.here) func aProcessThatIsAloneWaitsForNoLease(kind: StoreKind) async throws {
        try await Bench.run(on: kind) { bench async throws in
            await #expect(throws: CloudError.self) {
                try await bench.uploading {
                    try await bench.second.service.recoverUploads(isAlone: true)
                    #expect(try await bench.status() == .queued)
                    #expect(try bench.files().isEmpty)
                }
            }
            #expect(try await bench.status() == .queued)
        }
    }

    /// An image of an older release, whose file has the image's name.
    @Test func aFileOfAnOlderReleaseIsKept() async throws {
        try await Bench.run(on: .sqlite) { bench async throws in
            let old = [UInt8](repeating: 4, count: 512)
            try Data(old).write(to: URL(filePath: bench.folder).appending(path: bench.image.text))
            try await bench.store.transaction {
                try $0.execute("UPDATE images SET status = 'active', size = 512, sha512 = 'x', upload = NULL", [])
            }
            try await bench.second.service.recoverUploads()
            #expect(try await bench.data() == old)
            try await bench.second.service.delete(bench.image, by: bench.caller)
            #expect(try bench.files().isEmpty)
        }
    }
}
