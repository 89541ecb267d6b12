import APIKit
import Cloud
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// Every route of every service, taken from the tables so that none is forgotten.
@Suite(.timeLimit(.minutes(3)))
struct RouteSweepTests {
    @Test func withoutATokenOnlyOpenRoutesAnswer() async throws {
        try await World.run { world in
            for entry in world.routes where entry.route.access != .anyone {
                let none = try await world.send(entry, as: nil)
                #expect(none.status == 401, "\(entry.name): \(none)")
                if entry.route.method == .get {
                    let head = try await world.fixture.request(.head, world.path(entry), as: nil)
                    #expect(head.status == 401 || entry.route.versions != nil, "HEAD \(entry.name): \(head)")
                }
                for garbage in ["garbage", "nv1.a.b.c", "nv1...", String(repeating: "x", count: 4000)] {
                    let answer = try await world.send(entry, as: nil, token: garbage)
                    #expect(answer.status == 401, "\(entry.name) with \(garbage.prefix(12)): \(answer)")
                }
            }
            for entry in world.routes where entry.route.access == .anyone && entry.route.method == .get {
                let open = try await world.send(entry, as: nil)
                #expect((200...300).contains(open.status), "\(entry.name): \(open)")
            }
            for route in world.fixture.cloud.openRoutes {
                let open = try await world.fixture.request(route.method, route.path, as: nil)
                #expect((200...300).contains(open.status), "\(route.path): \(open)")
            }
        }
    }

    @Test func whatIsNotOfferedSaysSo() async throws {
        try await World.run { world in
            let routes = ServiceRoute.all(world.fixture.cloud, offered: false)
            #expect(!routes.isEmpty)
            for entry in routes {
                let none = try await world.send(entry, as: nil)
                #expect(none.status == 401, "\(entry.name): \(none)")
                let answer = try await world.send(entry)
                // Nodes of bare metal were never changed by Nova.
                let isRefused = [501, 410].contains(answer.status) || entry.name.contains("os-baremetal-nodes")
                #expect(isRefused && answer.status >= 400, "\(entry.name): \(answer)")
            }
        }
    }

    /// What is there is shown to whom it belongs.
    @Test func whatIsThereIsShown() async throws {
        try await World.run { world in
            for entry in world.routes where entry.route.method == .get {
                if entry.name.hasSuffix("os-flavor-access") || entry.name.contains("roles/{role}") { continue }
                if entry.name.hasSuffix("/auth/tokens") || entry.name.hasSuffix("{key}") { continue }
                if entry.name.hasSuffix("tags/{tag}") || entry.name.hasSuffix("placement/usages") { continue }
                if entry.name.hasSuffix("/allocation_candidates") || entry.name.hasSuffix("/agents/{id}") { continue }
                // None of a server is live.
                if entry.name.hasSuffix("/migrations/{id}") { continue }
                // There are no volumes and no shares.
                if ["os-volumes", "os-snapshots", "os-volume_attachments", "shares"].contains(where: {
                    entry.name.hasSuffix("/\($0)/{id}")
                }) {
                    continue
                }
                // By number at their first version.
                if entry.name.contains("/os-hypervisors/{id}/") { continue }
                let answer = try await world.send(entry, as: entry.writer)
                #expect((200...204).contains(answer.status), "\(entry.name): \(answer)")
                let head = try await world.fixture.request(
                    .head, world.path(entry), as: entry.writer, version: entry.version)
                // Keystone's checks say that there is nothing to read.
                let wanted = entry.name.hasSuffix("implies/{implied}") ? 204 : answer.status
                #expect(head.status == wanted && head.body.isEmpty, "HEAD \(entry.name): \(head)")
            }
        }
    }

