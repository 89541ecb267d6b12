import Compute
import Foundation
import Model
import Networking
import Wire

/// The documents of the OpenStack tree, by version.
struct OpenStackDocuments: Sendable {
    struct File: Sendable {
        var name: String
        var type: String
        var content: [UInt8]
    }

    private static let json = "application/json"
    private let metaData: [UInt8]
    private let networkData: [UInt8]
    private let userData: [UInt8]?
    private let password: String?
    private let injected: [InjectedFile]

    init(_ source: MetadataSource, randomSeed: [UInt8]) throws {
        metaData = Self.metaData(source, randomSeed)
        networkData = try Self.networkData(source)
        userData = source.userData
        password = source.guestPassword
        injected = source.files
    }

    static let contentFolder = "content"

    /// The files that the user gave, by the names that `meta_data.json` has for them.
    var content: [(name: String, content: [UInt8])] {
        injected.enumerated().map { index, file in
            let decoded = Data(base64Encoded: file.contents, options: .ignoreUnknownCharacters) ?? Data()
            return (Self.contentName(index), Array(decoded))
        }
    }

    private static func contentName(_ index: Int) -> String {
        String(repeating: "0", count: max(0, 4 - String(index).utf8.count)) + String(index)
    }

    func files(of version: String) -> [File] {
        let rows: [(since: String, name: String, type: String, content: [UInt8]?)] = [
            ("", "meta_data.json", Self.json, metaData),
            (Self.passwordSince, "password", "text/plain", Array((password ?? "").utf8)),
            ("", "user_data", "application/octet-stream", userData),
            ("2013-10-17", "vendor_data.json", Self.json, Array("{}".utf8)),
            ("2015-10-15", "network_data.json", Self.json, networkData),
            ("2016-10-06", "vendor_data2.json", Self.json, Array("{\"static\":{}}".utf8)),
        ]
        return rows.filter { version >= $0.since }.compactMap { row in
            row.content.map { File(name: row.name, type: row.type, content: $0) }
        }
    }

    private static let passwordSince = "2013-04-04"

    static func hasPassword(_ version: String) -> Bool { version >= passwordSince }

    private static func metaData(_ source: MetadataSource, _ randomSeed: [UInt8]) -> [UInt8] {
        var writer = JSONWriter(reserving: 2048)
        let server = source.server
        writer.object { writer in
            writer.field("uuid", server.id)
            writer.field("name", server.name)
            writer.field("hostname", hostname(server))
            writer.field("launch_index", server.launchIndex)
            writer.field("availability_zone", server.availabilityZone ?? "nova")
            writer.field("project_id", server.projectID)
            writer.object("meta") { writer in
                for (key, value) in source.metadata.sorted(by: { $0.key < $1.key }) {
                    writer.key(text: key)
                    writer.value(value)
                }
            }
            writeFiles(source.files, to: &writer)
            if let password = source.adminPassword { writer.field("admin_pass", password) }
            writeKeys(source, to: &writer)
            writer.field("random_seed", Data(randomSeed).base64EncodedString())
            writer.array("devices") { writeDevices(source, to: &$0) }
            writer.array("dedicated_cpus") { _ in }
        }
        return writer.bytes
    }

    static func hostname(_ server: Server) -> String {
        server.hostname.contains(".") ? server.hostname : server.hostname + ".novalocal"
    }

    private static func writeFiles(_ files: [InjectedFile], to writer: inout JSONWriter) {
        guard !files.isEmpty else { return }
        writer.array("files") { writer in
            for (index, file) in files.enumerated() {
                writer.object {
                    $0.field("path", file.path)
                    $0.field("content_path", "/\(contentFolder)/\(contentName(index))")
                }
            }
        }
    }

    /// Each key is an entry of its own: a guest that puts options before an entry, to keep root out, puts them before
    /// its first line only.
    private static func writeKeys(_ source: MetadataSource, to writer: inout JSONWriter) {
        guard !source.publicKeys.isEmpty else { return }
        let named = keyNames(source)
        writer.object("public_keys") { writer in
            for (name, key) in zip(named, source.publicKeys) {
                writer.key(text: name)
                writer.value(key.text)
            }
        }
        writer.array("keys") { writer in
            for (name, key) in zip(named, source.publicKeys) {
                writer.object {
                    $0.field("name", name)
                    $0.field("type", key.type ?? "ssh")
                    $0.field("data", key.text)
                }
            }
        }
    }

