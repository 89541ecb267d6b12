import Foundation

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
    var flags: [String]?
    var mtu: Int?
    var address: String?
    var master: String?
    var linkinfo: Info?
    var addr_info: [Address]?

    var isUp: Bool { flags?.contains("UP") ?? false }
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

    /// The links of a namespace (`nil`: the root one) by name.
    static func read(in namespace: String? = nil) async throws -> [String: LinkState] {
        let place = namespace.map { ["-n", $0] } ?? []
        let text = try await Tool.run("ip", place + ["-j", "-d", "addr", "show"])
        let links = try JSONDecoder().decode([LinkState].self, from: Foundation.Data(text.utf8))
        return Dictionary(links.compactMap { link in link.ifname.map { ($0, link) } }) { first, _ in first }
    }
}

extension Tool {
    /// Removes links of the root namespace. One that goes by itself meanwhile, as a veth does some time after its peer's
    /// namespace, is as good as removed.
    static func remove(links: some Collection<String>) async throws {
        let deadline = ContinuousClock.now + .seconds(5)
        while !links.isEmpty {
            let present = try await LinkState.read()
            let left = links.filter { present[$0] != nil }.sorted()
            if left.isEmpty { return }
            if ContinuousClock.now > deadline { throw PlanError("links do not go away: \(left)") }
            let commands = left.map { "link del \($0)\n" }.joined()
            try await run("ip", ["-force", "-batch", "-"], input: commands, accept: [0, 1])
        }
    }
}

/// One route as `ip -j route` tells it.
struct RouteState: Decodable {
    var dst: String?
    var gateway: String?

    /// The routes by a gateway; the kernel's own are left out.
    static func read(in namespace: String, isIPv4: Bool) async throws -> Set<PlannedRoute> {
        let text = try await Tool.run("ip", ["-n", namespace, "-j", isIPv4 ? "-4" : "-6", "route", "show"])
        if text.allSatisfy(\.isWhitespace) { return [] }
        let routes = try JSONDecoder().decode([RouteState].self, from: Data(text.utf8))
        return Set(
            routes.compactMap { route in
                guard let destination = route.dst, let gateway = route.gateway else { return nil }
                return PlannedRoute(destination: destination, via: gateway, isIPv4: isIPv4)
            })
    }
}

/// The commands that bring a link's addresses from what is to what should be.
func addressCommands(_ link: String, from present: Set<String>, to wanted: [String]) -> [String] {
    let missing = wanted.filter { !present.contains($0) }
    return missing.map { "addr add \($0) dev \(link)\($0.contains(":") ? " nodad" : "")" }
        + present.subtracting(wanted).sorted().map { "addr del \($0) dev \(link)" }
}
