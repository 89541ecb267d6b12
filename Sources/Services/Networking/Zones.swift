import Model

/// The availability zones of networks and routers: every host carries every network.
enum Zones {
    static let all = ["nova"]

    static func check(_ hints: [String]) throws {
        guard let unknown = hints.first(where: { !all.contains($0) }) else { return }
        throw CloudError(
            .notFound, "AvailabilityZone \(unknown.prefix(80)) could not be found.", type: "AvailabilityZoneNotFound")
    }
}
