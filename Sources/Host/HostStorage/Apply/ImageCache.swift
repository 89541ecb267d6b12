import Crypto
import Foundation
import HostProtocol
import Model

/// Images on this host, by checksum. A file that is there was proved whole, of its format, and self-contained.
actor ImageCache {
    typealias Content = @Sendable (ImageID) async throws -> AsyncThrowingStream<[UInt8], any Error>

    private let paths: StoragePaths
    private let io: BlockingIO
    private var fetches: [String: Task<Void, any Error>] = [:]
    private var users: [String: Int] = [:]
    private var usedSinceSweep: Set<String> = []

    init(paths: StoragePaths, io: BlockingIO) {
        self.paths = paths
        self.io = io
    }

    /// Runs `body` with the cached image, which stays at least until the body ends.
    ///
    /// Those who need one image share a fetch, and its failure. A fetch goes on when a waiter is cancelled.
    nonisolated func withImage<Value: Sendable>(
        _ image: ImageReference, content: @escaping Content,
        _ body: @Sendable (_ path: String, _ header: DiskImageHeader) async throws -> Value
    ) async throws -> Value {
        let path = try paths.image(image.sha512)
        await begin(image.sha512)
        do {
            try await ensure(image, path: path, content: content)
            let header = try await io.run { try Self.inspect(path, image) }
            let value = try await body(path, header)
            await end(image.sha512)
            return value
        } catch {
            await end(image.sha512)
            throw error
        }
    }

    /// Deletes the images that no server names and nobody is using.
    ///
    /// - Parameter referenced: reads what servers name; called after the sweep has begun.
    /// - Returns: how many were deleted.
    func removeUnreferenced(_ referenced: @Sendable () async throws -> Set<String>) async throws -> Int {
        usedSinceSweep = Set(users.keys)
        let kept = try await referenced()
        let folder = paths.images
        var doomed: [String] = []
        for name in try await io.run({ try PosixFile.names(in: folder) }) {
            // What is not finished belongs to the one who works on it.
            if name.hasPrefix(StoragePaths.temporaryPrefix) { continue }
            let path = try paths.image(name)
            guard !kept.contains(name), !usedSinceSweep.contains(name) else { continue }
            // Renamed without giving way, so that no newcomer finds the file and then loses it.
            let rubbish = PosixFile.temporaryName(beside: path)
            guard rename(path, rubbish) == 0 else { throw PosixFile.failure("rename", path) }
            doomed.append(rubbish)
        }
        let rubbish = doomed
        try await io.run { for path in rubbish { try PosixFile.removeTree(path) } }
        return doomed.count
    }

    private func begin(_ key: String) {
        users[key, default: 0] += 1
        usedSinceSweep.insert(key)
    }

    private func end(_ key: String) {
        let left = (users[key] ?? 1) - 1
        users[key] = left > 0 ? left : nil
    }

    private func ensure(_ image: ImageReference, path: String, content: @escaping Content) async throws {
        if let fetch = fetches[image.sha512] { return try await Self.wait(for: fetch) }
        let fetch = Task { [io] in
            if try await io.run({ try PosixFile.exists(path) }) { return }
            let temporary = PosixFile.temporaryName(beside: path)
            do {
                try await Self.download(image, to: temporary, content: content, io: io)
                try await io.run { try PosixFile.commit(temporary, as: path, mode: 0o644) }
            } catch {
                try await io.run { try PosixFile.removeTree(temporary) }
                throw error
            }
        }
        fetches[image.sha512] = fetch
        Task {
            _ = await fetch.result
            fetches[image.sha512] = nil
        }
        try await Self.wait(for: fetch)
    }

    /// Unlike `Task.value`, gives up when the waiter is cancelled.
    private static func wait(for fetch: Task<Void, any Error>) async throws {
        let (ends, continuation) = AsyncThrowingStream.makeStream(of: Never.self)
        Task {
            switch await fetch.result {
            case .success: continuation.finish()
            case .failure(let error): continuation.finish(throwing: error)
            }
        }
        for try await _ in ends {}
        try Task.checkCancellation()
    }

    private static func download(
        _ image: ImageReference, to path: String, content: Content, io: BlockingIO
    ) async throws {
        let writer = try await io.run { try ImageWriter(path: path, image: image) }
        do {
            for try await piece in try await content(image.id) {
                try await io.run { try writer.append(piece) }
            }
            try await io.run { try writer.finish() }
        } catch let error as CloudError {
            throw HostFailure(message: error.message, detail: "image \(image.id): \(error)")
        }
    }

    private static func inspect(_ path: String, _ image: ImageReference) throws -> DiskImageHeader {
        let prefix = try PosixFile.read(path, at: 0, count: DiskImageHeader.prefixLength)
        do {
            return try DiskImageHeader.inspect(
                prefix: prefix, fileSize: PosixFile.size(path), declared: image.format)
        } catch let error as CloudError {
            throw HostFailure(message: error.message, detail: "image \(image.id), cached as \(path)")
        }
    }
}

/// Writes an image as its pieces come, leaving holes where it is zero, and proves it at the end.
///
/// `@unchecked Sendable`: its one owner awaits each call before the next.
private final class ImageWriter: @unchecked Sendable {
    private static let block = 65_536

    private let path: String
    private let image: ImageReference
    private let descriptor: Int32
    private var hash = SHA512()
    private var written: Int64 = 0
    private var prefix: [UInt8] = []
    private var isInspected = false

    init(path: String, image: ImageReference) throws {
        self.path = path
        self.image = image
        descriptor = try PosixFile.create(path)
    }

    deinit {
        close(descriptor)
    }

    func append(_ piece: [UInt8]) throws {
        guard Int64(piece.count) <= image.sizeBytes - written else {
            throw damaged("more than the \(image.sizeBytes) bytes it should have")
        }
        hash.update(data: piece)
        if !isInspected {
            prefix += piece.prefix(DiskImageHeader.prefixLength - prefix.count)
            if prefix.count == DiskImageHeader.prefixLength { try inspect() }
        }
        var at = 0
        while at < piece.count {
            let end = min(piece.count, at + Self.block)
            try place(Array(piece[at..<end]))
            at = end
        }
    }

    func finish() throws {
        guard written == image.sizeBytes else {
            throw damaged("\(written) bytes instead of \(image.sizeBytes)")
        }
        let found = hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
        guard found == image.sha512 else { throw damaged("SHA-512 \(found) instead of \(image.sha512)") }
        if !isInspected { try inspect() }
        guard ftruncate(descriptor, off_t(written)) == 0 else { throw PosixFile.failure("truncate", path) }
    }

    private func place(_ bytes: [UInt8]) throws {
        if bytes.allSatisfy({ $0 == 0 }) {
            guard lseek(descriptor, off_t(bytes.count), SEEK_CUR) >= 0 else { throw PosixFile.failure("seek", path) }
        } else {
            try PosixFile.write(bytes, to: descriptor, path: path)
        }
        written += Int64(bytes.count)
    }

    private func inspect() throws {
        _ = try DiskImageHeader.inspect(prefix: prefix, fileSize: image.sizeBytes, declared: image.format)
        isInspected = true
        prefix = []
    }

    private func damaged(_ what: String) -> HostFailure {
        HostFailure(message: "The image's content does not match its checksum.", detail: "image \(image.id): \(what)")
    }
}
