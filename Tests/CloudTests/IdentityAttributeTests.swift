import Attributes
import Cloud
import HTTPTypes
import Identity
import Model
import TestSupport
import Testing
import Wire

/// Each attribute of each of Identity's tables does what its row says.
@Suite(.timeLimit(.minutes(5)))
struct IdentityAttributeTests {
    private static let options: [String: AttributeSample] = [
        "id": .skipped("a change only repeats it"),
        "tags": .init(.array(["blue", "red"]), .array(["green"])),
        "options": .init(object("immutable", false), object("immutable", false)),
        "domain_id": .init("default", "default"),
    ]

    private static func object(_ name: String, _ value: JSONValue) -> JSONValue {
        .object([.init(key: name, value: value)])
    }

    @Test func domainsKeepWhatTheyAreGiven() async throws {
        try await check(DomainAttributes.table, "domains", ["name": "probe"], farewell: ["enabled": false]) { _ in
            ["explicit_domain_id": .init(.string(String(repeating: "0a", count: 16)))]
        }
    }

    @Test func projectsKeepWhatTheyAreGiven() async throws {
        try await check(ProjectAttributes.table, "projects", ["name": "probe"], farewell: ["enabled": false]) { _ in
            ["parent_id": .init("default", "default"), "is_domain": .init(true, false)]
        }
    }

    @Test func usersKeepWhatTheyAreGiven() async throws {
        try await check(UserAttributes.table, "users", ["name": "probe"]) { _ in
            [
                "options": .init(Self.object("lock_password", true), Self.object("lock_password", false)),
                "federated": .init(.array([]), .array([])),
            ]
        }
    }

    @Test func groupsKeepWhatTheyAreGiven() async throws {
        try await check(GroupAttributes.table, "groups", ["name": "probe"]) { _ in [:] }
    }

    @Test func rolesKeepWhatTheyAreGiven() async throws {
        try await check(RoleAttributes.table, "roles", ["name": "probe"]) { _ in
            ["domain_id": .skipped("a change only repeats it; IdentityRoleTests")]
        }
    }

    @Test func servicesKeepWhatTheyAreGiven() async throws {
        try await check(ServiceAttributes.table, "services", ["type": "probe"]) { _ in [:] }
    }

    @Test func endpointsKeepWhatTheyAreGiven() async throws {
        try await CloudFixture.run { fixture in
            let service = JSONValue.string(
                try await fixture.request(.get, "/identity/v3/services", as: .admin).text("services.0.id"))
            let probe = AttributeProbe(
                table: EndpointAttributes.table, path: "/identity/v3/endpoints",
                least: ["service_id": service, "interface": "public", "url": "http://probe"],
                samples: Self.options.merging([
                    "service_id": .init(service, service), "url": .init("http://one", "http://two"),
                    "region": .init("north", "south"), "region_id": .init("RegionOne", "RegionOne"),
                ]) { $1 }, fixture: fixture, changing: .patch, keepsUnknown: true, passesOverUnknown: true)
            try await probe.run()
        }
    }

    @Test func regionsKeepWhatTheyAreGiven() async throws {
        try await CloudFixture.run { fixture in
            let probe = AttributeProbe(
                table: RegionAttributes.table, path: "/identity/v3/regions", least: [:],
                samples: Self.options.merging(["parent_region_id": .init("RegionOne", "RegionOne")]) { $1 },
                fixture: fixture, changing: .patch, keepsUnknown: true)
            try await probe.run()
        }
    }

    @Test func credentialsKeepWhatTheyAreGiven() async throws {
        try await CloudFixture.run { fixture in
            let user = JSONValue.string(fixture.people.admin.userID.text)
            let probe = AttributeProbe(
                table: CredentialAttributes.table, path: "/identity/v3/credentials",
                least: ["user_id": user, "type": "cert", "blob": "{}"],
                samples: Self.options.merging(["user_id": .init(user, user)]) { $1 }, fixture: fixture,
                changing: .patch, keepsUnknown: true, passesOverUnknown: true, changesUnknown: false)
            try await probe.run()
        }
    }

    private func check<Draft>(
        _ table: AttributeTable<Draft>, _ path: String, _ least: [String: JSONValue],
        farewell: [String: JSONValue] = [:],
        _ samples: @escaping @Sendable (CloudFixture) -> [String: AttributeSample]
    ) async throws {
        try await CloudFixture.run { fixture in
            let probe = AttributeProbe(
                table: table, path: "/identity/v3/\(path)", least: least,
                samples: Self.options.merging(samples(fixture)) { $1 }, fixture: fixture, changing: .patch,
                farewell: farewell, keepsUnknown: true, passesOverUnknown: true)
            try await probe.run()
        }
    }

