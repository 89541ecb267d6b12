import HostProtocol
package import Model
import Store
import Workflow

/// What a server is to be made anew with. What is `nil` stays as it was.
package struct RebuildRequest: Sendable {
    package var imageID: ImageID
    package var adminPassword: String
    package var preservesEphemeral = false
    /// `.some(nil)` takes the key away; likewise with the user data.
    package var keyName: String??
    package var userData: String??
    /// Those of a server's earlier life are not kept.
    package var files: [InjectedFile] = []
    package var trustedCertificates: [String]??
    /// Changes of the server's row that need no look at anything else.
    package var change: @Sendable (inout Server) throws -> Void

    package init(
        imageID: ImageID, adminPassword: String, change: @escaping @Sendable (inout Server) throws -> Void = { _ in }
    ) {
        self.imageID = imageID
        self.adminPassword = adminPassword
        self.change = change
    }
}

extension ComputeService {
    /// Begins to make the server anew from an image, on its host and with its ports.
    package func rebuild(_ id: ServerID, _ wanted: RebuildRequest, by caller: Caller) async throws {
        try await check(wanted.files, in: try await server(id, by: caller).projectID)
        try await begin(.rebuild, on: id, by: caller) { server, _, db in
            let flavor = try server.flavor.value()
            let (image, reference) = try image.bootable(wanted.imageID, rootGiB: flavor.disk, by: caller, db)
            try CreationPlan.check(image, fits: (flavor.disk, flavor.ram), by: caller)
            guard var request = try db.find(ServerRequest.self, key: .id(id)) else {
                throw CloudError(.internal, "What was asked for server \(id) is not kept.")
            }
            request.image = try JSONText(reference).raw
            request.adminPassword = wanted.adminPassword
            if let keyName = wanted.keyName {
                request.publicKeys = try JSONText(try keyName.map { try publicKeys($0, of: caller.userID, db) } ?? [])
                server.keyName = keyName
            }
            if let userData = wanted.userData { request.userData = userData }
            request.files = try JSONText(wanted.files)
            try db.update(request)
            if let certificates = wanted.trustedCertificates {
                server.trustedCertificates = try certificates.map { try JSONText($0) }
            }
            server.imageID = image.id
            server.imageProperties = image.properties
            try wanted.change(&server)
            return Beginning(
                input: ChangeMachine.Input(
                    operation: .rebuild, settled: server.settled == .stopped ? .stopped : .active,
                    preservesEphemeral: wanted.preservesEphemeral))
        }
    }

    /// Begins to boot the server from a rescue disk: of the image that is named, or of its own.
    package func rescue(
        _ id: ServerID, from imageID: ImageID?, adminPassword: String, by caller: Caller
    ) async throws {
        try await begin(.rescue, on: id, by: caller) { server, _, db in
            guard let chosen = imageID ?? server.imageID else {
                throw CloudError.badRequest("Server \(id) has no image; name one in rescue_image_ref.")
            }
            let (image, reference) = try image.bootable(chosen, rootGiB: 0, by: caller, db)
            var request = try ServerRequest.find(id, db)
            request.adminPassword = adminPassword
            try db.update(request)
            let disk = try RescueDisk(reference, try image.properties.value())
            return Beginning(
                input: ChangeMachine.Input(operation: .rescue, settled: .rescued, rescue: disk))
        }
    }

    package func unrescue(_ id: ServerID, by caller: Caller) async throws {
        try await begin(.unrescue, on: id, by: caller) { _, _, _ in
            Beginning(input: ChangeMachine.Input(operation: .unrescue, settled: .active))
        }
    }
}

extension RescueDisk {
    private static let buses = ["virtio", "scsi"]

    /// - Throws: what the image wants of its rescue disk and this cloud does not have.
    init(_ reference: ImageReference, _ properties: [String: String]) throws {
        let (device, bus) = (properties["hw_rescue_device"], properties["hw_rescue_bus"])
        if let device, device != (reference.format == .iso ? "cdrom" : "disk") {
            throw CloudError.badRequest(
                "The rescue image asks for hw_rescue_device=\(device.prefix(80)), which a \(reference.format.rawValue) "
                    + "image cannot be; leave the property out.")
        }
        if let bus, reference.format != .iso, !Self.buses.contains(bus) {
            throw CloudError.badRequest(
                "The rescue image asks for hw_rescue_bus=\(bus.prefix(80)), which this cloud does not have; it has "
                    + "\(Self.buses.joined(separator: " and ")).")
        }
        self.init(
            image: reference, bus: reference.format == .iso ? nil : bus, isStable: device != nil || bus != nil)
    }
}
