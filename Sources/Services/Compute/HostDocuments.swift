import Foundation
import HostProtocol
import Model
import Store
import Workflow

/// Writing what a host should make of a server, in the transaction of the step that wants it; so a step that lost its
/// lease can write nothing.
enum HostDocuments {
    /// Changes the document where the server is; an observation of its new epoch will answer it. `request` is `nil`
    /// where nobody has asked.
    static func change(
        of id: ServerID, for request: String?, _ db: any Connection, _ body: (inout DesiredServer) throws -> Void
    ) throws {
        guard let placement = try ServerPlacementQueries.current(of: id, db), var document = try placement.desired()
        else { throw CloudError(.conflict, "Server \(id) is on no host.") }
        document.requestID = request
        try body(&document)
        try put(document, as: .current, on: placement.hostID, db)
    }

    /// What the server's host is to make of it; `nil` before the first document and after the last is settled.
    static func document(of server: ServerID, _ db: any Connection) throws -> DesiredServer? {
        try ServerPlacementQueries.current(of: server, db)?.desired()
    }

    static func put(
        _ document: DesiredServer, as role: ServerPlacement.Role, on host: HostID, _ db: any Connection
    ) throws {
        let (text, epoch) = try numbered(document, for: host, db)
        try ServerPlacementQueries.put(text, epoch: epoch, as: role, for: document.serverID, on: host, db)
    }

    /// The first document of a server on a host that has been claimed for it.
    static func begin(_ document: DesiredServer, on host: HostID, _ db: any Connection) throws {
        let (text, epoch) = try numbered(document, for: host, db)
        try ServerPlacementQueries.begin(
            document.serverID, on: host, as: .current, claimedBy: document.serverID.text, text, epoch: epoch, db)
    }

    private static func numbered(
        _ document: DesiredServer, for host: HostID, _ db: any Connection
    ) throws -> (text: String, epoch: Int64) {
        var document = document
        document.epoch = try HostFeedQueries.next(of: host, db)
        document.mark = UUIDText.random()
        return (try JSONText(document).raw, document.epoch)
    }

    /// Writes that the server is to be gone from every host, and waits for none: a host that is down takes it away
    /// later.
    static func withdraw(_ id: ServerID, for request: String?, now: Timestamp, _ db: any Connection) throws {
        try HostCommands.cancel(of: id, because: "The server is taken away.", now: now, db)
        for placement in try ServerPlacementQueries.all(of: id, db) where placement.role != .leaving {
            guard var document = try placement.desired() else {
                try ServerPlacementQueries.setRole(.leaving, of: id, on: placement.hostID, db)
                continue
            }
            document.requestID = request
            document.presence = .absent
            document.power = .stopped
            try put(document, as: .leaving, on: placement.hostID, db)
        }
    }
}

extension ServerPlacement {
    func desired() throws -> DesiredServer? {
        try document.map { try JSONText<DesiredServer>(raw: $0).value() }
    }
}
