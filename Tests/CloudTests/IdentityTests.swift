import Cloud
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// Tokens: how they are got, what they are good for, and what ends them.
@Suite(.timeLimit(.minutes(3)))
struct IdentityTests {
    private static let projectScope = #""project": {"name": "demo", "domain": {"id": "default"}}"#

    private func login(
        _ fixture: CloudFixture, _ user: String = "member", password: String = People.password, scope: String? = nil
    ) async throws -> Answer {
        let scope = scope.map { #", "scope": {\#($0)}"# } ?? ""
        return try await fixture.request(
            .post, "/identity/v3/auth/tokens", as: nil,
            json: #"{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "\#(user)", "#
                + #""domain": {"id": "default"}, "password": "\#(password)"}}}\#(scope)}}"#)
    }

    private func rescope(_ fixture: CloudFixture, _ token: String, _ scope: String) async throws -> Answer {
        try await fixture.request(
            .post, "/identity/v3/auth/tokens", as: nil,
            json: #"{"auth": {"identity": {"methods": ["token"], "token": {"id": "\#(token)"}}, "scope": {\#(scope)}}}"#
        )
    }

    private func works(_ fixture: CloudFixture, _ token: String) async throws -> Bool {
        try await fixture.request(.get, "/compute/v2.1/servers", token: token).status == 200
    }

    @Test func aPasswordGivesATokenOfEachScope() async throws {
        try await CloudFixture.run { fixture async throws in
            let unscoped = try await login(fixture)
            #expect(unscoped.status == 201 && unscoped.at("token.project") == nil, "\(unscoped)")
            #expect(unscoped.at("token.catalog") == nil && unscoped.at("token.roles") == nil)
            let project = try await login(fixture, scope: Self.projectScope)
            #expect(project.text("token.project.name") == "demo")
            #expect(project.text("token.roles.0.name") == "member")
            #expect(project.count("token.catalog") == 5)
            let domain = try await login(fixture, "admin", scope: #""domain": {"id": "default"}"#)
            #expect(domain.text("token.domain.name") == "Default")
            let system = try await login(fixture, "admin", scope: #""system": {"all": true}"#)
            #expect(system.at("token.system.all") == .bool(true))
        }
    }

    @Test func whoIsNotKnownGetsNothing() async throws {
        try await CloudFixture.run { fixture async throws in
            for answer in [
                try await login(fixture, password: "wrong"), try await login(fixture, "nobody"),
                try await login(fixture, scope: #""project": {"name": "other", "domain": {"id": "default"}}"#),
                try await login(fixture, scope: #""system": {"all": true}"#),
            ] {
                #expect(answer.status == 401, "\(answer)")
                #expect(answer.header("X-Subject-Token").isEmpty)
            }
        }
    }

    /// Of two scopes or two proofs none is passed over.
    @Test func oneScopeAndOneProof() async throws {
        try await CloudFixture.run { fixture in
            for more in [
                #""system": {"all": true}"#, #""domain": {"id": "default"}"#, #""OS-TRUST:trust": {"id": "x"}"#,
            ] {
                let answer = try await login(fixture, scope: "\(Self.projectScope), \(more)")
                #expect(answer.status == 400, "\(more): \(answer)")
            }
            for none in ["", #""project": null"#, #""nothing": {}"#] {
                #expect(try await login(fixture, scope: none).status == 400, "\(none)")
            }
            let password =
                #""password": {"user": {"id": "\#(fixture.people.member.userID)", "password": "\#(People.password)"}}"#
            for (methods, status) in [
                (#""password""#, 201), (#""password", "password""#, 201), (#""password", "token""#, 501),
            ] {
                let answer = try await fixture.request(
                    .post, "/identity/v3/auth/tokens", as: nil,
                    json: #"{"auth": {"identity": {"methods": [\#(methods)], "token": {"id": "x"}, \#(password)}}}"#)
                #expect(answer.status == status, "\(methods): \(answer)")
            }
        }
    }

    @Test func aTokenIsRescopedAndShown() async throws {
        try await CloudFixture.run { fixture async throws in
            let unscoped = try await login(fixture).header("X-Subject-Token")
            #expect(try await fixture.request(.get, "/compute/v2.1/servers", token: unscoped).status == 403)
            let scoped = try await rescope(fixture, unscoped, Self.projectScope)
            #expect(scoped.status == 201)
            let token = scoped.header("X-Subject-Token")
            #expect(try await works(fixture, token))
            let shown = try await fixture.request(
                .get, "/identity/v3/auth/tokens", token: token, headers: ["X-Subject-Token": token])
            #expect(shown.status == 200 && shown.text("token.user.name") == "member", "\(shown)")
            let foreign = try await fixture.request(
                .get, "/identity/v3/auth/tokens", as: .stranger, headers: ["X-Subject-Token": token])
            #expect(foreign.status == 403)
        }
    }

    @Test func revocationBitesAtOnce() async throws {
        try await CloudFixture.run { fixture async throws in
            let token = try await login(fixture, scope: Self.projectScope).header("X-Subject-Token")
            let other = try await login(fixture, scope: Self.projectScope).header("X-Subject-Token")
            let revoked = try await fixture.request(
                .delete, "/identity/v3/auth/tokens", token: token, headers: ["X-Subject-Token": token])
            #expect(revoked.status == 204)
            #expect(try await !works(fixture, token))
            #expect(try await works(fixture, other))
        }
    }

    @Test func aNewPasswordEndsEveryToken() async throws {
        try await CloudFixture.run { fixture async throws in
            let token = try await login(fixture, scope: Self.projectScope).header("X-Subject-Token")
            let id = fixture.people.member.userID
            let changed = try await fixture.request(
                .post, "/identity/v3/users/\(id)/password", token: token,
                json: #"{"user": {"original_password": "\#(People.password)", "password": "new"}}"#)
            #expect(changed.status == 204, "\(changed)")
            #expect(try await !works(fixture, token))
            #expect(try await login(fixture).status == 401)
            #expect(try await login(fixture, password: "new").status == 201)
        }
    }

    /// Who knows the old password changes it, with no token; nobody learns who is there.
    @Test func theOldPasswordIsEnoughForANewOne() async throws {
        try await CloudFixture.run { fixture async throws in
            func change(_ id: String, _ old: String) async throws -> Int {
                try await fixture.request(
                    .post, "/identity/v3/users/\(id)/password", as: nil,
                    json: #"{"user": {"original_password": "\#(old)", "password": "new"}}"#
                ).status
            }
            let id = fixture.people.member.userID.text
            #expect(try await change(id, "wrong") == 401)
            #expect(try await change("nobody", People.password) == 401)
            #expect(try await change(id, People.password) == 204)
            #expect(try await login(fixture, password: "new").status == 201)
        }
    }

    @Test func losingTheRoleBitesAtOnce() async throws {
        try await CloudFixture.run { fixture async throws in
            let people = fixture.people
            let token = people.tokens[.member] ?? ""
            #expect(try await works(fixture, token))
            let roles = try await fixture.request(.get, "/identity/v3/roles?name=member", as: .admin)
            let grant =
                "/identity/v3/projects/\(people.demo)/users/\(people.member.userID)/roles/"
                + roles.text("roles.0.id")
            #expect(try await fixture.request(.delete, grant, as: .admin).status == 204)
            #expect(try await !works(fixture, token))
            #expect(try await fixture.request(.put, grant, as: .admin).status == 204)
            #expect(try await works(fixture, token))
        }
    }

    @Test(arguments: ["users", "projects"])
    func disablingBitesAtOnce(_ kind: String) async throws {
        try await CloudFixture.run { fixture async throws in
            let people = fixture.people
            let token = people.tokens[.member] ?? ""
            let id = kind == "users" ? people.member.userID.text : people.demo.text
            let body = #"{"\#(kind.dropLast())": {"enabled": false}}"#
            let changed = try await fixture.request(.patch, "/identity/v3/\(kind)/\(id)", as: .admin, json: body)
            #expect(changed.status == 200, "\(changed)")
            #expect(try await !works(fixture, token))
            #expect(try await login(fixture, scope: Self.projectScope).status == 401)
        }
    }

    @Test func aTokenThatWasTouchedIsNone() async throws {
        try await CloudFixture.run { fixture async throws in
            let token = Array(fixture.people.tokens[.member] ?? "")
            for at in stride(from: 0, to: token.count - 1, by: 7) {
                var touched = token
                touched[at] = touched[at] == "A" ? "B" : "A"
                #expect(try await !works(fixture, String(touched)), "character \(at)")
            }
        }
    }

    @Test func assignmentsNameTheDomainsThatTheyAreIn() async throws {
        try await CloudFixture.run { fixture async throws in
            let base = "/identity/v3"
            func make(_ kind: String, _ body: String) async throws -> String {
                let made = try await fixture.request(.post, "\(base)/\(kind)", as: .admin, json: body)
                #expect(made.status == 201, "\(made)")
                return made.text("\(kind.dropLast()).id")
            }
            let domain = try await make("domains", #"{"domain": {"name": "north"}}"#)
            let project = try await make("projects", #"{"project": {"name": "ice", "domain_id": "\#(domain)"}}"#)
            let user = try await make(
                "users", #"{"user": {"name": "nanuk", "password": "x", "domain_id": "\#(domain)"}}"#)
            let role = try await fixture.request(.get, "\(base)/roles?name=reader", as: .admin).text("roles.0.id")
            let grant = "\(base)/projects/\(project)/users/\(user)/roles/\(role)"
            #expect(try await fixture.request(.put, grant, as: .admin).status == 204)
            let list = "\(base)/role_assignments?user.id=\(user)"
            let named = try await fixture.request(.get, "\(list)&include_names", as: .admin)
            let first = "role_assignments.0"
            #expect(named.text("\(first).user.name") == "nanuk" && named.text("\(first).user.domain.name") == "north")
            #expect(named.text("\(first).scope.project.domain.id") == domain, "\(named)")
            #expect(named.text("\(first).scope.project.domain.name") == "north")
            #expect(named.text("\(first).role.name") == "reader" && named.at("\(first).role.domain") == nil)
            let plain = try await fixture.request(.get, "\(list)&include_names=0", as: .admin)
            #expect(plain.count("role_assignments") == 1 && plain.at("\(first).user.name") == nil)
        }
    }

    @Test func onlyDomainsOfOnesOwnAreListed() async throws {
        try await CloudFixture.run { fixture async throws in
            let made = try await fixture.request(
                .post, "/identity/v3/domains", as: .admin, json: #"{"domain": {"name": "north"}}"#)
            #expect(made.status == 201)
            let path = "/identity/v3/auth/domains"
            #expect(try await fixture.request(.get, path).count("domains") == 0)
            let own = try await fixture.request(.get, path, as: .admin)
            #expect(own.count("domains") == 1 && own.text("domains.0.id") == "default", "\(own)")
        }
    }
}
