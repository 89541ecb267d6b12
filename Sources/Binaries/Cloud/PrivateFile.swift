import Foundation
import Model

/// Files that hold secrets: never readable by others, not even while they are made.
enum PrivateFile {
    /// Puts a file in place whole: a reader, and a start after a crash, finds the old text or the new one.
    static func write(_ text: String, to path: String) throws(CloudError) {
        let draft = path + ".new"
        guard unlink(draft) == 0 || errno == ENOENT else { throw failure(draft, "taken away") }
        let descriptor = try open(draft)
        do throws(CloudError) {
            try fill(descriptor, Array(text.utf8), draft)
        } catch {
            close(descriptor)
            throw error
        }
        guard close(descriptor) == 0 else { throw failure(draft, "closed") }
        guard rename(draft, path) == 0 else { throw failure(path, "put in place") }
    }

    /// An empty file, unless there is one already.
    static func make(_ path: String) throws(CloudError) {
        guard access(path, F_OK) != 0 else { return }
        close(try open(path))
    }

    private static func open(_ path: String) throws(CloudError) -> Int32 {
        let descriptor = Foundation.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path, "made") }
        return descriptor
    }

    private static func fill(_ descriptor: Int32, _ bytes: [UInt8], _ path: String) throws(CloudError) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { throw failure(path, "written") }
            written += max(count, 0)
        }
        guard fsync(descriptor) == 0 else { throw failure(path, "written to the disk") }
    }

    private static func failure(_ path: String, _ what: String) -> CloudError {
        CloudError(.internal, "The file \(path) cannot be \(what): \(String(cString: strerror(errno))).")
    }
}
