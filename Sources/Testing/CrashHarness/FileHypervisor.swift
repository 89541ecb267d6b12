import Foundation
import HostProtocol
import Hypervisor
import Model

/// A hypervisor whose guests are files, so that they outlive the process as real guests do. A file holds the guest's
/// power; whatever has the name is whole.
struct FileHypervisor: HypervisorDriver {
    private let folder: String
    private let hostname: String

    init(folder: String, hostname: String) throws {
        self.folder = folder
        self.hostname = hostname
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func path(_ server: ServerID) -> String { "\(folder)/\(server)" }

    private func write(_ power: ServerObservation.Power, of server: ServerID) throws {
        try Data(power.rawValue.utf8).write(to: URL(filePath: path(server)), options: .atomic)
    }

    private func read(_ server: ServerID) -> ServerObservation.Power {
        guard let content = FileManager.default.contents(atPath: path(server)) else { return .absent }
        return ServerObservation.Power(rawValue: String(decoding: content, as: UTF8.self)) ?? .unknown
    }

    func describe() async throws -> HostInventory {
        HostInventory(
            hostname: hostname, vcpus: 64, memoryMiB: 262_144, diskGiB: 2000, virtType: "simulated: no guest runs",
            hypervisorType: "simulated", hypervisorVersion: 1_000_000, cpuArchitecture: "x86_64")
    }

    func list() async throws -> [ServerID: ServerObservation.Power] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter(UUIDText.isValid)
        return Dictionary(uniqueKeysWithValues: names.map { (ServerID($0), read(ServerID($0))) })
    }

    func power(of server: ServerID) async throws -> ServerObservation.Power { read(server) }

    func define(_ spec: DomainSpec) async throws {
        if read(spec.serverID) == .absent { try write(.shutdown, of: spec.serverID) }
    }

    func start(_ server: ServerID) async throws {
        guard read(server) != .absent else { throw HostFailure.notDefined(server) }
        try write(.running, of: server)
    }

    func stop(_ server: ServerID, graceSeconds: Double) async throws {
        if read(server) != .absent { try write(.shutdown, of: server) }
    }

    func rebootSoft(_ server: ServerID, graceSeconds: Double) async throws -> Bool { read(server) == .running }

    func undefine(_ server: ServerID) async throws {
        if read(server) != .absent { try FileManager.default.removeItem(atPath: path(server)) }
    }

    func events() -> AsyncStream<PowerEvent> { AsyncStream { _ in } }
}
