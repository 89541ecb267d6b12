package import Model

/// What this cloud's kernel objects are called. Every name carries the cloud's tag, so that two clouds live on one
/// machine and each takes away only its own. Interface names have at most 15 characters.
package struct DataplaneNames: Sendable, Equatable {
    /// Four hexadecimal digits.
    package let tag: String

    package init(tag: String) throws(PlanError) {
        guard tag.utf8.count == 4, tag.allSatisfy({ $0.isHexDigit && !$0.isUppercase }) else {
            throw PlanError("cloud tag '\(tag)' is not four lower-case hexadecimal digits")
        }
        self.tag = tag
    }

    package func bridge(_ network: NetworkID) -> String { "nb\(tag)-\(short(network.text))" }
    package func tap(_ port: PortID) -> String { "nt\(tag)-\(short(port.text))" }
    /// The end of a namespace's leg that is plugged in the bridge.
    package func legOutside(_ port: PortID) -> String { "nv\(tag)-\(short(port.text))" }
    /// The end inside the namespace.
    package func legInside(_ port: PortID) -> String { "leg-\(short(port.text))" }
    package func dhcpNamespace(_ network: NetworkID) -> String { "novella-\(tag)-dhcp-\(short(network.text))" }
    package func routerNamespace(_ router: RouterID) -> String { "novella-\(tag)-rtr-\(short(router.text))" }

    package var table: String { "novella_\(tag)" }
    package var bridgePrefix: String { "nb\(tag)-" }
    package var tapPrefix: String { "nt\(tag)-" }
    package var legPrefix: String { "nv\(tag)-" }
    package var namespacePrefix: String { "novella-\(tag)-" }
    /// What dnsmasq reads and writes. It lives where a reboot clears it, as the reboot clears all else that is made.
    package var runDirectory: String { "/run/novella-\(tag)" }

    /// A link group that is this cloud's only; links join it to be removed together.
    var linkGroup: Int { 0x4e00_0000 | (Int(tag, radix: 16) ?? 0) }

    /// The link group of what is plugged in this cloud's bridges, which a link keeps whatever it is called.
    var memberGroup: Int { 0x4f00_0000 | (Int(tag, radix: 16) ?? 0) }

    /// The mark of packets that came over one of this cloud's bridges by a link that the plan does not name. It holds
    /// the cloud's tag, because the rules of another cloud see the mark too.
    var unplannedMark: String { "0x4f00\(tag)" }

    /// Whether a root-namespace link is of this cloud.
    package func owns(link: String) -> Bool {
        [bridgePrefix, tapPrefix, legPrefix].contains { link.hasPrefix($0) }
    }

    /// A stable, locally administered MAC, so that a bridge does not change its own as ports come and go.
    package func bridgeMAC(_ network: NetworkID) -> String {
        let digits = Array(tag + short(network.text))
        let pairs = stride(from: 0, to: 8, by: 2).map { String(digits[($0 + 2)...($0 + 3)]) }
        return "0a:" + String(digits[0...1]) + ":" + pairs.joined(separator: ":")
    }
}

/// Eight hexadecimal digits for an id: the first of a UUID, else a hash.
func short(_ id: String) -> String {
    if UUIDText.isValid(id) { return String(id.lowercased().filter { $0 != "-" }.prefix(8)) }
    return hex(FNV1a.hash32(id), width: 8)
}

/// A topology that no plan can be made of; says which value and why.
package struct PlanError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
