import Cryptography
import Foundation
import HostProtocol
import Model
import Subprocess
import Synchronization

@testable import HostStorage

let toolsAreThere = ["qemu-img", "genisoimage", "mkfs.ext4", "mkswap"].allSatisfy { tool in
    ["/usr/bin", "/usr/sbin", "/sbin", "/bin"].contains { access("\($0)/\(tool)", X_OK) == 0 }
}

/// A folder that goes away with the test, and an image to serve from it.
final class Bench: Sendable {
    let folder = "/tmp/novella-hs-\(UUID().uuidString.prefix(8).lowercased())"
    let reads = Mutex(0)

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        // A leftover in /tmp is no failure of what is tested.
        try? FileManager.default.removeItem(atPath: folder)
    }

    func storage() throws -> FileHostStorage { try FileHostStorage(stateDirectory: folder) }

    func image(_ bytes: [UInt8], format: DiskFormat = .raw) throws -> ImageReference {
        let hash = hexDigits(try HashFunction.sha512.hash(bytes))
        return ImageReference(id: .random(), sha512: hash, format: format, sizeBytes: Int64(bytes.count))
    }

    func serve(_ bytes: [UInt8], breaksAfter: Int = .max) -> ImageCache.Content {
        { [self] _ in
            reads.withLock { $0 += 1 }
            return AsyncThrowingStream { continuation in
                for (index, at) in stride(from: 0, to: bytes.count, by: 100_000).enumerated() {
                    if index == breaksAfter { break }
                    continuation.yield(Array(bytes[at..<min(bytes.count, at + 100_000)]))
                }
                if breaksAfter == .max {
                    continuation.finish()
                } else {
                    continuation.finish(throwing: HostFailure(message: "The link broke.", detail: ""))
                }
            }
        }
    }

    func tool(_ arguments: [String]) async throws -> String {
        try await run(arguments).output
    }

    /// What a tool says, on both of its streams, and its status.
    func run(_ arguments: [String]) async throws -> (output: String, status: Int32) {
        let ended = try await Subprocess.run(
            .name(arguments[0]), arguments: Arguments(Array(arguments.dropFirst())), output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20))
        let status: Int32 =
            switch ended.terminationStatus {
            case .exited(let code): code
            case .signaled(let signal): -signal
            }
        return (ended.standardOutput + ended.standardError, status)
    }

    /// A file in the bench's folder, as a tool has made it.
    func file(_ name: String, by arguments: [String]) async throws -> [UInt8] {
        let made = try await run(arguments)
        guard made.status == 0 else { throw HostFailure(message: "\(arguments) failed.", detail: made.output) }
        return Array(try Data(contentsOf: URL(filePath: "\(folder)/\(name)")))
    }
}

func desired(_ image: ImageReference, rootGiB: Int = 1, everything: Bool = false) -> DesiredServer {
    DesiredServer(
        serverID: .random(), epoch: 1, presence: .present, power: .running,
        hardware: GuestHardware(name: "vm", vcpus: 1, memoryMiB: 64),
        disks: FlavorDisks(
            image: image, rootGiB: rootGiB, ephemeralGiB: everything ? [1] : [], swapMiB: everything ? 8 : 0,
            configDrive: everything
        ).list, nics: [])
}

func noDrive() async throws -> [ConfigDriveFile] { [] }

func failure(_ body: () async throws -> Void) async -> HostFailure? {
    do {
        try await body()
        return nil
    } catch {
        return error as? HostFailure
    }
}
