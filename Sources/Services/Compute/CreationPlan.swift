import Foundation
import HostProtocol
import Model
import Store

/// A creation with everything looked up: what the transaction needs, and nothing to wait for.
struct CreationPlan: Sendable {
    /// What a request names.
    struct Parts: Sendable {
        let flavor: Flavor
        let image: Model.Image
        let reference: ImageReference
        let keys: [PublicKey]
        let nics: [RequestedNIC]
    }

    let request: ServerCreateRequest
    let project: ProjectID
    let user: UserID
    let flavor: Flavor
    let snapshot: FlavorSnapshot
    let image: Model.Image
    let imageProperties: [String: String]
    let reference: JSONText<ImageReference>
    let keys: JSONText<[PublicKey]>
    let nics: JSONText<[RequestedNIC]>
    let groups: JSONText<[SecurityGroupID]>
    let hints: SchedulerHints
    let scheduling: SchedulingRequest

    init(
        request: ServerCreateRequest, project: ProjectID, user: UserID, parts: Parts, groups: [SecurityGroupID],
        hints: SchedulerHints, zone: (name: String?, host: String?)
    ) throws {
        self.request = request
        self.project = project
        self.user = user
        flavor = parts.flavor
        image = parts.image
        reference = try JSONText(parts.reference)
        keys = try JSONText(parts.keys)
        nics = try JSONText(parts.nics)
        self.groups = try JSONText(groups)
        self.hints = hints
        snapshot = try FlavorSnapshot(flavor)
        imageProperties = try image.properties.value()
        var scheduling = SchedulingRequest(
            flavor: snapshot, imageProperties: imageProperties, zone: zone.name, rootBytes: parts.reference.rootBytes)
        scheduling.project = project
        scheduling.forcedHost = zone.host
        scheduling.requestedHost = request.requestedHost
        self.scheduling = scheduling
    }

    /// A flavor without a root disk bounds nothing, and so only administrators boot images with one (Nova's rule
    /// `os_compute_api:servers:create:zero_disk_flavor`). Disks are GiB, memory MiB.
    static func check(
        _ image: Model.Image, fits flavor: (disk: Int, memory: Int), by caller: Caller
    ) throws {
        guard flavor.disk > 0 || caller.isAdmin else {
            throw CloudError(.forbidden, "Only volume-backed servers are allowed for flavors with zero disk.")
        }
        guard flavor.memory >= image.minRAM else {
            throw CloudError.badRequest("Flavor's memory is too small for requested image.")
        }
        guard flavor.disk > 0 else { return }
        let gib = 1 << 30
        if (image.virtualSize ?? 0) > flavor.disk * gib || image.minDisk > flavor.disk {
            throw CloudError.badRequest(
                "Flavor's disk is too small for requested image. Flavor disk is \(flavor.disk * gib) bytes, image is "
                    + "\(max(image.virtualSize ?? 0, image.minDisk * gib)) bytes.")
        }
    }

    private var each: [(resource: String, amount: Int)] {
        [("instances", 1), ("cores", flavor.vcpus), ("ram", flavor.memory)]
    }

    /// For how many servers the project has quota, at most `maxCount`; refuses when `minCount` does not fit.
    func allowedCount(_ db: any Connection) throws -> Int {
        var count = request.maxCount
        let known = try QuotaQueries.ofServers(of: project, db)
        for (resource, amount) in each {
            let quota =
                try known[resource]
                ?? Quota(
                    projectID: project, resource: resource, limit: QuotaQueries.defaultLimit(of: resource, db))
            if quota.limit >= 0, amount > 0 { count = min(count, max(0, quota.limit - quota.used) / amount) }
            guard count >= request.minCount else {
                throw Self.overQuota(quota, requested: amount * request.minCount)
            }
        }
        return count
    }

    /// Takes it, and returns how many these are.
    func takeQuota(_ db: any Connection) throws -> Int {
        let count = try allowedCount(db)
        for (resource, amount) in each {
            if let full = try QuotaQueries.take(
                amount * count, of: resource, for: project, defaultLimit: QuotaQueries.defaultLimit(of: resource, db),
                db)
            {
                throw Self.overQuota(full, requested: amount * count)
            }
        }
        return count
    }

    static func overQuota(_ quota: Quota, requested: Int) -> CloudError {
        CloudError(
            .overQuota,
            "Quota exceeded for \(quota.resource): Requested \(requested), but already used \(quota.used) of "
                + "\(quota.limit) \(quota.resource)")
    }

    func servers(_ count: Int, _ now: Timestamp) throws -> [Server] {
        let reservation = "r-" + UUIDText.random().filter { $0 != "-" }.prefix(8)
        return try (0..<count).map { index in
            let name = count > 1 ? "\(request.name)-\(index + 1)" : request.name
            return Server(
                id: .ordered(at: now), projectID: project, userID: user, name: name, description: request.description,
                hostname: request.hostname ?? Self.hostname(from: name), reservationID: reservation, launchIndex: index,
                requestedZone: scheduling.availabilityZone, availabilityZone: scheduling.availabilityZone,
                flavorID: flavor.id, flavor: try JSONText(snapshot),
                imageID: image.id, imageProperties: image.properties, keyName: request.keyName,
                metadata: try JSONText(request.metadata), tags: try JSONText(request.tags), hints: request.hints,
                configDrive: request.configDrive || imageProperties["img_config_drive"] == "mandatory",
                accessIPv4: request.accessIPv4, accessIPv6: request.accessIPv6, diskConfig: request.diskConfig,
                createdAt: now, updatedAt: now,
                trustedCertificates: try request.trustedCertificates.map { try JSONText($0) })
        }
    }

    func request(of server: Server) throws -> ServerRequest {
        ServerRequest(
            serverID: server.id, image: reference.raw, nics: nics, userData: request.userData, publicKeys: keys,
            securityGroups: groups, adminPassword: request.adminPassword, files: try JSONText(request.files))
    }

    /// Nova's `sanitize_hostname`: letters, digits and dashes, lower case, at most 63.
    static func hostname(from name: String) -> String {
        var text = ""
        for scalar in name.lowercased().unicodeScalars {
            switch scalar {
            case "a"..."z", "0"..."9", "-": text.unicodeScalars.append(scalar)
            case " ", "_", ".": text += "-"
            default: continue
            }
        }
        let trimmed = text.drop { $0 == "-" }.prefix(63)
        let end = trimmed.lastIndex { $0 != "-" }
        return end.map { String(trimmed[...$0]) } ?? "server"
    }
}
