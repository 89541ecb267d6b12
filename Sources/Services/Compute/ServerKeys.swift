import HostProtocol
package import Model
import Store
import Workflow

/// What is to become of the keys of a server.
package struct ServerKeyChange: Sendable {
    /// As text to read them from, or by the name of a key pair of the caller's; for a removal a fingerprint.
    package enum Keys: Sendable {
        case text(String)
        case pair(String)
        case fingerprint(String)
    }

    package var keys: Keys
    /// Of the guest's own; `nil` for the one that the image names.
    package var user: String?
    /// What the running guest has is left alone.
    package var onlyMetadata: Bool

    package init(_ keys: Keys, user: String? = nil, onlyMetadata: Bool = false) {
        self.keys = keys
        self.user = user
        self.onlyMetadata = onlyMetadata
    }

    var isRemoval: Bool {
        if case .fingerprint = keys { true } else { false }
    }

    var operation: ServerOperation { isRemoval ? .removeKeys : .addKeys }
}

/// The public keys of a server, in its guest and in its metadata (`docs/decisions/0026-keys-of-running-servers.md`).
extension ComputeService {
    /// The most that a server has.
    static let keyLimit = 50

    /// Those that its metadata tells.
    package func keys(of id: ServerID, by caller: Caller) async throws -> [PublicKey] {
        try await database.read { db in
            try ServerRequest.find(visible(id, by: caller, db).id, db).publicKeys.value()
        }
    }

    /// Begins to give keys to a server or to take one away, and returns them. With `onlyMetadata` it is done when this
    /// returns.
    package func change(_ wanted: ServerKeyChange, of id: ServerID, by caller: Caller) async throws -> [PublicKey] {
        let now = clock.now()
        let lease = wanted.onlyMetadata ? Timestamp(microseconds: 0) : bells.workflows.lease(from: now)
        let (keys, begun) = try await database.transaction { db -> ([PublicKey], CarriedWorkflow?) in
            let server = try visible(id, by: caller, db)
            let keys = try self.keys(wanted.keys, of: server, by: caller, db)
            var input = ChangeKeys.Input(operation: wanted.operation, keys: keys, user: "")
            if wanted.onlyMetadata {
                try changeMetadata(input, of: server, by: caller, now: now, db)
                return (keys, nil)
            }
            try OperationStart.check(wanted.operation.rule, on: server, by: caller)
            input.user = try Self.user(wanted.user, of: server)
            let workflow = OperationStart.workflow(
                wanted.operation.rule, on: server, input: try JSONText(input).raw, by: caller.userID,
                requestID: caller.requestID, now: now, lease)
            return (keys, try bells.workflows.queue(workflow, on: id, now: now, db))
        }
        if let begun { bells.workflows.started([begun]) }
        return keys
    }

    private func keys(
        _ wanted: ServerKeyChange.Keys, of server: Server, by caller: Caller, _ db: any Connection
    ) throws -> [PublicKey] {
        let known = try ServerRequest.find(server.id, db).publicKeys.value()
        let keys: [PublicKey]
        switch wanted {
        case .text(let text): keys = try SSHKeys.parse(text)
        case .pair(let name): keys = try publicKeys(name, of: caller.userID, db)
        case .fingerprint(let fingerprint):
            keys = known.filter { $0.fingerprint == fingerprint }
            guard !keys.isEmpty else {
                throw CloudError(
                    .notFound, "Instance \(server.id) has no key with the fingerprint \(fingerprint.prefix(80)).")
            }
        }
        guard keys.allSatisfy({ $0.type == nil }) else {
            throw CloudError.badRequest("A certificate is not a key for ssh, and cannot be added to a server.")
        }
        guard ChangeKeys.added(keys, to: known).count <= Self.keyLimit else {
            throw CloudError.badRequest("Instance \(server.id) would have more than \(Self.keyLimit) keys.")
        }
        return keys
    }

    /// The user whose keys change in the guest; refuses a guest that cannot be told.
    private static func user(_ named: String?, of server: Server) throws -> String {
        let properties = try server.imageProperties.value()
        guard GuestHardware(name: "", vcpus: 0, memoryMiB: 0, imageProperties: properties).wantsGuestAgent else {
            throw CloudError(
                .conflict,
                "The guest of instance \(server.id) cannot be told: its image does not say hw_qemu_guest_agent=yes. "
                    + "With 'only_metadata' its metadata alone is changed, which guests read when they boot.")
        }
        guard let user = named ?? properties["os_admin_user"] else {
            throw CloudError.badRequest(
                "The image of instance \(server.id) does not name its user (os_admin_user): name one as 'user'.")
        }
        return user
    }

    private func changeMetadata(
        _ input: ChangeKeys.Input, of server: Server, by caller: Caller, now: Timestamp, _ db: any Connection
    ) throws {
        if server.isLocked, !caller.isAdmin { throw CloudError(.conflict, "Instance \(server.id) is locked") }
        try ChangeKeys.write(input, to: server.id, db)
        var done = OperationStart.workflow(
            input.operation.rule, on: server, input: try JSONText(input).raw, by: caller.userID,
            requestID: caller.requestID, now: now, Timestamp(microseconds: 0))
        done.outcome = .succeeded
        done.finishedAt = now
        try db.insert(done)
    }
}
