import Agent
import Dataplane
import HostProtocol
import Hypervisor
import Model
import TestSupport
import Testing

/// What the auditor says of a host by itself, with a server that should run.
@Suite(.timeLimit(.minutes(3)))
struct HostAuditTests {
    private static let nic = GuestNIC(
        portID: PortID("p1"), networkID: NetworkID("n1"), macAddress: "fa:16:3e:00:00:01", mtu: 1500)

    /// The differences, once the server was made and something has happened to it.
    private func differences(_ harm: @Sendable (Bench) async throws -> Void) async throws -> (ServerID, [String]) {
        let bench = Bench()
        let document = bench.document(epoch: 1, nics: [Self.nic])
        try await bench.withAgent {
            bench.channel.send(document)
            try await bench.report(of: 1)
        }
        try await harm(bench)
        let machine = HostMachine(
            driver: bench.driver, storage: bench.storage, dataplane: bench.dataplane, bootID: "first")
        let found = try await HostAudit(machine).differences(from: [document], NetworkTopology())
        return (bench.server, found)
    }

    @Test func whatIsWellIsNotTold() async throws {
        #expect(try await differences { _ in }.1 == [])
    }

    @Test func aGuestThatIsOffIsTold() async throws {
        let (server, found) = try await differences { $0.driver.guestMoves($0.server, to: .shutdown) }
        #expect(found == ["guest: \(server) is shutdown, should be running"])
    }

    @Test func aGuestThatIsCutOffIsTold() async throws {
        let (server, found) = try await differences { bench in
            await bench.dataplane.setIdle([bench.dataplane.tapName(of: Self.nic.portID), "another"])
        }
        #expect(found == ["nic: tapp1 of \(server) has no carrier, should have: the guest is cut off"])
    }

    @Test func diskErrorsAreTold() async throws {
        let (server, found) = try await differences { bench in
            bench.driver.setDiskErrors(["vda": "no space left"], of: bench.server)
        }
        #expect(found == ["disk: vda of \(server) has no space left, and the guest stands still, should run"])
    }
}
