import ArgumentParser
import Dataplane
import Foundation
import HostProtocol
import LibvirtDriver
import Logging

/// `novella destroy`: takes away what the cloud of a state folder has made on this machine, but not the folder.
struct Destroy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take every guest, namespace, bridge, tap, rule and process of a cloud off this machine.")

    @Option(help: "The folder that holds everything the cloud knows.")
    var stateDir: String

    func run() async throws {
        let logger = Logger(label: "novella", factory: { StreamLogHandler.standardError(label: $0) })
        let tag = CloudTag.of(stateDirectory: stateDir)
        let driver = try await LibvirtDriver.connect(
            .init(cloudTag: tag, hostname: ProcessInfo.processInfo.hostName, storagePath: stateDir), logger: logger)
        let guests = try await driver.list()
        for server in guests.keys { try await driver.undefine(server) }
        let dataplane = try KernelDataplane(
            cloudTag: tag, externalInterface: nil,
            metadata: { _ in MetadataResponse(status: 404, contentType: "text/plain", body: []) }, logger: logger)
        try await dataplane.destroy()
        try removeGuestLogs(tag)
        let gone = guests.count == 1 ? "1 guest" : "\(guests.count) guests"
        print("Gone: \(gone) and the network of cloud \(tag).")
    }

    /// libvirt keeps a log of each guest's QEMU.
    private func removeGuestLogs(_ tag: String) throws {
        let folder = "/var/log/libvirt/qemu"
        guard FileManager.default.fileExists(atPath: folder) else { return }
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasPrefix("novella-\(tag)-")
        {
            try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        }
    }
}
