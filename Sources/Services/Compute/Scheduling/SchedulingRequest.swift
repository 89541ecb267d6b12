import Foundation
import HostProtocol
package import Model
package import Store

/// What a server needs of its host, taken from its flavor, its image and what was asked for at creation.
package struct SchedulingRequest: Sendable, Equatable {
    package struct Capability: Sendable, Equatable {
        /// Such as `cpu_info:arch`.
        package var name: String
        /// An operator and what it compares with, such as `s== x86_64`.
        package var wish: String

        package init(name: String, wish: String) {
            self.name = name
            self.wish = wish
        }
    }

    package var vcpus: Int
    package var memoryMiB: Int
    /// Root, ephemeral and swap together, rounded up.
    package var diskGiB: Int
    /// Resource classes of the flavor that hosts of this cloud do not have.
    package var otherResources: [String] = []
    package var availabilityZone: String?
    /// `az:host`: nothing else will do, and beside its group only what Placement knows is asked of it.
    package var forcedHost: String?
    /// `host` of 2.74: this one, if it passes every rule.
    package var requestedHost: String?
    /// Whose server it is; `nil` for nobody's, which every host takes.
    package var project: ProjectID?
    package var capabilities: [Capability] = []
    /// What the flavor asks of the metadata of the host's aggregates.
    package var aggregateSpecs: [Capability] = []
    /// By which aggregates keep hosts for images.
    package var imageProperties: [String: String] = [:]
    package var architecture: String?
    package var hypervisorType: String?
    package var requiredTraits: [String] = []
    package var forbiddenTraits: [String] = []
    package var affinity = Affinity()

    package init(vcpus: Int, memoryMiB: Int, diskGiB: Int) {
        self.vcpus = vcpus
        self.memoryMiB = memoryMiB
        self.diskGiB = diskGiB
    }

    /// Extra specs `resources:CLASS=N` take the place of the flavor's own amounts. What is no amount is passed over,
    /// as Nova does.
    package init(
        flavor: FlavorSnapshot, imageProperties: [String: String], zone: String?, rootBytes: Int64? = nil
    ) {
        let rootGiB = rootBytes.map { $0 > 0 ? Int(($0 - 1) >> 30) + 1 : 0 } ?? 0
        self.init(vcpus: flavor.vcpus, memoryMiB: flavor.ram, diskGiB: flavor.diskGiB + rootGiB)
        availabilityZone = zone
        self.imageProperties = imageProperties
        architecture = imageProperties["hw_architecture"] ?? imageProperties["architecture"]
        hypervisorType = imageProperties["img_hv_type"] ?? imageProperties["hypervisor_type"]
        for (key, value) in flavor.extraSpecs.sorted(by: { $0.key < $1.key }) { read(key, value) }
        for (key, value) in imageProperties.sorted(by: { $0.key < $1.key }) where value == "required" {
            guard key.hasPrefix("trait:") else { continue }
            let trait = String(key.dropFirst("trait:".utf8.count))
            if !requiredTraits.contains(trait) { requiredTraits.append(trait) }
        }
    }

    /// What a server that exists needs of another host; its affinity is not known here.
    package init(of server: Server, _ db: any Connection) throws {
        guard let request = try db.find(ServerRequest.self, key: .id(server.id)) else {
            throw CloudError(.internal, "What was asked for server \(server.id) is not kept.")
        }
        self.init(
            flavor: try server.flavor.value(), imageProperties: try server.imageProperties.value(),
            zone: server.requestedZone, rootBytes: try request.imageReference().rootBytes)
        project = server.projectID
    }

    private mutating func read(_ key: String, _ value: String) {
        let parts = key.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return }
        switch (parts[0], value) {
        case ("capabilities", _): capabilities.append(Capability(name: parts[1], wish: value))
        case ("aggregate_instance_extra_specs", _): aggregateSpecs.append(Capability(name: parts[1], wish: value))
        case ("trait", "required"): requiredTraits.append(parts[1])
        case ("trait", "forbidden"): forbiddenTraits.append(parts[1])
        case ("resources", _):
            guard let amount = Int(value), amount >= 0 else { return }
            if let resource = HostResource(rawValue: parts[1]) {
                self[resource] = amount
            } else if amount > 0 {
                otherResources.append(parts[1])
            }
        default: return
        }
    }

    package subscript(resource: HostResource) -> Int {
        get {
            switch resource {
            case .vcpus: vcpus
            case .memory: memoryMiB
            case .disk: diskGiB
            }
        }
        set {
            switch resource {
            case .vcpus: vcpus = newValue
            case .memory: memoryMiB = newValue
            case .disk: diskGiB = newValue
            }
        }
    }

    /// For the claim.
    package var resources: [(resourceClass: String, amount: Int)] {
        HostResource.allCases.map { ($0.rawValue, self[$0]) }
    }
}

extension ServerRequest {
    func imageReference() throws -> ImageReference {
        try JSONDecoder().decode(ImageReference.self, from: Data(image.utf8))
    }
}
