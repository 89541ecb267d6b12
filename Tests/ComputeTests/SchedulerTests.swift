import Compute
import Model
import TestSupport
import Testing

/// Random hosts and requests, and what must hold of them whatever they are.
struct FrozenState: Sendable {
    var hosts: [HostState]
    var request: SchedulingRequest

    static let traits = ["HW_A", "HW_B", "CUSTOM_C"]

    init(_ random: inout SeededGenerator) {
        let count = Int.random(in: 0...10, using: &random)
        hosts = (0..<count).map { Self.host($0, &random) }
        request = SchedulingRequest(
            vcpus: .random(in: 0...5, using: &random), memoryMiB: .random(in: 0...8, using: &random) * 256,
            diskGiB: .random(in: 0...5, using: &random))
        if Self.chance(5, &random) { request.availabilityZone = ["a", "b", "c"].randomElement(using: &random) }
        if Self.chance(20, &random) { request.forcedHost = "host-\(Int.random(in: 0...10, using: &random))" }
        if Self.chance(20, &random) { request.requestedHost = "host-\(Int.random(in: 0...10, using: &random))" }
        if Self.chance(25, &random) { request.otherResources = ["CUSTOM_GPU"] }
        if Self.chance(10, &random) { request.architecture = "aarch64" }
        if Self.chance(10, &random) { request.hypervisorType = ["kvm", "xen"].randomElement(using: &random) }
        if Self.chance(10, &random) { request.capabilities = [.init(name: "cpu_info:arch", wish: "s== x86_64")] }
        if Self.chance(20, &random) { request.capabilities.append(.init(name: "unknown", wish: "1")) }
        request.requiredTraits = Self.traits.filter { _ in Self.chance(10, &random) }
        request.forbiddenTraits = Self.traits.filter { _ in Self.chance(20, &random) }
        if Self.chance(2, &random) { affinity(&random) }
        if Self.chance(2, &random) { aggregates(&random) }
    }

    static func chance(_ one: Int, _ random: inout SeededGenerator) -> Bool {
        Int.random(in: 0..<one, using: &random) == 0
    }

    private static func host(_ index: Int, _ random: inout SeededGenerator) -> HostState {
        func capacity(_ most: Int, _ unit: Int) -> HostState.Capacity {
            let limit = Int.random(in: most / 3...most, using: &random) * unit
            let used = Int.random(in: 0...most * 3 / 4, using: &random) * unit
            return .init(limit: limit, used: min(used, limit + unit), maxUnit: max(limit, 1))
        }
        return HostState(
            id: HostID("id-\(index)"), hostname: "host-\(index)",
            availabilityZone: chance(3, &random) ? "b" : "a", isUp: !chance(8, &random),
            isDisabled: chance(8, &random), architecture: chance(4, &random) ? "aarch64" : "x86_64",
            hypervisorType: "QEMU", traits: Set(traits.filter { _ in chance(2, &random) }),
            vcpus: capacity(12, 1), memoryMiB: capacity(24, 256), diskGiB: capacity(16, 1))
    }

    private mutating func affinity(_ random: inout SeededGenerator) {
        let ids = hosts.map(\.id)
        if Self.chance(4, &random) { request.affinity.sameHosts = Set(ids.filter { _ in Self.chance(3, &random) }) }
        if Self.chance(2, &random) {
            request.affinity.differentHosts = Set(ids.filter { _ in Self.chance(3, &random) })
        }
        request.affinity.policy = ServerGroup.Policy.allCases.randomElement(using: &random)
        request.affinity.limit = Int.random(in: 1...2, using: &random)
        for id in ids where Self.chance(2, &random) {
            request.affinity.members[id] = Int.random(in: 1...3, using: &random)
        }
    }

    /// Hosts that are kept for projects, images and traits, and a request that meets them.
    private mutating func aggregates(_ random: inout SeededGenerator) {
        request.project = ["p", "q"].randomElement(using: &random).map { ProjectID($0) }
        request.imageProperties = Self.chance(2, &random) ? ["os_type": "linux", "os_distro": "debian"] : [:]
        if Self.chance(3, &random) { request.aggregateSpecs = [.init(name: "ssd", wish: "<in> tru")] }
        for at in hosts.indices where Self.chance(3, &random) {
            var metadata: [[String: String]] = [["filter_tenant_id": "q, r"], ["filter_tenant_id2": "p"]]
            metadata += [["os_type": "windows,bsd"], ["os_distro": "debian , arch"], ["ssd": "true"], ["ssd": "false"]]
            metadata += [["trait:HW_A": "required"], ["trait:HW_B": "forbidden"], ["availability_zone": "a"]]
            hosts[at].aggregates = HostAggregates(metadata.filter { _ in Self.chance(3, &random) })
        }
    }