    /// Devices with a tag of the user's; a guest finds a card by its MAC address. Where it sits on the guest's bus is
    /// the host's to know: "none" is Nova's word for a place that is not told (metadata/base.py).
    private static func writeDevices(_ source: MetadataSource, to writer: inout JSONWriter) {
        for port in source.attachments.map(\.port) {
            guard let tag = port.nicTag else { continue }
            writer.object { writer in
                writer.field("bus", "none")
                writer.field("address", "none")
                writer.field("type", "nic")
                writer.field("mac", port.macAddress)
                writer.array("tags") { $0.value(tag) }
            }
        }
    }

    /// The pair's own name, then `name-2`, `name-3`, ...; `key` where the server was made without a pair.
    static func keyNames(_ source: MetadataSource) -> [String] {
        let name = source.server.keyName ?? "key"
        return source.publicKeys.indices.map { $0 == 0 ? name : "\(name)-\($0 + 1)" }
    }

    /// Links, networks and services (Nova's `network_data.json`).
    private static func networkData(_ source: MetadataSource) throws -> [UInt8] {
        var writer = JSONWriter(reserving: 1024)
        let servers = try source.attachments.flatMap { try $0.subnets.flatMap { try $0.dnsNameservers.value() } }
        try writer.object { writer in
            writer.array("links") { writer in
                for attachment in source.attachments {
                    writer.object {
                        $0.field("id", link(attachment))
                        $0.field("type", "bridge")
                        $0.field("ethernet_mac_address", attachment.port.macAddress)
                        // `null` where DHCP tells the guest: a number here would still hold when the network's MTU
                        // changes (netutils.py).
                        $0.field("mtu", attachment.subnets.contains(where: \.enableDHCP) ? nil : attachment.network.mtu)
                        $0.field("vif_id", attachment.port.id)
                    }
                }
            }
            try writer.array("networks") { writer in
                var index = 0
                for attachment in source.attachments {
                    for address in try attachment.port.fixedIPs.value() {
                        guard let subnet = attachment.subnets.first(where: { $0.id == address.subnetID }) else {
                            continue
                        }
                        try writer.object { try write(subnet, address, attachment, "network\(index)", to: &$0) }
                        index += 1
                    }
                }
            }
            writer.array("services") { writer in
                for address in servers { writer.object { writeService(address, to: &$0) } }
            }
        }
        return writer.bytes
    }

    private static func link(_ attachment: PortAttachment) -> String {
        "tap\(attachment.port.id.text.prefix(11))"
    }

    private static func writeService(_ address: String, to writer: inout JSONWriter) {
        writer.field("type", "dns")
        writer.field("address", address)
    }

    /// Addresses come by DHCP where the subnet has it.
    private static func write(
        _ subnet: Subnet, _ address: FixedIP, _ attachment: PortAttachment, _ id: String, to writer: inout JSONWriter
    ) throws {
        let family = subnet.ipVersion == 4 ? "ipv4" : "ipv6"
        writer.field("id", id)
        writer.field("link", link(attachment))
        writer.field("network_id", attachment.network.id)
        guard !subnet.enableDHCP || subnet.ipVersion == 6 else {
            writer.field("type", "\(family)_dhcp")
            return
        }
        writer.field("type", family)
        writer.field("ip_address", address.ipAddress)
        writer.field("netmask", CIDR(subnet.cidr)?.netmask.description ?? "")
        try writer.array("routes") { writer in
            for route in try subnet.hostRoutes.value() {
                guard let cidr = CIDR(route.destination) else { continue }
                writer.object { writeRoute(cidr.first.description, cidr.netmask.description, route.nexthop, to: &$0) }
            }
            guard let gateway = subnet.gatewayIP else { return }
            let any = subnet.ipVersion == 4 ? "0.0.0.0" : "::"
            writer.object { writeRoute(any, any, gateway, to: &$0) }
        }
    }

    private static func writeRoute(
        _ network: String, _ netmask: String, _ gateway: String, to writer: inout JSONWriter
    ) {
        writer.field("network", network)
        writer.field("netmask", netmask)
        writer.field("gateway", gateway)
    }
}
