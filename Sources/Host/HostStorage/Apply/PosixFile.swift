import Files
import Foundation
import HostProtocol

/// File calls that say what failed, and make a full disk a failure the user understands.
enum PosixFile {
    static func failure(_ call: String, _ path: String, code: Int32 = errno) -> HostFailure {
        let detail = "\(call) \(path): \(String(cString: strerror(code)))"
        return code == ENOSPC || code == EDQUOT
            ? .diskFull(detail) : HostFailure(message: "The host could not write the server's files.", detail: detail)
    }

    static func exists(_ path: String) throws -> Bool {
        var info = stat()
        if lstat(path, &info) == 0 { return true }
        guard errno == ENOENT || errno == ENOTDIR else { throw failure("stat", path) }
        return false
    }

    /// A folder that outlives a loss of power, with those above it.
    static func makeFolder(_ path: String, mode: mode_t = 0o711) throws {
        try told { () throws(FileFailure) in try DurableFile.makeFolder(path, mode: mode) }
    }

    /// A folder for what is not finished.
    static func makeDraftFolder(_ path: String) throws {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("mkdir", path) }
    }

    static func names(in folder: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch CocoaError.fileReadNoSuchFile {
            return []
        }
    }

    static func removeTree(_ path: String) throws {
        guard try exists(path) else { return }
        try FileManager.default.removeItem(atPath: path)
    }

    static func write(_ bytes: [UInt8], to descriptor: Int32, path: String) throws {
        try told { () throws(FileFailure) in try DurableFile.write(bytes, to: descriptor, path: path) }
    }

    static func create(_ path: String, mode: mode_t = 0o600) throws -> Int32 {
        try told { () throws(FileFailure) in try DurableFile.create(path, mode: mode) }
    }

    /// Sees to it that a crash takes no name in the folder away, and brings none back.
    static func sync(_ folder: String) throws {
        try told { () throws(FileFailure) in try DurableFile.sync(folder) }
    }

    /// Gives a finished file its name. When this returns, a crash takes neither the content nor the name away.
    static func commit(_ temporary: String, as path: String, mode: mode_t = 0o600) throws {
        try told { () throws(FileFailure) in try DurableFile.commit(temporary, as: path, mode: mode) }
    }

    /// Renames within one folder; a crash does not bring the old name back.
    static func rename(_ old: String, to new: String) throws {
        try told { () throws(FileFailure) in try DurableFile.rename(old, to: new) }
    }

    /// Writes a small file so that a reader finds the old content or the new, never a part.
    static func replace(_ path: String, with bytes: [UInt8]) throws {
        try told { () throws(FileFailure) in
            try DurableFile.replace(path, with: bytes, draft: temporaryName(beside: path))
        }
    }

    private static func told<Value>(_ body: () throws(FileFailure) -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            throw failure(error.call, error.path, code: error.code)
        }
    }

    static func temporaryName(beside path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        return "\(parent(of: path))/\(StoragePaths.temporaryPrefix)\(name)-\(UUID().uuidString.lowercased())"
    }

    static func parent(of path: String) -> String { DurableFile.parent(of: path) }

    static func makeSparse(_ path: String, bytes: Int64) throws {
        let descriptor = try create(path)
        defer { close(descriptor) }
        guard ftruncate(descriptor, off_t(bytes)) == 0 else { throw failure("truncate", path) }
    }

    /// At most `count` bytes from `offset`; fewer at the end of the file, none when it is not there.
    static func read(_ path: String, at offset: Int64, count: Int) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return [] }
            throw failure("open", path)
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                pread(descriptor, buffer.baseAddress?.advanced(by: done), count - done, off_t(offset) + off_t(done))
            }
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw failure("read", path) }
            if got == 0 { break }
            done += got
        }
        bytes.removeLast(count - done)
        return bytes
    }

    /// 0 when there is no such file.
    static func size(_ path: String) throws -> Int64 {
        var info = stat()
        if stat(path, &info) == 0 { return Int64(info.st_size) }
        guard errno == ENOENT else { throw failure("stat", path) }
        return 0
    }

    /// What a file takes of its disk, which for one with holes is less than its size; 0 when there is no such file.
    static func allocatedBytes(_ path: String) throws -> Int64 {
        var info = stat()
        if stat(path, &info) == 0 { return Int64(info.st_blocks) * 512 }
        guard errno == ENOENT else { throw failure("stat", path) }
        return 0
    }

    /// What others than root may still write to the disk that a path is on.
    static func freeBytes(_ path: String) throws -> Int64 {
        var info = statvfs()
        guard statvfs(path, &info) == 0 else { throw failure("statvfs", path) }
        return Int64(info.f_bavail) * Int64(info.f_frsize)
    }

    /// Makes now the time of a file's last change.
    static func touch(_ path: String) throws {
        guard utimensat(AT_FDCWD, path, nil, 0) == 0 else { throw failure("utimensat", path) }
    }

    /// How long ago a file was last changed; 0 when the clock says that it will be.
    static func age(_ path: String) throws -> Duration {
        var info = stat()
        guard stat(path, &info) == 0 else { throw failure("stat", path) }
        let changed = Date(timeIntervalSince1970: Double(info.st_mtim.tv_sec) + Double(info.st_mtim.tv_nsec) / 1e9)
        return .seconds(max(0, Date().timeIntervalSince(changed)))
    }

    static func chown(_ path: String, toUser name: String) throws {
        guard let user = getpwnam(name) else { return }
        guard Glibc.chown(path, user.pointee.pw_uid, user.pointee.pw_gid) == 0 else { throw failure("chown", path) }
    }
}

extension HostFailure {
    static func diskFull(_ detail: String) -> Self {
        Self(message: "The host's disk is full.", detail: detail)
    }
}
