import Cryptography
import Dispatch
import Files
import Foundation
import Model

struct ImageDigest: Sendable {
    var size: Int
    var virtualSize: Int
    var md5: String
    var sha512: String
}

/// A folder of image files. A file under its final name is whole and on disk.
///
/// Blocking calls run on one queue per open file, never on a cooperative thread.
struct ImageFiles: Sendable {
    private static let partial = "partial"
    private let directory: URL
    private let bounds: ImageBounds

    init(directory: String, bounds: ImageBounds) throws {
        self.directory = URL(filePath: directory, directoryHint: .isDirectory)
        self.bounds = bounds
        try DurableFile.makeFolder(directory, mode: 0o700)
    }

    /// Ids come from the store and from requests that were checked; a name that could leave the folder is refused.
    private func path(_ name: String) throws -> URL {
        guard name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy({ UUIDText.isValid(String($0)) })
        else { throw CloudError.notFound("Image", name) }
        return directory.appending(path: name)
    }

    func begin(_ name: String) async throws -> ImageFileWriter {
        let final = try path(name)
        let partial = final.appendingPathExtension(Self.partial)
        return try await blocking(DispatchQueue(label: "novella.image")) {
            try ImageFileWriter(partial: partial, final: final, bounds)
        }
    }

    /// - Throws: when the file has another size: what is promised in a header could not be sent.
    func open(_ image: Image) async throws -> ImageFileReader {
        let path = try path(image.fileName)
        return try await blocking(DispatchQueue(label: "novella.image")) {
            let handle = try FileHandle(forReadingFrom: path)
            let found = try handle.seekToEnd()
            guard found == image.size.map(UInt64.init) else {
                throw CloudError(
                    .internal, "The data of image \(image.id) is damaged.",
                    detail: "\(path.path) has \(found) bytes instead of \(image.size ?? 0)")
            }
            try handle.seek(toOffset: 0)
            return ImageFileReader(handle: handle)
        }
    }

    /// How large the disk is that a file holds, once it has been proved to be what is declared.
    func virtualSize(_ name: String, size: Int, declared: DiskFormat) async throws -> Int {
        let path = try path(name)
        return try await blocking(DispatchQueue(label: "novella.image")) {
            Int(try Self.inspect(path, size: size, declared: declared).virtualSizeBytes)
        }
    }

    fileprivate static func inspect(_ path: URL, size: Int, declared: DiskFormat) throws -> DiskImageHeader {
        let reader = try FileHandle(forReadingFrom: path)
        defer { close(reader) }
        let file = DiskImageFile(size: Int64(size)) { offset, count in
            try reader.seek(toOffset: UInt64(offset))
            return try reader.read(upToCount: count).map { Array($0) } ?? []
        }
        return try DiskImageHeader.inspect(file, declared: declared)
    }

    private static func close(_ reader: FileHandle) {
        do { try reader.close() } catch { return }
    }

    func remove(_ name: String) async throws {
        let path = try path(name)
        try await blocking(DispatchQueue(label: "novella.image")) { try Self.remove(path) }
    }

    /// Takes away what no row has. Files are listed before rows are asked, and an upload writes its row first: what
    /// begins meanwhile is not on the list.
    func sweep(keeping known: @Sendable () async throws -> Set<String>) async throws {
        let queue = DispatchQueue(label: "novella.image")
        let found = try await blocking(queue) {
            try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
        }
        let kept = try await known()
        let lost = found.filter { file in
            let whole = file.pathExtension == Self.partial ? file.deletingPathExtension() : file
            return !kept.contains(whole.lastPathComponent)
        }
        try await blocking(queue) { for file in lost { try Self.remove(file) } }
    }

    /// Another process may sweep the same folder.
    private static func remove(_ file: URL) throws {
        do {
            try FileManager.default.removeItem(at: file)
        } catch let error as CocoaError where error.code == .fileNoSuchFile {
            return
        }
    }
}

/// Runs a blocking body on a queue and gives its result.
func blocking<Result: Sendable>(
    _ queue: DispatchQueue, _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        queue.async { continuation.resume(with: Swift.Result(catching: body)) }
    }
}

/// How much an upload may take.
package struct ImageBounds: Sendable {
    /// Bytes of one image; Glance's `image_size_cap`.
    package var largest = 1 << 40
    /// Bytes that uploads leave free on the disk, so that the store and the hosts' disks beside it go on.
    package var reserve = 1 << 30

    package init() {}
}

