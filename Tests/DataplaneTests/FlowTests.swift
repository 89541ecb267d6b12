import HostProtocol
import Model
import Testing

@testable import Dataplane

@Suite struct FlowTests {
    private func policies(_ change: (inout NetworkTopology) -> Void = { _ in }) throws -> [PortPolicy] {
        var topology = Sample.topology()
        change(&topology)
        return try HostPlan(topology, Sample.facts()).policies
    }

    private func flow(
        _ from: String, _ to: String, transport: Int = 6, port: Int? = nil, type: Int? = nil, code: Int? = nil
    ) throws -> Flow {
        Flow(
            transport: transport, source: try IPAddress(planned: from), destination: try IPAddress(planned: to),
            sourcePort: port == nil ? nil : 40000, destinationPort: port, icmpType: type, icmpCode: code)
    }

    @Test func ingressByPortAndPrefix() throws {
        let policies = try policies()
        #expect(policies.allow(try flow("198.51.100.1", "10.0.0.11", port: 80)))
        #expect(!policies.allow(try flow("198.51.100.1", "10.0.0.11", port: 82)))
        #expect(policies.allow(try flow("203.0.113.9", "10.0.0.11", port: 22)))
        #expect(!policies.allow(try flow("198.51.100.1", "10.0.0.11", port: 22)))
        #expect(policies.allow(try flow("198.51.100.1", "10.0.0.11", transport: 1, type: 8, code: 0)))
        #expect(!policies.allow(try flow("198.51.100.1", "10.0.0.11", transport: 1, type: 13, code: 0)))
    }

    @Test func bothEndsAreAsked() throws {
        #expect(try policies().allow(try flow("10.0.0.12", "10.0.0.11", port: 80)))
        #expect(try !policies().allow(try flow("10.0.0.11", "10.0.0.12", port: 80)))
        let mute = try policies { $0.securityGroups[1].rules.removeFirst() }
        #expect(!mute.allow(try flow("10.0.0.12", "10.0.0.11", port: 80)))
    }

    @Test func remoteGroupMeansItsMembers() throws {
        #expect(try policies().allow(try flow("10.0.0.13", "10.0.0.12", port: 5432)))
        let shrunk = try policies { $0.securityGroups[1].memberAddresses = [] }
        #expect(!shrunk.allow(try flow("10.0.0.13", "10.0.0.12", port: 5432)))
    }

    @Test func withoutPortSecurityAllPasses() throws {
        let open = try policies { $0.ports[0].portSecurity = false }
        #expect(open.allow(try flow("198.51.100.1", "10.0.0.11", port: 9999)))
    }

    @Test func rulesThatMatchNothingAllowNothing() throws {
        let rules: [TopologySecurityGroup.Rule] = [
            .init(direction: .ingress, etherType: .ipv4, transport: "nonsense"),
            .init(direction: .ingress, etherType: .ipv4, portMin: 1, portMax: 2),
            .init(direction: .ingress, etherType: .ipv4, remotePrefix: "::/0"),
            .init(direction: .ingress, etherType: .ipv4, transport: "tcp", portMin: 9, portMax: 1),
        ]
        let policies = try policies { $0.securityGroups[0].rules = rules }
        #expect(policies.first { $0.portID == Sample.portA }?.rules.isEmpty == true)
    }

    @Test func conntrackLines() throws {
        let tcp =
            "tcp      6 431998 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=39920 dport=7000 src=10.0.0.2 "
            + "dst=10.0.0.1 sport=7000 dport=39920 [ASSURED] mark=0 zone=1001 use=1"
        #expect(
            Flow(conntrack: Substring(tcp))
                == Flow(
                    transport: 6, source: try IPAddress(planned: "10.0.0.1"),
                    destination: try IPAddress(planned: "10.0.0.2"),
                    sourcePort: 39920, destinationPort: 7000))
        let icmp = "icmp     1 29 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=7 src=10.0.0.2 dst=10.0.0.1 type=0 code=0"
        #expect(Flow(conntrack: Substring(icmp))?.icmpType == 8)
        #expect(Flow(conntrack: "") == nil)
    }
}
