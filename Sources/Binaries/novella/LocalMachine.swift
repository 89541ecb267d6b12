import Agent
import Dataplane
import Foundation
import HostProtocol
import HostStorage
import LibvirtDriver
import Logging

/// This machine as the host of a cloud on libvirt.
enum LocalMachine {
    static func libvirt(
        stateDirectory: String, externalInterface: String?, isShared: Bool = false, logger: Logger,
        metadata: @escaping @Sendable (MetadataRequest) async throws -> MetadataResponse
    ) async throws -> HostMachine {
        let tag = CloudTag.of(stateDirectory: stateDirectory)
        let driver = try await LibvirtDriver.connect(
            .init(cloudTag: tag, hostname: ProcessInfo.processInfo.hostName, storagePath: stateDirectory),
            logger: logger)
        let storage = try FileHostStorage(stateDirectory: stateDirectory, isShared: isShared)
        let dataplane = try KernelDataplane(
            cloudTag: tag, externalInterface: externalInterface, metadata: metadata, logger: logger)
        return HostMachine(
            driver: driver, storage: storage, dataplane: dataplane, bootID: try CloudTag.bootID())
    }
}
