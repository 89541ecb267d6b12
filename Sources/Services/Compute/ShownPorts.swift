import Model
import Networking

/// What a server's row shows of its ports: the `addresses` object and the `security_groups` list.
struct ShownPorts: Sendable {
    private struct Address: Codable {
        var version: Int
        var addr: String
        var type: String
        var mac: String

        enum CodingKeys: String, CodingKey {
            case version, addr
            case type = "OS-EXT-IPS:type"
            case mac = "OS-EXT-IPS-MAC:mac_addr"
        }
    }

    private struct Group: Codable {
        var name: String
    }

    let json: String
    let groups: String

    init(_ attachments: [PortAttachment]) throws {
        var byNetwork: [String: [Address]] = [:]
        for attachment in attachments {
            for fixed in try attachment.port.fixedIPs.value() {
                let version = fixed.ipAddress.contains(":") ? 6 : 4
                let mac = attachment.port.macAddress
                byNetwork[attachment.network.name, default: []].append(
                    Address(version: version, addr: fixed.ipAddress, type: "fixed", mac: mac))
                for floating in attachment.floatingIPs where floating.fixedAddress == fixed.ipAddress {
                    byNetwork[attachment.network.name, default: []].append(
                        Address(version: 4, addr: floating.address, type: "floating", mac: mac))
                }
            }
        }
        json = try JSONText(byNetwork).raw
        groups = try JSONText(Set(attachments.flatMap(\.groupNames)).sorted().map { Group(name: $0) }).raw
    }
}
