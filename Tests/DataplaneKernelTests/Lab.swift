import Foundation
import HostProtocol
import Logging
import Model
import Synchronization
import Tools

@testable import Dataplane

/// What guests have asked the metadata service of a lab.
final class Questions: Sendable {
    private let requests = Mutex<[MetadataRequest]>([])

    var heard: [MetadataRequest] { requests.withLock { $0 } }
    func add(_ request: MetadataRequest) { requests.withLock { $0.append(request) } }
}

/// Private namespaces around one data plane: guests on their taps, and an internet that knows no route back.
final class Lab: Sendable {
    let tag: String
    let dataplane: KernelDataplane
    let names: DataplaneNames
    let questions = Questions()
    /// Third octet of the external ranges, by tag, so that two runs do not meet.
    let octet: Int

    /// - Parameter onLAN: the veth to the internet stands for a LAN interface.
    init(onLAN: Bool = false) throws {
        let number = UInt16.random(in: 1...UInt16.max)
        tag = hex(number, width: 4)
        octet = Int(number % 250) + 1
        names = try DataplaneNames(tag: tag)
        dataplane = try Self.makeDataplane(tag, lan: onLAN ? "lab\(tag)" : nil, questions: questions)
    }

    static func makeDataplane(
        _ tag: String, lan: String? = nil, questions: Questions = Questions()
    ) throws -> KernelDataplane {
        try KernelDataplane(
            cloudTag: tag, externalInterface: lan,
            metadata: { request in
                questions.add(request)
                let text = "\(request.method) \(request.path) \(request.sourceAddress) \(request.networkID)"
                return MetadataResponse(status: 200, contentType: "text/plain", body: Array(text.utf8))
            }, logger: Logger(label: "test"))
    }

    func external(_ host: Int) -> String { "198.18.\(octet).\(host)" }
    func internet(_ host: Int) -> String { "198.19.\(octet).\(host)" }
    var internetNamespace: String { "labnet-\(tag)" }
    func guestNamespace(_ name: String) -> String { "lab-\(tag)-\(name)" }

    /// Plugs a namespace in under the tap's name, as a hypervisor's process would sit behind the tap.
    func plug(_ name: String, _ port: TopologyPort, address: String? = nil, gateway: String? = nil) async throws {
        let namespace = guestNamespace(name)
        let tap = names.tap(port.id)
        try await Tool.run("ip", ["netns", "add", namespace])
        try await Tool.ip(["link add \(tap) type veth peer name eth0 netns \(namespace)"])
        var commands = ["link set lo up", "link set eth0 address \(port.macAddress) up"]
        if let address { commands.append("addr add \(address)/24 dev eth0") }
        if let gateway { commands.append("route add default via \(gateway)") }
        try await Tool.ip(commands, in: namespace)
    }

    func makeInternet() async throws {
        try await Tool.run("ip", ["netns", "add", internetNamespace])
        try await Tool.ip([
            "link add lab\(tag) type veth peer name eth0 netns \(internetNamespace)",
            "addr add \(internet(1))/24 dev lab\(tag)", "link set lab\(tag) up",
        ])
        try await Tool.ip(
            ["link set lo up", "link set eth0 up", "addr add \(internet(2))/24 dev eth0"], in: internetNamespace)
    }

    func remove() async throws {
        try await dataplane.destroy()
        for name in try FileManager.default.contentsOfDirectory(atPath: NamespaceApplier.directory)
        where name.hasPrefix("lab-\(tag)-") || name == internetNamespace {
            try await Tool.run("ip", ["netns", "del", name])
        }
        // A veth goes with its peer's namespace, a little after it.
        for name in try await LinkState.read().keys where name == "lab\(tag)" {
            try await Tool.run("ip", ["link", "del", name], accept: [0, 1])
        }
    }

    func ping(_ guest: String, _ address: String) async throws -> Bool {
        let family = address.contains(":") ? "ping6" : "ping"
        let arguments = ["netns", "exec", guestNamespace(guest), "busybox", family, "-c", "1", "-W", "1", address]
        return try await Tool.run("ip", arguments, accept: [0, 1]).contains(" 0% packet loss")
    }

    func listen(_ guest: String, _ address: String, _ port: UInt16) async throws -> Socket {
        try await NamespaceThread.run(in: guestNamespace(guest)) { Socket.listener(address, port) }
    }

    func connect(
        _ guest: String, to address: String, _ port: UInt16, from source: (String, UInt16)? = nil,
        timeout: Double = 3
    ) async throws -> Socket? {
        try await NamespaceThread.run(in: guestNamespace(guest)) {
            Socket.connection(to: address, port, from: source, timeout: timeout)
        }
    }
}

/// Makes a lab, runs the test, and takes all away, whichever way the test ends.
func withLab(onLAN: Bool = false, _ body: (Lab) async throws -> Void) async throws {
    let lab = try Lab(onLAN: onLAN)
    do {
        try await body(lab)
    } catch {
        try await lab.remove()
        throw error
    }
    try await lab.remove()
}

/// Waits for a condition, with a deadline.
func eventually(within seconds: Double = 20, _ condition: () async throws -> Bool) async throws -> Bool {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while Date() < deadline {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return false
}

extension Lab {
    /// What a DHCP client is told, by busybox's names.
    func lease(_ guest: String) async throws -> [String: String] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lab-\(tag)-\(guest)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let script = folder.appendingPathComponent("script").path
        let told = folder.appendingPathComponent("told").path
        try Data("#!/bin/sh\n[ \"$1\" = bound ] && env > \(told)\nexit 0\n".utf8).write(
            to: URL(fileURLWithPath: script))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
        try await Tool.run(
            "ip",
            [
                "netns", "exec", guestNamespace(guest), "busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "20",
                "-T", "1", "-O", "121", "-O", "mtu", "-O", "hostname", "-s", script,
            ], timeout: .seconds(40))
        let lines = try String(contentsOfFile: told, encoding: .utf8).split(separator: "\n")
        try FileManager.default.removeItem(at: folder)
        return Dictionary(
            lines.compactMap { line in
                line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[line.index(after: $0)...])) }
            }, uniquingKeysWith: { first, _ in first })
    }
}
