import Cryptography
import Foundation
import HostProtocol
import HostStorage
import Hypervisor
import Logging
import Model
import Synchronization
import TestSupport
import Testing

@testable import LibvirtDriver

private let environment = ProcessInfo.processInfo.environment

/// Boots the image that `NOVELLA_GUEST_IMAGE` names (`scripts/build-guest-image`) from files that `FileHostStorage`
/// made, with a card on a tap that leads nowhere.
@Suite(
    .enabled(if: environment["NOVELLA_HOST_TESTS"] == "1" && environment["NOVELLA_GUEST_IMAGE"] != nil), .serialized,
    .timeLimit(.minutes(15)))
final class LiveGuestTests {
    private let folder = "/var/tmp/novella-lg-\(UUID().uuidString.prefix(8).lowercased())"
    private let taps = (0..<2).map { _ in "nvt\(UUID().uuidString.prefix(8).lowercased())" }
    private let server = ServerID.random()

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for tap in taps {
            try Self.ip("tuntap", "add", "dev", tap, "mode", "tap")
            try Self.ip("link", "set", tap, "up")
        }
    }

    deinit {
        // Leftovers are no failure of what is tested.
        for tap in taps { try? Self.ip("tuntap", "del", "dev", tap, "mode", "tap") }
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static func ip(_ arguments: String...) throws {
        let process = try Process.run(URL(filePath: "/usr/bin/env"), arguments: ["ip"] + arguments)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    private func desired(_ image: [UInt8]) throws -> DesiredServer {
        let hash = hexDigits(try HashFunction.sha512.hash(image))
        return DesiredServer(
            serverID: server, epoch: 1, presence: .present, power: .running,
            hardware: GuestHardware(
                name: "live", vcpus: 1, memoryMiB: 256, imageProperties: ["hw_qemu_guest_agent": "yes"]),
            disks: FlavorDisks(
                image: ImageReference(id: .random(), sha512: hash, format: .qcow2, sizeBytes: Int64(image.count)),
                rootGiB: 1, ephemeralGiB: [1], swapMiB: 16, configDrive: true
            ).list, nics: [])
    }

    private static let configDrive: @Sendable () async throws -> [ConfigDriveFile] = {
        let metadata = #"{"uuid":"u","hostname":"live-1","public_keys":{"k":"ssh-ed25519 AAAA someone@somewhere"}}"#
        return [
            ConfigDriveFile(path: "openstack/latest/meta_data.json", content: Array(metadata.utf8)),
            ConfigDriveFile(
                path: "openstack/latest/user_data", content: Array("#!/bin/sh\necho user-data-ran\n".utf8)),
        ]
    }

    /// Waits until the serial log has said something so many times.
    private func waitForConsole(_ storage: FileHostStorage, _ text: String, times: Int = 1) async throws {
        let deadline = ContinuousClock.now.advanced(by: .seconds(300))
        while true {
            let log = String(decoding: try await storage.consoleTail(server, maxBytes: 1 << 20), as: UTF8.self)
            if log.components(separatedBy: text).count > times { return }
            try #require(ContinuousClock.now < deadline, "no \(text) in: \(log.suffix(2000))")
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    @Test func bootsRestartsAndStopsWhenAsked() async throws {
        let image = Array(try Data(contentsOf: URL(filePath: environment["NOVELLA_GUEST_IMAGE"] ?? "")))
        let storage = try FileHostStorage(stateDirectory: folder)
        #expect(try storage.closedFolder() == nil)
        let driver = try await LibvirtDriver.connect(
            .init(cloudTag: "7e59", hostname: "test", storagePath: folder), logger: Logger(label: "test"))
        let wish = try desired(image)
        let files = try await storage.prepare(
            wish,
            imageContent: { _ in
                AsyncThrowingStream { continuation in
                    continuation.yield(image)
                    continuation.finish()
                }
            }, configDrive: Self.configDrive)
        let spec = DomainSpec(
            serverID: server, hardware: wish.hardware, disks: files.disks,
            nics: [.init(macAddress: "fa:16:3e:00:00:01", tapName: taps[0], mtu: 1450)],
            consoleLogPath: files.consoleLogPath, vncSocketPath: files.vncSocketPath)
        try await driver.define(spec)
        do {
            try await exercise(driver, storage, spec)
        } catch {
            try await driver.undefine(server)
            throw error
        }
        try await driver.undefine(server)
        try await storage.remove(server)
    }

    /// The guest's own kernel takes the cards and lets go of them.
    private func exerciseNICs(_ driver: LibvirtDriver, _ spec: DomainSpec) async throws {
        var both = spec
        both.nics.append(.init(macAddress: "fa:16:3e:00:00:02", tapName: taps[1], mtu: 1450))
        var none = spec
        none.nics = []
        for wanted in [both, both, spec, none, both, spec] {
            try await driver.setNICs(wanted)
            #expect(try await driver.taps(of: server) == Set(wanted.nics.map(\.tapName)))
        }
    }

    /// The guest's own kernel takes a disk and lets go of it.
    private func exerciseDisks(_ driver: LibvirtDriver, _ spec: DomainSpec) async throws {
        let path = "\(folder)/data.raw"
        try Data(count: 1 << 20).write(to: URL(filePath: path))
        var more = spec
        more.disks.append(DomainSpec.Disk(id: "data-1", path: path, format: "raw", serial: "data-1"))
        for wanted in [more, more, spec, more, spec] {
            try await driver.setDisks(wanted)
            #expect(try await driver.disks(of: server) == Set(wanted.disks.map(\.id)))
        }
    }

    /// The guest's own shell answers on the serial line, and the log has it; its screen tells how large it is.
    private func exerciseConsoles(_ driver: LibvirtDriver, _ storage: FileHostStorage) async throws {
        let heard = Mutex<[UInt8]>([])
        func text() -> String { heard.withLock { String(decoding: $0, as: UTF8.self) } }
        let (said, say) = AsyncStream.makeStream(of: [UInt8].self)
        let client = ConsoleEnd(
            read: { await said.first { _ in true } }, write: { bytes in heard.withLock { $0 += bytes } })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [server] in try await driver.carryConsole(.serial, of: server, client) }
            for (line, answer) in [
                ("", "login: "), ("cirros", "assword: "), ("gocubsgo", "$ "), ("echo sum $((6 * 7))", "sum 42"),
            ] {
                say.yield(Array((line + "\r").utf8))
                try await eventually("'\(answer)' on the serial line", within: 60) { text().contains(answer) }
            }
            say.finish()
            try await group.waitForAll()
        }
        try await waitForConsole(storage, "sum 42")
        let screen = Mutex<[UInt8]>([])
        let opening = Mutex<[[UInt8]]>([Array("RFB 003.008\n".utf8), [1], [1]])
        try await driver.carryConsole(
            .vnc, of: server,
            ConsoleEnd(
                read: {
                    if let next = opening.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return next }
                    try await eventually("the screen's size") { screen.withLock { $0.count } >= 12 + 2 + 4 + 24 }
                    return nil
                }, write: { bytes in screen.withLock { $0 += bytes } }))
        // Behind version, security types and their result.
        let size = screen.withLock { $0 }.dropFirst(18).prefix(4).map { Int($0) }
        #expect(size[0] << 8 + size[1] >= 640 && size[2] << 8 + size[3] >= 400, "\(size)")
    }

    /// The guest's own agent keeps the file; a line is known by its key, whatever its comment is.
    private func exerciseKeys(_ driver: LibvirtDriver) async throws {
        func change(_ lines: String..., isRemoval: Bool = false, of user: String = "cirros") async throws {
            try await driver.changeKeys(
                GuestKeyChange(user: user, lines: lines, isRemoval: isRemoval), of: server)
        }
        let (one, two) = ("ssh-ed25519 AAAAone me", "ssh-ed25519 AAAAtwo me")
        try await change(one, two)
        try await change(one)
        try await change("ssh-ed25519 AAAAtwo", isRemoval: true)
        try await change("ssh-ed25519 AAAAnone", isRemoval: true)
        let failure = await #expect(throws: HostFailure.self) { try await change(one, of: "nobody-here") }
        #expect(failure?.message.contains("nobody-here") == true, "\(failure?.message ?? "")")
        #expect(try await driver.keys(of: "cirros", in: server).filter { $0.hasSuffix(" me") } == [one])
    }

    private func exercise(_ driver: LibvirtDriver, _ storage: FileHostStorage, _ spec: DomainSpec) async throws {
        try await driver.start(server)
        try await waitForConsole(storage, "host name live-1")
        try await waitForConsole(storage, "someone@somewhere")
        let images = "\(folder)/host/images"
        for image in try FileManager.default.contentsOfDirectory(atPath: images) {
            let owner = try FileManager.default.attributesOfItem(atPath: "\(images)/\(image)")[.ownerAccountID]
            #expect(owner as? Int == 0, "a guest's process owns an image that others share")
        }
        try await waitForConsole(storage, "(ephemeral0) is on /mnt")
        try await waitForConsole(storage, "guest agent on")
        try await waitForConsole(storage, "user-data-ran")
        try await exerciseNICs(driver, spec)
        try await exerciseDisks(driver, spec)
        try await exerciseKeys(driver)
        try await exerciseConsoles(driver, storage)
        #expect(try await driver.rebootSoft(server, graceSeconds: 60))
        #expect(try await driver.power(of: server) == .running)
        try await waitForConsole(storage, "host name live-1", times: 2)
        try await driver.stop(server, graceSeconds: 60)
        #expect(try await driver.power(of: server) == .shutdown)
        try await waitForConsole(storage, "Power down")
        try await driver.start(server)
        try await waitForConsole(storage, "host name live-1", times: 3)
        try await driver.stop(server, graceSeconds: 0)
        let log = String(decoding: try await storage.consoleTail(server, maxBytes: 1 << 20), as: UTF8.self)
        #expect(log.components(separatedBy: "user-data-ran").count == 2)
    }
}
