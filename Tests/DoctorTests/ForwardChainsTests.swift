import Testing

@testable import Doctor

/// Who drops in the forward hook, read from what `nft -j list ruleset` writes.
struct ForwardChainsTests {
    private static let docker = """
        {"table": {"family": "ip", "name": "filter", "handle": 1}},
        {"chain": {"family": "ip", "table": "filter", "name": "FORWARD", "handle": 1, "type": "filter",
            "hook": "forward", "prio": 0, "policy": "drop"}},
        {"chain": {"family": "ip", "table": "filter", "name": "DOCKER-USER", "handle": 2}},
        {"rule": {"family": "ip", "table": "filter", "chain": "FORWARD", "handle": 3, "expr": [
            {"counter": {"packets": 0, "bytes": 0}}, {"jump": {"target": "DOCKER-USER"}}]}}
        """

    private func rule(
        _ side: String, _ link: String, op: String = "==", chain: String = "DOCKER-USER", more: String = "",
        verdict: String = "accept"
    ) -> String {
        """
        {"rule": {"family": "ip", "table": "filter", "chain": "\(chain)", "handle": 4, "expr": [
            {"match": {"op": "\(op)", "left": {"meta": {"key": "\(side)"}}, "right": "\(link)"}}, \(more)
            {"counter": {"packets": 0, "bytes": 0}}, {"\(verdict)": null}]}}
        """
    }

    private func dropping(_ entries: [String]) throws -> [DoctorFacts.DroppingChain] {
        let header = #"{"metainfo": {"version": "1.0.6", "json_schema_version": 1}}"#
        return try ForwardChains.dropping(
            inRuleset: #"{"nftables": ["# + ([header] + entries).joined(separator: ", ") + "]}", cloudTag: "00ff")
    }

    @Test func dockersChainDropsUntilBothSidesAreAdmitted() throws {
        func found(_ admits: Bool) -> [DoctorFacts.DroppingChain] {
            [.init(name: "ip filter FORWARD", operatorsChain: "ip filter DOCKER-USER", admitsCloud: admits)]
        }
        let inward = rule("iifname", "nb00ff-*")
        #expect(try dropping([Self.docker]) == found(false))
        #expect(try dropping([Self.docker, inward]) == found(false))
        #expect(try dropping([Self.docker, inward, rule("oifname", "nb00ff-*")]) == found(true))
        #expect(try dropping([Self.docker, inward, rule("oifname", "nb00ff-*", chain: "FORWARD")]) == found(true))
    }

    @Test func aRuleThatAcceptsLessDoesNotAdmit() throws {
        let port = #"{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}},"#
        let inward = rule("iifname", "nb00ff-*")
        for outward in [
            rule("oifname", "nb1234-*"), rule("oifname", "nb00ff-*", verdict: "drop"),
            rule("oifname", "nb00ff-*", op: "!="), rule("oifname", "nb00ff-*", more: port),
            rule("oifname", "nb00ff-*", chain: "OTHER"),
        ] {
            #expect(try dropping([Self.docker, inward, outward]).map(\.admitsCloud) == [false], "\(outward)")
        }
    }

    @Test func whatIsOursOrAcceptsOrIsOfAnotherHookDoesNotCount() throws {
        func chain(_ family: String, _ table: String, hook: String, policy: String) -> String {
            """
            {"chain": {"family": "\(family)", "table": "\(table)", "name": "f", "handle": 1, "type": "filter",
                "hook": "\(hook)", "prio": 0, "policy": "\(policy)"}}
            """
        }
        #expect(try dropping([]) == [])
        #expect(
            try dropping([
                chain("inet", "novella_00ff", hook: "forward", policy: "drop"),
                chain("inet", "filter", hook: "forward", policy: "accept"),
                chain("inet", "filter", hook: "input", policy: "drop"),
                chain("ip6", "filter", hook: "forward", policy: "drop"),
            ]) == [])
        let firewall = try dropping([chain("inet", "filter", hook: "forward", policy: "drop")])
        #expect(firewall.map(\.operatorsChain) == ["inet filter f"])
    }

    @Test func whatIsNoRulesetIsAnError() {
        #expect(throws: DecodingError.self) { try ForwardChains.dropping(inRuleset: "", cloudTag: "00ff") }
    }
}
