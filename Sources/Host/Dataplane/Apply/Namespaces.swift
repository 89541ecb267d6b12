import Foundation
import Logging
import Tools

/// Brings one network namespace to the plan: legs, addresses, routes, settings, rules.
struct NamespaceApplier {
    let plan: PlannedNamespace
    let names: DataplaneNames
    let rules: RuleKeeper
    let logger: Logger

    /// The name's mount point; its inode is the namespace's identity.
    static let directory = "/run/netns"

    /// Names of this cloud's namespaces on the machine.
    static func present(_ names: DataplaneNames) throws -> [String] {
        guard FileManager.default.fileExists(atPath: directory) else { return [] }
        let all = try FileManager.default.contentsOfDirectory(atPath: directory)
        return all.filter { $0.hasPrefix(names.namespacePrefix) }.sorted()
    }

    /// Which namespace a path under /run/netns or /proc leads to; `nil` when to none.
    static func identity(ofPath path: String) -> UInt64? {
        var status = stat()
        return stat(path, &status) == 0 ? UInt64(status.st_ino) : nil
    }

    static func identity(_ name: String) -> UInt64? { identity(ofPath: "\(directory)/\(name)") }

    /// - Parameter fresh: settings are written only then: at the first look of this process, and when the namespace was
    ///   made.
    /// - Returns: whether the namespace was made anew.
    func apply(fresh: Bool, mending: Bool) async throws -> Bool {
        let state = await read()
        let isNew = state == nil
        if isNew {
            if FileManager.default.fileExists(atPath: "\(Self.directory)/\(plan.name)") {
                try await Tool.run("ip", ["netns", "del", plan.name])
            }
            try await Tool.run("ip", ["netns", "add", plan.name])
        }
        if fresh || isNew {
            let settings = plan.settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            try await Tool.inside(plan.name, "sysctl", ["-q", "-w"] + settings)
        }
        if let text = plan.rules { try await rules.load(text, in: plan.name, isNew: isNew, mending: mending) }
        let present = try await makeLegs(state ?? NamespaceState())
        try await Tool.ip(commands(present.links), in: plan.name)
        await applyRoutes(present.routes)
        return isNew
    }

    private func read() async -> NamespaceState? {
        guard FileManager.default.fileExists(atPath: "\(Self.directory)/\(plan.name)") else { return nil }
        do {
            return try await NamespaceState.read(plan.name)
        } catch {
            logger.warning("namespace cannot be entered and is made again", metadata: ["error": "\(error)"])
            return nil
        }
    }

    private func makeLegs(_ state: NamespaceState) async throws -> NamespaceState {
        let missing = plan.legs.filter { state.links[$0.inside] == nil }
        if missing.isEmpty { return state }
        try await Tool.remove(links: missing.map(\.outside), group: names.linkGroup)
        try await Tool.ip(
            missing.map { "link add \($0.outside) mtu \($0.mtu) type veth peer name \($0.inside) netns \(plan.name)" })
        return try await NamespaceState.read(plan.name)
    }

    private func commands(_ links: [String: LinkState]) -> [String] {
        var commands = links["lo"]?.isUp == true ? [] : ["link set lo up"]
        let wanted = Set(plan.legs.map(\.inside))
        for name in links.keys.sorted() where name.hasPrefix("leg-") && !wanted.contains(name) {
            commands.append("link del \(name)")
        }
        for leg in plan.legs {
            guard let link = links[leg.inside] else { continue }
            if link.address != leg.mac || link.mtu != leg.mtu {
                commands.append("link set \(leg.inside) address \(leg.mac) mtu \(leg.mtu)")
            }
            if !link.isUp { commands.append("link set \(leg.inside) up") }
            commands += addressCommands(leg.inside, from: link.addresses, to: leg.addresses)
        }
        return commands
    }

    /// A route that the kernel refuses is the affair of the router that asked for it, and of no one else.
    private func applyRoutes(_ present: Set<PlannedRoute>) async {
        let wanted = Set(plan.routes)
        let changes =
            present.subtracting(wanted).map { ("del", $0) } + wanted.subtracting(present).map { ("replace", $0) }
        for (verb, route) in changes {
            do {
                try await change(verb, route)
            } catch {
                logger.warning("route not as planned", metadata: ["namespace": "\(plan.name)", "error": "\(error)"])
            }
        }
    }

    private func change(_ verb: String, _ route: PlannedRoute) async throws {
        let family = route.isIPv4 ? "-4" : "-6"
        try await Tool.run("ip", ["-n", plan.name, family, "route", verb, route.destination, "via", route.via])
    }
}
