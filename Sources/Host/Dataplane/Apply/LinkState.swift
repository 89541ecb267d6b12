import Foundation
import Tools

/// One link as `ip -j -d addr show` tells it.
struct LinkState: Decodable {
    struct Address: Decodable {
        var local: String?
        var prefixlen: Int?
        var scope: String?
    }

    struct Info: Decodable {
        struct Data: Decodable {
            var nf_call_iptables: Int?
            var nf_call_ip6tables: Int?
        }

        var info_kind: String?
        var info_data: Data?
    }

    var ifname: String?
    var ifindex: Int?
    /// The name that a link of ours was given first.
    var ifalias: String?
    var group: String?
    var flags: [String]?
    var mtu: Int?
    var address: String?
    var master: String?
    var linkinfo: Info?
    var addr_info: [Address]?

    var isUp: Bool { flags?.contains("UP") ?? false }
    /// Whether something holds the other end, of a link that is up.
    var hasCarrier: Bool { flags?.contains("LOWER_UP") ?? false }
    var isBridge: Bool { linkinfo?.info_kind == "bridge" }
    var isFiltered: Bool {
        linkinfo?.info_data?.nf_call_iptables == 1 && linkinfo?.info_data?.nf_call_ip6tables == 1
    }

    /// `address/length`, without those the kernel gave by itself.
    var addresses: Set<String> {
        Set(
            (addr_info ?? []).compactMap { info in
                guard let local = info.local, let length = info.prefixlen else { return nil }
                return info.scope == "link" && local.hasPrefix("fe80") ? nil : "\(local)/\(length)"
            })
    }

    /// The links of the root namespace by name.
    static func read() async throws -> [String: LinkState] {
        try byName(await Tool.run("ip", ["-j", "-d", "addr", "show"]))
    }

    static func byName(_ text: some StringProtocol) throws -> [String: LinkState] {
        let links = try JSONDecoder().decode([LinkState].self, from: Foundation.Data(text.utf8))
        return Dictionary(links.compactMap { link in link.ifname.map { ($0, link) } }) { first, _ in first }
    }
}

/// What a namespace holds, read with one command; two when it has IPv6 addresses of its own.
struct NamespaceState {
    var links: [String: LinkState] = [:]
    /// Those by a gateway; the kernel's own are left out.
    var routes: Set<PlannedRoute> = []

    static func read(_ namespace: String) async throws -> NamespaceState {
        let text = try await Tool.run("ip", ["-n", namespace, "-j", "-batch", "-"], input: "addr show\nroute show\n")
        var state = NamespaceState()
        for list in jsonLists(text) {
            if list.contains("\"ifname\"") {
                state.links = try LinkState.byName(list)
            } else {
                state.routes.formUnion(try RouteState.parse(list))
            }
        }
        if state.links.values.contains(where: { $0.addresses.contains { $0.contains(":") && !$0.hasPrefix("::1/") } }) {
            let text = try await Tool.run("ip", ["-n", namespace, "-j", "-6", "route", "show"])
            for list in jsonLists(text) { state.routes.formUnion(try RouteState.parse(list)) }
        }
        return state
    }

    /// `ip -j` prints each list on a line of its own, and a newline or nothing for an empty one.
    private static func jsonLists(_ text: String) -> [Substring] {
        text.split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }
    }
}

extension Tool {
    /// Removes links of the root namespace, all in one step of the kernel: one by one takes it some 20 ms each. A link
    /// that goes by itself meanwhile, as a veth does some time after its peer's namespace, is as good as removed.
    /// - Parameter group: a link group of this cloud's own.
    static func remove(links: some Collection<String>, group: Int) async throws {
        let deadline = ContinuousClock.now + .seconds(5)
        while !links.isEmpty {
            let present = try await LinkState.read()
            let left = links.filter { present[$0] != nil }.sorted()
            if left.isEmpty { return }
            if ContinuousClock.now > deadline { throw DataplaneError("links do not go away: \(left)") }
            let commands = left.map { "link set dev \($0) group \(group)\n" }.joined() + "link del group \(group)\n"
            try await run("ip", ["-force", "-batch", "-"], input: commands, accept: [0, 1])
        }
    }
}

/// One route as `ip -j route` tells it.
private struct RouteState: Decodable {
    var dst: String?
    var gateway: String?

    static func parse(_ text: some StringProtocol) throws -> [PlannedRoute] {
        try JSONDecoder().decode([RouteState].self, from: Data(text.utf8)).compactMap { route in
            guard let destination = route.dst, let gateway = route.gateway else { return nil }
            return PlannedRoute(destination: destination, via: gateway, isIPv4: !gateway.contains(":"))
        }
    }
}

/// The commands that bring a link's addresses from what is to what should be.
func addressCommands(_ link: String, from present: Set<String>, to wanted: [String]) -> [String] {
    let missing = wanted.filter { !present.contains($0) }
    return missing.map { "addr add \($0) dev \(link)\($0.contains(":") ? " nodad" : "")" }
        + present.subtracting(wanted).sorted().map { "addr del \($0) dev \(link)" }
}
