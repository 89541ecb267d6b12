import Compute
import Foundation
import HostProtocol
import Model
import Networking
import Wire

/// Of the EC2 tree what guests read. Listings end folders with `/`, or cloud-init fails.
struct EC2Documents: Sendable {
    private indirect enum Node: Sendable {
        case value(String)
        case folder([(name: String, node: Node)])
        /// `public-keys` lists `0=name`.
        case keys([(name: String, text: String)])
    }

    private let root: Node
    let userData: [UInt8]?
    let json: [UInt8]

    init(_ source: MetadataSource) throws {
        let server = source.server
        let hostname = OpenStackDocuments.hostname(server)
        let address = try Self.firstAddress(source)
        var entries: [(name: String, node: Node)] = [
            ("ami-id", .value("ami-00000001")), ("ami-launch-index", .value(String(server.launchIndex))),
            ("block-device-mapping", .folder([("ami", .value("vda")), ("root", .value("/dev/vda"))])),
            ("hostname", .value(hostname)), ("instance-action", .value("none")),
            ("instance-id", .value(Self.instanceID(server.id))), ("instance-type", .value(source.flavor.originalName)),
            ("local-hostname", .value(hostname)), ("local-ipv4", .value(address)),
            ("placement", .folder([("availability-zone", .value(server.availabilityZone ?? "nova"))])),
            ("public-hostname", .value(hostname)), ("public-ipv4", .value(Self.floating(source))),
        ]
        if !source.publicKeys.isEmpty {
            let names = OpenStackDocuments.keyNames(source)
            entries.append(("public-keys", .keys(zip(names, source.publicKeys).map { ($0, $1.text) })))
        }
        entries.append(("reservation-id", .value(server.reservationID)))
        root = .folder(entries)
        userData = source.userData
        json = Self.json(entries)
    }

    /// EC2's form of an id, from the server's.
    private static func instanceID(_ id: ServerID) -> String { "i-\(id.text.prefix(8))" }

    private static func firstAddress(_ source: MetadataSource) throws -> String {
        let addresses = try source.attachments.flatMap { try $0.port.fixedIPs.value() }
        return addresses.first { IPAddress($0.ipAddress)?.version == 4 }?.ipAddress ?? ""
    }

    private static func floating(_ source: MetadataSource) -> String {
        source.attachments.lazy.flatMap(\.floatingIPs).first?.address ?? ""
    }

    func answer(_ parts: [String]) -> MetadataResponse? {
        guard let first = parts.first else {
            return MetadataTree.text(userData == nil ? "meta-data/" : "meta-data/\nuser-data")
        }
        if first == "user-data", parts.count == 1 {
            return userData.map { MetadataResponse(status: 200, contentType: "application/octet-stream", body: $0) }
        }
        guard first == "meta-data" else { return nil }
        return Self.answer(root, parts.dropFirst())
    }

    private static func answer(_ node: Node, _ path: ArraySlice<String>) -> MetadataResponse? {
        switch node {
        case .value(let text): return path.isEmpty ? MetadataTree.text(text) : nil
        case .folder(let entries):
            guard let first = path.first else {
                let lines = entries.map { entry in
                    switch entry.node {
                    case .value: entry.name
                    case .folder, .keys: entry.name + "/"
                    }
                }
                return MetadataTree.text(lines.joined(separator: "\n"))
            }
            guard let next = entries.first(where: { $0.name == first }) else { return nil }
            return answer(next.node, path.dropFirst())
        case .keys(let keys):
            guard let first = path.first else {
                return MetadataTree.text(keys.enumerated().map { "\($0)=\($1.name)" }.joined(separator: "\n"))
            }
            guard let index = Int(first), keys.indices.contains(index) else { return nil }
            if path.count == 1 { return MetadataTree.text("openssh-key") }
            return path.dropFirst().elementsEqual(["openssh-key"]) ? MetadataTree.text(keys[index].text) : nil
        }
    }

    private static func json(_ entries: [(name: String, node: Node)]) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { write(entries, to: &$0) }
        return writer.bytes
    }

    private static func write(_ entries: [(name: String, node: Node)], to writer: inout JSONWriter) {
        for (name, node) in entries {
            writer.key(text: name)
            switch node {
            case .value(let text): writer.value(text)
            case .folder(let inner): writer.object { write(inner, to: &$0) }
            case .keys(let keys):
                writer.object { writer in
                    for (index, key) in keys.enumerated() {
                        writer.key(text: String(index))
                        writer.object { inner in
                            inner.field("_name", "\(index)=\(key.name)")
                            inner.field("openssh-key", key.text)
                        }
                    }
                }
            }
        }
    }
}
