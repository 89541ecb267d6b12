import Agent
import ArgumentParser
import Cloud
import Compute
import Dataplane
import Foundation
import HostProtocol
import HostStorage
import Hypervisor
import LibvirtDriver
import Logging
import Model
import Networking

/// What a cloud's one host is made of, and what is found on it afterwards.
struct Machine: Sendable {
    enum Kind: String, ExpressibleByArgument, CaseIterable, Sendable {
        /// Guests and disks are files: no root, no tools, and they outlive the process as real ones do.
        case files
        /// Guests of libvirt, disks of qemu-img, the kernel's network.
        case libvirt
    }

    private static let tag = "dead"

    let driver: any HypervisorDriver
    let storage: any HostStorage
    let dataplane: any Dataplane
    private let folder: String
    private let kind: Kind

    init(_ kind: Kind, folder: String, logger: Logger) async throws {
        self.kind = kind
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder + "/machine", withIntermediateDirectories: true)
        switch kind {
        case .files:
            driver = try FileHypervisor(folder: folder + "/machine/guests", hostname: "files-1")
            storage = try FileStorage(folder: folder + "/machine")
            dataplane = RecordedDataplane(wantsTopology: true)
        case .libvirt:
            driver = try await LibvirtDriver.connect(
                .init(cloudTag: Self.tag, hostname: "harness", storagePath: folder), logger: logger)
            storage = try FileHostStorage(stateDirectory: folder + "/machine")
            dataplane = try KernelDataplane(
                cloudTag: Self.tag, externalInterface: nil,
                metadata: { _ in MetadataResponse(status: 404, contentType: "text/plain", body: []) }, logger: logger)
        }
    }

    func host(_ points: CrashPoints) -> HostMachine {
        HostMachine(
            driver: CrashingDriver(inner: driver, points: points),
            storage: CrashingStorage(inner: storage, points: points),
            dataplane: CrashingDataplane(inner: dataplane, points: points), bootID: "one", graceSeconds: 0.05)
    }

    /// What is there, without ids.
    func facts() async throws -> [String] {
        var lines: [String] = []
        for (server, power) in try await driver.list() {
            lines.append("guest \(power.rawValue), NICs \(try await driver.taps(of: server).count)")
        }
        lines.sort()
        lines.append("held up: \(try (driver as? FileHypervisor)?.heldUp().count ?? 0)")
        lines.append("keys: \(try (driver as? FileHypervisor)?.keys().sorted() ?? [])")
        lines.append("frozen: \(try await storage.notedFreezes().count)")
        let folders = kind == .files ? ["disks"] : ["host/servers", "host/images"]
        for name in folders {
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/machine/\(name)")
            lines.append("\(name): \(names.count), unfinished: \(names.filter { $0.hasPrefix(".") }.count)")
        }
        guard kind == .libvirt else { return lines }
        let links = try FileManager.default.contentsOfDirectory(atPath: "/sys/class/net")
            .filter { $0.dropFirst(2).hasPrefix(Self.tag) }
        lines += Dictionary(grouping: links, by: { $0.prefix(2) }).map { "links \($0): \($1.count)" }.sorted()
        let namespaces = try FileManager.default.contentsOfDirectory(atPath: "/run/netns")
        lines.append("namespaces: \(namespaces.filter { $0.contains(Self.tag) }.count)")
        return lines
    }

    /// What its host differs in from what the cloud wants of it.
    func differences(from cloud: Cloud) async throws -> [String] {
        guard let host = try await cloud.compute.hosts().first else { return ["there is no host"] }
        let documents = try await cloud.compute.desired(of: host.id, after: 0).servers
        let topology = try await cloud.networking.topology(of: host.hostname)
        return try await HostAudit(self.host(CrashPoints(deadly: nil))).differences(from: documents, topology)
    }

    /// Takes away what would outlive the folder.
    func clean() async throws {
        for server in try await driver.list().keys { try await driver.undefine(server) }
        try await dataplane.destroy()
    }
}
