import APIKit
import Cloud
import Compute
import Foundation
import HTTPTypes
import Model
import TestSupport
import Testing

@testable import API
@testable import Identity

/// Who may ask for what: every route, and everyone who may come to it.
@Suite(.timeLimit(.minutes(5)))
struct PolicyTests {
    /// Nova's own list of rules and of who passes them.
    private func listed() throws -> [String: String] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Conformance/lists/nova-policies.tsv")
        let rows = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst().map { line in
            let cells = line.split(separator: "\t").map(String.init)
            return (cells[0], cells[1])
        }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    private static let levels: [String: AccessLevel] = [
        "@": .authenticated, "rule:context_is_admin": .admin, "rule:project_manager_or_admin": .manager,
        "rule:project_member_or_admin": .member, "rule:project_reader_or_admin": .reader,
        "rule:service_or_admin": .serviceOrAdmin,
        // Whose they are is asked by the key pairs themselves.
        "(rule:context_is_admin) or user_id:%(user_id)s": .authenticated,
    ]

    @Test func everyRuleOfNovaIsKnownAndSaysTheSame() throws {
        let listed = try listed()
        #expect(listed.count > 200 && Set(PolicyRules.all.map(\.name)) == Set(listed.keys))
        for rule in PolicyRules.all {
            let check = try #require(listed[rule.name])
            #expect(rule.level == Self.levels[check] && (rule.level != nil || check == "!"), "\(rule.name): \(check)")
        }
    }

    /// Each route asks what its rule says; those without a rule are Nova's without one, and those beyond Nova.
    @Test func everyRouteStandsBehindItsRule() async throws {
        try await CloudFixture.run { fixture in
            let compute = try #require(fixture.cloud.services.first { $0.name == "compute" })
            var bare: [String] = []
            for route in compute.routes where route.isOffered {
                guard let rule = PolicyRules.rule(of: route.method, route.path) else {
                    bare.append("\(route.method) \(route.path)")
                    continue
                }
                #expect(rule.level == route.access, "\(route.method) \(route.path): \(rule.name)")
            }
            #expect(bare.sorted() == Self.withoutARule)
        }
    }

    private static let withoutARule = [
        "DELETE /images/{id}", "DELETE /images/{image_id}/metadata/{key}", "DELETE /os-volumes_boot/{id}",
        "DELETE /servers/{id}/novella-keys/{fingerprint}", "GET /", "GET /flavors", "GET /flavors/detail",
        "GET /flavors/{id}", "GET /images", "GET /images/detail", "GET /images/{id}",
        "GET /images/{image_id}/metadata", "GET /images/{image_id}/metadata/{key}", "GET /os-volumes_boot",
        "GET /os-volumes_boot/detail", "GET /os-volumes_boot/{id}", "GET /servers/{id}/novella-keys",
        "GET /servers/{id}/novella-timeline",
        "GET /versions/{id}", "POST /flavors/{id}/action", "POST /images/{image_id}/metadata",
        "POST /os-aggregates/{id}/action", "POST /os-volumes_boot", "POST /os-volumes_boot/{id}/action",
        "POST /servers/novella-explain", "POST /servers/{id}/action", "POST /servers/{id}/novella-explain",
        "POST /servers/{id}/novella-keys", "POST /servers/{server_id}/migrations/{id}/action",
        "PUT /images/{image_id}/metadata", "PUT /images/{image_id}/metadata/{key}", "PUT /os-volumes_boot/{id}",
    ]

    /// One who may come to a route.
    private struct Visitor {
        var name: String
        var token: String?
    }

