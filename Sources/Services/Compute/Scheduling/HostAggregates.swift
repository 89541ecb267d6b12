/// What the aggregates of a host say of what may be placed on it.
package final class HostAggregates: Sendable, Equatable {
    /// The projects that the host is kept for; empty where it is everybody's.
    package let projects: Set<String>
    /// Traits without which no server is taken.
    package let requiredTraits: [String]
    /// All values of each key.
    package let values: [String: Set<String>]
    /// In order.
    let keys: [String]

    /// `nil` where nothing is said.
    package init?(_ metadata: [[String: String]]) {
        let pairs = metadata.flatMap { $0 }
        if pairs.isEmpty { return nil }
        var values: [String: Set<String>] = [:]
        for (key, text) in pairs {
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                values[key, default: []].insert(Self.trimmed(part))
            }
        }
        self.values = values
        keys = values.keys.sorted()
        projects = values.filter { $0.key.hasPrefix("filter_tenant_id") }.values.reduce(into: []) { $0.formUnion($1) }
        let traits = pairs.filter { $0.key.hasPrefix("trait:") && $0.value == "required" }
        requiredTraits = Set(traits.map { String($0.key.dropFirst("trait:".utf8.count)) }).sorted()
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    package static func == (one: HostAggregates, other: HostAggregates) -> Bool {
        one === other || (one.values == other.values && one.requiredTraits == other.requiredTraits)
    }
}
