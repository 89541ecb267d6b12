import Cryptography
import Foundation
import HostProtocol
import Model
import Threads

/// Images on this host, by the checksum of what was fetched. A file that is there was proved whole, of its format, and
/// self-contained, and then brought to the format in which it is kept (`DiskFormat.onHost`).
actor ImageCache {
    typealias Content = @Sendable (ImageID) async throws -> AsyncThrowingStream<[UInt8], any Error>

    private let paths: StoragePaths
    private let io: BlockingThreads
    private var fetches: [String: Task<Void, any Error>] = [:]
    private var users: [String: Int] = [:]
    private var usedSinceSweep: Set<String> = []

    init(paths: StoragePaths, io: BlockingThreads) {
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
            let header = try await io.run {
                try PosixFile.touch(path)
                return try Self.inspect(path, as: image.format.onHost, of: image.id)
            }
            let value = try await body(path, header)
            await end(image.sha512)
            return value
        } catch {
            await end(image.sha512)
            throw error
        }
    }

    /// Deletes the images that no server names, nobody is using, and nobody has used for `age`.
    ///
    /// - Parameter referenced: reads what servers name; called after the sweep has begun.
    func removeUnused(
        for age: Duration, referenced: @Sendable () async throws -> Set<String>
    ) async throws -> ImageSweep {
        usedSinceSweep = Set(users.keys)
        let kept = try await referenced()
        let folder = paths.images
        let found = try await io.run { try Self.look(through: folder, kept, age) }
        var sweep = ImageSweep(unknownFiles: found.unknownFiles)
        for name in found.removed where !usedSinceSweep.contains(name) {
            let path = try paths.image(name)
            // Renamed without a suspension point, so that no other task finds the file and then loses it.
            let rubbish = PosixFile.temporaryName(beside: path)
            guard rename(path, rubbish) == 0 else { throw PosixFile.failure("rename", path) }
            try await io.run { try PosixFile.removeTree(rubbish) }
            sweep.removed.append(name)
        }
        return sweep
    }

    /// The images that might be deleted, and the files that are no images. The age of an image counts from when a
    /// server last needed it.
    private static func look(through folder: String, _ kept: Set<String>, _ age: Duration) throws -> ImageSweep {
        var found = ImageSweep()
        for name in try PosixFile.names(in: folder).sorted() {
            // An unfinished file belongs to the task that writes it.
            if name.hasPrefix(StoragePaths.temporaryPrefix) { continue }
            let path = "\(folder)/\(name)"
            if !StoragePaths.isImage(name) {
                found.unknownFiles.append(name)
            } else if kept.contains(name) {
                try PosixFile.touch(path)
            } else if try PosixFile.age(path) >= age {
                found.removed.append(name)
            }
        }
        return found
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
                let header = try await io.run { try Self.inspect(temporary, as: image.format, of: image.id) }
                if image.format != image.format.onHost { try await self.convert(temporary, header) }
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
        _ image: ImageReference, to path: String, content: Content, io: BlockingThreads
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

    /// Puts a qcow2 of the same content in the image's place.
    private func convert(_ path: String, _ header: DiskImageHeader) async throws {
        let converted = PosixFile.temporaryName(beside: path)
        do {
            try await DiskCommands.convert(
                path, format: header.format, to: converted, sizeBytes: header.virtualSizeBytes
            ).run()
            try await io.run {
                guard rename(converted, path) == 0 else { throw PosixFile.failure("rename", converted) }
            }
        } catch {
            try await io.run { try PosixFile.removeTree(converted) }
            throw error
        }
    }

    private static func inspect(_ path: String, as format: DiskFormat, of image: ImageID) throws -> DiskImageHeader {
        let file = DiskImageFile(size: try PosixFile.size(path)) { offset, count in
            try PosixFile.read(path, at: offset, count: count)
        }
        do {
            return try DiskImageHeader.inspect(file, declared: format)
        } catch let error as CloudError {
            throw HostFailure(message: error.message, detail: "image \(image), cached as \(path)")
        }
    }
}

/// Writes an image as its pieces come, leaving holes where it is zero, and proves its checksum at the end.
///
/// `@unchecked Sendable`: its one owner awaits each call before the next.
private final class ImageWriter: @unchecked Sendable {
    private static let block = 65_536

    private let path: String
    private let image: ImageReference
    private let descriptor: Int32
    private let hash: RunningHash
    private var written: Int64 = 0

    init(path: String, image: ImageReference) throws {
        self.path = path
        self.image = image
        hash = try RunningHash(.sha512)
        descriptor = try PosixFile.create(path)
    }

    deinit {
        close(descriptor)
    }

    func append(_ piece: [UInt8]) throws {
        guard Int64(piece.count) <= image.sizeBytes - written else {
            throw damaged("more than the \(image.sizeBytes) bytes it should have")
        }
        try hash.update(piece)
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
        let found = hexDigits(try hash.finish())
        guard found == image.sha512 else { throw damaged("SHA-512 \(found) instead of \(image.sha512)") }
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

    private func damaged(_ what: String) -> HostFailure {
        HostFailure(message: "The image's content does not match its checksum.", detail: "image \(image.id): \(what)")
    }
}
