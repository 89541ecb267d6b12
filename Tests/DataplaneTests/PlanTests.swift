import HostProtocol
import Model
import Testing

@testable import Dataplane

@Suite struct PlanTests {
    private func plan(_ change: (inout NetworkTopology) -> Void = { _ in }) throws -> HostPlan {
        var topology = Sample.topology()
        change(&topology)
        return try HostPlan(topology, Sample.facts())
    }

    @Test func goldenTexts() throws {
        let plan = try plan()
        #expect(try golden("nft/host.nft", plan.rules) == plan.rules)
        let router = try #require(plan.namespaces.first { $0.name.contains("rtr") }?.rules)
        #expect(try golden("nft/router.nft", router) == router)
        let dhcp = try #require(plan.dhcp.first)
        #expect(try golden("dnsmasq/dnsmasq.conf", dhcp.configuration) == dhcp.configuration)
        #expect(try golden("dnsmasq/hosts", dhcp.hosts) == dhcp.hosts)
        #expect(try golden("dnsmasq/names", dhcp.names) == dhcp.names)
    }

    /// Legs of one address scope are routed as they are, and none of another is passed on to.
    @Test func routersGoByScopes() throws {
        let own = AddressScopeID("5c09e000-0000-4000-8000-000000000001")
        let other = AddressScopeID("5c09e000-0000-4000-8000-000000000002")
        func rules(_ inside: AddressScopeID?, _ outside: AddressScopeID?) throws -> String {
            let plan = try plan {
                $0.routers[0].interfaces[0].ipv4Scope = inside
                $0.routers[0].gateway?.ipv4Scope = outside
            }
            return try #require(plan.namespaces.first { $0.name.contains("rtr") }?.rules)
        }
        let drop =
            "meta nfproto ipv4 iifname { \"leg-eeeeeeee\" } oifname \"leg-ffffffff\" "
            + "ct state != { established, related } drop"
        let asItIs = "iifname { \"leg-ffffffff\" } oifname \"leg-eeeeeeee\" accept"
        for (inside, outside, isCut, isTranslated) in [
            (nil, nil, false, true), (own, nil, true, true), (nil, own, true, true), (own, other, true, true),
            (own, own, false, false),
        ] as [(AddressScopeID?, AddressScopeID?, Bool, Bool)] {
            let text = try rules(inside, outside)
            #expect(text.contains(drop) == isCut, "\(text)")
            #expect(text.contains(asItIs) != isTranslated, "\(text)")
        }
    }

    @Test func planDoesNotDependOnOrder() throws {
        let turned = try plan {
            $0.ports.reverse()
            $0.networks.reverse()
            $0.securityGroups.reverse()
        }
        #expect(try plan() == turned)
    }

    /// Guests run on devices of these names.
    @Test(arguments: [
        ("ABCDEF01-0000-4000-8000-000000000001", "abcdef01"), ("default", "933b5bde"), ("port-320", "0c5d7044"),
    ])
    func namesComeOfIDs(id: String, name: String) {
        #expect(short(id) == name)
    }

    @Test func namesFitTheKernel() throws {
        let plan = try plan()
        let names =
            plan.bridges.map(\.name) + plan.taps.map(\.name)
            + plan.namespaces.flatMap(\.legs).flatMap { [$0.outside, $0.inside] }
        #expect(names.allSatisfy { $0.utf8.count <= 15 })
        #expect(plan.taps.map(\.name) == ["ntab12-aaaaaaaa", "ntab12-bbbbbbbb"])
        #expect(throws: PlanError.self) { try DataplaneNames(tag: "ab1;") }
    }

    @Test func ofTwoIdsWithOneNameOneIsLeftOut() throws {
        let twin = PortID("aaaaaaaa-9999-4000-8000-00000000000a")
        let plan = try plan { $0.ports.append(Sample.port(twin, 5, groups: [])) }
        #expect(plan.troubles.map(\.part) == [.port(twin)])
        #expect(plan.policies.map(\.portID) == [Sample.portA, Sample.portB])
        #expect(plan.taps.count == 2)
    }

