import Agent
import Cloud
import Compute
import Dataplane
import Foundation
import HostLink
import HostProtocol
import HostStorage
import Hypervisor
import Identity
import Image
import Logging
import Model
import Networking
import TestSupport
import Tools

@testable import LibvirtDriver

/// A whole cloud in one process whose one host has libvirt, disks and the kernel's network, and one server on it, with
/// the guest image that has an agent.
struct LiveCloud: Sendable {
    private static let tag = "fa17"

    let cloud: Cloud
    let driver: LibvirtDriver
    let server: ServerID
    let admin: Caller
    private let machine: HostMachine
    private let storage: FileHostStorage
    private let dataplane: KernelDataplane

    static func run(image: String, _ body: @Sendable (LiveCloud) async throws -> Void) async throws {
        let folder = "/var/tmp/novella-lc-\(UUID().uuidString.prefix(8).lowercased())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { discard(folder) }
        let logger = Logger(label: "test")
        let cloud = try await makeCloud(folder)
        let channel = cloud.channel()
        let driver = try await LibvirtDriver.connect(
            .init(cloudTag: tag, hostname: "live", storagePath: folder), logger: logger)
        let storage = try FileHostStorage(stateDirectory: folder)
        let dataplane = try KernelDataplane(
            cloudTag: tag, externalInterface: nil, metadata: { try await channel.metadata($0) }, logger: logger)
        let machine = HostMachine(driver: driver, storage: storage, dataplane: dataplane, bootID: "one")
        let agent = cloud.agent(channel, machine: machine)
        try await agent.register()
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await cloud.run() }
                group.addTask { try await agent.run() }
                let admin = try await administrator(cloud)
                let server = try await boot(cloud, try await upload(image, cloud, admin), admin)
                let live = LiveCloud(
                    cloud: cloud, driver: driver, server: server, admin: admin, machine: machine, storage: storage,
                    dataplane: dataplane)
                try await live.says("login:")
                try await body(live)
                group.cancelAll()
            }
        } catch {
            try await clean(driver, dataplane)
            throw error
        }
        try await clean(driver, dataplane)
    }

    private static func makeCloud(_ folder: String) async throws -> Cloud {
        var options = Cloud.Options(stateDirectory: folder + "/state")
        options.passwords = Passwords(cost: .init(rounds: 1 << 4))
        let cloud = try Cloud(options, logger: Logger(label: "cloud") { _ in SwiftLogNoOpLogHandler() })
        try await cloud.prepare()
        var seed = Seed.Options(adminPassword: "secret")
        seed.defaultCIDR = "10.96.0.0/24"
        seed.externalCIDR = "172.24.196.0/24"
        try await Seed(cloud, seed).plant()
        return cloud
    }

    private static func discard(_ folder: String) {
        do {
            try FileManager.default.removeItem(atPath: folder)
        } catch {
            print("\(folder) stays: \(error)")
        }
    }

    private static func clean(_ driver: LibvirtDriver, _ dataplane: KernelDataplane) async throws {
        for server in try await driver.list().keys { try await driver.undefine(server) }
        try await dataplane.destroy()
    }

    private static func administrator(_ cloud: Cloud) async throws -> Caller {
        guard let project = try await cloud.identity.list(Project.self).first(where: { $0.name == "admin" }) else {
            throw CloudError(.internal, "The cloud has no project 'admin'.")
        }
        return Caller(
            userID: UserID("test"), scope: .project(project.id), roles: ["admin", "member", "reader"],
            requestID: "req-test")
    }

    private static func upload(_ path: String, _ cloud: Cloud, _ admin: Caller) async throws -> ImageID {
        let now = cloud.image.clock.now()
        let image = try await cloud.image.create(
            Model.Image(
                id: .random(), projectID: try admin.project(), name: "tiny", visibility: .public, diskFormat: "qcow2",
                containerFormat: "bare", properties: try JSONText(["hw_qemu_guest_agent": "yes"]),
                tags: try JSONText([]), createdAt: now, updatedAt: now), by: admin)
        let content = Array(try Data(contentsOf: URL(filePath: path)))
        try await cloud.image.upload(image.id, by: admin) { try await $0(content) }
        return image.id
    }

    private static func boot(_ cloud: Cloud, _ image: ImageID, _ admin: Caller) async throws -> ServerID {
        var request = ServerCreateRequest(name: "vm", flavorID: FlavorID("42"), adminPassword: "secret")
        request.imageID = image
        guard let made = try await cloud.compute.create(request, by: admin).first else {
            throw CloudError(.internal, "No server was made.")
        }
        return made.id
    }
}

