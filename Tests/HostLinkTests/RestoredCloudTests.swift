import Cloud
import Compute
import Dataplane
import Foundation
import HostProtocol
import Hypervisor
import Identity
import Inspection
import Model
import Networking
import TestSupport
import Testing

/// A cloud that was restored from a backup, before hosts that have gone on meanwhile.
@Suite(.timeLimit(.minutes(3)))
struct RestoredCloudTests {
    /// Runs a cloud of the backup in the place of the other.
    private func run(
        _ backup: String, for old: SocketCloud, _ body: @Sendable (Cloud) async throws -> Void
    ) async throws {
        var options = Cloud.Options(stateDirectory: backup)
        options.passwords = Passwords(cost: .init(rounds: 1 << 4))
        let cloud = try Cloud(options, logger: silent)
        try await cloud.prepare()
        let door = Door(cloud, at: old.door.socketPath)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await cloud.run() }
            try await door.open()
            do {
                try await body(cloud)
            } catch {
                try await door.close()
                throw error
            }
            try await door.close()
            group.cancelAll()
        }
    }

    private func server(
        _ id: ServerID, in cloud: Cloud, by caller: Caller, _ isReached: (Server) -> Bool
    ) async throws -> Server {
        var found = try await cloud.compute.server(id, by: caller)
        try await eventually("the server is as wanted") {
            found = try await cloud.compute.server(id, by: caller)
            return isReached(found)
        }
        return found
    }

    @Test func everyOperationReallyHappens() async throws {
        try await SocketCloud.run { old in
            let backup = old.fixture.stateDirectory + "-backup"
            try await RemoteHost.run(old) { host in
                let (fixture, member) = (old.fixture, old.fixture.people.member)
                let kept = try await fixture.boot("kept")
                let gone = try await fixture.boot("gone")
                _ = try await StateBackup(of: fixture.stateDirectory).write(to: backup)
                for (operation, rest) in [(ServerOperation.stop, SettledState.stopped), (.start, .active)] {
                    try await fixture.cloud.compute.begin(operation, on: kept, by: member)
                    try await fixture.server(kept) { $0.settled == rest && $0.operation == nil }
                }
                try await fixture.cloud.compute.begin(.stop, on: kept, by: member)
                try await fixture.server(kept) { $0.settled == .stopped && $0.operation == nil }
                try await fixture.cloud.compute.begin(.delete, on: gone, by: member)
                try await fixture.server(gone) { $0.settled == .deleted }
                let late = try await fixture.boot("late")
                try await old.door.close()
                try await run(backup, for: old) { cloud in
                    // As the backup has it, whatever was done since.
                    try await eventually("the guest runs") { try await host.driver.power(of: kept) == .running }
                    _ = try await cloud.compute.attach(nil, to: kept, by: member)
                    #expect(try await host.driver.taps(of: kept).count == 2)
                    try await cloud.compute.begin(.stop, on: kept, by: member)
                    _ = try await server(kept, in: cloud, by: member) { $0.settled == .stopped && $0.operation == nil }
                    #expect(try await host.driver.power(of: kept) == .shutdown)
                    let lost = try await server(gone, in: cloud, by: member) { $0.settled == .error }
                    #expect(try lost.fault?.value().message.contains("since the backup") == true)
                    #expect(try await host.driver.power(of: gone) == .absent)
                    // What the backup does not know is left for an operator to decide.
                    #expect(try await host.driver.power(of: late) == .running)
                    try await cloud.compute.begin(.delete, on: gone, by: member)
                    try await eventually("the store agrees with itself") {
                        try await StoreAudit.differences(in: cloud.database).isEmpty
                    }
                }
            }
            try FileManager.default.removeItem(atPath: backup)
        }
    }

    /// Both have changed the network since the backup, and the host holds what one of them has made of it.
    @Test func theNetworkIsThatOfTheRestoredCloud() async throws {
        try await SocketCloud.run { old in
            let backup = old.fixture.stateDirectory + "-backup"
            try await RemoteHost.run(old) { host in
                let fixture = old.fixture
                @Sendable func open(_ prefix: String, in networking: NetworkingService) async throws {
                    let group = try await networking.defaultGroup(of: fixture.people.demo)
                    let rule = SecurityGroupRule(
                        id: .random(), securityGroupID: group.id, projectID: group.projectID, direction: "ingress",
                        etherType: "IPv4", remotePrefix: prefix, createdAt: networking.clock.now())
                    _ = try await networking.create([rule], by: fixture.people.member)
                    try await eventually("the host has what the cloud has") {
                        try await host.dataplane.latest == networking.topology(of: "remote-1")
                    }
                }
                _ = try await fixture.boot()
                _ = try await StateBackup(of: fixture.stateDirectory).write(to: backup)
                try await open("10.1.0.0/16", in: fixture.cloud.networking)
                try await old.door.close()
                try await run(backup, for: old) { cloud in try await open("10.2.0.0/16", in: cloud.networking) }
                let rules = await host.dataplane.latest?.securityGroups.flatMap(\.rules).compactMap(\.remotePrefix)
                #expect(rules == ["10.2.0.0/16"])
            }
            try FileManager.default.removeItem(atPath: backup)
        }
    }

    /// Both have counted on from the backup, so that the numbers are the same and the documents are not.
    @Test func equalNumbersOfTwoHistoriesAreToldApart() async throws {
        try await SocketCloud.run { old in
            let backup = old.fixture.stateDirectory + "-backup"
            try await RemoteHost.run(old) { host in
                let (fixture, member) = (old.fixture, old.fixture.people.member)
                let id = try await fixture.boot()
                _ = try await StateBackup(of: fixture.stateDirectory).write(to: backup)
                try await fixture.cloud.compute.begin(.pause, on: id, by: member)
                try await fixture.server(id) { $0.settled == .paused && $0.operation == nil }
                try await old.door.close()
                try await run(backup, for: old) { cloud in
                    try await cloud.compute.begin(.stop, on: id, by: member)
                    _ = try await server(id, in: cloud, by: member) { $0.settled == .stopped && $0.operation == nil }
                    #expect(try await host.driver.power(of: id) == .shutdown)
                }
            }
            try FileManager.default.removeItem(atPath: backup)
        }
    }
}
