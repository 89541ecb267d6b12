import APIKit
import HTTPTypes
import Compute
import Foundation
import Model
import Wire

/// The body of `POST /servers` of any version, as the request that Compute takes.
struct ServerCreateBody {
    var request: ServerCreateRequest
    var returnReservation: Bool

    private static let members = [
        Field(since: 19, "description"), Field(since: 52, "tags"), Field(until: 56, "personality"),
        Field(since: 63, "trusted_image_certificates"), Field(since: 74, "host"),
        Field(since: 74, "hypervisor_hostname"), Hostname.member,
    ]
    /// Nova lost the tags of NICs between 2.37 and 2.41.
    private static let nicMembers = [Field(since: 32, until: 36, "tag"), Field(since: 42, "tag")]

    static func read(_ json: JSONValue, _ api: APIRequest) throws -> ServerCreateBody {
        var outer = try Fields(json)
        var fields = try outer.object("server").knowing(members, at: api.version)
        try fields.refuseNulls(except: ["description", "trusted_image_certificates"])
        var body = ServerCreateBody(
            request: ServerCreateRequest(
                name: try NovaText.name(try fields.string("name", 1...255), of: "name"), flavorID: try flavor(&fields),
                adminPassword: try fields.optionalString("adminPass", 0...65_535) ?? Self.password()),
            returnReservation: try fields.optionalBool("return_reservation_id") ?? false)
        try body.readBoot(&fields)
        try body.readNetworks(&fields, at: api.version)
        try body.readPlacement(&fields, api)
        try body.readTexts(&fields, at: api.version)
        try body.readCounts(&fields)
        try fields.finish()
        for name in ["OS-SCH-HNT:scheduler_hints", "os:scheduler_hints"] where outer.has(name) {
            guard let hints = outer.value(name), case .object = hints else {
                throw CloudError.badRequest("Invalid input for field/attribute \(name). It must be an object.")
            }
            try HintForms.check(hints)
            body.request.hints = hints.jsonText
        }
        try outer.finish()
        return body
    }

    static func flavor(_ fields: inout Fields) throws -> FlavorID {
        guard let value = fields.value("flavorRef") else {
            throw CloudError.badRequest(
                "Invalid input for field/attribute server. 'flavorRef' is a required property.")
        }
        switch value {
        case .string(let text): return FlavorID(lastSegment(text))
        case .integer(let number): return FlavorID(String(number))
        default: throw fields.invalid("flavorRef", value, "It must be a string.")
        }
    }

    /// References may be URLs; the id is their end.
    private static func lastSegment(_ text: String) -> String {
        text.split(separator: "/").last.map(String.init) ?? text
    }

