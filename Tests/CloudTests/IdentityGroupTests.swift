import Attributes
import Cloud
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// Roles that come by groups, from above, and by application credentials.
@Suite(.timeLimit(.minutes(3)))
struct IdentityGroupTests {
    @Test func membersOfAGroupHaveItsRolesAndLoseThemAtOnce() async throws {
        try await CloudFixture.run { fixture in
            let lab = IdentityLab(fixture: fixture)
            let scope = #""project": {"id": "\#(fixture.people.demo)"}"#
            let user = try await lab.make("user", #""name": "gus", "password": "pw""#)
            let group = try await lab.make("group", #""name": "crew""#)
            _ = try await lab.admin(
                .put, "/projects/\(fixture.people.demo)/groups/\(group)/roles/\(lab.role("member"))", is: 204)
            #expect(try await lab.token("gus", scope) == nil)
            let membership = "/groups/\(group)/users/\(user)"
            _ = try await lab.admin(.put, membership, is: 204)
            _ = try await lab.admin(.get, membership, is: 204)
            let token = try #require(try await lab.token("gus", scope))
            #expect(try await fixture.request(.get, "/compute/v2.1/servers", token: token).status == 200)
            let own = try await fixture.request(.get, "/identity/v3/auth/projects", token: token)
            #expect(own.count("projects") == 1)
            #expect(try await lab.status(.get, "/users/\(user)/groups", token) == 200)
            #expect(try await lab.status(.put, membership, token) == 403)
            #expect(try await lab.status(.get, "/groups/\(group)/users", token) == 403)
            #expect(try await lab.admin(.get, "/groups/\(group)/users", is: 200).text("users.0.id") == user)
            let effective = try await lab.admin(.get, "/role_assignments?effective&user.id=\(user)", is: 200)
            #expect(effective.count("role_assignments") == 2, "\(effective)")
            #expect(effective.text("role_assignments.0.links.membership").hasSuffix(membership))
            #expect(
                try await lab.admin(.get, "/role_assignments?user.id=\(user)", is: 200).count("role_assignments") == 0)
            let direct = try await lab.admin(.get, "/role_assignments?group.id=\(group)&include_names", is: 200)
            #expect(direct.text("role_assignments.0.group.name") == "crew", "\(direct)")
            _ = try await lab.admin(.delete, membership, is: 204)
            #expect(try await lab.status(.get, "/auth/projects", token) == 401)
            _ = try await lab.admin(.put, membership, is: 204)
            _ = try await lab.admin(.delete, "/groups/\(group)", is: 204)
            #expect(try await lab.status(.get, "/auth/projects", token) == 401)
        }
    }

    @Test func rolesComeFromAbove() async throws {
        try await CloudFixture.run { fixture in
            let lab = IdentityLab(fixture: fixture)
            let top = try await lab.make("project", #""name": "top""#)
            let leaf = try await lab.make("project", #""name": "leaf", "parent_id": "\#(top)""#)
            let user = try await lab.make("user", #""name": "ann", "password": "pw""#)
            let role = try await lab.role("reader")
            let grant = "/OS-INHERIT/projects/\(top)/users/\(user)/roles/\(role)/inherited_to_projects"
            _ = try await lab.admin(.put, grant, is: 204)
            _ = try await lab.admin(.get, grant, is: 204)
            #expect(try await lab.token("ann", #""project": {"id": "\#(top)"}"#) == nil)
            let token = try #require(try await lab.token("ann", #""project": {"id": "\#(leaf)"}"#))
            let list = "/role_assignments?user.id=\(user)"
            #expect(
                try await lab.admin(.get, "\(list)&scope.OS-INHERIT:inherited_to=projects", is: 200)
                    .text("role_assignments.0.scope.project.id") == top)
            #expect(
                try await lab.admin(.get, "\(list)&effective", is: 200).text("role_assignments.0.scope.project.id")
                    == leaf)
            #expect(
                try await lab.admin(.get, "/role_assignments?scope.project.id=\(top)&include_subtree", is: 200)
                    .count("role_assignments") == 1)
            _ = try await lab.admin(.delete, grant, is: 204)
            #expect(try await lab.status(.get, "/auth/projects", token) == 401)
            let domain = "/OS-INHERIT/domains/default/users/\(user)/roles/\(role)/inherited_to_projects"
            _ = try await lab.admin(.put, domain, is: 204)
            #expect(try await lab.token("ann", #""project": {"id": "\#(leaf)"}"#) != nil)
            #expect(try await lab.token("ann", #""domain": {"id": "default"}"#) == nil)
        }
    }

    @Test func questionsThatHaveNoAnswerAreRefused() async throws {
        try await CloudFixture.run { fixture in
            let lab = IdentityLab(fixture: fixture)
            for query in [
                "user.id=a&group.id=b", "scope.project.id=a&scope.domain.id=b", "scope.system=all&scope.domain.id=b",
                "scope.system=all&scope.project.id=b", "effective&group.id=b", "include_subtree",
                "effective&scope.domain.id=a&scope.OS-INHERIT:inherited_to=projects",
            ] {
                _ = try await lab.admin(.get, "/role_assignments?\(query)", is: 400)
            }
            let system = try await lab.admin(.get, "/role_assignments?scope.system=all", is: 200)
            #expect(system.count("role_assignments") == 1 && system.at("role_assignments.0.scope.system.all") == true)
            #expect(try await lab.admin(.get, "/role_assignments?group.id=x", is: 200).count("role_assignments") == 0)
        }
    }

    private func make(
        _ fixture: CloudFixture, _ token: String, _ fields: String, of user: UserID
    ) async throws -> Answer {
        try await fixture.request(
            .post, "/identity/v3/users/\(user)/application_credentials", token: token,
            json: #"{"application_credential": {\#(fields)}}"#)
    }

    private func login(_ fixture: CloudFixture, _ proof: String, _ scope: String = "") async throws -> Answer {
        try await fixture.request(
            .post, "/identity/v3/auth/tokens", as: nil,
            json: #"{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"#
                + #"\#(proof)}}\#(scope)}}"#)
    }

    @Test func applicationCredentialsGiveTheirRolesAndNoMore() async throws {
        try await CloudFixture.run { fixture in
            let (people, lab) = (fixture.people, IdentityLab(fixture: fixture))
            let (me, mine) = (people.member.userID, people.tokens[.member] ?? "")
            let made = try await make(fixture, mine, #""name": "bot", "roles": [{"name": "reader"}]"#, of: me)
            #expect(made.status == 201, "\(made)")
            let (id, secret) = (made.text("application_credential.id"), made.text("application_credential.secret"))
            #expect(secret.count >= 64)
            let list = try await fixture.request(
                .get, "/identity/v3/users/\(me)/application_credentials", token: mine)
            #expect(
                list.count("application_credentials") == 1
                    && !String(decoding: list.body, as: UTF8.self).contains(secret))
            let proof = #""id": "\#(id)", "secret": "\#(secret)""#
            let got = try await login(fixture, proof)
            #expect(got.status == 201 && got.text("token.project.id") == people.demo.text, "\(got)")
            #expect(got.count("token.roles") == 1 && got.text("token.roles.0.name") == "reader")
            let token = got.header("X-Subject-Token")
            #expect(try await fixture.request(.get, "/compute/v2.1/servers", token: token).status == 200)
            #expect(try await fixture.request(.delete, "/compute/v2.1/servers/x", token: token).status == 403)
            let named = #""name": "bot", "user": {"id": "\#(me)"}, "secret": "\#(secret)""#
            #expect(try await login(fixture, named).status == 201)
            for bad in [#""id": "\#(id)", "secret": "no""#, #""id": "none", "secret": "\#(secret)""#] {
                #expect(try await login(fixture, bad).status == 401)
            }
            let other = people.projects["other"]?.text ?? ""
            #expect(try await login(fixture, proof, #", "scope": {"project": {"id": "\#(other)"}}"#).status == 401)
            #expect(try await login(fixture, proof, #", "scope": "unscoped""#).status == 401)
            // A restricted one makes no other, of itself or by another token got from it.
            let again = try await fixture.request(
                .post, "/identity/v3/auth/tokens", as: nil,
                json: #"{"auth": {"identity": {"methods": ["token"], "token": {"id": "\#(token)"}}}}"#)
            #expect(again.status == 201 && again.count("token.roles") == 1, "\(again)")
            for restricted in [token, again.header("X-Subject-Token")] {
                #expect(try await make(fixture, restricted, #""name": "more""#, of: me).status == 403)
                #expect(
                    try await lab.status(.delete, "/users/\(me)/application_credentials/\(id)", restricted) == 403)
            }
        }
    }

    @Test func tokensOfACredentialEndWithItAndWithItsRoles() async throws {
        try await CloudFixture.run { fixture in
            let (people, lab) = (fixture.people, IdentityLab(fixture: fixture))
            let (me, mine) = (people.member.userID, people.tokens[.member] ?? "")
            let made = try await make(fixture, mine, #""name": "bot", "roles": [{"name": "reader"}]"#, of: me)
            let id = made.text("application_credential.id")
            let proof = #""id": "\#(id)", "secret": "\#(made.text("application_credential.secret"))""#
            let token = try await login(fixture, proof).header("X-Subject-Token")
            let grant = "/projects/\(people.demo)/users/\(me)/roles"
            _ = try await lab.admin(.delete, "\(grant)/\(lab.role("member"))", is: 204)
            #expect(try await lab.status(.get, "/auth/projects", token) == 401)
            #expect(try await login(fixture, proof).status == 401)
            _ = try await lab.admin(.put, "\(grant)/\(lab.role("member"))", is: 204)
            #expect(try await lab.status(.get, "/auth/projects", token) == 200)
            #expect(try await lab.status(.delete, "/users/\(me)/application_credentials/\(id)", mine) == 204)
            #expect(try await lab.status(.get, "/auth/projects", token) == 401)
        }
    }

    @Test func nobodyMakesACredentialOfMore() async throws {
        try await CloudFixture.run { fixture in
            let people = fixture.people
            let (me, mine) = (people.member.userID, people.tokens[.member] ?? "")
            for (fields, status) in [
                (#""name": "a", "roles": [{"name": "admin"}]"#, 400), (#""name": "a", "roles": [{"id": "x"}]"#, 400),
                (#""name": " ""#, 400), (#""name": "a", "nonsense": 1"#, 400),
                (#""name": "a", "expires_at": "2001-01-01T00:00:00Z""#, 400),
                (#""name": "a", "access_rules": [{"path": "/"}]"#, 501), (#""roles": []"#, 400),
            ] {
                let made = try await make(fixture, mine, fields, of: me)
                #expect(made.status == status, "\(fields): \(made)")
            }
            #expect(try await make(fixture, mine, #""name": "a""#, of: people.admin.userID).status == 403)
            let admin = people.tokens[.admin] ?? ""
            #expect(try await make(fixture, admin, #""name": "a""#, of: me).status == 403)
            #expect(try await make(fixture, mine, #""name": "a", "unrestricted": true"#, of: me).status == 201)
            #expect(try await make(fixture, mine, #""name": "a""#, of: me).status == 409)
            // One that may make others makes none of roles that it does not have itself.
            let some = try await make(
                fixture, mine, #""name": "b", "unrestricted": true, "roles": [{"name": "reader"}], "secret": "s""#,
                of: me)
            let token = try await login(
                fixture, #""id": "\#(some.text("application_credential.id"))", "secret": "s""#
            ).header("X-Subject-Token")
            let more = #""name": "c", "roles": [{"name": "member"}]"#
            #expect(try await make(fixture, token, more, of: me).status == 400)
            let same = try await make(fixture, token, #""name": "d""#, of: me)
            #expect(same.status == 201 && same.count("application_credential.roles") == 1, "\(same)")
        }
    }

    @Test func credentialsAreTheirOwners() async throws {
        try await CloudFixture.run { fixture in
            let (people, lab) = (fixture.people, IdentityLab(fixture: fixture))
            let (mine, theirs) = (people.tokens[.member] ?? "", people.tokens[.stranger] ?? "")
            func body(_ user: UserID) -> String {
                #"{"credential": {"type": "cert", "blob": "{\"a\": 1}", "user_id": "\#(user)"}}"#
            }
            let made = try await fixture.request(
                .post, "/identity/v3/credentials", token: mine, json: body(people.member.userID))
            #expect(made.status == 201 && made.text("credential.blob") == #"{"a": 1}"#, "\(made)")
            let path = "/credentials/\(made.text("credential.id"))"
            for (method, json) in [(.get, nil), (.patch, #"{"credential": {"blob": "x"}}"#), (.delete, nil)]
                as [(HTTPRequest.Method, String?)]
            {
                #expect(try await lab.status(method, path, theirs, json) == 403)
            }
            #expect(try await lab.status(.post, "/credentials", theirs, body(people.member.userID)) == 403)
            let given = #"{"credential": {"user_id": "\#(people.admin.userID)"}}"#
            #expect(try await lab.status(.patch, path, mine, given) == 400)
            let foreign = try await fixture.request(.get, "/identity/v3/credentials", token: theirs)
            #expect(foreign.count("credentials") == 0)
            #expect(try await lab.status(.delete, path, mine) == 204)
        }
    }

    /// Keys of EC2 are credentials like others, known by their access key.
    @Test func keysOfEC2AreCredentials() async throws {
        try await CloudFixture.run { fixture async throws in
            let (people, lab) = (fixture.people, IdentityLab(fixture: fixture))
            let (mine, me) = (people.tokens[.member] ?? "", people.member.userID)
            func body(_ blob: String, _ more: String = "") -> String {
                #"{"credential": {"type": "ec2", "blob": "\#(blob)", "user_id": "\#(me)"\#(more)}}"#
            }
            let project = #", "project_id": "\#(people.demo)""#
            let keys = #"{\"access\": \"a\", \"secret\": \"s\"}"#
            for (json, status) in [
                (body(keys), 400), (body("none", project), 400), (body(#"{\"secret\": \"s\"}"#, project), 400),
                (body(keys, project), 201), (body(keys, project), 409),
            ] {
                #expect(try await lab.status(.post, "/credentials", mine, json) == status, "\(json)")
            }
            let id = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
            for (change, status) in [
                (#""blob": "{\"access\": \"b\", \"secret\": \"t\"}""#, 200), (#""blob": "b""#, 400),
                (#""blob": "{\"access\": \"b\", \"trust_id\": \"t\"}""#, 400), (#""type": "cert""#, 400),
                (#""blob": "{\"access\": \"b\"}", "project_id": null"#, 400),
            ] {
                let json = #"{"credential": {\#(change)}}"#
                #expect(try await lab.status(.patch, "/credentials/\(id)", mine, json) == status, "\(change)")
            }
        }
    }

    @Test func keysOfEC2AreMadeForTheirUsers() async throws {
        try await CloudFixture.run { fixture async throws in
            let (people, lab) = (fixture.people, IdentityLab(fixture: fixture))
            let (mine, theirs) = (people.tokens[.member] ?? "", people.tokens[.stranger] ?? "")
            let base = "/users/\(people.member.userID)/credentials/OS-EC2"
            let wish = #"{"tenant_id": "\#(people.demo)"}"#
            #expect(try await lab.status(.post, base, theirs, wish) == 403)
            #expect(try await lab.status(.post, base, mine, #"{"tenant_id": "none"}"#) == 404)
            let made = try await fixture.request(.post, "/identity/v3\(base)", token: mine, json: wish)
            #expect(made.status == 201 && made.text("credential.tenant_id") == people.demo.text, "\(made)")
            let access = made.text("credential.access")
            let shown = try await fixture.request(.get, "/identity/v3\(base)/\(access)", token: mine)
            #expect(shown.text("credential.secret") == made.text("credential.secret"), "\(shown)")
            let list = try await fixture.request(.get, "/identity/v3\(base)", token: mine)
            #expect(list.count("credentials") == 1, "\(list)")
            for method in [.get, .delete] as [HTTPRequest.Method] {
                #expect(try await lab.status(method, "\(base)/\(access)", theirs) == 403)
            }
            #expect(try await lab.status(.delete, "\(base)/\(access)", mine) == 204)
            #expect(try await lab.status(.get, "\(base)/\(access)", mine) == 404)
        }
    }
}
