import Cloud
import HTTPTypes
import HostLink
import HostProtocol
import Inspection
import Model
import Networking
import Store
import TestSupport
import Testing

/// What a change of the network is to whom: each part of it has a generation, and hosts ask by those.
@Suite(.timeLimit(.minutes(3)))
struct NetworkGenerationTests {
    /// A host that asks and makes nothing of it.
    struct Asker {
        let host: SimulatedHost
        var held = HeldTopology()

        /// Returns what differed.
        mutating func ask() async throws -> TopologyNews {
            let news = try await host.channel.topology(holding: held.generations)
            held.take(news)
            return news
        }
    }

    /// One request of an administrator, and the hosts that are to see something of it. Names in braces stand for the
    /// ids of what earlier steps have made.
    struct Step: CustomStringConvertible {
        let method: HTTPRequest.Method
        let path: String
        let fields: String
        let seen: Set<Int>
        /// The name of what it makes.
        var made: String?

        var description: String { "\(method) \(path) \(fields)" }

        static func make(_ name: String, _ kind: String, _ fields: String, seenBy seen: Set<Int> = []) -> Step {
            Step(method: .post, path: kind, fields: fields, seen: seen, made: name)
        }

        static func change(_ path: String, _ fields: String, seenBy seen: Set<Int> = []) -> Step {
            Step(method: .put, path: path, fields: fields, seen: seen)
        }

        static func delete(_ path: String, seenBy seen: Set<Int> = []) -> Step {
            Step(method: .delete, path: path, fields: "", seen: seen)
        }

        /// `security-groups` is made of bodies with a `security_group`.
        func body() -> String {
            let kind = path.split(separator: "/").first.map { $0.dropLast().replacing("-", with: "_") } ?? ""
            let isAction = path.contains("router_interface") || path.hasSuffix("/tags")
            return isAction ? "{\(fields)}" : #"{"\#(kind)": {\#(fields)}}"#
        }
    }

    struct Story: CustomTestStringConvertible {
        let testDescription: String
        let steps: [Step]
    }

