import HostProtocol
package import Model
import Store
import Workflow

/// What a snapshot is asked for with.
package struct SnapshotRequest: Sendable {
    package var name: String
    /// Properties of the image, over those that it has from the server's.
    package var properties: [String: String]
    /// Of a backup: the user's word for its kind, and how many of that kind are kept.
    package var backup: (kind: String, rotation: Int)?

    package init(name: String, properties: [String: String] = [:], backup: (kind: String, rotation: Int)? = nil) {
        self.name = name
        self.properties = properties
        self.backup = backup
    }
}

extension ComputeService {
    /// Begins to make an image of the server's root disk; the image is there, without data yet, when this returns.
    package func snapshot(_ id: ServerID, _ wanted: SnapshotRequest, by caller: Caller) async throws -> ImageID {
        let image = ImageID.random()
        try await begin(wanted.backup == nil ? .createImage : .createBackup, on: id, by: caller) { server, now, db in
            let consistency = try Self.consistency(wanted, of: server)
            let record = try Self.image(image, wanted, of: server, by: caller, now: now, db)
            try ImageCalls.reserve(
                record, sharedWith: record.projectID == server.projectID ? nil : server.projectID, db)
            let rotation = wanted.backup.map { kind, count in
                SnapshotServer.Rotation(kind: kind, count: count, projectID: record.projectID)
            }
            return Beginning(
                input: SnapshotServer.Input(imageID: image, consistency: consistency, rotation: rotation))
        }
        return image
    }

    /// The least that is asked for, if anything is. Refuses what is known to be out of reach.
    private static func consistency(
        _ wanted: SnapshotRequest, of server: Server
    ) throws -> SnapshotConsistency? {
        let asked = wanted.properties[SnapshotConsistency.property]
        let named = asked.flatMap(SnapshotConsistency.init(rawValue:))
        if let asked, named == nil {
            throw CloudError.badRequest(
                "Invalid input for field/attribute \(SnapshotConsistency.property). Value: '\(asked.prefix(80))'. "
                    + "It is not one of \(SnapshotConsistency.allCases.map(\.rawValue)).")
        }
        let hardware = GuestHardware(
            name: "", vcpus: 0, memoryMiB: 0, imageProperties: try server.imageProperties.value())
        let least = max(named ?? .crash, hardware.requiresQuiesce ? .filesystem : .crash)
        if least == .crash { return named }
        if let why = reasonAgainst(server, hardware) {
            throw CloudError(.conflict, "Quiescing is not supported in instance \(server.id): \(why)")
        }
        return least
    }

    private static func reasonAgainst(_ server: Server, _ hardware: GuestHardware) -> String? {
        switch server.settled {
        case .active: hardware.wantsGuestAgent ? nil : "QEMU guest agent is not enabled"
        case .paused: "it is paused, and its guest agent does not answer; unpause it first"
        case .suspended: "what it had in memory is not on its disk; resume it first"
        default: nil
        }
    }

    /// Nova's: properties of the image that the server was booted from, less those that say something of that image
    /// alone (compute/utils.py, `NON_INHERITABLE_IMAGE_PROPERTIES` and `non_inheritable_image_properties`).
    private static let notInherited: Set<String> = [
        "cinder_encryption_key_id", "cinder_encryption_key_deletion_policy", "img_signature",
        "img_signature_hash_method", "img_signature_key_type", "img_signature_certificate_uuid", "cache_in_nova",
        "bittorrent", "mappings", "block_device_mapping", "img_mappings", "img_block_device_mapping", "backup_type",
        SnapshotConsistency.property, SnapshotConsistency.frozenProperty, SnapshotConsistency.disksProperty,
        SnapshotConsistency.reasonProperty,
    ]

    static func image(
        _ id: ImageID, _ wanted: SnapshotRequest, of server: Server, by caller: Caller, now: Timestamp,
        _ db: any Connection
    ) throws -> Image {
        var properties = try server.imageProperties.value().filter { name, _ in
            !notInherited.contains(name) && !name.hasPrefix("os_glance")
        }
        properties["base_image_ref"] = server.imageID?.text
        properties["boot_roles"] = caller.roles.sorted().joined(separator: ",")
        properties["image_type"] = wanted.backup == nil ? "snapshot" : "backup"
        properties["instance_uuid"] = server.id.text
        properties["owner_id"] = server.projectID.text
        properties["user_id"] = caller.userID.text
        properties.merge(wanted.properties.filter { $0.key != SnapshotConsistency.property }) { $1 }
        properties["backup_type"] = wanted.backup?.kind
        let project: ProjectID = if case .project(let project) = caller.scope { project } else { server.projectID }
        let isOwn = project == server.projectID
        if !isOwn { properties["instance_owner"] = server.projectID.text }
        let base = try server.imageID.flatMap { try db.find(Image.self, key: .id($0)) }
        return Image(
            id: id, projectID: project, name: wanted.name, visibility: isOwn ? .private : .shared,
            diskFormat: DiskFormat.qcow2.rawValue, containerFormat: "bare",
            minDisk: max(base?.minDisk ?? 0, try server.flavor.value().disk), minRAM: base?.minRAM ?? 0,
            properties: try JSONText(properties), tags: try JSONText([]), createdAt: now, updatedAt: now)
    }
}
