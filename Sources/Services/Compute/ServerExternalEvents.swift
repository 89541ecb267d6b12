package import Model
import Store

/// What another service tells of a server.
package struct ServerExternalEvent: Sendable {
    package var name: String
    package var serverID: ServerID
    /// What of the server it is about, such as a port or a volume.
    package var tag: String?

    package init(name: String, serverID: ServerID, tag: String?) {
        self.name = name
        self.serverID = serverID
        self.tag = tag
    }

    /// What becomes of an event; the codes are Nova's.
    package enum Fate: Int, Sendable {
        case taken = 200
        case incomplete = 400
        case unknownServer = 404
        case serverWithoutHost = 422
    }

    private static let withTag: Set<String> = ["volume-extended", "power-update", "accelerator-request-bound"]

    fileprivate func fate(_ server: Server?) -> Fate {
        guard let server else { return .unknownServer }
        if tag == nil, Self.withTag.contains(name) { return .incomplete }
        return server.hostID == nil ? .serverWithoutHost : .taken
    }

    fileprivate var isOfNetwork: Bool { name.hasPrefix("network-") }

    /// The action that users see of an event which no host here can follow, and why it cannot.
    fileprivate var refused: (action: String, why: String)? {
        switch (name, tag) {
        case ("power-update", "POWER_ON"): ("start", "The hypervisor knows no power that others have changed.")
        case ("power-update", "POWER_OFF"): ("stop", "The hypervisor knows no power that others have changed.")
        case ("volume-extended", let volume?): ("extend_volume", "The server has no volume \(volume).")
        default: nil
        }
    }
}

extension ComputeService {
    /// Takes events of other services, for the servers of any project. Those of Network make its ports be looked at
    /// anew. What no host can follow is told among the server's actions, as failed.
    package func take(_ events: [ServerExternalEvent], by caller: Caller) async throws -> [ServerExternalEvent.Fate] {
        let now = clock.now()
        let fates = try await database.transaction { db in
            try events.map { event in
                let server = try ServerQueries.live(event.serverID, db)
                let fate = event.fate(server)
                if fate == .taken, let server, let refused = event.refused {
                    try db.insert(Self.failed(refused.action, of: event, on: server, refused.why, by: caller, at: now))
                }
                return fate
            }
        }
        let touched = Set(zip(events, fates).filter { $0.isOfNetwork && $1 == .taken }.map(\.0.serverID.text))
        try await refreshAddresses(of: touched.sorted())
        return fates
    }

    /// An action that has ended before it began.
    private static func failed(
        _ action: String, of event: ServerExternalEvent, on server: Server, _ why: String, by caller: Caller,
        at now: Timestamp
    ) throws -> WorkflowRecord {
        WorkflowRecord(
            id: .random(), kind: event.name, serverID: server.id, action: action, projectID: server.projectID,
            userID: caller.userID, requestID: caller.requestID, outputs: try JSONText([:]), wakeAt: now, deadline: now,
            failure: why, outcome: .failed, createdAt: now, updatedAt: now, finishedAt: now)
    }
}
