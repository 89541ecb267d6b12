import Model
import Wire

/// The `addresses` of a server in their short form: of each address only its version and the address itself.
struct PlainAddresses {
    private struct Address {
        var version: Int
        var text: String
    }

    private let networks: [(name: String, addresses: [Address])]

    /// From the object that the server's row keeps.
    init(_ kept: String) throws(CloudError) {
        guard case .object(let members) = try JSONValue(parsing: Array(kept.utf8)) else {
            throw CloudError(.internal, "The addresses of a server are not kept as an object.", detail: kept)
        }
        networks = members.map { network in
            guard case .array(let items) = network.value else { return (network.key, []) }
            return (
                network.key,
                items.compactMap { item in
                    guard case .integer(let version)? = item["version"], case .string(let text)? = item["addr"] else {
                        return nil
                    }
                    return Address(version: version, text: text)
                }
            )
        }
    }

    func has(network name: String) -> Bool { networks.contains { $0.name == name } }

    /// Whether some address of that version satisfies a test.
    func contains(version: Int, where test: (String) -> Bool) -> Bool {
        networks.contains { $0.addresses.contains { $0.version == version && test($0.text) } }
    }

    /// One member a network, of all networks or of one.
    func write(network wanted: String? = nil, to writer: inout JSONWriter) {
        for network in networks where wanted == nil || wanted == network.name {
            writer.key(text: network.name)
            writer.array { writer in
                for address in network.addresses {
                    writer.object {
                        $0.field("version", address.version)
                        $0.field("addr", address.text)
                    }
                }
            }
        }
    }

    var json: String {
        var writer = JSONWriter()
        writer.object { write(to: &$0) }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
