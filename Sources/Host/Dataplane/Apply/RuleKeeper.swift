import Tools

/// Loads nftables rules, and loads them again when the kernel has others.
///
/// What the kernel lists after a load is kept, and mending compares: a table, a chain or a rule that somebody took away
/// or added differs. Listing takes time, so it is left to mending; the first one after a load loads once more, as
/// nothing tells what happened between.
actor RuleKeeper {
    private struct Loaded {
        var rules: String
        var listing: [String]?
    }

    private let table: String
    /// By namespace, the root one under the empty name.
    private var loaded: [String: Loaded] = [:]
    /// Whose rules are kept.
    var namespaces: Set<String> { Set(loaded.keys) }

    init(table: String) {
        self.table = table
    }

    /// - Parameters:
    ///   - namespace: `nil` for the root one.
    ///   - isNew: the namespace was made anew, and nothing can be loaded in it.
    func load(_ rules: String, in namespace: String? = nil, isNew: Bool = false, mending: Bool) async throws {
        let key = namespace ?? ""
        if let former = loaded[key], former.rules == rules, !isNew {
            guard mending else { return }
            if let listing = former.listing, try await list(namespace) == listing { return }
        }
        loaded[key] = nil
        try await nft(["-f", "-"], in: namespace, input: rules)
        loaded[key] = Loaded(rules: rules, listing: mending ? try await list(namespace) : nil)
    }

    /// Forgets everything: the next load loads.
    func forget() {
        loaded = [:]
    }

    /// Forgets all namespaces but these and the root one.
    func forget(except namespaces: Set<String>) {
        loaded = loaded.filter { $0.key.isEmpty || namespaces.contains($0.key) }
    }

    /// The `cut` sets of the root's inet table change by themselves, so no elements of that table are listed.
    private func list(_ namespace: String?) async throws -> [String] {
        // All that is in a namespace is the data plane's.
        if namespace != nil { return [try await nft(["-s", "list", "ruleset"], in: namespace)] }
        return [
            try await nft(["-s", "-t", "list", "table", "inet", table], in: nil),
            try await nft(["-s", "list", "table", "bridge", table], in: nil),
        ]
    }

    /// A table that is not there is listed as nothing.
    @discardableResult
    private func nft(_ arguments: [String], in namespace: String?, input: String = "") async throws -> String {
        let accepted: Set<Int32> = arguments.contains("list") ? [0, 1] : [0]
        guard let namespace else { return try await Tool.run("nft", arguments, input: input, accept: accepted) }
        return try await Tool.run(
            "ip", ["netns", "exec", namespace, "nft"] + arguments, input: input, accept: accepted)
    }
}
