import Foundation
package import HostProtocol
package import Logging
package import Model
import Tools

/// The data plane in the Linux kernel: bridges, taps, namespaces, nftables and dnsmasq of one cloud on one machine.
///
/// Needs root. What it made is found again by name after a restart of this process, and goes on working without it,
/// except for metadata, which this process answers itself.
package actor KernelDataplane: Dataplane {
    let names: DataplaneNames
    private let externalInterface: String?
    private let answer: @Sendable (MetadataRequest) async throws -> MetadataResponse
    let logger: Logger
    let rules: RuleKeeper
    private var last: Pass?
    /// Of the last pass.
    private var troubles: [DataplaneTrouble] = []
    private var listeners: [String: MetadataListener] = [:]
    /// Connections that were cut, and until when the kernel keeps them so.
    private(set) var cuts: [Connections.Cut: ContinuousClock.Instant] = [:]
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// What the last pass of this process loaded.
    private struct Pass {
        var policies: [PortPolicy]
        var namespaces: [String: PlannedNamespace]
    }

    package nonisolated var wantsTopology: Bool { true }

    /// - Parameters:
    ///   - cloudTag: four lower-case hexadecimal digits, in the name of all that is made.
    ///   - externalInterface: a LAN interface on which the host answers ARP for floating addresses; `nil` for none.
    ///   - metadata: answers a guest's question; may be called many times at once.
    package init(
        cloudTag: String, externalInterface: String?,
        metadata: @escaping @Sendable (MetadataRequest) async throws -> MetadataResponse, logger: Logger
    ) throws {
        names = try DataplaneNames(tag: cloudTag)
        rules = RuleKeeper(table: names.table)
        self.externalInterface = externalInterface
        answer = metadata
        self.logger = logger
    }

    package nonisolated func tapName(of port: PortID) -> String { names.tap(port) }

    /// One pass at a time, in the order asked for: an actor alone would let two interleave.
    private func takeTurn() async {
        if !isBusy {
            isBusy = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func passTurn() {
        if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
    }

    @discardableResult
    package func converge(_ topology: NetworkTopology, mending: Bool) async throws -> [DataplaneTrouble] {
        await takeTurn()
        defer { passTurn() }
        try await MachineFacts.requireBridgeFilter()
        let claims = MachineClaims(names: names)
        let zones = try claims.zones(for: topology.networks.map(\.id))
        let account = MachineFacts.dnsmasqAccount()
        let facts = HostFacts(
            names: names, zones: zones.wanted, forwarders: MachineFacts.forwarders(logger: logger),
            dnsmasqUser: account.user, dnsmasqGroup: account.group)
        let plan = HostPlan(topology, facts)
        if plan.externalPrefixes.isEmpty {
            try claims.release(setting: MachineClaims.forwarding)
        } else {
            try claims.claim(setting: MachineClaims.forwarding, value: "1")
        }
        troubles = try await apply(plan, topology, facts, mending: mending)
        for zone in zones.stale {
            try await Connections(names: names).empty(zone: zone)
            try claims.release(zone: zone)
        }
        return troubles
    }

    /// One network's or router's trouble does not keep the others waiting: all are tried, and the troubles returned.
    private func apply(
        _ plan: HostPlan, _ topology: NetworkTopology, _ facts: HostFacts, mending: Bool
    ) async throws -> [DataplaneTrouble] {
        let links = RootLinks(plan: plan, names: names, logger: logger)
        var troubles = plan.troubles
        try AppliedRecord.makeDirectory(names, group: facts.dnsmasqGroup)
        let present = try await removeUnwanted(plan, links)
        try await links.prepare(present)
        try await rules.load(plan.rules, mending: mending)
        // Claimed after the rules are loaded: the kernel has the setting once rules track connections.
        try MachineClaims(names: names).claim(setting: MachineClaims.liberalWindows, value: "1")
        var record = AppliedRecord.read(names, logger: logger)
        var made: [String: PlannedNamespace] = [:]
        for namespace in plan.namespaces {
            do {
                if mending || last?.namespaces[namespace.name] != namespace {
                    try await apply(namespace, &record, mending: mending)
                }
                made[namespace.name] = namespace
            } catch {
                troubles.append(try trouble(namespace.part, error))
            }
        }
        try await links.open()
        try await endConnections(plan, topology, facts, &record)
        last = Pass(policies: plan.policies, namespaces: made)
        troubles += try await serve(plan, group: facts.dnsmasqGroup)
        try await announce(plan.announced, &record)
        await forget(except: plan, &record)
        try record.write(names)
        return troubles
    }

    /// Throws where the pass was cancelled: that is no trouble of the part.
    private func trouble(_ part: DataplaneTrouble.Part, _ error: any Error) throws -> DataplaneTrouble {
        if error is CancellationError { throw error }
        return DataplaneTrouble(part, "\(error)")
    }

    /// What is remembered of namespaces goes with them.
    private func forget(except plan: HostPlan, _ record: inout AppliedRecord) async {
        let kept = Set(plan.namespaces.map(\.name))
        record.floating = record.floating.filter { kept.contains($0.key) }
        await rules.forget(except: kept)
    }

    private func removeUnwanted(_ plan: HostPlan, _ links: RootLinks) async throws -> [String: LinkState] {
        let wanted = Set(plan.listeners.map(\.namespace))
        for (name, listener) in listeners where !wanted.contains(name) {
            await listener.close()
            listeners[name] = nil
        }
        try await Teardown(names: names).stopDnsmasq(except: Set(plan.dhcp.map(\.directory)))
        let present = try await links.removeUnwanted()
        let kept = Set(plan.namespaces.map(\.name))
        for name in try NamespaceApplier.present(names) where !kept.contains(name) {
            try await Tool.run("ip", ["netns", "del", name])
        }
        return present
    }

    private func apply(_ plan: PlannedNamespace, _ record: inout AppliedRecord, mending: Bool) async throws {
        let applier = NamespaceApplier(plan: plan, names: names, rules: rules, logger: logger)
        let isNew = try await applier.apply(fresh: last?.namespaces[plan.name] == nil, mending: mending)
        let pointed = isNew ? [] : Set(record.floating[plan.name] ?? [])
        let now = Set(plan.floating)
        for floating in pointed.subtracting(now) {
            try await Connections.endFloating(floating.address, in: plan.name)
        }
        for floating in now.subtracting(pointed) {
            guard let leg = plan.legs.first(where: { $0.inside == floating.leg }) else { continue }
            try await NamespaceThread.announce(
                IPAddress(planned: floating.address), mac: MACAddress(planned: leg.mac), link: leg.inside, in: plan.name
            )
        }
        record.floating[plan.name] = plan.floating
    }

    /// Looks through the connections of each network whose policies changed.
    private func endConnections(
        _ plan: HostPlan, _ topology: NetworkTopology, _ facts: HostFacts, _ record: inout AppliedRecord
    ) async throws {
        let connections = Connections(names: names)
        let zones = Set(facts.zones.values)
        let instant = ContinuousClock.now
        cuts = cuts.filter { zones.contains($0.key.network) && $0.value > instant }
        let now = Dictionary(grouping: plan.policies, by: \.networkID)
        let before = last.map { Dictionary(grouping: $0.policies, by: \.networkID) }
        var addresses: [String: [String]] = [:]
        for network in topology.networks {
            guard let zone = facts.zones[network.id] else { continue }
            let policies = now[network.id] ?? []
            let present = policies.flatMap { policy in
                policy.prefixes.filter(\.isSingle).map { "\(policy.portID) \($0.first)" }
            }
            let former = record.addresses[network.id.text] ?? []
            addresses[network.id.text] = present
            if let before, before[network.id] ?? [] == policies { continue }
            let gone = try former.filter { !present.contains($0) }
                .map { try IPAddress(planned: String($0.drop { $0 != " " }.dropFirst())) }
            var kept = cuts
            try await connections.audit(
                zone: network.isExternal ? 0 : zone, mark: zone, policies: policies, gone: Set(gone), cuts: &kept)
            cuts = kept
        }
        record.addresses = addresses
    }

    private func serve(_ plan: HostPlan, group: String) async throws -> [DataplaneTrouble] {
        var troubles: [DataplaneTrouble] = []
        for dhcp in plan.dhcp {
            do {
                try await DnsmasqDaemon(plan: dhcp).converge(group: group)
            } catch {
                troubles.append(try trouble(.network(dhcp.networkID), error))
            }
        }
        for planned in plan.listeners {
            do {
                try await listen(planned)
            } catch {
                troubles.append(try trouble(.network(planned.networkID), error))
            }
        }
        return troubles
    }

    private func listen(_ planned: PlannedListener) async throws {
        if let present = listeners[planned.namespace] {
            let identity = NamespaceApplier.identity(planned.namespace)
            if present.isOpen, present.plan == planned, present.namespace == identity { return }
            await present.close()
            listeners[planned.namespace] = nil
        }
        listeners[planned.namespace] = try await MetadataListener.open(planned, answer: answer, logger: logger)
    }

    /// Has the host answer ARP on the LAN interface for the external addresses of routers.
    private func announce(_ wanted: [String], _ record: inout AppliedRecord) async throws {
        let wanted = externalInterface == nil ? [] : wanted
        if let former = record.announcedOn, FileManager.default.fileExists(atPath: "/sys/class/net/\(former)") {
            let kept = former == externalInterface ? Set(wanted) : []
            let stale = Set(record.announced).subtracting(kept).sorted()
            try await Tool.ip(stale.map { "neigh del proxy \($0) dev \(former)" })
        }
        if let externalInterface {
            try await Tool.ip(wanted.map { "neigh replace proxy \($0) dev \(externalInterface)" })
        }
        record.announced = wanted
        record.announcedOn = wanted.isEmpty ? nil : externalInterface
    }

    /// Gives the metadata sockets up and leaves all else as it is, for this process's orderly end.
    package func stopListening() async {
        for listener in listeners.values { await listener.close() }
        listeners = [:]
    }

    package func destroy() async throws {
        await takeTurn()
        defer { passTurn() }
        await stopListening()
        var record = AppliedRecord.read(names, logger: logger)
        try await announce([], &record)
        try await Teardown(names: names).run()
        await rules.forget()
        last = nil
        cuts = [:]
        troubles = []
    }
}
