extension Diagnosis {
    static func kernel(_ facts: DoctorFacts) -> [Finding] {
        [
            tried(
                "bridge", facts.bridge, good: "bridges, taps and veths can be made",
                bad: "no bridge, tap and veth can be made",
                remedy: "'modprobe -a bridge tun veth', with a kernel that has them; a container needs CAP_NET_ADMIN."),
            tried(
                "bridge filter", facts.bridgeFilter, good: "br_netfilter is there",
                bad: "security groups cannot be kept without br_netfilter",
                remedy: "'modprobe br_netfilter', with a kernel that has CONFIG_BRIDGE_NETFILTER."),
            tried(
                "nftables", facts.nftables, good: "tables of families ip, inet and bridge can be loaded",
                bad: "nftables does not load tables of families ip, inet and bridge",
                remedy: "'modprobe -a nf_tables nft_meta_bridge', with a kernel that has CONFIG_NF_TABLES_BRIDGE."),
            tried(
                "conntrack", facts.conntrack, good: "connection states, zones and masquerading work",
                bad: "nftables knows no connection states, zones or masquerading",
                remedy: "'modprobe -a nft_ct nft_masq', with a kernel that has CONFIG_NF_CONNTRACK_ZONES."),
            .ok(
                "forwarding",
                facts.forwards ? "ip_forward is 1" : "ip_forward is 0; the agent sets it while it runs networks"),
        ]
    }

    static func tried(
        _ check: String, _ trial: DoctorFacts.Trial, good: String, bad: String, remedy: String
    ) -> Finding {
        switch trial {
        case .works: .ok(check, good)
        case .fails(let words): .failure(check, "\(bad): \(words)", remedy: remedy)
        }
    }

    /// Docker sets the policy of FORWARD to drop, and with br_netfilter bridged packets pass that chain too.
    static func forwardPolicy(_ facts: DoctorFacts) -> Finding {
        let dropping = facts.droppingChains.filter { !$0.admitsCloud }
        if dropping.isEmpty { return .ok("forward policy", "no other program drops what guests send") }
        let commands = dropping.flatMap { chain in
            ["iifname", "oifname"].map { side in
                "nft insert rule \(chain.operatorsChain) \(side) 'nb\(facts.cloudTag)-*' accept"
            }
        }
        let names = dropping.map(\.name).joined(separator: ", ")
        return .failure(
            "forward policy", "\(names) drops what no rule accepts, also between guests of one network",
            remedy: commands.joined(separator: "; ")
                + ". Who made that chain (Docker, a firewall) may make it anew: have these run after it.")
    }

    /// `nil` when none is configured.
    static func externalInterface(_ facts: DoctorFacts) -> Finding? {
        guard let interface = facts.externalInterface else { return nil }
        let (check, name) = ("external interface", interface.name)
        guard let mtu = interface.mtu else {
            return .failure(
                check, "there is no interface \(name)",
                remedy: "'ip link' lists what there is; set external-interface to one of them, or leave it out.")
        }
        if mtu >= 1500 { return .ok(check, "\(name) has MTU \(mtu)") }
        return .warning(
            check, "\(name) has MTU \(mtu), guests' networks have 1500: large packets outward are fragmented or lost",
            remedy: "ip link set \(name) mtu 1500, or give guests networks made with --mtu \(mtu).")
    }
}