    /// Written down once more, without a thought for speed: how much of the request stands in the way of a host, and
    /// what part of it; `nil` when giving things up does not help.
    func obstacles(_ host: HostState) -> (count: Int, cost: Double)? {
        var count = 0
        var cost = 0.0
        func needs(_ holds: Bool) {
            if !holds { (count, cost) = (count + 1, cost + 1) }
        }
        guard !host.isDisabled, hasTheKeptTrait(host) else { return nil }
        if request.forcedHost == host.hostname {
            needs([nil, "nova", host.availabilityZone].contains(request.availabilityZone))
        } else {
            guard host.isUp, isOfTheProject(host) else { return nil }
            let values = host.aggregates?.values ?? [:]
            for _ in request.aggregateSpecs { needs(values["ssd"]?.contains("true") == true) }
            needs(request.imageProperties["os_type"] == nil || values["os_type"] == nil)
            needs(request.forcedHost == nil && [nil, host.hostname].contains(request.requestedHost))
            needs(request.availabilityZone == nil || request.availabilityZone == host.availabilityZone)
            for wanted in request.capabilities { needs(wanted.name != "unknown" && host.architecture == "x86_64") }
            needs(request.architecture == nil || host.architecture == request.architecture)
            needs(request.hypervisorType != "xen")
            needs(request.affinity.sameHosts?.contains(host.id) != false)
            needs(!request.affinity.differentHosts.contains(host.id))
        }
        needs(groupAdmits(host))
        for trait in request.requiredTraits { needs(host.traits.contains(trait)) }
        for trait in request.forbiddenTraits { needs(!host.traits.contains(trait)) }
        needs(request.otherResources.isEmpty)
        for (asked, has, least) in [
            (request.vcpus, host.vcpus, 1), (request.memoryMiB, host.memoryMiB, 1), (request.diskGiB, host.diskGiB, 0),
        ] where asked > 0 {
            let most = min(has.limit - has.used, has.maxUnit)
            guard most < asked else { continue }
            guard most >= least else { return nil }
            count += 1
            cost += Double(asked - most) / Double(asked)
        }
        return (count, cost)
    }

    private func isOfTheProject(_ host: HostState) -> Bool {
        let projects = ["filter_tenant_id", "filter_tenant_id2"].compactMap { host.aggregates?.values[$0] }
        return request.project == nil || projects.isEmpty
            || projects.contains { $0.contains(request.project?.text ?? "") }
    }

    /// A host that is kept for servers with a trait takes those that require it, where it has it itself.
    private func hasTheKeptTrait(_ host: HostState) -> Bool {
        host.aggregates?.values["trait:HW_A"] == nil
            || (request.requiredTraits.contains("HW_A") && host.traits.contains("HW_A"))
    }

    private func groupAdmits(_ host: HostState) -> Bool {
        let affinity = request.affinity
        let here = affinity.members[host.id, default: 0]
        switch affinity.policy {
        case .affinity: return affinity.members.isEmpty || here > 0
        case .antiAffinity: return here < affinity.limit
        default: return true
        }
    }

    var accepting: Set<String> {
        Set(hosts.filter { obstacles($0)?.count == 0 }.map(\.hostname))
    }
}

@Suite struct SchedulerTests {
    private static let states: [FrozenState] = {
        var random = SeededGenerator(seed: 20)
        return (0..<1000).map { _ in FrozenState(&random) }
    }()

    private func choose(_ state: FrozenState) -> [HostState] {
        var random = SeededGenerator(seed: 1)
        return Scheduler.choose(state.request, among: state.hosts, using: &random)
    }

    @Test func whatIsChosenSatisfiesEverything() {
        var accepted = 0
        for (index, state) in Self.states.enumerated() {
            let chosen = choose(state).map(\.hostname)
            #expect(Set(chosen) == state.accepting && Set(chosen).count == chosen.count, "state \(index)")
            if !chosen.isEmpty { accepted += 1 }
        }
        #expect((200...800).contains(accepted))
    }