/// What a test sees of it, and what it does to it behind its back.
extension LiveCloud {
    var domain: String { DomainNames(cloudTag: Self.tag).name(of: server) }

    private var port: ServerInterface {
        get async throws {
            guard let first = try await cloud.compute.attachments(of: server, by: admin).first else {
                throw CloudError(.internal, "The server has no interface.")
            }
            return first
        }
    }

    var tap: String { get async throws { dataplane.tapName(of: try await port.port.id) } }

    /// Where the guest has its NIC, as libvirt writes it.
    var slot: Substring? {
        get async throws {
            let interface = try await virsh("dumpxml", domain).components(separatedBy: "<interface ").dropFirst().first
            return interface?.split(separator: "\n").first { $0.contains("<address ") }
        }
    }

    /// Where it rests; `nil` while something is done to it.
    var rests: SettledState? {
        get async throws {
            let found = try await cloud.compute.server(server, by: admin)
            return found.operation == nil ? found.settled : nil
        }
    }

    /// What the auditor finds.
    var differences: [String] {
        get async throws {
            guard let host = try await cloud.compute.hosts().first else { return ["there is no host"] }
            let documents = try await cloud.compute.desired(of: host.id, after: 0).servers
            return try await HostAudit(machine).differences(
                from: documents, try await cloud.networking.topology(of: host.hostname))
        }
    }

    var console: String {
        get async throws { String(decoding: try await storage.consoleTail(server, maxBytes: 1 << 20), as: UTF8.self) }
    }

    /// Waits until the serial console has said something so many times.
    func says(_ text: String, times: Int = 1) async throws {
        try await eventually("'\(text)' on the console", within: 300) {
            try await console.components(separatedBy: text).count > times
        }
    }

    /// Runs a line of shell in the guest, by its agent, and waits for nothing.
    func inGuest(_ line: String) async throws {
        let arguments = #"{"path":"/bin/sh","arg":["-c","\#(line)"]}"#
        try await virsh("qemu-agent-command", domain, #"{"execute":"guest-exec","arguments":\#(arguments)}"#)
    }

    @discardableResult
    func virsh(_ arguments: String...) async throws -> String {
        try await Tool.run("virsh", ["-q", "-c", "qemu:///system"] + arguments)
    }

    func ip(_ arguments: String...) async throws {
        try await Tool.run("ip", arguments)
    }

    /// Whether the guest answers for its address, on its network.
    func answers() async throws -> Bool {
        let port = try await port.port
        guard let address = try port.fixedIPs.value().first?.ipAddress else { return false }
        let namespace = "novella-\(Self.tag)-dhcp-\(port.networkID.text.prefix(8))"
        let links = try await Tool.run("ip", ["-n", namespace, "-br", "link"]).split(separator: "\n")
        guard let leg = links.first(where: { $0.hasPrefix("leg-") })?.prefix(while: { $0 != "@" && $0 != " " }) else {
            return false
        }
        let arping = ["busybox", "arping", "-c", "1", "-w", "1", "-I", String(leg), address]
        return try await Tool.run("ip", ["netns", "exec", namespace] + arping, accept: [0, 1]).contains("Received 1 ")
    }
}
