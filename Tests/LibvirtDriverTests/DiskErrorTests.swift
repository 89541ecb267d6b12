import Foundation
import HostProtocol
import Hypervisor
import Logging
import Model
import TestSupport
import Testing
import Tools

@testable import LibvirtDriver

private let environment = ProcessInfo.processInfo.environment

/// A guest whose disk is on a file system of one mebibyte.
@Suite(
    .enabled(if: environment["NOVELLA_HOST_TESTS"] == "1" && environment["NOVELLA_GUEST_IMAGE"] != nil), .serialized,
    .timeLimit(.minutes(5)))
struct DiskErrorTests {
    private let folder = "/var/tmp/novella-le-\(UUID().uuidString.prefix(8).lowercased())"
    private let server = ServerID.random()

    private func withSmallDisk(_ body: (LibvirtDriver) async throws -> Void) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await Tool.run("mount", ["-t", "tmpfs", "-o", "size=1m,mode=0777", "tmpfs", folder])
        let driver = try await LibvirtDriver.connect(
            .init(cloudTag: "7e5a", hostname: "test", storagePath: folder), logger: Logger(label: "test"))
        do {
            try await body(driver)
        } catch {
            try await clean(driver)
            throw error
        }
        try await clean(driver)
    }

    private func clean(_ driver: LibvirtDriver) async throws {
        try await driver.undefine(server)
        try await Tool.run("umount", [folder])
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test func aGuestThatFindsNoSpaceIsStoppedAndSaysSo() async throws {
        let image = environment["NOVELLA_GUEST_IMAGE"] ?? ""
        try await withSmallDisk { driver in
            let disk = "\(folder)/disk"
            try await Tool.run("qemu-img", ["create", "-q", "-f", "qcow2", "-b", image, "-F", "qcow2", disk, "1G"])
            try await driver.define(
                DomainSpec(
                    serverID: server, hardware: GuestHardware(name: "full", vcpus: 1, memoryMiB: 256),
                    disks: [
                        .init(
                            id: "root", path: disk, format: "qcow2", bootIndex: 0,
                            backing: .init(path: image, format: "qcow2"))
                    ], nics: [], consoleLogPath: "\(folder)/log", vncSocketPath: "\(folder)/vnc"))
            #expect(try await driver.diskErrors(of: server) == [:])
            try await driver.start(server)
            try await eventually("a guest that was stopped", within: 120) {
                try await driver.power(of: server) == .paused
            }
            #expect(try await driver.diskErrors(of: server) == ["vda": "no space left"])
            try await Tool.run("mount", ["-o", "remount,size=64m", folder])
            try await driver.unpause(server)
            #expect(try await driver.power(of: server) == .running)
            #expect(try await driver.diskErrors(of: server) == [:])
        }
    }
}
