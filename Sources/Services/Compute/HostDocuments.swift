import Foundation
import HostProtocol
import Model
import Store
import Workflow

/// Writing what a host should make of a server. Each write raises the server's epoch, in the transaction of the step
/// that wants it; so a step that lost its lease can write nothing.
enum HostDocuments {
    /// Changes the document; returns the epoch under which an observation will answer it. A command stands in the one
    /// document that gave it: what was not carried out by then is not made up for. `request` is `nil` where nobody has
    /// asked.
    @discardableResult
    static func change(
        of id: ServerID, for request: String?, _ db: any Connection, _ body: (inout DesiredServer) throws -> Void
    ) throws -> Int64 {
        guard var server = try db.find(Server.self, key: .id(id)), let host = server.hostID,
            var document = try document(of: server, db)
        else { throw CloudError(.conflict, "Server \(id) is on no host.") }
        server.epoch += 1
        document.command = nil
        document.requestID = request
        try body(&document)
        document.epoch = server.epoch
        try put(document, on: host, db)
        server.hostFailure = nil
        try db.update(server)
        return server.epoch
    }

    /// What the server's host is to make of it; `nil` before the first document and after the last is settled.
    static func document(of server: Server, _ db: any Connection) throws -> DesiredServer? {
        guard let host = server.hostID, let text = try HostQueries.document(of: server.id, on: host, db) else {
            return nil
        }
        return try JSONText<DesiredServer>(raw: text).value()
    }

    static func put(_ document: DesiredServer, on host: HostID, _ db: any Connection) throws {
        try HostQueries.putDocument(
            server: document.serverID, host: host, epoch: document.epoch, isAbsent: document.presence == .absent,
            document: try JSONText(document).raw, db)
    }

    /// Wants the server gone from its host, if it was ever put there. Never waits: the host pays when it can.
    static func withdraw(_ id: ServerID, for request: String?, _ db: any Connection) throws {
        guard let host = try db.find(Server.self, key: .id(id))?.hostID,
            try HostQueries.document(of: id, on: host, db) != nil
        else { return }
        try change(of: id, for: request, db) { document in
            document.presence = .absent
            document.power = .stopped
        }
    }
}
