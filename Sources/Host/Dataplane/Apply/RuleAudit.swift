import Tools

/// Compares the rules in force with planned ones, by what nftables lists of both: the planned ones are loaded into a
/// network namespace that ends with the command that looks at it.
struct RuleAudit {
    let names: DataplaneNames

    private static let scratch = #"nft -f - && nft -s -t list table inet "$1" && nft -s list table bridge "$1""#
    private static let scratchOfNamespace = "nft -f - && nft -s list ruleset"

    /// - Parameter namespace: `nil` for the root one.
    func differences(from planned: String, in namespace: String? = nil) async throws -> [String] {
        let script = namespace == nil ? Self.scratch : Self.scratchOfNamespace
        let wanted = try await Tool.run("unshare", ["--net", "sh", "-c", script, "sh", names.table], input: planned)
        let present = try await inForce(namespace)
        return Self.compare(blocks(present), blocks(wanted), namespace.map { " in \($0)" } ?? "")
    }

    /// A table that is not there is listed as nothing.
    private func inForce(_ namespace: String?) async throws -> String {
        if let namespace {
            return try await Tool.run("ip", ["netns", "exec", namespace, "nft", "-s", "list", "ruleset"])
        }
        return try await Tool.run("nft", ["-s", "-t", "list", "table", "inet", names.table], accept: [0, 1])
            + Tool.run("nft", ["-s", "list", "table", "bridge", names.table], accept: [0, 1])
    }

    /// The lines of each chain and set, by its name.
    private func blocks(_ listing: String) -> [String: [String]] {
        var result: [String: [String]] = [:]
        var name: String?
        for line in listing.split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.count == 3, words[2] == "{", ["chain", "set"].contains(words[0]) {
                name = "\(words[0]): \(words[1])\(owner(of: words[1]))"
                result[name ?? ""] = []
            } else if let current = name {
                if line == "\t}" { name = nil } else { result[current]?.append(words.joined(separator: " ")) }
            }
        }
        return result
    }

    /// The tap of a chain that is one port's.
    private func owner(of chain: Substring) -> String {
        let parts = chain.split(separator: "_")
        guard parts.count == 2, ["source", "from", "to"].contains(parts[0]) else { return "" }
        return " of \(names.tapPrefix)\(parts[1])"
    }

    private static func compare(
        _ present: [String: [String]], _ wanted: [String: [String]], _ place: String
    ) -> [String] {
        Set(present.keys).union(wanted.keys).sorted().flatMap { name -> [String] in
            guard let now = present[name] else { return ["\(name)\(place) is not there"] }
            guard let due = wanted[name] else { return ["\(name)\(place) should not be there"] }
            if now == due { return [] }
            let lines =
                due.filter { !now.contains($0) }.map { "\(name)\(place) lacks '\($0)'" }
                + now.filter { !due.contains($0) }.map { "\(name)\(place) has '\($0)', should not" }
            return lines.isEmpty ? ["\(name)\(place) has its rules in another order, or twice"] : lines
        }
    }
}
