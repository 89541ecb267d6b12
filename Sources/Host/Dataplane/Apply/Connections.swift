import Foundation
import Model
import Tools

/// Ends connections that rules no longer allow.
///
/// Deleting a conntrack entry is not enough: the next packet of the answering side would begin it anew, in a direction
/// that may be allowed. So its tuple is first put in the table's `cut` set, which drops it before conntrack sees it,
/// for longer than TCP goes on sending. A tuple that is allowed again leaves the set.
struct Connections {
    let names: DataplaneNames

    /// A flow that was cut, and the zone it was in.
    struct Cut: Hashable {
        var flow: Flow
        var network: Int
    }

    /// Ends what `policies` (those of one network) do not allow, and whatever has an address that went away. `cuts`
    /// tells until when the kernel keeps what was cut.
    func audit(
        zone: Int, mark: Int, policies: [PortPolicy], gone: Set<IPAddress>, cuts: inout [Cut: ContinuousClock.Instant]
    ) async throws {
        let mine = cuts.keys.filter { $0.network == mark }
        let revived = Set(mine.filter { policies.allow($0.flow) })
        var ended: [Flow] = []
        var forbidden: Set<Cut> = []
        for family in ["ipv4", "ipv6"] {
            let text = try await Tool.run("conntrack", ["-L", "-w", "\(zone)", "-f", family])
            for line in text.split(separator: "\n") {
                guard let flow = Flow(conntrack: line) else { continue }
                let isGone = gone.contains(flow.source) || gone.contains(flow.destination)
                let isAllowed = policies.allow(flow)
                if isGone || !isAllowed { ended.append(flow) }
                if !isAllowed { forbidden.insert(Cut(flow: flow, network: mark)) }
            }
        }
        try await change(adding: forbidden, removing: revived)
        try await delete(ended, zone: zone)
        for cut in revived { cuts[cut] = nil }
        let now = ContinuousClock.now
        for cut in forbidden where cut.flow.element != nil { cuts[cut] = now + .seconds(cut.flow.patience) }
    }

    private func change(adding: Set<Cut>, removing: Set<Cut>) async throws {
        var lines: [String] = []
        for cut in adding.union(removing) {
            guard let element = cut.flow.element else { continue }
            let mark = Mark.text(cut.network)
            let set = "element inet \(names.table) \(cut.flow.source.version == 4 ? "cut4" : "cut6")"
            for tuple in [element.forward, element.back] {
                lines.append("add \(set) { \(mark) . \(tuple) timeout \(cut.flow.patience)s }")
                if removing.contains(cut) { lines.append("delete \(set) { \(mark) . \(tuple) }") }
            }
        }
        if lines.isEmpty { return }
        try await Tool.run("nft", ["-f", "-"], input: lines.joined(separator: "\n") + "\n")
    }

    private func delete(_ flows: [Flow], zone: Int) async throws {
        if flows.isEmpty { return }
        let lines = flows.map { flow in
            var words = [
                "-D", "-w", "\(zone)", "-f", flow.source.version == 4 ? "ipv4" : "ipv6", "-p", "\(flow.transport)",
            ]
            words += ["-s", flow.source.description, "-d", flow.destination.description]
            if let from = flow.sourcePort, let to = flow.destinationPort {
                words += ["--sport", "\(from)", "--dport", "\(to)"]
            }
            return words.joined(separator: " ")
        }
        try await Tool.run("conntrack", ["-R", "-"], input: lines.joined(separator: "\n") + "\n", accept: [0, 1])
    }

    /// Forgets a whole zone.
    func empty(zone: Int) async throws {
        for family in ["ipv4", "ipv6"] {
            try await Tool.run("conntrack", ["-D", "-w", "\(zone)", "-f", family], accept: [0, 1])
        }
    }

    /// Ends what went through a floating address, either way.
    static func endFloating(_ address: String, in namespace: String) async throws {
        for side in ["-d", "-q"] {
            try await Tool.run(
                "ip", ["netns", "exec", namespace, "conntrack", "-D", side, address], accept: [0, 1])
        }
    }
}

extension Flow {
    /// Reads a line of `conntrack -L`: the first of each key is the original direction.
    init?(conntrack line: Substring) {
        let words = line.split(separator: " ")
        guard words.count > 2, let transport = Int(words[1]) else { return nil }
        var values: [Substring: Substring] = [:]
        for word in words {
            guard let equals = word.firstIndex(of: "=") else { continue }
            let key = word[..<equals]
            if values[key] == nil { values[key] = word[word.index(after: equals)...] }
        }
        guard let source = values["src"].flatMap({ IPAddress($0) }),
            let destination = values["dst"].flatMap({ IPAddress($0) })
        else { return nil }
        self.init(
            transport: transport, source: source, destination: destination,
            sourcePort: values["sport"].flatMap { Int($0) }, destinationPort: values["dport"].flatMap { Int($0) },
            icmpType: values["type"].flatMap { Int($0) }, icmpCode: values["code"].flatMap { Int($0) })
    }

    /// Both directions as the `cut` set's tuples; only what has ports can come back to life in the wrong direction.
    fileprivate var element: (forward: String, back: String)? {
        guard Transport.withPorts.contains(transport), let from = sourcePort, let to = destinationPort else {
            return nil
        }
        return (
            "\(source) . \(destination) . \(from) . \(to)",
            "\(destination) . \(source) . \(to) . \(from)"
        )
    }

    /// In seconds. Linux gives a silent TCP peer up after some 16 minutes; a UDP flow is forgotten after two of
    /// silence.
    fileprivate var patience: Int { transport == Transport.udp ? 180 : 1200 }
}
