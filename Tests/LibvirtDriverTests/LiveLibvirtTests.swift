import DriverConformance
import Foundation
import HostProtocol
import Hypervisor
import Logging
import Model
import Testing

@testable import LibvirtDriver

/// Against a real libvirtd, as root, with guests that have an empty disk: `NOVELLA_HOST_TESTS=1`.
@Suite(
    .enabled(if: ProcessInfo.processInfo.environment["NOVELLA_HOST_TESTS"] == "1"), .serialized,
    .timeLimit(.minutes(5)))
final class LiveLibvirtTests {
    private let folder = "/var/tmp/novella-lt-\(UUID().uuidString.prefix(8).lowercased())"

    init() throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o777])
        // The process's umask may have taken bits away; the hypervisor's user makes its sockets here.
        #expect(chmod(folder, 0o777) == 0)
    }

    deinit {
        // A leftover is no failure of what is tested.
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func connect(tag: String = "7e57") async throws -> LibvirtDriver {
        try await LibvirtDriver.connect(
            .init(cloudTag: tag, hostname: "test", storagePath: "/"), logger: Logger(label: "test"))
    }

    private static func blankGuest(_ server: ServerID, folder: String) throws -> DomainSpec {
        let disk = "\(folder)/\(server).raw"
        if !FileManager.default.fileExists(atPath: disk) {
            try Data(count: 1 << 20).write(to: URL(filePath: disk))
        }
        return DomainSpec(
            serverID: server, hardware: GuestHardware(name: "blank", vcpus: 1, memoryMiB: 64),
            disks: [.init(id: "root", path: disk, format: "raw", bootIndex: 0)], nics: [],
            consoleLogPath: "\(folder)/\(server).log", vncSocketPath: "\(folder)/\(server).vnc")
    }

    @Test(arguments: DriverConformance.checks.indices)
    func conforms(check: Int) async throws {
        let (driver, folder) = (try await connect(), folder)
        let conformance = DriverConformance(driver: driver) { try Self.blankGuest($0, folder: folder) }
        try await DriverConformance.checks[check].run(conformance)
    }

    @Test func anotherCloudsGuestsAreNotOurs() async throws {
        let (ours, theirs) = (try await connect(), try await connect(tag: "7e58"))
        let server = ServerID.random()
        try await theirs.define(try Self.blankGuest(server, folder: folder))
        let found = try await (ours.power(of: server), ours.list()[server], theirs.list()[server])
        try await ours.undefine(server)
        #expect(found == (.absent, nil, .shutdown))
        #expect(try await theirs.power(of: server) == .shutdown)
        try await theirs.undefine(server)
    }

    @Test func theDefinitionIsKeptAsWritten() async throws {
        let driver = try await connect()
        let server = ServerID.random()
        var spec = try Self.blankGuest(server, folder: folder)
        spec.hardware.imageProperties = ["hw_disk_bus": "scsi", "hw_qemu_guest_agent": "yes"]
        try await driver.define(spec)
        try await driver.start(server)
        #expect(try await driver.power(of: server) == .running)
        #expect(FileManager.default.fileExists(atPath: spec.vncSocketPath))
        #expect(FileManager.default.fileExists(atPath: spec.consoleLogPath))
        try await driver.undefine(server)
    }

    @Test func cancellationReturnsAtOnce() async throws {
        let driver = try await connect()
        let server = ServerID.random()
        try await driver.define(try Self.blankGuest(server, folder: folder))
        try await driver.start(server)
        let stop = Task { try await driver.stop(server, graceSeconds: 600) }
        stop.cancel()
        await #expect(throws: CancellationError.self) { try await stop.value }
        #expect(try await driver.power(of: server) == .running)
        try await driver.undefine(server)
    }

    @Test func connectsAgain() async throws {
        let before = try Self.clients()
        let driver = try await connect()
        let server = ServerID.random()
        try await driver.define(try Self.blankGuest(server, folder: folder))
        try await driver.start(server)
        let events = driver.events()
        for client in try Self.clients().subtracting(before) {
            _ = try Self.admin("client-disconnect", "libvirtd", client)
        }
        for await event in events where event.serverID == server && event.power == .running { break }
        try await driver.stop(server, graceSeconds: 0)
        #expect(try await driver.power(of: server) == .shutdown)
        try await driver.undefine(server)
    }

    /// libvirtd's clients from this process, by id.
    private static func clients() throws -> Set<String> {
        let lines = try admin("client-list", "libvirtd").split(separator: "\n")
        let mine = try lines.compactMap { $0.split(separator: " ").first.map(String.init) }.filter { id in
            try admin("client-info", "libvirtd", id).split(whereSeparator: \.isWhitespace)
                .contains(Substring(String(getpid())))
        }
        return Set(mine)
    }

    private static func admin(_ arguments: String...) throws -> String {
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/virt-admin")
        process.arguments = ["-q"] + arguments
        process.standardOutput = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self)
    }
}
