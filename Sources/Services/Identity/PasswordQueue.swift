/// Whose password check waits: where it was asked from, and whom it is of.
package struct PasswordTurn: Sendable {
    package let source: String
    package let name: String

    package init(source: String, name: String) {
        self.source = source
        self.name = name
    }

    /// Of somebody who has a token: its sources do not crowd one another out.
    package static func known(_ name: String) -> Self { Self(source: "token of \(name)", name: name) }
}

/// What waits, a bounded number, and in which order: sources take turns, and so do the names that one source asks for.
/// Whoever asks much waits behind itself.
struct PasswordQueue<Work> {
    /// All that may wait, and all of one source.
    static var limit: Int { 256 }
    static var sourceLimit: Int { 32 }

    private struct Item {
        let number: Int
        let work: Work
    }

    /// The names of one source that have work waiting, the next one first.
    private struct Source {
        var names: [(name: String, items: [Item])] = []
        var count: Int { names.reduce(0) { $0 + $1.items.count } }
    }

    private var sources: [(name: String, waiting: Source)] = []
    private var nextNumber = 0
    private(set) var count = 0

    init() {}

    /// The number of what was put in, or nothing where its source has enough waiting. In a full queue a source with
    /// less takes the place of the newest work of the one with most.
    mutating func add(_ work: Work, _ turn: PasswordTurn) -> (number: Int?, displaced: Work?) {
        let at = sources.firstIndex { $0.name == turn.source }
        let own = at.map { sources[$0].waiting.count } ?? 0
        guard own < Self.sourceLimit else { return (nil, nil) }
        var displaced: Work?
        if count >= Self.limit {
            guard let most = sources.indices.max(by: { sources[$0].waiting.count < sources[$1].waiting.count }),
                sources[most].waiting.count > own + 1
            else { return (nil, nil) }
            displaced = removeNewest(of: most)
        }
        nextNumber += 1
        count += 1
        put(Item(number: nextNumber, work: work), turn)
        return (nextNumber, displaced)
    }

    /// Takes what is to be done next.
    mutating func next() -> Work? {
        guard !sources.isEmpty else { return nil }
        var source = sources.removeFirst()
        var name = source.waiting.names.removeFirst()
        let item = name.items.removeFirst()
        if !name.items.isEmpty { source.waiting.names.append(name) }
        if !source.waiting.names.isEmpty { sources.append(source) }
        count -= 1
        return item.work
    }

    /// Takes out what nobody waits for any more.
    mutating func remove(_ number: Int) -> Work? {
        for source in sources.indices {
            for name in sources[source].waiting.names.indices {
                let items = sources[source].waiting.names[name].items
                if let item = items.firstIndex(where: { $0.number == number }) { return remove(source, name, item) }
            }
        }
        return nil
    }

    private mutating func put(_ item: Item, _ turn: PasswordTurn) {
        let source = sources.firstIndex { $0.name == turn.source } ?? sources.endIndex
        if source == sources.endIndex { sources.append((turn.source, Source())) }
        let names = sources[source].waiting.names
        if let name = names.firstIndex(where: { $0.name == turn.name }) {
            sources[source].waiting.names[name].items.append(item)
        } else {
            sources[source].waiting.names.append((turn.name, [item]))
        }
    }

    private mutating func removeNewest(of source: Int) -> Work? {
        let names = sources[source].waiting.names
        func newest(_ name: Int) -> Int { names[name].items.last?.number ?? 0 }
        guard let name = names.indices.max(by: { newest($0) < newest($1) }) else { return nil }
        return remove(source, name, names[name].items.count - 1)
    }

    private mutating func remove(_ source: Int, _ name: Int, _ item: Int) -> Work {
        let removed = sources[source].waiting.names[name].items.remove(at: item)
        if sources[source].waiting.names[name].items.isEmpty { sources[source].waiting.names.remove(at: name) }
        if sources[source].waiting.names.isEmpty { sources.remove(at: source) }
        count -= 1
        return removed.work
    }
}
