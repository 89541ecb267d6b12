import Attributes
import Cloud
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// Tokens of people who are less than an administrator, and what they try.
struct IdentityLab: Sendable {
    let fixture: CloudFixture
    static let base = "/identity/v3"

    func admin(
        _ method: HTTPRequest.Method, _ path: String, _ json: String? = nil, is status: Int
    ) async throws -> Answer {
        let answer = try await fixture.request(method, "\(Self.base)\(path)", as: .admin, json: json)
        #expect(answer.status == status, "\(method) \(path): \(answer)")
        return answer
    }

    func make(_ noun: String, _ fields: String) async throws -> String {
        try await admin(.post, "/\(noun)s", #"{"\#(noun)": {\#(fields)}}"#, is: 201).text("\(noun).id")
    }

    func role(_ name: String) async throws -> String {
        try await admin(.get, "/roles?name=\(name)", is: 200).text("roles.0.id")
    }

    /// Logs a user of the default domain in; `nil` where the cloud refuses.
    func token(_ user: String, _ scope: String, domain: String = "default") async throws -> String? {
        let answer = try await fixture.request(
            .post, "\(Self.base)/auth/tokens", as: nil,
            json: #"{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "\#(user)", "#
                + #""domain": {"id": "\#(domain)"}, "password": "pw"}}}, "scope": {\#(scope)}}}"#)
        return answer.status == 201 ? answer.header("X-Subject-Token") : nil
    }

    /// A user with a role somewhere, and the user's token for it.
    func person(_ name: String, _ role: String, at place: String, scope: String) async throws -> (
        id: String, token: String
    ) {
        let id = try await make("user", #""name": "\#(name)", "password": "pw""#)
        _ = try await admin(.put, "\(place)/users/\(id)/roles/\(self.role(role))", is: 204)
        return (id, try #require(try await token(name, scope)))
    }

    func status(
        _ method: HTTPRequest.Method, _ path: String, _ token: String, _ json: String? = nil
    ) async throws -> Int {
        try await fixture.request(method, "\(Self.base)\(path)", token: token, json: json).status
    }
}

@Suite(.timeLimit(.minutes(3)))
struct IdentityPolicyTests {
    private static let lists = [
        "projects", "domains", "users", "groups", "roles", "services", "endpoints", "role_assignments",
        "role_inferences",
    ]

    @Test func membersSeeThemselvesAndNothingElse() async throws {
        try await CloudFixture.run { fixture in
            let people = fixture.people
            let other = people.projects["other"]?.text ?? ""
            for list in Self.lists {
                for role in [People.Role.member, .reader] {
                    let answer = try await fixture.request(.get, "/identity/v3/\(list)", as: role)
                    #expect(answer.status == 403, "\(list) as \(role): \(answer)")
                }
            }
            for path in [
                "users/\(people.admin.userID)", "users/nobody", "projects/\(other)", "projects/nothing",
                "domains/nothing", "users/\(people.admin.userID)/projects", "users/\(people.admin.userID)/groups",
                "users/\(people.admin.userID)/application_credentials", "roles/nothing", "groups/nothing",
                "projects/\(other)/tags", "projects/\(people.demo)/users/\(people.member.userID)/roles",
            ] {
                let answer = try await fixture.request(.get, "/identity/v3/\(path)")
                #expect(answer.status == 403, "\(path): \(answer)")
            }
            for path in [
                "users/\(people.member.userID)", "projects/\(people.demo)", "domains/default", "auth/projects",
                "users/\(people.member.userID)/projects", "users/\(people.member.userID)/groups", "auth/domains",
                "auth/catalog", "auth/system", "regions", "credentials",
            ] {
                let answer = try await fixture.request(.get, "/identity/v3/\(path)")
                #expect(answer.status == 200, "\(path): \(answer)")
            }
        }
    }

    @Test func membersChangeNothing() async throws {
        try await CloudFixture.run { fixture in
            let (people, lab) = (fixture.people, IdentityLab(fixture: fixture))
            let token = people.tokens[.member] ?? ""
            let own = people.member.userID
            let admin = try await lab.role("admin")
            for (method, path, body) in [
                (.post, "/projects", #"{"project": {"name": "x"}}"#), (.post, "/users", #"{"user": {"name": "x"}}"#),
                (.post, "/groups", #"{"group": {"name": "x"}}"#), (.post, "/domains", #"{"domain": {"name": "x"}}"#),
                (.post, "/roles", #"{"role": {"name": "x"}}"#), (.post, "/regions", #"{"region": {}}"#),
                (.patch, "/users/\(own)", #"{"user": {"enabled": true}}"#),
                (.patch, "/projects/\(people.demo)", #"{"project": {"name": "x"}}"#),
                (.put, "/projects/\(people.demo)/tags/x", nil), (.delete, "/projects/\(people.demo)", nil),
                (.put, "/projects/\(people.demo)/users/\(own)/roles/\(admin)", nil),
                (.put, "/system/users/\(own)/roles/\(admin)", nil),
                (.put, "/OS-INHERIT/domains/default/users/\(own)/roles/\(admin)/inherited_to_projects", nil),
                (.put, "/roles/\(admin)/implies/\(admin)", nil), (.delete, "/users/\(people.admin.userID)", nil),
            ] as [(HTTPRequest.Method, String, String?)] {
                #expect(try await lab.status(method, path, token, body) == 403, "\(method) \(path)")
            }
        }
    }

    @Test func readersOfTheSystemSeeAllAndChangeNothing() async throws {
        try await CloudFixture.run { fixture in
            let lab = IdentityLab(fixture: fixture)
            let (_, token) = try await lab.person("eye", "reader", at: "/system", scope: #""system": {"all": true}"#)
            for list in Self.lists { #expect(try await lab.status(.get, "/\(list)", token) == 200, "\(list)") }
            #expect(try await lab.status(.post, "/projects", token, #"{"project": {"name": "x"}}"#) == 403)
            #expect(try await lab.status(.post, "/domains", token, #"{"domain": {"name": "x"}}"#) == 403)
            let system = try await fixture.request(.get, "/identity/v3/auth/system", token: token)
            #expect(system.at("system.0.all") == true)
        }
    }

    @Test func managersOfADomainStayInIt() async throws {
        try await CloudFixture.run { fixture in
            let lab = IdentityLab(fixture: fixture)
            let domain = try await lab.make("domain", #""name": "north""#)
            let (me, token) = try await lab.person(
                "boss", "manager", at: "/domains/\(domain)", scope: #""domain": {"id": "\#(domain)"}"#)
            let made = try await fixture.request(
                .post, "/identity/v3/projects", token: token, json: #"{"project": {"name": "ice"}}"#)
            #expect(made.status == 201 && made.text("project.domain_id") == domain, "\(made)")
            let project = made.text("project.id")
            let user = try await fixture.request(
                .post, "/identity/v3/users", token: token, json: #"{"user": {"name": "nanuk"}}"#
            ).text("user.id")
            let grant = "/projects/\(project)/users/\(user)/roles"
            #expect(try await lab.status(.put, "\(grant)/\(lab.role("member"))", token) == 204)
            #expect(try await lab.status(.put, "\(grant)/\(lab.role("admin"))", token) == 403)
            #expect(
                try await lab.status(.put, "/domains/\(domain)/users/\(me)/roles/\(lab.role("admin"))", token) == 403)
            for (method, path, body) in [
                (.post, "/projects", #"{"project": {"name": "x", "domain_id": "default"}}"#),
                (.post, "/projects", #"{"project": {"name": "x", "is_domain": true}}"#),
                (.post, "/users", #"{"user": {"name": "x", "domain_id": "default"}}"#),
                (.patch, "/domains/\(domain)", #"{"domain": {"name": "x"}}"#),
                (.patch, "/projects/\(domain)", #"{"project": {"name": "x"}}"#),
                (.delete, "/projects/\(domain)", nil), (.delete, "/projects/\(fixture.people.demo)", nil),
                (.patch, "/users/\(fixture.people.admin.userID)", #"{"user": {"password": "x"}}"#),
            ] as [(HTTPRequest.Method, String, String?)] {
                #expect(try await lab.status(method, path, token, body) == 403, "\(method) \(path)")
            }
            let users = try await fixture.request(.get, "/identity/v3/users", token: token)
            #expect(users.count("users") == 1 && users.text("users.0.name") == "nanuk", "\(users)")
            let domains = try await fixture.request(.get, "/identity/v3/domains", token: token)
            #expect(domains.count("domains") == 1)
            let given = try await fixture.request(.get, "/identity/v3/role_assignments", token: token)
            #expect(given.count("role_assignments") == 2, "\(given)")
        }
    }

    /// A domain that is disabled ends tokens for its projects, whoever has them, and they stay ended.
    @Test func disablingADomainBitesAtOnceAndForGood() async throws {
        try await CloudFixture.run { fixture in
            let lab = IdentityLab(fixture: fixture)
            let domain = try await lab.make("domain", #""name": "north""#)
            let project = try await lab.make("project", #""name": "ice", "domain_id": "\#(domain)""#)
            let scope = #""project": {"id": "\#(project)"}"#
            let (_, foreign) = try await lab.person("guest", "member", at: "/projects/\(project)", scope: scope)
            let native = try await lab.make("user", #""name": "nanuk", "password": "pw", "domain_id": "\#(domain)""#)
            let demo = #""project": {"id": "\#(fixture.people.demo)"}"#
            _ = try await lab.admin(
                .put, "/projects/\(fixture.people.demo)/users/\(native)/roles/\(lab.role("member"))", is: 204)
            let outside = try #require(try await lab.token("nanuk", demo, domain: domain))
            for token in [foreign, outside] { #expect(try await lab.status(.get, "/auth/projects", token) == 200) }
            _ = try await lab.admin(.patch, "/domains/\(domain)", #"{"domain": {"enabled": false}}"#, is: 200)
            for token in [foreign, outside] { #expect(try await lab.status(.get, "/auth/projects", token) == 401) }
            #expect(try await lab.token("guest", scope) == nil)
            #expect(try await lab.token("nanuk", demo, domain: domain) == nil)
            _ = try await lab.admin(.patch, "/domains/\(domain)", #"{"domain": {"enabled": true}}"#, is: 200)
            for token in [foreign, outside] { #expect(try await lab.status(.get, "/auth/projects", token) == 401) }
            #expect(try await lab.token("guest", scope) != nil)
            _ = try await lab.admin(.patch, "/projects/\(project)", #"{"project": {"enabled": false}}"#, is: 200)
            #expect(try await lab.token("guest", scope) == nil)
        }
    }

    /// A role of a domain with the name of a mighty one gives nothing.
    @Test func rolesOfDomainsAreInNoToken() async throws {
        try await CloudFixture.run { fixture in
            let lab = IdentityLab(fixture: fixture)
            let role = try await lab.make("role", #""name": "admin", "domain_id": "default""#)
            _ = try await lab.admin(.post, "/roles", #"{"role": {"name": "admin"}}"#, is: 409)
            _ = try await lab.admin(.post, "/roles", #"{"role": {"name": "admin", "domain_id": "default"}}"#, is: 409)
            _ = try await lab.admin(.post, "/roles", #"{"role": {"name": "admin", "domain_id": "none"}}"#, is: 404)
            #expect(try await lab.admin(.get, "/roles?name=admin", is: 200).count("roles") == 1)
            let own = try await lab.admin(.get, "/roles?domain_id=default", is: 200)
            #expect(own.count("roles") == 1 && own.text("roles.0.name") == "admin", "\(own)")
            let id = try await lab.make("user", #""name": "sly", "password": "pw""#)
            let project = fixture.people.demo
            let grant = "/projects/\(project)/users/\(id)/roles/\(role)"
            _ = try await lab.admin(.put, grant, is: 204)
            #expect(try await lab.token("sly", #""project": {"id": "\#(project)"}"#) == nil)
            _ = try await lab.admin(.put, "/roles/\(role)/implies/\(lab.role("reader"))", is: 201)
            let token = try #require(try await lab.token("sly", #""project": {"id": "\#(project)"}"#))
            #expect(try await lab.status(.get, "/users", token) == 403)
            _ = try await lab.admin(.put, "/system/users/\(id)/roles/\(role)", is: 400)
            let north = try await lab.make("domain", #""name": "north""#)
            _ = try await lab.admin(.put, "/domains/\(north)/users/\(id)/roles/\(role)", is: 403)
            _ = try await lab.admin(.put, "/roles/\(lab.role("reader"))/implies/\(role)", is: 403)
            let northern = try await lab.make("role", #""name": "guard", "domain_id": "\#(north)""#)
            let other = try await lab.make("role", #""name": "x", "domain_id": "default""#)
            let pair = "/roles/\(northern)/implies/\(other)"
            _ = try await lab.admin(.put, pair, is: 201)
            _ = try await lab.admin(.head, pair, is: 204)
            _ = try await lab.admin(.delete, pair, is: 204)
            _ = try await lab.admin(.head, pair, is: 404)
            _ = try await lab.admin(.put, "/roles/\(lab.role("reader"))/implies/\(lab.role("admin"))", is: 403)
        }
    }
}
