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

    static func makeFolder(_ path: String, mode: mode_t = 0o711) throws {
        if mkdir(path, mode) == 0 {
            // The process's umask may have taken bits away.
            guard chmod(path, mode) == 0 else { throw failure("chmod", path) }
        } else if errno != EEXIST {
            throw failure("mkdir", path)
        }
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
        try bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0 {
                    if errno == EINTR { continue }
                    throw failure("write", path)
                }
                rest = rest.dropFirst(count)
            }
        }
    }

    static func create(_ path: String, mode: mode_t = 0o600) throws -> Int32 {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw failure("create", path) }
        return descriptor
    }

    static func sync(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("fsync", path) }
    }

    /// Gives a finished file its name. When this returns, a crash takes neither the content nor the name away.
    static func commit(_ temporary: String, as path: String, mode: mode_t = 0o600) throws {
        guard chmod(temporary, mode) == 0 else { throw failure("chmod", temporary) }
        try sync(temporary)
        guard rename(temporary, path) == 0 else { throw failure("rename", path) }
        try sync(parent(of: path))
    }

    /// Writes a small file so that a reader finds the old content or the new, never a part.
    static func replace(_ path: String, with bytes: [UInt8]) throws {
        let temporary = temporaryName(beside: path)
        let descriptor = try create(temporary)
        do {
            defer { close(descriptor) }
            try write(bytes, to: descriptor, path: temporary)
        }
        try commit(temporary, as: path)
    }

    static func temporaryName(beside path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        return "\(parent(of: path))/\(StoragePaths.temporaryPrefix)\(name)-\(UUID().uuidString.lowercased())"
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

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
