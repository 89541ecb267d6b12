package import Attributes
package import Model
import Store
import Wire

/// What a body says of a port: the record, and wishes that are carried out with it.
package struct PortDraft: Sendable {
    package var port: Port
    /// `nil`: as they are; at creation, as the network has them.
    package var addresses: [PortRequest.Address]?
    package var securityGroups: [SecurityGroupID]?
    package var portSecurityEnabled: Bool?
    package var macAddress: String?
    package var allowedAddressPairs: [AllowedAddressPair]?
    package var bindingHost: String?

    package init(_ port: Port) {
        self.port = port
    }
}

package enum PortAttributes {
    package static let table = AttributeTable<PortDraft>(
        "port", "ports", table: "ports", wording: .network,
        // A network's owner sees who is on it.
        visible: {
            SQLCondition(
                "project_id = ? OR network_id IN (SELECT id FROM networks WHERE project_id = ?)", [.id($0), .id($0)])
        },
        StandardAttributes.identity { $0.port.projectID = $1 } + own + wishes + binding
            + StandardAttributes.history { $0.port.tags = try JSONText($1.texts) })

    private static let own: [Attribute<PortDraft>] = [
        StandardAttributes.name { $0.port.name = $1.text },
        StandardAttributes.description { $0.port.description = $1.text },
        StandardAttributes.adminStateUp { $0.port.adminStateUp = $1.flag },
        Attribute(
            "network_id", .uuid, .column("network_id"), create: .anyone, required: true, filter: .equal, sorts: true
        ) { $0.port.networkID = NetworkID($1.text) },
        Attribute("status", .text(0...16), .column("status"), filter: .equal, sorts: true),
        Attribute(
            "device_id", .name, .column("device_id"), create: .anyone, change: .anyone, default: "",
            null: .same(as: ""), filter: .equal, sorts: true
        ) { $0.port.deviceID = $1.text },
        Attribute(
            "device_owner", .name, .column("device_owner"), create: .anyone, change: .anyone, default: "",
            null: .same(as: ""), filter: .equal, sorts: true
        ) { $0.port.deviceOwner = $1.text },
        Attribute(
            "dns_name", .dnsName, .column("dns_name"), create: .anyone, change: .anyone, default: "", filter: .equal,
            sorts: true
        ) { $0.port.dnsName = $1.text },
        Attribute(
            "dns_assignment", .list(of: .object), .composed("dns_name", "fixed_ips", PortNames.assignment)),
    ]

    private static let wishes: [Attribute<PortDraft>] = [
        Attribute(
            "mac_address", .macAddress, .column("mac_address"), create: .anyone, change: .anyone, filter: .equal,
            sorts: true
        ) { $0.macAddress = $1.text },
        Attribute(
            "fixed_ips", fixedIPs, .column("fixed_ips"), create: .anyone, change: .anyone, filter: .custom(holders)
        ) { draft, value in
            draft.addresses = value.items.map { item in
                PortRequest.Address(
                    subnetID: item["subnet_id"]?.optionalText.map { SubnetID($0) },
                    ipAddress: item["ip_address"]?.optionalText)
            }
        },
        Attribute(
            "security_groups", .list(of: .text(1...255)), .column("security_groups"), create: .anyone,
            change: .anyone, null: .same(as: .array([])), filter: .custom(carriers)
        ) { draft, value in
            var seen: Set<String> = []
            draft.securityGroups = value.texts.filter { seen.insert($0).inserted }.map { SecurityGroupID($0) }
        },
        Attribute(
            "port_security_enabled", .boolean, .column("port_security_enabled"), create: .anyone, change: .anyone
        ) { $0.portSecurityEnabled = $1.flag },
        Attribute(
            "allowed_address_pairs", pairs, .column("allowed_address_pairs"), create: .anyone, change: .anyone,
            null: .same(as: .array([]))
        ) { draft, value in
            draft.allowedAddressPairs = value.items.map { item in
                AllowedAddressPair(
                    ipAddress: item["ip_address"]?.text ?? "",
                    macAddress: item["mac_address"]?.text.lowercased() ?? "")
            }
        },
    ]

    private static let binding: [Attribute<PortDraft>] = [
        Attribute(
            "binding:vnic_type",
            .checked(.text(0...64)) { value throws(AttributeFault) in
                guard value.text == "normal" else {
                    throw AttributeFault("'\(value.text)' is not in ['normal']: hosts of this cloud have no other NICs")
                }
                return value
            }, .column("vnic_type"), create: .anyone, change: .anyone, default: "normal", null: .same(as: "normal")
        ) { $0.port.vnicType = $1.text },
        Attribute(
            "binding:host_id", .name, .column("binding_host"), create: .admin, change: .admin, default: "",
            null: .same(as: ""), shown: .toAdmins, filter: .equal
        ) { $0.bindingHost = $1.text },
        Attribute(
            "binding:profile", .object, .column("profile"), create: .admin, change: .admin, default: .object([]),
            null: .same(as: .object([])), shown: .toAdmins
        ) { $0.port.profile = $1.jsonText },
        Attribute(
            "binding:vif_type", .text(0...64),
            .column(
                """
                CASE WHEN binding_host <> '' OR device_owner LIKE 'network:router_%' OR device_owner = 'network:dhcp'
                THEN 'bridge' ELSE 'unbound' END
                """), shown: .toAdmins),
        Attribute(
            "binding:vif_details", .object, .constant(#"{"port_filter":true}"#), shown: .toAdmins),
    ]

    /// `fixed_ips=subnet_id=S`, `ip_address=A` and `ip_address_substr=T`; of one kind any, of all kinds one.
    @Sendable
    private static func holders(_ wanted: [String]) throws -> SQLCondition {
        var kinds: [String: [String]] = [:]
        for text in wanted {
            let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard sides.count == 2, ["subnet_id", "ip_address", "ip_address_substr"].contains(sides[0]) else {
                throw CloudError(
                    .badRequest,
                    "Invalid input for fixed_ips. Reason: '\(text.prefix(80))' is not subnet_id=..., "
                        + "ip_address=... or ip_address_substr=...", type: "HTTPBadRequest")
            }
            kinds[sides[0], default: []].append(sides[1])
        }
        return .all(
            kinds.sorted { $0.key < $1.key }.map { kind, values in
                let test: SQLCondition =
                    switch kind {
                    case "subnet_id": .among("subnet_id", values.map { .text($0) })
                    case "ip_address":
                        .among("address", values.map { .text(IPAddress($0)?.description ?? $0) })
                    default:
                        .any(values.map { SQLCondition("address LIKE ?", [.text("%\($0.filter(isOfAddress))%")]) })
                    }
                return SQLCondition(
                    "id IN (SELECT port_id FROM address_allocations WHERE \(test.sql))", test.arguments)
            })
    }

    @Sendable
    private static func isOfAddress(_ character: Character) -> Bool {
        character.isHexDigit || character == "." || character == ":"
    }

    @Sendable
    private static func carriers(_ groups: [String]) throws -> SQLCondition {
        let test = SQLCondition.among("security_group_id", groups.map { .text($0) })
        return SQLCondition("id IN (SELECT port_id FROM port_security_groups WHERE \(test.sql))", test.arguments)
    }

    private static let fixedIPs = AttributeType.objects(["subnet_id?", "ip_address?"], most: 50) {
        address throws(AttributeFault) in
        if let text = address["ip_address"], IPAddress(text) == nil {
            throw AttributeFault("'\(text.prefix(64))' is not a valid IP address")
        }
    }

    private static let pairs = AttributeType.objects(["ip_address", "mac_address?"], most: 10) {
        pair throws(AttributeFault) in
        let text = pair["ip_address"] ?? ""
        guard CIDR(text) != nil else {
            throw AttributeFault("'\(text.prefix(64))' is not a valid IP address or subnet")
        }
        if let mac = pair["mac_address"] {
            _ = try AttributeType.macAddress.converted(.string(mac), lenient: true)
        }
    }
}
