import APIKit
import Model
import Wire

/// The body of `PUT /servers/{id}`, read once and applied to the row inside its transaction.
struct ServerUpdateBody: Sendable {
    private var name: String?
    private var ipv4: String?
    private var ipv6: String?
    private var diskConfig: String?
    private var description: String??
    private var hostname: String?
    private var pinnedZone: String??

    static let members = [
        Field(since: 19, "description"), Hostname.member, Field(since: 104, "pinned_availability_zone"),
    ]

    init(_ given: Fields, at version: Microversion) throws(CloudError) {
        var fields = given
        try fields.refuseNulls(except: ["description", "pinned_availability_zone"])
        if let text = try fields.optionalString("name", 1...255) { name = try NovaText.name(text, of: "name") }
        ipv4 = try Self.address("accessIPv4", 4, &fields)
        ipv6 = try Self.address("accessIPv6", 6, &fields)
        diskConfig = try fields.word("OS-DCF:diskConfig", of: ["AUTO", "MANUAL"])
        if fields.has("description") {
            description = .some(try NovaText.description(try fields.optionalString("description")))
        }
        hostname = try Hostname.read(&fields, at: version)
        if fields.has("pinned_availability_zone") {
            let zone = try fields.optionalString("pinned_availability_zone", 1...255)
            if let zone { _ = try NovaText.name(zone, of: "pinned_availability_zone") }
            pinnedZone = .some(zone)
        }
        try fields.finish()
    }

    private static func address(_ name: String, _ family: Int, _ fields: inout Fields) throws(CloudError) -> String? {
        guard let text = try fields.optionalString(name) else { return nil }
        guard let address = IPAddress(text), address.version == family else {
            throw fields.invalid(name, .string(text), "It is not an IPv\(family) address.")
        }
        return address.description
    }

    func apply(to server: inout Server) throws(CloudError) {
        if let name { server.name = name }
        if let ipv4 { server.accessIPv4 = ipv4 }
        if let ipv6 { server.accessIPv6 = ipv6 }
        if let diskConfig { server.diskConfig = diskConfig }
        if let description { server.description = description }
        if let hostname { server.hostname = hostname }
        if let pinnedZone { try pin(&server, to: pinnedZone) }
    }

    /// A server is pinned to the zone it is in, or to none.
    private func pin(_ server: inout Server, to zone: String?) throws(CloudError) {
        if let zone, let pinned = server.requestedZone, zone != pinned {
            throw CloudError.conflict(
                "Cannot change pinned availability zone directly. Unpin first by setting pinned_availability_zone to "
                    + "null.")
        }
        if let zone, server.requestedZone == nil, zone != server.availabilityZone {
            throw CloudError.conflict(
                "Server can only be pinned to its current availability zone "
                    + "'\(server.availabilityZone ?? "None")', but '\(zone)' was requested.")
        }
        server.requestedZone = zone
    }
}
