package import HostProtocol
package import Model

/// Makes a host's networking what a topology says. Two exist: the kernel's, and a recorder.
package protocol Dataplane: Sendable {
    /// Whether topologies are worth asking for; a large simulated cloud spares itself the work.
    var wantsTopology: Bool { get }
    /// The tap a port has on this host; a function of the cloud's tag and the port's id.
    func tapName(of port: PortID) -> String
    /// Makes the whole topology and takes away what it does not name. Repeatable; flows that stay allowed are not
    /// disturbed, those no longer allowed are ended.
    ///
    /// - Parameter mending: whatever differs from the topology is made again; otherwise what an earlier pass of this
    ///   process has made, and the topology has not changed, may be taken for granted.
    /// - Returns: the parts that could not be made. It throws when nothing could be, or when no part is to blame.
    @discardableResult
    func converge(_ topology: NetworkTopology, mending: Bool) async throws -> [DataplaneTrouble]
    /// Taps that are up and that nothing holds: a running guest that should is cut off.
    func idleTaps() async throws -> Set<String>
    /// What is there and should not be, or the reverse, one line each. Changes nothing.
    func differences(from topology: NetworkTopology) async throws -> [String]
    /// Takes away every kernel object, file and process of this cloud, and puts back what was changed on the machine.
    func destroy() async throws
}

extension Dataplane {
    @discardableResult
    package func converge(_ topology: NetworkTopology) async throws -> [DataplaneTrouble] {
        try await converge(topology, mending: true)
    }
}

/// Writes down what it was asked and touches nothing: for the simulated cloud and for tests.
package actor RecordedDataplane: Dataplane {
    package private(set) var latest: NetworkTopology?
    package private(set) var passes = 0
    package nonisolated let wantsTopology: Bool
    private let troubles: [DataplaneTrouble]
    private var idle: Set<String> = []

    /// - Parameter troubles: what every pass finds.
    package init(wantsTopology: Bool = false, troubles: [DataplaneTrouble] = []) {
        self.wantsTopology = wantsTopology
        self.troubles = troubles
    }

    package nonisolated func tapName(of port: PortID) -> String {
        "tap" + port.text.prefix(11)
    }

    @discardableResult
    package func converge(_ topology: NetworkTopology, mending: Bool) -> [DataplaneTrouble] {
        latest = topology
        passes += 1
        return troubles
    }

    package func idleTaps() -> Set<String> { idle }

    /// Makes taps look as if nothing held them.
    package func setIdle(_ taps: Set<String>) {
        idle = taps
    }

    package func differences(from topology: NetworkTopology) -> [String] {
        guard wantsTopology, latest?.networks != topology.networks || latest?.ports != topology.ports else { return [] }
        return ["network: the last pass was for another topology, or for none"]
    }

    package func destroy() {
        latest = nil
    }
}
