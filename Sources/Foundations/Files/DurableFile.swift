package import Foundation

/// Files and folders that are on the disk when a call returns, so that a loss of power takes nothing of them away.
///
/// A file is on the disk when it was synced, its name when the folder that holds it was.
package enum DurableFile {
    /// Syncs a file's content, or the names in a folder.
    package static func sync(_ path: String) throws(FileFailure) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileFailure("fsync", path) }
    }

    /// Gives a finished draft, which must be in the same folder, its name.
    package static func commit(_ draft: String, as path: String, mode: mode_t = 0o600) throws(FileFailure) {
        guard chmod(draft, mode) == 0 else { throw FileFailure("chmod", draft) }
        try sync(draft)
        try rename(draft, to: path)
    }

    /// Renames within one folder.
    package static func rename(_ old: String, to new: String) throws(FileFailure) {
        guard Foundation.rename(old, new) == 0 else { throw FileFailure("rename", old) }
        try sync(parent(of: new))
    }

    /// Puts a small file in place whole: a reader, and a start after a crash, finds the old content or the new one.
    ///
    /// - Parameter draft: a name beside `path` that nobody else writes to; what lies there is taken away.
    package static func replace(
        _ path: String, with bytes: [UInt8], draft: String, mode: mode_t = 0o600
    ) throws(FileFailure) {
        guard unlink(draft) == 0 || errno == ENOENT else { throw FileFailure("unlink", draft) }
        let descriptor = try create(draft, mode: mode)
        do throws(FileFailure) {
            try write(bytes, to: descriptor, path: draft)
        } catch {
            close(descriptor)
            throw error
        }
        guard close(descriptor) == 0 else { throw FileFailure("close", draft) }
        try commit(draft, as: path, mode: mode)
    }

    /// A new file, open for writing and not synced.
    package static func create(_ path: String, mode: mode_t = 0o600) throws(FileFailure) -> Int32 {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw FileFailure("create", path) }
        return descriptor
    }

    package static func write(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(FileFailure) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { throw FileFailure("write", path) }
            written += max(count, 0)
        }
    }

    /// Makes a folder, and those above it that are missing, with `mode`; one that is there keeps its own. Its name is
    /// synced in any case: whoever made it may have been killed before he could see to that.
    package static func makeFolder(_ path: String, mode: mode_t) throws(FileFailure) {
        var isMade = mkdir(path, mode) == 0
        if !isMade, errno == ENOENT, parent(of: path) != path {
            try makeFolder(parent(of: path), mode: mode)
            isMade = mkdir(path, mode) == 0
        }
        if isMade {
            // The process's umask may have taken bits away.
            guard chmod(path, mode) == 0 else { throw FileFailure("chmod", path) }
        } else {
            guard errno == EEXIST else { throw FileFailure("mkdir", path) }
            guard isFolder(path) else { throw FileFailure("mkdir", path, code: ENOTDIR) }
        }
        try syncName(ofFolder: path)
    }

    /// The folder that holds `path`.
    package static func parent(of path: String) -> String {
        var rest = path[...]
        while rest.count > 1, rest.hasSuffix("/") { rest.removeLast() }
        guard let slash = rest.lastIndex(of: "/") else { return "." }
        return slash == rest.startIndex ? "/" : String(rest[..<slash])
    }

    private static func isFolder(_ path: String) -> Bool {
        var found = stat()
        return stat(path, &found) == 0 && found.st_mode & S_IFMT == S_IFDIR
    }

    /// The folder above may be one that this process can pass through and not read; then all file systems are synced.
    /// Above a mounted one may be a file system that has nothing to sync.
    private static func syncName(ofFolder path: String) throws(FileFailure) {
        do throws(FileFailure) {
            try sync(parent(of: path))
        } catch {
            switch error.code {
            case EINVAL, EROFS: return
            case EACCES: Foundation.sync()
            default: throw error
            }
        }
    }
}
