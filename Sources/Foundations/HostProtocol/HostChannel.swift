package import Model

/// Desired documents that changed, commands that wait for an answer, and where to go on from.
package struct DesiredBatch: Codable, Sendable {
    package var servers: [DesiredServer]
    package var commands: [DesiredCommand]
    /// Ask for what comes after this next time.
    package var sequence: Int64
    /// Nothing came after these when they were read.
    package var isLast: Bool
    /// What the reader could not understand; never sent.
    package var illegible: [Illegible] = []

    package init(
        servers: [DesiredServer], commands: [DesiredCommand] = [], sequence: Int64, isLast: Bool
    ) {
        self.servers = servers
        self.commands = commands
        self.sequence = sequence
        self.isLast = isLast
    }

    private enum CodingKeys: String, CodingKey { case servers, commands, sequence, isLast }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let (servers, strange) = try values.decodeLegible(DesiredServer.self, forKey: .servers)
        let (commands, strangeCommands) = try values.decodeLegible(DesiredCommand.self, forKey: .commands)
        self.init(
            servers: servers, commands: commands, sequence: try values.decode(Int64.self, forKey: .sequence),
            isLast: try values.decode(Bool.self, forKey: .isLast))
        illegible = strange + strangeCommands
    }
}

/// Something changed for this host; ask for it. A nudge carries no data, and losing one costs only time.
package enum HostNudge: String, Codable, Sendable {
    case servers, network
    /// The line has opened again: say who you are and what you hold.
    case registration
}

/// A guest's question to 169.254.169.254, with the two facts that identify the guest: anti-spoofing guarantees them.
package struct MetadataRequest: Codable, Sendable, Equatable {
    package var networkID: NetworkID
    package var sourceAddress: String
    package var method: String
    /// Path as sent, without the query.
    package var path: String
    /// What is sent with it; an agent of an older release tells of none.
    package var body: [UInt8]?

    package init(networkID: NetworkID, sourceAddress: String, method: String, path: String, body: [UInt8]? = nil) {
        self.networkID = networkID
        self.sourceAddress = sourceAddress
        self.method = method
        self.path = path
        self.body = body
    }
}

package struct MetadataResponse: Codable, Sendable, Equatable {
    package var status: Int
    package var contentType: String
    package var body: [UInt8]

    package init(status: Int, contentType: String, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }
}

/// One file of a config drive; `path` is relative, with `/`.
package struct ConfigDriveFile: Codable, Sendable, Equatable {
    package var path: String
    package var content: [UInt8]

    package init(path: String, content: [UInt8]) {
        self.path = path
        self.content = content
    }
}

/// A call did not arrive, or its answer did not: nothing was decided, and it is worth repeating.
package struct ControlPlaneUnreachable: Error, CustomStringConvertible {
    package let description: String
    package let cause: (any Error)?

    package init(_ what: String, cause: (any Error)? = nil) {
        description = cause.map { "\(what): \($0)" } ?? what
        self.cause = cause
    }
}

/// The one line between a host and the control plane, as the host's agent sees it.
///
/// Every call may be repeated. In one process it is a direct call; between processes it is HTTP with the same values,
/// and any call may throw `ControlPlaneUnreachable`.
package protocol HostChannel: Sendable {
    /// Announces the host, or that it is back.
    func register(_ registration: HostRegistration) async throws -> RegisteredHost
    /// The documents of this host changed after `sequence`; 0 asks for all.
    func desired(after sequence: Int64) async throws -> DesiredBatch
    /// Nudges until the channel closes.
    func nudges() -> AsyncStream<HostNudge>
    /// Every report is a sign of life.
    func report(_ report: HostReport) async throws
    /// What of the network differs from the parts that the host holds, by their generations; nothing held asks for all.
    func topology(holding: [NetworkPart: String]) async throws -> TopologyNews
    func configDrive(_ server: ServerID) async throws -> [ConfigDriveFile]
    func metadata(_ request: MetadataRequest) async throws -> MetadataResponse
    /// The image's bytes in order, in pieces of at most a few MiB; the reader sets the pace.
    func imageContent(_ image: ImageID) async throws -> AsyncThrowingStream<[UInt8], any Error>
    /// Fills an image that a command of this host names under `DesiredCommand.imageArgument`. The bytes are proved as
    /// those of any upload; the control plane sets the pace.
    func upload(_ image: ImageID, _ content: UploadedContent) async throws
    /// Who opens consoles for the control plane from now on; to be called once the host is registered.
    func connect(_ consoles: HostConsoles)
}

/// What gives bytes, piece by piece, to whoever takes them.
package typealias UploadedContent = (_ write: ([UInt8]) async throws -> Void) async throws -> Void

/// What the control plane may ask of a host and wait for; nothing here changes what should persist.
package protocol HostLookups: Sendable {
    /// The tail of the serial log, at most `maxBytes`.
    func consoleOutput(host: HostID, server: ServerID, maxBytes: Int) async throws -> [UInt8]
    /// What the hypervisor counts of a guest that runs.
    func diagnostics(host: HostID, server: ServerID) async throws -> GuestDiagnostics
    /// Opens a console and carries bytes between the guest and a client until one of them ends.
    func carryConsole(
        _ kind: ConsoleKind, host: HostID, server: ServerID, client: ConsoleEnd
    ) async throws
}
