import Compute
import Foundation
import Model

/// A service as Nova's administrators see it: `nova-compute` on each host, and those that this process is.
struct NovaService: Sendable {
    /// From 2.53.
    var uuid: String
    /// Up to 2.52.
    var number: Int
    var binary: String
    var host: String
    var zone: String
    var isDisabled = false
    var disabledReason: String?
    var isForcedDown = false
    var isUp = true
    var updatedAt: Timestamp
    /// The host that it works for; `nil` for the cloud's own, which nobody can change.
    var hostID: HostID?

    static let computeBinary = "nova-compute"
    /// Nova's zone of services that run no guests.
    static let ownZone = "internal"
    /// Looked up once: a name server may be asked for it.
    private static let ownHost = ProcessInfo.processInfo.hostName
    private static let own = [
        ("b4e2c0b5-6f0a-4f0e-9d6b-0c1f5a1b7c11", 1, "nova-conductor"),
        ("5b0d8c5e-7c57-4b53-8a43-3d9f6a2e8d22", 2, "nova-scheduler"),
    ]

    init(_ host: Model.Host, at now: Timestamp) {
        uuid = host.id.text
        number = host.number
        binary = Self.computeBinary
        self.host = host.hostname
        zone = host.availabilityZone
        isDisabled = host.isDisabled
        disabledReason = host.disabledReason
        isForcedDown = host.isForcedDown
        isUp = host.isUp(at: now)
        updatedAt = host.lastSeenAt
        hostID = host.id
    }

    private init(own: (uuid: String, number: Int, binary: String), at now: Timestamp) {
        (uuid, number, binary) = own
        host = Self.ownHost
        zone = Self.ownZone
        updatedAt = now
    }

    /// All that there are, in order of their numbers. Who asks is answered, so the cloud's own are up.
    static func all(_ compute: ComputeService) async throws -> [NovaService] {
        let now = compute.clock.now()
        let hosts = try await compute.hosts().sorted { $0.number < $1.number }
        return own.map { NovaService(own: $0, at: now) } + hosts.map { NovaService($0, at: now) }
    }

    /// Nova's topic of it.
    var topic: String { String(binary.dropFirst("nova-".utf8.count)) }
    var status: String { isDisabled ? "disabled" : "enabled" }
    var state: String { isUp ? "up" : "down" }
}