    @Test func readersAreRefusedWhereTheyMayNotWrite() async throws {
        try await World.run { world in
            let samples = Samples(world)
            for entry in world.routes {
                guard [.member, .manager, .admin, .serviceOrAdmin].contains(entry.route.access) else { continue }
                let answer = try await world.send(entry, as: .reader, json: samples[entry])
                #expect(answer.status == 403, "\(entry.name): \(answer)")
            }
            for action in [
                "os-start", "os-stop", "reboot", "lock", "unlock", "addSecurityGroup", "removeSecurityGroup",
                "pause", "unpause", "suspend", "resume", "os-resetState", "os-getVNCConsole", "os-getSPICEConsole",
                "os-getSerialConsole",
            ] {
                let path = "/compute/v2.1/servers/\(world.ids["servers"] ?? "")/action"
                let answer = try await world.fixture.request(.post, path, as: .reader, json: #"{"\#(action)": null}"#)
                #expect(answer.status == 403, "\(action): \(answer)")
            }
        }
    }

    /// What belongs to another project does not exist.
    @Test func foreignResourcesAreNotFound() async throws {
        try await World.run { world in
            let samples = Samples(world)
            let own: Set = [
                "servers", "images", "ports", "routers", "floatingips", "security-groups",
                "security-group-rules", "networks", "subnets", "os-server-groups", "subnetpools",
                "address-scopes", "os-security-groups", "os-security-group-rules", "os-floating-ips", "os-networks",
                "os-tenant-networks", "os-volumes_boot",
            ]
            for entry in world.routes where [.reader, .member, .authenticated].contains(entry.route.access) {
                let segments = entry.route.path.split(separator: "/").map(String.init)
                guard segments.count > 1, own.contains(segments[0]), segments[1].hasPrefix("{") else { continue }
                let answer = try await world.send(entry, as: .stranger, json: samples[entry])
                #expect(answer.status == 404, "\(entry.name): \(answer)")
            }
        }
    }

    @Test func unknownIDsAreNotFound() async throws {
        // Quotas are there before anything asks for the project, nobody has credentials, a region is made where there
        // is none, a class and a trait with a name of their own, and a body must name the key of its path. Aggregates
        // have numbers, reports of use and of audits are there for any project and time.
        let exceptions = [
            "quota", "/{user}/projects", "/usages", "/allocations/{id}", "{key}", "{user}/application_credentials",
            "PUT /identity/v3/regions", "PUT /placement/traits/{name}", "os-aggregates", "os-simple-tenant-usage",
            "audit_log",
        ]
        try await World.run { world in
            let samples = Samples(world)
            for entry in world.routes where entry.hasParameters {
                if exceptions.contains(where: { entry.name.contains($0) }) { continue }
                let answer = try await world.send(
                    entry, path: world.path(entry, unknownIDs: true), json: samples[entry])
                let isAllowed = answer.status == 404 || (entry.name.hasSuffix("/password") && answer.status == 401)
                #expect(isAllowed, "\(entry.name): \(answer)")
            }
        }
    }

    @Test func everyWriteHasASample() async throws {
        try await World.run { world in
            let samples = Samples(world)
            for entry in world.routes where entry.isWrite {
                #expect((samples[entry] != nil) != Samples.bodyless.contains(entry.name), "\(entry.name)")
            }
        }
    }

    @Test func samplesAreGood() async throws {
        try await World.run { world in
            let samples = Samples(world)
            for entry in world.routes where entry.isWrite {
                guard let sample = samples[entry] else { continue }
                let answer = try await world.send(entry, as: entry.writer, json: sample)
                let isGood = entry.accepts(answer.status)
                #expect(isGood, "\(entry.name): \(answer)")
            }
        }
    }

    @Test func malformedBodiesAreRefused() async throws {
        let bodies = [
            "", "{", "nul", "[", "{\"a\": 1, \"a\": 2}", "\"\\ud800\"", "1e999", "{} {}",
            String(repeating: "[", count: 10_000), "{\"\u{1}\": 1}",
        ]
        try await World.run { world in
            let samples = Samples(world)
            for entry in world.routes where samples[entry] != nil {
                for body in bodies {
                    let answer = try await world.send(entry, as: entry.writer, json: body)
                    let isForeign = entry.name.hasSuffix("/password") && answer.status == 403
                    #expect(answer.status == 400 || isForeign, "\(entry.name) with \(body.prefix(20)): \(answer)")
                }
            }
        }
    }

    @Test func absurdVersionsAreRefused() async throws {
        try await World.run { world in
            for entry in world.routes {
                guard let range = entry.service.versions, entry.route.method == .get else { continue }
                for (text, status) in [
                    ("banana", 400), ("2", 400), ("2.1.1", 400), ("-2.1", 400), ("2.01", 400), ("99999999999.1", 400),
                    ("3.0", 406), ("0.1", 406), ("2.9999", 406),
                ] {
                    let answer = try await world.send(entry, version: "\(range.service) \(text)")
                    #expect(answer.status == status, "\(entry.name) at \(text): \(answer)")
                }
            }
        }
    }
}