    static func password() -> String {
        let letters = Array("23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
        var generator = SystemRandomNumberGenerator()
        return String((0..<12).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] })
    }

    private mutating func readBoot(_ fields: inout Fields) throws {
        if let text = try fields.optionalString("imageRef"), !text.isEmpty {
            guard UUIDText.isValid(text) else { throw fields.invalid("imageRef", .string(text), "It is not a 'uuid'.") }
            request.imageID = ImageID(text)
        }
        for name in ["block_device_mapping", "block_device_mapping_v2"] where fields.has(name) {
            try readBlockDevices(try fields.array(name), name)
        }
        request.keyName = try fields.optionalString("key_name", 1...255)
        request.configDrive = try fields.optionalBool("config_drive") ?? false
        request.userData = try Self.userData(&fields)
        request.diskConfig = try fields.word("OS-DCF:diskConfig", of: ["AUTO", "MANUAL"]) ?? "MANUAL"
    }

    static func userData(_ fields: inout Fields) throws(CloudError) -> String? {
        guard let data = try fields.optionalString("user_data", 0...65_535) else { return nil }
        guard let decoded = Data(base64Encoded: data, options: .ignoreUnknownCharacters),
            !decoded.isEmpty || data.isEmpty
        else { throw fields.invalid("user_data", .string(data), "It is not a 'base64'.") }
        return data
    }

    /// The one form that needs no volume service: the image on a local disk.
    private mutating func readBlockDevices(_ items: [JSONValue], _ name: String) throws {
        for item in items {
            var device = try Fields(item, at: name)
            let source = try device.optionalString("source_type")
            let destination = try device.optionalString("destination_type") ?? "local"
            guard name == "block_device_mapping_v2", source == "image", destination == "local" else {
                throw CloudError(
                    .notImplemented, "Only block devices made from an image on a local disk can be used so far.")
            }
            let uuid: ImageID? = try device.optionalID("uuid")
            let index = try device.optionalInt("boot_index")
            _ = try device.optionalBool("delete_on_termination")
            for known in ["volume_size", "tag", "device_name", "disk_bus", "device_type", "guest_format", "no_device"] {
                guard let value = device.value(known), value != .null else { continue }
                throw CloudError(
                    .notImplemented, "'\(known)' of a block device is not followed so far; leave it out.")
            }
            try device.finish()
            if index ?? 0 == 0, request.imageID == nil {
                request.imageID = uuid
            } else if uuid != request.imageID, let uuid {
                request.furtherImages.append(uuid)
            }
        }
    }

    private mutating func readNetworks(_ fields: inout Fields, at version: Microversion) throws {
        if version >= Microversion(2, 37), !fields.has("networks") {
            throw CloudError.badRequest(
                "Invalid input for field/attribute server. 'networks' is a required property.")
        }
        switch fields.value("networks") {
        case nil: break
        case .string("auto") where version >= Microversion(2, 37): request.automaticNetwork = true
        case .string("none") where version >= Microversion(2, 37): request.nics = []
        case .array(let items):
            let nics = try items.map { try Self.nic($0, at: version) }
            if !nics.isEmpty { request.nics = nics }
        case .some(let value): throw fields.invalid("networks", value, "It must be a list, 'auto' or 'none'.")
        }
        if let items = try fields.optionalArray("security_groups") {
            // One without a name says nothing, to Nova neither.
            request.securityGroups = try items.compactMap { item in
                var group = try Fields(item, at: "security_groups")
                try group.refuseNulls()
                let name = try group.optionalString("name", 1...255)
                try group.finish()
                return name
            }
        }
    }

    private static func nic(_ item: JSONValue, at version: Microversion) throws -> RequestedNIC {
        var fields = try Fields(item, at: "networks").knowing(nicMembers, at: version)
        try fields.refuseNulls(except: ["port"])
        let nic = RequestedNIC(
            portID: try fields.optionalID("port"), networkID: try fields.optionalID("uuid"),
            fixedIP: try fields.optionalString("fixed_ip"),
            tag: try fields.optionalString("tag", 1...60))
        try fields.finish()
        guard nic.portID != nil || nic.networkID != nil else {
            throw CloudError.badRequest("Invalid input for field/attribute networks. 'uuid' or 'port' is required.")
        }
        if let address = nic.fixedIP, IPAddress(address) == nil {
            throw fields.invalid("fixed_ip", .string(address), "It is not an IP address.")
        }
        return nic
    }

    private mutating func readPlacement(_ fields: inout Fields, _ api: APIRequest) throws {
        request.availabilityZone = try fields.optionalString("availability_zone", 1...255)
        let host = try fields.optionalString("host", 1...255)
        let node = try fields.optionalString("hypervisor_hostname", 1...255)
        if host != nil || node != nil, !api.caller.isAdmin {
            throw CloudError(
                .forbidden,
                "Policy doesn't allow compute:servers:create:requested_destination to be performed.")
        }
        request.requestedHost = host ?? node
    }

    private mutating func readTexts(_ fields: inout Fields, at version: Microversion) throws {
        request.metadata = try NovaText.metadata(try fields.stringMap("metadata") ?? [:])
        guard request.metadata.count <= 128 else {
            throw CloudError(.overQuota, "Maximum number of metadata items exceeds 128.")
        }
        request.accessIPv4 = try address("accessIPv4", 4, &fields)
        request.accessIPv6 = try address("accessIPv6", 6, &fields)
        request.description = try NovaText.description(try fields.optionalString("description"))
        request.tags = try ServerTagsAPI.check(try fields.strings("tags") ?? [])
        request.hostname = try Hostname.read(&fields, at: version)
        request.files = try InjectedFileForms.read(&fields)
        request.trustedCertificates = try TrustedCertificates.read(&fields)
    }

    private func address(_ name: String, _ family: Int, _ fields: inout Fields) throws -> String? {
        guard let text = try fields.optionalString(name), !text.isEmpty else { return nil }
        guard let address = IPAddress(text), address.version == family else {
            throw fields.invalid(name, .string(text), "It is not an IPv\(family) address.")
        }
        return address.description
    }

    private mutating func readCounts(_ fields: inout Fields) throws {
        let low = try fields.optionalInt("min_count", 1...1000)
        let high = try fields.optionalInt("max_count", 1...1000)
        request.minCount = low ?? 1
        request.maxCount = high ?? request.minCount
        guard request.minCount <= request.maxCount else {
            throw CloudError.badRequest("min_count must be <= max_count")
        }
    }
}
