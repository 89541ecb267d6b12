import Cryptography
import Synchronization

/// What projects may know of hosts: whether two of their servers share one.
package final class HostDigests: Sendable {
    private static let limit = 50_000
    private let known = Mutex<[String: String]>([:])

    /// 56 digits, like Nova's `hostId`.
    package func digest(of hostname: String, for project: String) throws -> String {
        let key = "\(project)/\(hostname)"
        if let found = known.withLock({ $0[key] }) { return found }
        let digest = hexDigits(try HashFunction.sha256.hash(Array(key.utf8)).prefix(28))
        known.withLock { known in
            if known.count >= Self.limit { known = [:] }
            known[key] = digest
        }
        return digest
    }
}