/// Writes one image, hashing on the way.
final class ImageFileWriter: Sendable {
    private struct State {
        var size = 0
        let md5: RunningHash
    }

    private let queue = DispatchQueue(label: "novella.image.write")
    /// The hashes take longer than all else, so they are made side by side.
    private let hashQueue = DispatchQueue(label: "novella.image.hash")
    private let handle: FileHandle
    private let partial: URL
    private let final: URL
    private let bounds: ImageBounds
    /// How much may be written before the disk is looked at again.
    private static let stride = 16 << 20
    /// Touched only on `queue`.
    private nonisolated(unsafe) var state: State
    private nonisolated(unsafe) var checked = 0
    /// Touched only on `hashQueue`, and on `queue` once no piece is under way.
    private nonisolated(unsafe) let sha512: RunningHash

    init(partial: URL, final: URL, _ bounds: ImageBounds) throws {
        self.bounds = bounds
        self.partial = partial
        self.final = final
        state = State(md5: try RunningHash(.md5))
        sha512 = try RunningHash(.sha512)
        guard
            FileManager.default.createFile(atPath: partial.path, contents: nil, attributes: [.posixPermissions: 0o600])
        else { throw CloudError(.internal, "The image store cannot be written.", detail: partial.path) }
        handle = try FileHandle(forWritingTo: partial)
    }

    /// Pieces come one after the other.
    func write(_ bytes: [UInt8]) async throws {
        async let hashed: Void = blocking(hashQueue) { [self] in try sha512.update(bytes) }
        try await blocking(queue) { [self] in
            try makeSure(of: bytes.count)
            do {
                try handle.write(contentsOf: bytes)
            } catch {
                throw CloudError(.unavailable, "The image store is full or cannot be written.", cause: error)
            }
            state.size += bytes.count
            try state.md5.update(bytes)
        }
        try await hashed
    }

    /// Refuses what would be too large, or would take the last of the disk.
    private func makeSure(of more: Int) throws {
        guard state.size + more <= bounds.largest else {
            throw CloudError(.tooLarge, "The image is larger than \(bounds.largest) bytes, the most that is taken.")
        }
        guard state.size + more > checked else { return }
        var facts = statvfs()
        guard statvfs(partial.path, &facts) == 0 else {
            throw CloudError(
                .unavailable, "The image store cannot be written.",
                detail: "statvfs of \(partial.path): \(String(cString: strerror(errno)))")
        }
        let free = Int(clamping: UInt64(facts.f_bavail) * UInt64(facts.f_frsize))
        guard free - more - Self.stride >= bounds.reserve else {
            throw CloudError(
                .tooLarge,
                "There is not enough disk space on the image storage media: \(free) bytes are free, and "
                    + "\(bounds.reserve) of them stay so.")
        }
        checked = state.size + more + Self.stride
    }

    /// Inspects what is declared, syncs, and gives the file its name.
    func finish(declared: DiskFormat?) async throws -> ImageDigest {
        try await blocking(queue) { [self] in
            let header = try declared.map { try ImageFiles.inspect(partial, size: state.size, declared: $0) }
            try handle.close()
            do {
                try DurableFile.commit(partial.path, as: final.path)
            } catch {
                throw CloudError(.unavailable, "The image store is full or cannot be written.", cause: error)
            }
            return ImageDigest(
                size: state.size, virtualSize: header.map { Int($0.virtualSizeBytes) } ?? 0,
                md5: hexDigits(try state.md5.finish()),
                sha512: hexDigits(try sha512.finish()))
        }
    }

    /// Takes everything away; after `finish` that is the finished file.
    func abandon() async throws {
        try await blocking(queue) { [self] in
            for file in [partial, final] where FileManager.default.fileExists(atPath: file.path) {
                try FileManager.default.removeItem(at: file)
            }
        }
    }
}

final class ImageFileReader: Sendable {
    private static let piece = 1 << 20
    private let queue = DispatchQueue(label: "novella.image.read")
    private let handle: FileHandle

    init(handle: FileHandle) {
        self.handle = handle
    }

    func next() async throws -> [UInt8]? {
        try await blocking(queue) { [handle] in
            guard let data = try handle.read(upToCount: Self.piece), !data.isEmpty else { return nil }
            return Array(data)
        }
    }
}
