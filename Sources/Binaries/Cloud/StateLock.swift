import Foundation
import Model

/// One process at a time works on a state folder. The kernel ends the lock with the process, however that ends; so
/// whoever holds it knows that no other lives.
final class StateLock: Sendable {
    private let descriptor: Int32

    init(directory: String) throws(CloudError) {
        let path = directory + "/lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CloudError(.internal, "\(path) cannot be opened: \(String(cString: strerror(errno))).")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let why = errno
            close(descriptor)
            throw CloudError(
                .conflict,
                why == EWOULDBLOCK
                    ? "Another process works on \(directory); end it, or choose another folder."
                    : "\(path) cannot be locked: \(String(cString: strerror(why))).")
        }
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }
}