    /// Three hosts with a port each: 1 on network `a` in group `web`, 2 on `b` in `db`, which lets `web` in, 3 on `c`.
    private static let scene: [Step] =
        ["a", "b", "c"].enumerated().flatMap { number, name in
            [
                Step.make(name, "networks", #""name": "\#(name)""#),
                .make(
                    "s\(name)", "subnets",
                    #""network_id": "{\#(name)}", "ip_version": 4, "cidr": "10.\#(number).0.0/24""#),
            ]
        } + ["web", "db", "other"].map { .make($0, "security-groups", #""name": "\#($0)""#) } + [
            .make("let", "security-group-rules", rule("db", #""remote_group_id": "{web}""#)),
            .make("pa", "ports", port("a", on: 1, "web"), seenBy: [1]),
            .make("pb", "ports", port("b", on: 2, "db"), seenBy: [2]),
            .make("pc", "ports", port("c", on: 3, "other"), seenBy: [3]),
        ]

    private static func rule(_ group: String, _ remote: String) -> String {
        #""security_group_id": "{\#(group)}", "direction": "ingress", "protocol": "tcp", \#(remote)"#
    }

    private static func port(_ network: String, on host: Int, _ group: String) -> String {
        #""network_id": "{\#(network)}", "binding:host_id": "sim-\#(host)", "device_owner": "compute:nova", "#
            + #""device_id": "v\#(network)", "security_groups": ["{\#(group)}"]"#
    }

    private static let networksAndPorts: [Step] = [
        .change("networks/{a}", #""name": "another""#),
        .change("networks/{a}/tags", #""tags": ["t"]"#),
        .change("networks/{a}", #""mtu": 1400"#, seenBy: [1]),
        .change("subnets/{sa}", #""name": "another""#),
        .change("subnets/{sa}", #""dns_nameservers": ["9.9.9.9"]"#, seenBy: [1]),
        .make("s2", "subnets", #""network_id": "{a}", "ip_version": 4, "cidr": "10.9.0.0/24""#, seenBy: [1]),
        .delete("subnets/{s2}", seenBy: [1]),
        .change("subnets/{sa}", #""enable_dhcp": false"#, seenBy: [1]),
        .change("subnets/{sa}", #""enable_dhcp": true"#, seenBy: [1]),
        .change("ports/{pa}", #""name": "another""#),
        .change("ports/{pa}", #""dns_name": "guest""#, seenBy: [1]),
        .change("ports/{pa}", #""allowed_address_pairs": [{"ip_address": "10.0.0.99"}]"#, seenBy: [1]),
        // The addresses of a group's members are those of its neighbours' rules.
        .change("ports/{pa}", #""fixed_ips": [{"ip_address": "10.0.0.77"}]"#, seenBy: [1, 2]),
        .change("ports/{pa}", #""security_groups": []"#, seenBy: [1, 2]),
        .change("ports/{pa}", #""security_groups": ["{web}"]"#, seenBy: [1, 2]),
        .make("free", "ports", #""network_id": "{a}", "security_groups": ["{web}"]"#, seenBy: [2]),
        .delete("ports/{free}", seenBy: [2]),
        .make(
            "s6", "subnets",
            #""network_id": "{a}", "ip_version": 6, "cidr": "fd00::/64", "ipv6_ra_mode": "slaac", "#
                + #""ipv6_address_mode": "slaac""#, seenBy: [1, 2]),
        .delete("subnets/{s6}", seenBy: [1, 2]),
    ]

    private static let groups: [Step] = [
        .change("security-groups/{web}", #""description": "another""#),
        .make("open", "security-group-rules", rule("web", #""remote_ip_prefix": "10.0.0.0/8""#), seenBy: [1]),
        .change("security-group-rules/{open}", #""description": "another""#),
        .delete("security-group-rules/{open}", seenBy: [1]),
        .make("g", "security-groups", #""name": "g""#),
        .make("more", "security-group-rules", rule("db", #""remote_group_id": "{g}""#), seenBy: [2]),
        .make("free", "ports", #""network_id": "{c}", "security_groups": ["{g}"]"#, seenBy: [2]),
        .delete("ports/{free}", seenBy: [2]),
        .delete("security-groups/{g}", seenBy: [2]),
    ]

    private static let routers: [Step] = [
        .make("r", "routers", #""name": "r""#),
        .change("routers/{r}/add_router_interface", #""subnet_id": "{sa}""#, seenBy: [1]),
        .change("routers/{r}/add_router_interface", #""subnet_id": "{sb}""#, seenBy: [1, 2]),
        .change("routers/{r}", #""name": "another""#),
        .change("routers/{r}", #""external_gateway_info": {"network_id": "{public}"}"#, seenBy: [1, 2]),
        .change(
            "routers/{r}", #""routes": [{"destination": "10.77.0.0/24", "nexthop": "10.0.0.9"}]"#, seenBy: [1, 2]),
        .change("routers/{r}", #""admin_state_up": false"#, seenBy: [1, 2]),
        .make("f", "floatingips", #""floating_network_id": "{public}""#),
        .change("floatingips/{f}", #""description": "another""#),
        .change("floatingips/{f}", #""port_id": "{pa}""#, seenBy: [1, 2]),
        .change("floatingips/{f}", #""port_id": null"#, seenBy: [1, 2]),
        .make("late", "ports", port("a", on: 1, "web"), seenBy: [1, 2]),
        .change("floatingips/{f}", #""port_id": "{late}""#, seenBy: [1, 2]),
        .delete("ports/{late}", seenBy: [1, 2]),
        .change("floatingips/{f}", #""port_id": "{pa}""#, seenBy: [1, 2]),
        .delete("floatingips/{f}", seenBy: [1, 2]),
        .make("pool", "subnetpools", #""name": "p", "prefixes": ["10.8.0.0/16"], "default_prefixlen": 24"#),
        .make("d", "networks", #""name": "d""#),
        .make("sd", "subnets", #""network_id": "{d}", "ip_version": 4, "subnetpool_id": "{pool}""#),
        .change("routers/{r}/add_router_interface", #""subnet_id": "{sd}""#, seenBy: [1, 2]),
        .make("scope", "address-scopes", #""name": "s", "ip_version": 4"#),
        .change("subnetpools/{pool}", #""address_scope_id": "{scope}""#, seenBy: [1, 2]),
        .change("routers/{r}/remove_router_interface", #""subnet_id": "{sd}""#, seenBy: [1, 2]),
        .delete("networks/{d}"),
        .change("routers/{r}", #""routes": [], "external_gateway_info": null"#, seenBy: [1, 2]),
        .change("routers/{r}/remove_router_interface", #""subnet_id": "{sb}""#, seenBy: [1, 2]),
        .change("routers/{r}/remove_router_interface", #""subnet_id": "{sa}""#, seenBy: [1]),
        .delete("routers/{r}"),
    ]

    private static let bindings: [Step] = [
        .make("pn", "ports", port("c", on: 1, "other"), seenBy: [1, 3]),
        .change("ports/{pn}", #""binding:host_id": "sim-2""#, seenBy: [1, 2, 3]),
        .change("ports/{pn}", #""binding:host_id": """#, seenBy: [2, 3]),
        .delete("ports/{pn}", seenBy: [3]),
        .delete("ports/{pc}", seenBy: [3]),
        .delete("networks/{c}"),
    ]

    static let stories = [
        Story(testDescription: "networks and ports", steps: networksAndPorts),
        Story(testDescription: "groups", steps: groups), Story(testDescription: "routers", steps: routers),
        Story(testDescription: "bindings", steps: bindings),
    ]

    /// Each change is seen by the hosts it concerns and by no other, these and no others are rung for it, and what they
    /// put together of the parts is the whole.
    @Test(arguments: StoreKind.here, stories)
    func aChangeReachesWhomItConcerns(_ kind: StoreKind, _ story: Story) async throws {
        var options = CloudFixture.Options()
        options.hosts = 3
        options.runsAgents = false
        options.runsWorkflows = false
        options.database = try await ScratchStore(on: kind)
        try await CloudFixture.run(options) { fixture in
            let lines = fixture.hosts.map { $0.channel.nudges() }
            var ids = ["public": try await fixture.externalNetwork()]
            var askers = fixture.hosts.map { Asker(host: $0) }
            for number in askers.indices { _ = try await askers[number].ask() }
            for step in Self.scene + story.steps {
                let ringsBefore = fixture.cloud.switchboard.networkRings
                try await Self.take(step, &ids, fixture)
                fixture.cloud.tellNetwork()
                var seen: Set<Int> = []
                for number in askers.indices {
                    if try await !askers[number].ask().isEmpty { seen.insert(number + 1) }
                    let whole = try await fixture.cloud.networking.topology(of: "sim-\(number + 1)")
                    #expect(askers[number].held.topology == whole, "\(step)")
                }
                #expect(seen == step.seen, "\(step)")
                #expect(fixture.cloud.switchboard.networkRings - ringsBefore == step.seen.count, "\(step)")
            }
            let left = try await StoreAudit.differences(in: fixture.cloud.database)
            #expect(left.filter { $0.hasPrefix("generation") } == [])
            withExtendedLifetime(lines) {}
        }
    }

    private static func take(_ step: Step, _ ids: inout [String: String], _ fixture: CloudFixture) async throws {
        func filled(_ text: String) -> String {
            ids.reduce(text) { $0.replacing("{\($1.key)}", with: $1.value) }
        }
        let json = step.method == .delete ? nil : filled(step.body())
        let answer = try await fixture.network(step.method, filled(step.path), json, as: .admin)
        #expect((200..<300).contains(answer.status), "\(step): \(answer)")
        guard let name = step.made else { return }
        ids[name] = answer.text("\(step.path.dropLast().replacing("-", with: "_")).id")
    }
}