    private func visitors(_ fixture: CloudFixture) async throws -> [Visitor] {
        let lab = IdentityLab(fixture: fixture)
        let demo = #""project": {"id": "\#(fixture.people.demo)"}"#
        func person(_ name: String, _ role: String, at place: String, _ scope: String) async throws -> String {
            try await lab.person(name, role, at: place, scope: scope).token
        }
        let project = "/projects/\(fixture.people.demo)"
        let other = fixture.people.projects["other"]?.text ?? ""
        let revoked = try await person("revoked", "admin", at: project, demo)
        _ = try await fixture.request(
            .delete, "/identity/v3/auth/tokens", token: revoked, headers: ["X-Subject-Token": revoked])
        var all = [Visitor(name: "nobody", token: nil)]
        for role in ["reader", "member", "manager", "admin", "service"] {
            all.append(Visitor(name: role, token: try await person("\(role)-1", role, at: project, demo)))
        }
        all.append(
            Visitor(
                name: "foreign-admin",
                token: try await person("a", "admin", at: "/projects/\(other)", #""project": {"id": "\#(other)"}"#)))
        all.append(Visitor(name: "revoked", token: revoked))
        all.append(Visitor(name: "unscoped", token: try await unscoped(fixture)))
        all.append(
            Visitor(
                name: "domain",
                token: try await person("d", "admin", at: "/domains/default", #""domain": {"id": "default"}"#)))
        all.append(
            Visitor(name: "system", token: try await person("s", "admin", at: "/system", #""system": {"all": true}"#)))
        return all
    }

    private func unscoped(_ fixture: CloudFixture) async throws -> String {
        let answer = try await fixture.request(
            .post, "/identity/v3/auth/tokens", as: nil,
            json: #"{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "member-1", "#
                + #""domain": {"id": "default"}, "password": "pw"}}}, "scope": "unscoped"}}"#)
        return answer.header("X-Subject-Token")
    }

    /// One that was given long ago, as the cloud signs them.
    private func expiredToken(_ fixture: CloudFixture) async throws -> String {
        var claims = try await fixture.cloud.identity.claims(of: fixture.people.tokens[.admin] ?? "")
        claims.expiresAt = claims.issuedAt
        return try await fixture.cloud.identity.sign(claims)
    }

    private static let file = """
        # Ours.
        "makers": "user_id:%(user_id)s"
        "os_compute_api:servers:stop": "rule:makers and role:member"
        "os_compute_api:servers:delete": "!"
        "os_compute_api:os-aggregates:index": "role:reader"
        "os_compute_api:os-server-groups:delete": "rule:makers"
        """

    /// Whoever made a server or a group may end it, and nobody else who sees it; what the file does not name stays.
    @Test func anOperatorsFileHolds() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "policy-\(UUIDText.random()).yaml").path
        try Data(Self.file.utf8).write(to: URL(filePath: path))
        var options = CloudFixture.Options()
        options.policyFile = path
        try await CloudFixture.run(options) { fixture in
            let compute = "/compute/v2.1"
            let server = "\(compute)/servers/\(try await fixture.boot())"
            let group = try await fixture.request(
                .post, "\(compute)/os-server-groups",
                json: #"{"server_group": {"name": "g", "policies": ["affinity"]}}"#)
            let groupPath = "\(compute)/os-server-groups/\(group.text("server_group.id"))"
            let (stop, alias) = (#"{"os-stop": null}"#, server.replacing("/servers/", with: "/os-volumes_boot/"))
            for (role, method, path, body, status) in [
                (.admin, .post, "\(server)/action", stop, 403), (.reader, .post, "\(server)/action", stop, 403),
                (.stranger, .post, "\(server)/action", stop, 404), (.member, .post, "\(server)/action", stop, 202),
                (.admin, .delete, server, nil, 403), (.member, .delete, server, nil, 403),
                (.admin, .post, "\(alias)/action", stop, 403), (.member, .delete, alias, nil, 403),
                (.reader, .get, "\(compute)/os-aggregates", nil, 200),
                (.member, .post, "\(compute)/os-aggregates", "{}", 403), (.stranger, .delete, groupPath, nil, 404),
                (.reader, .delete, groupPath, nil, 403), (.member, .delete, groupPath, nil, 204),
            ] as [(People.Role, HTTPRequest.Method, String, String?, Int)] {
                let answer = try await fixture.request(method, path, as: role, json: body)
                #expect(answer.status == status, "\(role) \(method) \(path): \(answer)")
                let isNamed = status != 403 || "\(answer)".contains("Policy doesn't allow os_compute_api:")
                #expect(isNamed, "\(answer)")
            }
        }
        try FileManager.default.removeItem(atPath: path)
    }

    /// `Tests/Golden/policy/<service>.txt`: a line for each route and for each action of servers, a column for each
    /// visitor, `+` where the request got as far as to what it asks for. Bodies are empty objects and ids those of
    /// nothing, so that nothing changes.
    @Test func theMatrixIsWhole() async throws {
        try await World.run { world in
            let visitors =
                try await visitors(world.fixture)
                + [Visitor(name: "expired", token: try await expiredToken(world.fixture))]
            func row(_ name: String, _ ask: (Visitor) async throws -> Answer) async throws -> String {
                var cells: [String] = []
                for visitor in visitors {
                    let status = try await ask(visitor).status
                    cells.append([401, 403].contains(status) ? "\(status)" : "+")
                }
                return Self.line(name, cells)
            }
            var tables: [String: [String]] = [:]
            for entry in world.routes {
                let path = world.path(entry, unknownIDs: entry.route.method != .get)
                let row = try await row("\(entry.route.method) \(entry.route.path)") { visitor in
                    try await world.send(
                        entry, as: nil, path: path, json: entry.isWrite ? "{}" : nil, token: visitor.token)
                }
                tables[entry.service.name, default: []].append(row)
            }
            let path = "/compute/v2.1/servers/\(UUIDText.random())/action"
            for action in PolicyRules.all.flatMap(\.operations).compactMap(Self.action) {
                let row = try await row("POST /servers/{id}/action \(action)") { visitor in
                    try await world.fixture.request(
                        .post, path, as: nil, token: visitor.token, json: #"{"\#(action)": null}"#)
                }
                tables["compute", default: []].append(row)
            }
            for (service, lines) in tables {
                let text = ([Self.line("", visitors.map(\.name))] + lines.sorted()).joined(separator: "\n") + "\n"
                #expect(try Golden.text("policy/\(service).txt", rewrittenWith: text) == text, "\(service)")
            }
        }
    }

    private static func action(_ operation: String) -> String? {
        let start = "POST /servers/{}/action "
        return operation.hasPrefix(start) ? String(operation.dropFirst(start.count)) : nil
    }

    private static func line(_ name: String, _ cells: [String]) -> String {
        let text = ([name.padded(86)] + cells.map { $0.padded(14) }).joined()
        return String(text.reversed().drop { $0 == " " }.reversed())
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
