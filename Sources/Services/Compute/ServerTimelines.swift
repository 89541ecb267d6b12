import HostProtocol
package import Model
import Store
import Synchronization

/// When the moments of a server's newest start were, in their order
/// (`docs/decisions/0029-boot-timeline.md`).
package struct ServerTimeline: Sendable {
    package struct Moment: Sendable {
        package var name: String
        package var at: Timestamp
    }

    package var moments: [Moment]
    /// The request that led to the start.
    package var requestID: String?
    package var server: Server
}

extension ComputeService {
    /// Actions of which a start of the guest may come.
    private static let starting: Set<String> = [
        "create", "start", "reboot", "rebuild", "rescue", "unrescue", "resize", "revertResize", "resume", "restore",
        "unshelve",
    ]

    package func timeline(of id: ServerID, by caller: Caller) async throws -> ServerTimeline {
        try await database.read { db in
            let server = try visible(id, by: caller, db)
            let placement = try ServerPlacementQueries.current(of: id, db)
            let start = try placement?.moments.map { try JSONText<StartMoments>(raw: $0).value() }
            let asked = try WorkflowQueries.ofServer(id, db).first { workflow in
                Self.starting.contains(workflow.action) && workflow.createdAt <= start?.begun ?? workflow.createdAt
            }
            let named: [(String, Timestamp?)] = [
                ("accepted", asked?.createdAt), ("begun", start?.begun), ("network", start?.network),
                ("image", start?.image), ("defined", start?.defined), ("started", start?.started),
                ("first_serial_byte", start?.firstSerialByte), ("metadata", placement?.metadataAt),
            ]
            let moments = named.compactMap { name, at in at.map { ServerTimeline.Moment(name: name, at: $0) } }
            return ServerTimeline(
                moments: moments.sorted { $0.at < $1.at }, requestID: asked?.requestID, server: server)
        }
    }

    /// A guest has asked for its metadata.
    package func noteMetadata(of id: ServerID) async throws {
        guard metadataAskers.isNew(id) else { return }
        let now = clock.now()
        try await database.transaction { try ServerPlacementQueries.noteMetadata(of: id, at: now, $0) }
    }
}

/// The servers whose guests have asked for metadata since they started, as far as this process knows.
final class MetadataAskers: Sendable {
    private let known = Mutex<Set<ServerID>>([])

    func isNew(_ id: ServerID) -> Bool { known.withLock { $0.insert(id).inserted } }
    func forget(_ id: ServerID) { known.withLock { _ = $0.remove(id) } }
}
