import Model
import Store

typealias Sample = any Record & Equatable

/// One row of every table that has a record, each with its own values, in an order that foreign keys allow.
enum Samples {
    static func at(_ second: Int64) -> Timestamp { Timestamp(microseconds: second * 1_000_000 + 7) }

    /// `full` fills every optional column; else all of them are NULL.
    static func all(full: Bool) throws -> [Sample] {
        try identity(full) + grants(full) + images(full) + networks(full) + routers(full) + compute(full)
            + servers(full)
    }

    private static func identity(_ full: Bool) -> [Sample] {
        [
            Domain(
                id: DomainID("d1"), name: "domain", description: "about d", enabled: false,
                tags: JSONText(raw: #"["a"]"#), options: #"{"immutable":true}"#, extra: #"{"x":1}"#, epoch: 2),
            Project(
                id: ProjectID("p1"), name: "project", domainID: DomainID("d1"), description: "about p",
                parentID: full ? ProjectID("p0") : nil, tags: JSONText(raw: #"["b"]"#),
                options: #"{"immutable":false}"#, extra: #"{"x":2}"#, epoch: 3),
            User(
                id: UserID("u1"), name: "user", domainID: DomainID("d1"),
                defaultProjectID: full ? ProjectID("p1") : nil, email: full ? "u@example.org" : nil,
                description: full ? "about u" : nil, enabled: true, passwordHash: full ? "scrypt$1" : nil, epoch: 4,
                options: #"{"lock_password":true}"#, extra: #"{"x":3}"#),
            Role(
                id: RoleID("r1"), name: "role", description: full ? "about r" : nil,
                domainID: full ? DomainID("d1") : nil, options: #"{"immutable":true}"#, extra: #"{"x":4}"#),
        ]
    }

    private static func grants(_ full: Bool) -> [Sample] {
        [
            RoleAssignment(
                userID: UserID("u1"), target: .domain, targetID: "d1", roleID: RoleID("r1"), isInherited: true),
            UserGroup(
                id: UserGroupID("g1"), name: "group", domainID: DomainID("d1"), description: "about g",
                extra: #"{"x":5}"#),
            GroupAssignment(
                groupID: UserGroupID("g1"), target: .project, targetID: "p1", roleID: RoleID("r1"), isInherited: true),
            ApplicationCredential(
                id: ApplicationCredentialID("a1"), userID: UserID("u1"), projectID: ProjectID("p1"), name: "app",
                description: full ? "about a" : nil, secretHash: "scrypt$2", roles: JSONText(raw: #"["r1"]"#),
                isUnrestricted: true, expiresAt: full ? at(5) : nil),
            Trust(
                id: TrustID("t1"), trustorID: UserID("u1"), trusteeID: UserID("u1"),
                projectID: full ? ProjectID("p1") : nil, isImpersonating: true, roles: JSONText(raw: #"["r1"]"#),
                expiresAt: full ? at(37) : nil, remainingUses: full ? 4 : nil,
                redelegatedTrustID: full ? TrustID("t1") : nil, extra: #"{"x":10}"#),
            Credential(
                id: CredentialID("k1"), userID: UserID("u1"), projectID: full ? ProjectID("p1") : nil, type: "cert",
                blob: "{}", extra: #"{"x":6}"#),
            Region(
                id: "here", description: "about here", parentID: full ? "there" : nil, extra: #"{"x":7}"#),
            CatalogService(
                id: CatalogServiceID("c1"), type: "compute", name: "nova", description: "about c",
                extra: #"{"x":8}"#),
            Endpoint(
                id: EndpointID("e1"), serviceID: CatalogServiceID("c1"), interface: "public", url: "http://x",
                regionID: "here", enabled: false, extra: #"{"x":9}"#),
        ]
    }

    private static func images(_ full: Bool) throws -> [Sample] {
        [
            Image(
                id: ImageID("i1"), projectID: ProjectID("p1"), name: full ? "image" : nil,
                status: full ? .active : .queued, visibility: .community, isProtected: true, isHidden: false,
                diskFormat: full ? "qcow2" : nil, containerFormat: full ? "bare" : nil, minDisk: 1, minRAM: 2,
                size: full ? 3 : nil, virtualSize: full ? 4 : nil, checksum: full ? "md5" : nil,
                sha512: full ? "sha" : nil, properties: try JSONText(["a": "b"]), tags: try JSONText(["t"]),
                createdAt: at(1), updatedAt: at(2), isStaged: true, upload: full ? "u" : nil, uploadUntil: at(3)),
            ImageMember(
                imageID: ImageID("i1"), member: ProjectID("p2"), status: full ? .accepted : .pending, createdAt: at(1),
                updatedAt: at(2)),
        ]
    }

    private static func networks(_ full: Bool) throws -> [Sample] {
        [
            Network(
                id: NetworkID("n1"), projectID: ProjectID("p1"), name: "net", description: "about n",
                adminStateUp: false, isShared: true, isExternal: false, isDefault: true, portSecurityEnabled: false,
                mtu: 1400, segmentationID: 12, tags: try JSONText(["t"]), createdAt: at(3), updatedAt: at(4),
                dnsDomain: "example.", availabilityZoneHints: try JSONText(["nova"]), revision: 1),
            AddressScope(
                id: AddressScopeID("as1"), projectID: ProjectID("p1"), name: "scope", ipVersion: 6, isShared: true,
                createdAt: at(33)),
            SubnetPool(
                id: SubnetPoolID("sp1"), projectID: ProjectID("p1"), name: "pool", description: "about sp",
                prefixes: try JSONText(["2001:db8::/32"]), ipVersion: 6, minPrefixLength: 48, maxPrefixLength: 80,
                defaultPrefixLength: 64, defaultQuota: full ? 5 : nil, isDefault: true, isShared: true,
                addressScopeID: full ? AddressScopeID("as1") : nil, tags: try JSONText(["w"]), createdAt: at(34),
                updatedAt: at(35), revision: 5),
            Subnet(
                id: SubnetID("s1"), networkID: NetworkID("n1"), projectID: ProjectID("p1"), name: "subnet",
                description: "about s", ipVersion: 6, cidr: "2001:db8::/64", gatewayIP: full ? "2001:db8::1" : nil,
                enableDHCP: false, dnsNameservers: try JSONText(["::1"]),
                hostRoutes: try JSONText([SubnetRoute(destination: "::/0", nexthop: "::2")]),
                allocationPools: try JSONText([AddressRange(start: "::3", end: "::4")]),
                ipv6AddressMode: full ? "slaac" : nil, ipv6RAMode: full ? "dhcpv6-stateful" : nil,
                tags: try JSONText(["u"]), createdAt: at(5), updatedAt: at(6), revision: 2,
                subnetPoolID: full ? SubnetPoolID("sp1") : nil),
            try port("port1", mac: "02:00:00:00:00:01"), try port("port2", mac: "02:00:00:00:00:02"),
            SecurityGroup(
                id: SecurityGroupID("g1"), projectID: ProjectID("p1"), name: "default", description: "about g",
                stateful: false, tags: try JSONText(["t"]), createdAt: at(9), updatedAt: at(10), revision: 3),
            SecurityGroupRule(
                id: SecurityGroupRuleID("sr1"), securityGroupID: SecurityGroupID("g1"), projectID: ProjectID("p1"),
                description: "about sr", direction: "egress", etherType: "IPv6", transport: full ? "tcp" : nil,
                portMin: full ? 1 : nil, portMax: full ? 2 : nil, remotePrefix: full ? "::/0" : nil,
                remoteGroupID: nil, createdAt: at(11), tags: try JSONText(["v"]), updatedAt: at(12), revision: 4),
        ]
    }

    static func port(_ id: String, mac: String) throws -> Port {
        Port(
            id: PortID(id), networkID: NetworkID("n1"), projectID: ProjectID("p1"), name: "name", description: "about",
            adminStateUp: false, macAddress: mac,
            fixedIPs: try JSONText([FixedIP(subnetID: SubnetID("s1"), ipAddress: "2001:db8::9")]),
            deviceID: "device", deviceOwner: "compute:nova", securityGroups: try JSONText([SecurityGroupID("g1")]),
            portSecurityEnabled: true,
            allowedAddressPairs: try JSONText([AllowedAddressPair(ipAddress: "::5", macAddress: "m")]),
            bindingHost: "host", bindingProfile: #"{"k":1}"#, vnicType: "normal", status: "BUILD", dnsName: "dns",
            tags: try JSONText(["t"]), createdAt: at(7), updatedAt: at(8))
    }

    private static func routers(_ full: Bool) throws -> [Sample] {
        [
            Router(
                id: RouterID("ro1"), projectID: ProjectID("p1"), name: "router", description: "about ro",
                adminStateUp: false, gatewayNetworkID: full ? NetworkID("n1") : nil,
                gatewayPortID: full ? PortID("port2") : nil, snatEnabled: false,
                routes: try JSONText([SubnetRoute(destination: "::/1", nexthop: "::6")]), tags: try JSONText(["t"]),
                createdAt: at(12), updatedAt: at(13)),
            FloatingIP(
                id: FloatingIPID("f1"), projectID: ProjectID("p1"), description: "about f", networkID: NetworkID("n1"),
                address: "203.0.113.9", holderPortID: PortID("port2"), portID: full ? PortID("port1") : nil,
                fixedAddress: full ? "10.0.0.9" : nil, routerID: full ? RouterID("ro1") : nil,
                tags: try JSONText(["t"]), createdAt: at(14), updatedAt: at(15)),
            Quota(projectID: ProjectID("p1"), resource: "cores", limit: 20, used: 3, isOwn: true),
        ]
    }

    private static func compute(_ full: Bool) throws -> [Sample] {
        [
            Flavor(
                id: FlavorID("fl1"), name: "m1.tiny", vcpus: 1, memory: 64, disk: 2, ephemeral: 3, swap: 4,
                rxtxFactor: "1.5", isPublic: false, isDisabled: true, description: full ? "about fl" : nil,
                extraSpecs: try JSONText(["hw:x": "y"]), createdAt: at(16)),
            Keypair(
                key: Keypair.key(UserID("u1"), "key"), userID: UserID("u1"), name: "key", type: "x509",
                publicKey: "ssh-rsa AAAA", fingerprint: "aa:bb",
                keys: try JSONText([PublicKey(line: "ssh-rsa AAAA", fingerprint: "aa:bb", type: "x509")]),
                createdAt: at(17), number: 4),
            Host(
                id: HostID("h1"), hostname: "host", availabilityZone: "zone", isDisabled: true,
                disabledReason: full ? "repair" : nil, isForcedDown: false, lastSeenAt: at(18), inventory: "{}",
                createdAt: at(19), startedAt: full ? at(36) : nil, agentDescription: full ? "about ag" : nil,
                number: 3),
            Aggregate(
                id: 1, uuid: AggregateID("ag1"), name: "fast", metadata: try JSONText(["k": "v"]), createdAt: at(37),
                updatedAt: full ? at(38) : nil),
            AggregateHost(aggregateID: 1, hostID: HostID("h1")),
            ResourceProvider(id: ResourceProviderID("rp1"), name: "host", generation: 5, epoch: 6),
            Inventory(
                providerID: ResourceProviderID("rp1"), resourceClass: "VCPU", total: 8, reserved: 1, minUnit: 2,
                maxUnit: 6, stepSize: 2, allocationRatio: 4000, used: 3),
            Allocation(
                consumerID: "sv1", providerID: ResourceProviderID("rp1"), resourceClass: "VCPU", used: 2,
                projectID: ProjectID("p1"), userID: UserID("u1")),
        ]
    }

    private static func aServer(_ full: Bool) throws -> [Sample] {
        [
            try server(full),
            ServerRequest(
                serverID: ServerID("sv1"), image: "{}",
                nics: try JSONText([RequestedNIC(networkID: NetworkID("n1"), fixedIP: "10.0.0.1", tag: "t")]),
                userData: full ? "I2Nsb3Vk" : nil,
                publicKeys: try JSONText([PublicKey(line: "ssh-rsa AAAA", fingerprint: "aa")]),
                securityGroups: try JSONText([SecurityGroupID("g1")]), adminPassword: full ? "secret" : nil,
                files: full ? try JSONText([InjectedFile(path: "/f", contents: "eA==")]) : JSONText(raw: "[]")),
            SetAsideServer(
                serverID: ServerID("sv1"), since: at(34), imageID: full ? ImageID("i1") : nil),
        ]
    }

    private static func servers(_ full: Bool) throws -> [Sample] {
        try aServer(full) + [
            ServerGroup(
                id: ServerGroupID("sg1"), projectID: ProjectID("p1"), userID: UserID("u1"), name: "group",
                policy: .antiAffinity, maxServerPerHost: full ? 3 : nil, createdAt: at(32)),
            ServerGroupMember(serverID: ServerID("sv1"), groupID: ServerGroupID("sg1")),
            ServerMigration(
                uuid: MigrationID("m1"), id: 1, serverID: ServerID("sv1"), kind: .live, status: .reverting,
                sourceHostID: HostID("h1"), targetHostID: HostID("h2"), oldFlavorID: FlavorID("fl1"),
                oldFlavor: JSONText(raw: "{}"), newFlavorID: FlavorID("fl2"), newFlavor: JSONText(raw: #"{"a":1}"#),
                settled: .stopped, machine: full ? 2 : nil, userID: UserID("u1"), createdAt: at(39), updatedAt: at(40)),
            ServerPlacement(
                serverID: ServerID("sv1"), hostID: HostID("h1"), role: .target, consumerID: full ? "c1" : nil, epoch: 6,
                sequence: 7, document: full ? "{}" : nil, observedEpoch: 5, observedPower: .paused,
                failure: full ? #"{"message":"m","detail":"d"}"# : nil, moments: full ? "{}" : nil,
                metadataAt: full ? at(41) : nil),
            ConsoleToken(
                hash: "c0de", serverID: ServerID("sv1"), hostID: HostID("h1"), kind: full ? .serial : .vnc,
                expiresAt: at(33)),
            HostCommand(
                id: HostCommandID("hc1"), hostID: HostID("h1"), serverID: ServerID("sv1"), action: .rebootHard,
                arguments: try JSONText(["a": "b"]), state: .cancelling, progress: 40,
                result: full ? try JSONText(["r": "s"]) : nil, failure: full ? "{}" : nil, sequence: 8,
                requestID: full ? "req-2" : nil, updatedAt: at(32)),
            WorkflowRecord(
                id: WorkflowID("w1"), kind: "build-server", serverID: full ? ServerID("sv1") : nil, action: "create",
                projectID: ProjectID("p1"), userID: UserID("u1"), requestID: "req-1", input: #"{"a":1}"#,
                outputs: try JSONText(["port": "x"]), step: "guest", direction: .unwinding, attempt: 3, leaseEpoch: 4,
                leaseUntil: at(26), wakeAt: at(27), deadline: at(28), signals: 5, failure: full ? "why" : nil,
                outcome: full ? .failed : nil, createdAt: at(29), updatedAt: at(30), finishedAt: full ? at(31) : nil),
        ]
    }

    static func server(_ full: Bool) throws -> Server {
        Server(
            id: ServerID("sv1"), projectID: ProjectID("p1"), userID: UserID("u1"), name: "server",
            description: full ? "about sv" : nil, hostname: "guest", reservationID: "r-1", launchIndex: 2,
            settled: full ? .deleted : .building, operation: full ? .rebootSoft : nil, phase: 1, power: 4,
            fault: full ? try JSONText(ServerFault(code: 500, created: "then", message: "why")) : nil, isLocked: true,
            lockedByAdmin: false, lockedReason: full ? "mine" : nil,
            workflowID: full ? WorkflowID("w1") : nil,
            hostID: full ? HostID("h1") : nil, requestedZone: full ? "asked" : nil,
            availabilityZone: full ? "zone" : nil,
            flavorID: FlavorID("fl1"),
            flavor: try JSONText(
                FlavorSnapshot(
                    vcpus: 1, ram: 64, disk: 2, ephemeral: 3, swap: 4, originalName: "m1.tiny", extraSpecs: [:])),
            imageID: full ? ImageID("i1") : nil, imageProperties: try JSONText(["os": "x"]),
            keyName: full ? "key" : nil, metadata: try JSONText(["m": "n"]), tags: try JSONText(["t"]),
            addresses: #"{"net":[]}"#, securityGroups: #"[{"name":"default"}]"#, hints: #"{"h":1}"#, configDrive: true,
            accessIPv4: full ? "10.0.0.1" : nil, accessIPv6: full ? "::1" : nil, diskConfig: "AUTO", createdAt: at(20),
            updatedAt: at(21), launchedAt: full ? at(22) : nil, terminatedAt: full ? at(23) : nil,
            deletedAt: full ? at(24) : nil)
    }
}
