package import Foundation
package import Model
package import NIOCore
import Synchronization

/// Who is at the other end of a connection, by its credential and not by what it says.
package enum HostIdentity: Hashable, Sendable {
    /// A process of this machine, as the kernel knows it; it speaks for the hosts that it has announced.
    case process(pid_t)
    case host(HostID)

    /// Where the credential names one.
    var host: HostID? {
        if case .host(let id) = self { id } else { nil }
    }

    /// Finds it; throws when whoever it is may be no agent.
    package typealias Finder = @Sendable (any Channel) async throws -> HostIdentity

    /// Agents are processes of this machine, of these users or of root.
    package static func ofProcess(of users: Set<uid_t>) -> Finder {
        { channel in
            guard let peer = try await PeerProcess.of(channel), peer.userID == 0 || users.contains(peer.userID) else {
                throw CloudError(.forbidden, "Only an agent of this machine may use the host's line.")
            }
            return .process(peer.processID)
        }
    }
}

/// Which process speaks for which host; of two that announce one host, the later.
final class HostSpeakers: Sendable {
    private let processes = Mutex<[HostID: pid_t]>([:])

    func announced(_ host: HostID, by identity: HostIdentity) {
        guard case .process(let process) = identity else { return }
        processes.withLock { $0[host] = process }
    }

    /// - Throws: `unauthorized` for a process that has not announced the host since this one started; `notFound` for a
    ///   host whose credential is another's.
    func require(_ identity: HostIdentity, for host: HostID) throws {
        switch identity {
        case .host(let own):
            guard own == host else { throw CloudError.notFound("Host", host) }
        case .process(let process):
            guard processes.withLock({ $0[host] }) == process else {
                throw CloudError(.unauthorized, "Host \(host) has not been announced by this agent.")
            }
        }
    }
}