    /// The nearest miss is a remedy, and there is no smaller one.
    @Test func theNearestMissIsTheSmallestRemedy() {
        var sizes: [Int: Int] = [:]
        for (index, state) in Self.states.enumerated() where choose(state).isEmpty {
            let refusal = Scheduler.refusal(of: state.request, among: state.hosts)
            #expect(refusal.considered == state.hosts.count && refusal.unclaimed == 0, "state \(index)")
            let rules = refusal.removals.map(\.rule.rawValue)
            #expect(rules == rules.sorted() && Set(rules).count == rules.count, "state \(index)")
            let costs = state.hosts.compactMap(state.obstacles).sorted { $0 < $1 }
            guard let miss = refusal.nearestMiss, let least = costs.first else {
                #expect(refusal.nearestMiss == nil && costs.isEmpty, "state \(index)")
                sizes[0, default: 0] += 1
                continue
            }
            sizes[miss.relaxations.count, default: 0] += 1
            #expect(miss.relaxations.count == least.count, "state \(index): \(refusal)")
            #expect(abs(miss.relaxations.reduce(0) { $0 + $1.cost } - least.cost) < 1e-9, "state \(index): \(refusal)")
            var remedied = state
            remedied.request = state.request.relaxed(by: miss.relaxations)
            let chosen = choose(remedied).map(\.hostname)
            #expect(Set(chosen) == remedied.accepting, "state \(index): \(refusal)")
            #expect(chosen.count == miss.hosts && chosen.contains(miss.hostname), "state \(index): \(refusal)")
        }
        #expect((0...3).allSatisfy { sizes[$0, default: 0] >= 5 }, "\(sizes)")
    }

    /// No name of a host is in what users read, and the nearest one's is in what administrators read.
    @Test func namesAreForAdministrators() {
        for state in Self.states where choose(state).isEmpty {
            let refusal = Scheduler.refusal(of: state.request, among: state.hosts)
            #expect(!refusal.message.contains("host-"), "\(refusal.message)")
            #expect(refusal.details.contains(refusal.nearestMiss?.hostname ?? ""))
        }
    }

    @Test func theEmptiestHostComesFirst() {
        var random = SeededGenerator(seed: 3)
        var state = FrozenState(&random)
        state.request = SchedulingRequest(vcpus: 1, memoryMiB: 1, diskGiB: 1)
        state.hosts = (0..<4).map { index in
            let room = HostState.Capacity(limit: 100, used: index == 2 ? 10 : 20 + index, maxUnit: 100)
            return HostState(
                id: HostID("id-\(index)"), hostname: "host-\(index)", availabilityZone: "a", isUp: true,
                isDisabled: false, architecture: "x86_64", hypervisorType: "QEMU", traits: [], vcpus: room,
                memoryMiB: room, diskGiB: room)
        }
        #expect(choose(state).map(\.hostname) == ["host-2", "host-0", "host-1", "host-3"])
        state.request.affinity.members = [HostID("id-3"): 2, HostID("id-1"): 1]
        state.request.affinity.policy = .softAffinity
        #expect(choose(state).map(\.hostname) == ["host-3", "host-1", "host-2", "host-0"])
        state.request.affinity.policy = .softAntiAffinity
        #expect(choose(state).map(\.hostname) == ["host-2", "host-0", "host-1", "host-3"])
    }

    @Test func flavorsAndImagesSayWhatTheyNeed() {
        let flavor = FlavorSnapshot(
            vcpus: 4, ram: 1024, disk: 10, ephemeral: 1, swap: 1, originalName: "f",
            extraSpecs: [
                "resources:VCPU": "0", "resources:MEMORY_MB": "2048", "resources:DISK_GB": "many",
                "resources:CUSTOM_GPU": "1", "resources:CUSTOM_NONE": "0", "trait:HW_A": "required",
                "trait:HW_B": "forbidden", "trait:HW_C": "perhaps", "capabilities:cpu_info:arch": "x86_64", "hw:x": "1",
                "aggregate_instance_extra_specs:ssd": "true", "quick": "true",
            ])
        let request = SchedulingRequest(
            flavor: flavor, imageProperties: ["trait:CUSTOM_C": "required", "trait:HW_A": "required"], zone: nil)
        #expect(request.vcpus == 0 && request.memoryMiB == 2048 && request.diskGiB == 12)
        #expect(request.otherResources == ["CUSTOM_GPU"])
        #expect(request.requiredTraits == ["HW_A", "CUSTOM_C"] && request.forbiddenTraits == ["HW_B"])
        #expect(request.capabilities == [.init(name: "cpu_info:arch", wish: "x86_64")])
        #expect(request.aggregateSpecs == [.init(name: "ssd", wish: "true")])
    }
}