    /// A part of a topology with a value that no kernel takes, and what goes with it.
    struct Flaw: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var part: DataplaneTrouble.Part
        var namespaces = 2
        var bridgeAddresses = [[], ["203.0.113.1/24"]]
        var policies = 2
        var change: @Sendable (inout NetworkTopology) -> Void
    }

    private static let flaws = [
        Flaw(testDescription: "a tenant's prefix", part: .network(Sample.tenant), namespaces: 0) {
            $0.networks[0].subnets[0].cidr = "10.0.0.0/-0"
            $0.routers = []
        },
        Flaw(testDescription: "a host route", part: .network(Sample.tenant), namespaces: 1) {
            $0.networks[0].subnets[0].hostRoutes = [.init(destination: "10.0.0.0/33", nextHop: "10.0.0.1")]
        },
        Flaw(
            testDescription: "an external prefix", part: .network(Sample.external), namespaces: 1,
            bridgeAddresses: [[], []]
        ) {
            $0.networks[1].subnets[0].cidr = "203.0.113.0/x"
            $0.routers = []
        },
        Flaw(testDescription: "a router's route", part: .router(Sample.router), namespaces: 1) {
            $0.routers[0].routes = [.init(destination: "all", nextHop: "10.0.0.1")]
        },
        Flaw(testDescription: "an allowed pair", part: .port(Sample.portA), policies: 1) {
            $0.ports[0].allowedPairs = [.init(ipAddress: "10.0.0.0/-0", macAddress: "")]
        },
    ]

    @Test(arguments: flaws) func aFlawTakesItsOwnPartOnly(flaw: Flaw) throws {
        let plan = try plan(flaw.change)
        #expect(plan.troubles.map(\.part) == [flaw.part], "\(plan.troubles)")
        #expect(plan.namespaces.count == flaw.namespaces)
        #expect(plan.bridges.map(\.addresses) == flaw.bridgeAddresses)
        #expect(plan.policies.count == flaw.policies)
        // The tap of a port without rules stays; it passes nothing.
        #expect(plan.taps.count == 2)
    }

    @Test func routerLegsAndRoutes() throws {
        let router = try #require(try plan().namespaces.first { $0.name == "novella-ab12-rtr-cccccccc" })
        #expect(router.legs.map(\.addresses) == [["10.0.0.1/24"], ["203.0.113.10/24", "203.0.113.20/32"]])
        #expect(
            router.routes == [
                PlannedRoute(destination: "default", via: "203.0.113.1", isIPv4: true),
                PlannedRoute(destination: "10.50.0.0/16", via: "10.0.0.50", isIPv4: true),
            ])
        #expect(try plan { $0.routers[0].adminStateUp = false }.namespaces.count == 1)
    }

    @Test func onlyAnExternalBridgeHasAnAddress() throws {
        #expect(try plan().bridges.map(\.addresses) == [[], ["203.0.113.1/24"]])
    }

    @Test(arguments: [
        "10.0.0.1; drop", "10.0.0.1\n}", "10.0.0.300", "10.0.0.0/33", "", "::1::", "1:2:3:4:5:6:7:8:9", "fe80::%eth0",
    ])
    func whatIsNoAddressIsRefused(text: String) {
        #expect(throws: PlanError.self) { try IPAddress(planned: text) }
        #expect(throws: PlanError.self) { try CIDR(planned: text) }
    }

    @Test(arguments: ["fa:16:3e:00:00:0g", "fa:16:3e:00:00:01,set:x"]) func whatIsNoMACIsRefused(text: String) throws {
        #expect(throws: PlanError.self) { try MACAddress(planned: text) }
        let plan = try plan { $0.ports[0].macAddress = text }
        #expect(plan.troubles.map(\.part) == [.port(Sample.portA)])
        #expect(plan.dhcp.allSatisfy { !$0.hosts.contains(text) })
    }

    @Test(arguments: [
        ("Web Server", "web-server"), ("a,b\nc=d", "a-b-c-d"), ("ignore", nil), ("infinite", nil), ("12h", "host-12h"),
        ("60", "host-60"), ("--", nil), ("x.y.z", "x"), ("\u{e9}t\u{e9}", "t"),
    ])
    func hostnamesBecomeLabels(text: String, label: String?) {
        #expect(hostLabel(text) == label)
    }

    @Test func longHostnamesAreCut() {
        #expect(hostLabel(String(repeating: "a", count: 100))?.utf8.count == 63)
        #expect(domainName("a..b\nserver=1.2.3.4") == nil)
    }

    @Test func addressesAreWrittenAsTheToolsPrintThem() throws {
        #expect(try CIDR(planned: "2001:DB8:0:0:1:0:0:1").toolText == "2001:db8::1:0:0:1")
        #expect(try CIDR(planned: "::/0").toolText == "::/0")
        #expect(try CIDR(planned: "10.1.2.3/8").toolText == "10.0.0.0/8")
        let texts = ["::1", "10.0.0.5", "10.0.1.0/24", "10.0.0.0/24"]
        let merged = try CIDR.merged(texts.map { try CIDR(planned: $0) })
        #expect(merged.map(\.toolText) == ["10.0.0.0/24", "10.0.1.0/24", "::1"])
    }
}