    /// Texts of which nothing is to be seen, and what is not text, name nothing.
    @Test(arguments: ["domain", "project", "user", "group", "role"])
    func namesAreSeen(_ noun: String) async throws {
        try await CloudFixture.run { fixture in
            let long = JSONValue.string(String(repeating: "x", count: 256))
            for name in [" ", "\t\n", "", .null, 7, .array(["x"]), long] as [JSONValue] {
                let made = try await fixture.request(
                    .post, "/identity/v3/\(noun)s", as: .admin, json: #"{"\#(noun)": {"name": \#(name.jsonText)}}"#)
                #expect(made.status == 400, "\(noun) \(name): \(made)")
            }
            for (body, why) in [
                (#""id": "x""#, "an id"), (#""links": {}"#, "links"), (#""options": {"nonsense": true}"#, "an option"),
                (#""options": {"immutable": "yes"}"#, "a value of an option"),
            ] where noun != "group" || !body.contains("options") {
                let made = try await fixture.request(
                    .post, "/identity/v3/\(noun)s", as: .admin, json: #"{"\#(noun)": {"name": "n", \#(body)}}"#)
                #expect(made.status == 400, "\(noun) takes \(why): \(made)")
            }
        }
    }

    /// Comparators find by parts of names, with and without regard to case, and `%` and `_` are what they are.
    @Test func namesAreFoundByTheirParts() async throws {
        try await CloudFixture.run { fixture in
            let base = "/identity/v3/projects"
            for name in ["Alpha-one", "alpha-two", "beta_100%", "betaX100%"] {
                let made = try await fixture.request(
                    .post, base, as: .admin, json: #"{"project": {"name": "\#(name)"}}"#)
                #expect(made.status == 201)
            }
            for (query, wanted) in [
                ("name__contains=pha-", ["Alpha-one", "alpha-two"]), ("name__startswith=alpha", ["alpha-two"]),
                ("name__istartswith=ALPHA", ["Alpha-one", "alpha-two"]), ("name__endswith=ONE", []),
                ("name__iendswith=ONE", ["Alpha-one"]), ("name__icontains=TA_1", ["beta_100%"]),
                ("name__contains=0%25", ["betaX100%", "beta_100%"]),
                ("name__endswith=%25", ["betaX100%", "beta_100%"]),
                ("name__contains=alpha&name__contains=two", ["alpha-two"]),
            ] as [(String, [String])] {
                let found = try await fixture.request(.get, "\(base)?\(query)", as: .admin)
                let names = found.json["projects"]?.items.map { $0["name"]?.text ?? "" }
                #expect(names == wanted, "\(query): \(found)")
            }
            for bad in [
                "name__nonsense=x", "enabled__contains=x", "enabled=banana", "name=", "domain_id=a/b", "limit=-1",
            ] {
                let answer = try await fixture.request(.get, "\(base)?\(bad)", as: .admin)
                #expect(answer.status == 400, "\(bad): \(answer)")
            }
        }
    }

    @Test func pagesFollowEachOther() async throws {
        try await CloudFixture.run { fixture in
            let whole = try await fixture.request(.get, "/identity/v3/users", as: .admin)
            #expect(whole.at("truncated") == nil && whole.at("links.next") == .null)
            var path = "/identity/v3/users?limit=2"
            var seen: [String] = []
            for _ in 0..<10 {
                let page = try await fixture.request(.get, path, as: .admin)
                seen += page.json["users"]?.items.map { $0["id"]?.text ?? "" } ?? []
                guard let next = page.at("links.next")?.optionalText else { break }
                #expect(page.at("truncated") == true)
                path = String(next[(next.firstRange(of: "/identity")?.lowerBound ?? next.startIndex)...])
            }
            #expect(seen == whole.json["users"]?.items.map { $0["id"]?.text ?? "" }, "\(seen)")
            let lost = try await fixture.request(.get, "/identity/v3/users?limit=2&marker=nothing", as: .admin)
            #expect(lost.status == 404, "\(lost)")
        }
    }

    /// A change may repeat an id and a domain, and gives no other.
    @Test(arguments: ["domain", "project", "user", "group", "role", "region"])
    func idsAndDomainsStay(_ noun: String) async throws {
        try await CloudFixture.run { fixture in
            let lab = IdentityLab(fixture: fixture)
            let name = noun == "region" ? #""description": "x""# : #""name": "x""#
            let id = try await lab.make(noun, name)
            let path = "/\(noun)s/\(id)"
            _ = try await lab.admin(.patch, path, #"{"\#(noun)": {"id": "\#(id)"}}"#, is: 200)
            _ = try await lab.admin(.patch, path, #"{"\#(noun)": {"id": "other"}}"#, is: 400)
            _ = try await lab.admin(.patch, path, #"{"\#(noun)": {}}"#, is: 400)
            _ = try await lab.admin(.patch, "/\(noun)s/nothing", #"{"\#(noun)": {\#(name)}}"#, is: 404)
            guard ["project", "user", "group"].contains(noun) else { return }
            _ = try await lab.admin(.patch, path, #"{"\#(noun)": {"domain_id": "default"}}"#, is: 200)
            let north = try await lab.make("domain", #""name": "north""#)
            _ = try await lab.admin(.patch, path, #"{"\#(noun)": {"domain_id": "\#(north)"}}"#, is: 400)
        }
    }

    /// Options of users are not only kept.
    @Test func optionsOfUsersHold() async throws {
        try await CloudFixture.run { fixture in
            let lab = IdentityLab(fixture: fixture)
            let scope = #""project": {"id": "\#(fixture.people.demo)"}"#
            let (id, token) = try await lab.person(
                "ann", "member", at: "/projects/\(fixture.people.demo)", scope: scope)
            func set(_ options: String) async throws {
                _ = try await lab.admin(.patch, "/users/\(id)", #"{"user": {"options": {\#(options)}}}"#, is: 200)
            }
            try await set(#""lock_password": true"#)
            let change = #"{"user": {"original_password": "pw", "password": "new"}}"#
            #expect(try await lab.status(.post, "/users/\(id)/password", token, change) == 400)
            try await set(#""multi_factor_auth_rules": [["password", "token"]]"#)
            #expect(try await lab.token("ann", scope) == nil)
            try await set(#""multi_factor_auth_enabled": false"#)
            #expect(try await lab.token("ann", scope) != nil)
            try await set(#""multi_factor_auth_enabled": true, "multi_factor_auth_rules": [["password", "totp"]]"#)
            #expect(try await lab.token("ann", scope) != nil)
            let bad = #"{"user": {"options": {"multi_factor_auth_rules": ["password"]}}}"#
            _ = try await lab.admin(.patch, "/users/\(id)", bad, is: 400)
        }
    }
}
