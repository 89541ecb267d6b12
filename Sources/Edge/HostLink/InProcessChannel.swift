package import Compute
package import HostProtocol
package import Image
import Metadata
package import Model
package import Networking
import Synchronization

/// The line between an agent and the control plane when both are one process.
package final class InProcessChannel: HostChannel {
    private let compute: ComputeService
    private let networking: NetworkingService
    private let image: ImageService
    private let switchboard: Switchboard
    private let host = Mutex<(id: HostID, hostname: String)?>(nil)

    package init(
        compute: ComputeService, networking: NetworkingService, image: ImageService, switchboard: Switchboard
    ) {
        self.compute = compute
        self.networking = networking
        self.image = image
        self.switchboard = switchboard
    }

    private func registered() throws -> (id: HostID, hostname: String) {
        guard let known = host.withLock({ $0 }) else { throw CloudError(.conflict, "The host has not registered.") }
        return known
    }

    package func register(_ registration: HostRegistration) async throws -> RegisteredHost {
        try await register(registration, as: nil)
    }

    /// - Parameter id: whom the credential names; `nil` where it names a machine and not a host.
    func register(_ registration: HostRegistration, as id: HostID?) async throws -> RegisteredHost {
        let registered = try await compute.register(registration, as: id)
        host.withLock { $0 = (registered.host, registration.inventory.hostname) }
        return registered
    }

    /// Speaks for a host that was registered before, in whatever process.
    func resume(_ id: HostID) async throws {
        let known = try await compute.host(id)
        host.withLock { $0 = (id, known.hostname) }
    }

    package func connect(_ consoles: HostConsoles) {
        guard let id = host.withLock({ $0?.id }) else { return }
        switchboard.connect(consoles, of: id)
    }

    package func desired(after sequence: Int64) async throws -> DesiredBatch {
        try await compute.desired(of: try registered().id, after: sequence)
    }

    package func nudges() -> AsyncStream<HostNudge> {
        guard let id = host.withLock({ $0?.id }) else { return AsyncStream { $0.finish() } }
        return switchboard.listen(id)
    }

    package func report(_ report: HostReport) async throws {
        let own = try registered().id
        if let other = report.observations.first(where: { $0.hostID != own }) {
            throw CloudError(.forbidden, "Host \(own) may not report for host \(other.hostID).")
        }
        try await compute.heard(report, from: own)
    }

    package func topology(holding: [NetworkPart: String]) async throws -> TopologyNews {
        let (id, hostname) = try registered()
        return try await switchboard.answer(id, named: hostname, holding: Set(holding.keys)) {
            try await networking.topology(of: hostname, holding: holding)
        }
    }

    package func configDrive(_ server: ServerID) async throws -> [ConfigDriveFile] {
        try await compute.requirePlacement(of: server, on: try registered().id)
        return try Self.tree(try await compute.metadataSource(of: server), forConfigDrive: true).configDrive
    }

    /// A guest is known by its network and address, which anti-spoofing guarantees.
    package func metadata(_ request: MetadataRequest) async throws -> MetadataResponse {
        let missing = MetadataResponse(status: 404, contentType: "text/plain; charset=UTF-8", body: [])
        let reads = ["GET", "HEAD"].contains(request.method)
        let isPassword = MetadataTree.isPassword(request.path)
        guard reads || isPassword else {
            return MetadataResponse(status: 405, contentType: "text/plain; charset=UTF-8", body: [])
        }
        guard let server = try await compute.server(at: request.sourceAddress, on: request.networkID) else {
            return missing
        }
        try await compute.requirePlacement(of: server, on: try registered().id)
        try await compute.noteMetadata(of: server)
        if !reads { return try await keepPassword(request, of: server) }
        let source = try await compute.metadataSource(of: server)
        return try Self.tree(source, forConfigDrive: false).answer(request.path) ?? missing
    }

    /// Nova's answers (api/metadata/password.py).
    private func keepPassword(_ request: MetadataRequest, of server: ServerID) async throws -> MetadataResponse {
        guard request.method == "POST" else { return Self.refusal(400, "GET and POST only are supported.") }
        guard let body = request.body else {
            return Self.refusal(503, "The host's agent does not pass on what is posted; upgrade it, and post again.")
        }
        do {
            try await compute.keepGuestPassword(body, of: server)
            return MetadataTree.text("")
        } catch let error as CloudError where error.kind == .badRequest {
            return Self.refusal(400, error.message)
        } catch let error as CloudError where error.kind == .conflict {
            return Self.refusal(409, error.message)
        }
    }

    private static func refusal(_ status: Int, _ message: String) -> MetadataResponse {
        var answer = MetadataTree.text(message + "\n")
        answer.status = status
        return answer
    }

    private static func tree(_ source: MetadataSource, forConfigDrive: Bool) throws -> MetadataTree {
        var generator = SystemRandomNumberGenerator()
        let seed = (0..<512).map { _ in UInt8.random(in: 0...255, using: &generator) }
        return try MetadataTree(source, randomSeed: seed, forConfigDrive: forConfigDrive)
    }

    package func imageContent(_ id: ImageID) async throws -> AsyncThrowingStream<[UInt8], any Error> {
        try await compute.requireNeed(of: id, on: try registered().id)
        let next = try await image.content(of: id)
        return AsyncThrowingStream(unfolding: next)
    }

    package func upload(_ id: ImageID, _ content: UploadedContent) async throws {
        try await compute.requireCommand(toFill: id, on: try registered().id)
        try await image.upload(id, content: content)
    }
}
