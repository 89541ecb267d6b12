import Attributes
import Cloud
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// One user lets another act in a project: with what is given, as long as it is, and no further.
@Suite(.timeLimit(.minutes(3)))
struct TrustTests {
    private struct Trusts: Sendable {
        let fixture: CloudFixture
        let base = "/identity/v3/OS-TRUST/trusts"

        func id(_ role: People.Role) -> String { fixture.people.caller(role).userID.text }

        /// Member trusts the stranger with the role `member` in `demo`, and whatever else is said.
        func make(
            _ more: String = "", trustor: People.Role = .member, trustee: People.Role = .stranger,
            role: String = "member", token: String? = nil
        ) async throws -> Answer {
            let more = more.isEmpty ? "" : ", " + more
            let impersonation = more.contains("impersonation") ? "" : #""impersonation": false, "#
            let project = more.contains("project_id") ? "" : #""project_id": "\#(fixture.people.demo)", "#
            let body =
                #"{"trust": {"trustor_user_id": "\#(id(trustor))", "trustee_user_id": "\#(id(trustee))", "#
                + #"\#(impersonation)\#(project)"roles": [{"name": "\#(role)"}]\#(more)}}"#
            return try await fixture.request(.post, base, as: trustor, token: token, json: body)
        }

        func login(_ trust: String, as user: String = "stranger") async throws -> Answer {
            try await fixture.request(
                .post, "/identity/v3/auth/tokens", as: nil,
                json: #"{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "\#(user)", "#
                    + #""domain": {"id": "default"}, "password": "\#(People.password)"}}}, "#
                    + #""scope": {"OS-TRUST:trust": {"id": "\#(trust)"}}}}"#)
        }

        func token(_ trust: String, as user: String = "stranger") async throws -> String {
            let given = try await login(trust, as: user)
            #expect(given.status == 201, "\(given)")
            return given.header("X-Subject-Token")
        }

        func works(_ token: String) async throws -> Bool {
            try await fixture.request(.get, "/compute/v2.1/servers", token: token).status == 200
        }
    }

    private func run(
        clock: (any CloudClock)? = nil, _ body: @Sendable (Trusts) async throws -> Void
    ) async throws {
        var options = CloudFixture.Options()
        options.clock = clock
        try await CloudFixture.run(options) { fixture in try await body(Trusts(fixture: fixture)) }
    }

    @Test func aTrustIsShownAsItIs() async throws {
        try await run { trusts in
            let made = try await trusts.make(#""expires_at": "2999-01-01T00:00:00.000000Z", "note": "x""#)
            #expect(made.status == 201, "\(made)")
            #expect(made.text("trust.trustor_user_id") == trusts.id(.member))
            #expect(made.text("trust.expires_at") == "2999-01-01T00:00:00.000000Z" && made.text("trust.note") == "x")
            #expect(made.text("trust.roles.0.name") == "member" && made.at("trust.remaining_uses") == .null)
            #expect(made.at("trust.redelegation_count") == 0 && made.at("trust.deleted_at") == .null)
            let path = "\(trusts.base)/\(made.text("trust.id"))"
            #expect(made.text("trust.roles_links.self").hasSuffix("\(path)/roles"), "\(made)")
            let role = made.text("trust.roles.0.id")
            for (suffix, status) in [("", 200), ("/roles", 200), ("/roles/\(role)", 200), ("/roles/none", 404)] {
                for user in [People.Role.member, .stranger, .admin] {
                    let shown = try await trusts.fixture.request(.get, path + suffix, as: user)
                    #expect(shown.status == status, "\(suffix): \(shown)")
                }
                #expect(try await trusts.fixture.request(.get, path + suffix, as: .reader).status == 403)
            }
            #expect(try await trusts.fixture.request(.get, "\(trusts.base)/none", as: .reader).status == 404)
        }
    }

    @Test func listsAreForThoseWhoAreInThem() async throws {
        try await run { trusts in
            _ = try await trusts.make()
            let (trustor, trustee) = (trusts.id(.member), trusts.id(.stranger))
            for (query, user, status, count) in [
                ("?trustor_user_id=\(trustor)", .member, 200, 1), ("?trustee_user_id=\(trustee)", .stranger, 200, 1),
                ("?trustor_user_id=\(trustee)", .stranger, 200, 0), ("?trustor_user_id=\(trustor)", .stranger, 403, 0),
                ("?trustee_user_id=\(trustee)", .member, 403, 0), ("", .member, 403, 0), ("", .admin, 200, 1),
                ("?trustor_user_id=\(trustor)", .admin, 200, 1),
            ] as [(String, People.Role, Int, Int)] {
                let listed = try await trusts.fixture.request(.get, trusts.base + query, as: user)
                #expect(listed.status == status && listed.count("trusts") == count, "\(user)\(query): \(listed)")
                #expect(listed.at("trusts.0.roles") == nil)
            }
        }
    }

    @Test func onlyTheTrustorMakesOneOfWhatIsHeld() async throws {
        try await run { trusts in
            let other = trusts.fixture.people.projects["other"]?.text ?? ""
            let member = trusts.fixture.people.tokens[.member] ?? ""
            for (answer, status) in [
                (try await trusts.make(trustor: .stranger, trustee: .member, token: member), 403),
                (
                    try await trusts.make(
                        trustor: .member, trustee: .reader, token: trusts.fixture.people.tokens[.admin]), 403
                ),
                (try await trusts.make(role: "admin"), 404), (try await trusts.make(role: "none"), 404),
                (try await trusts.make(role: "reader"), 201),
                (try await trusts.make(#""project_id": "\#(other)""#), 404),
                (try await trusts.make(#""project_id": "none""#), 404),
                (try await trusts.make(#""roles": []"#), 400), (try await trusts.make(#""remaining_uses": 0"#), 400),
                (try await trusts.make(#""expires_at": "2001-01-01T00:00:00Z""#), 400),
                (try await trusts.make(#""expires_at": "soon""#), 400),
                (try await trusts.make(#""allow_redelegation": true, "redelegation_count": 4"#), 403),
                (try await trusts.make(#""allow_redelegation": true, "remaining_uses": 3"#), 400),
                (try await trusts.make(#""redelegated_trust_id": "x""#), 400),
            ] {
                #expect(answer.status == status, "\(answer)")
            }
            for body in [
                #"{"trust": {"trustor_user_id": "\#(trusts.id(.member))", "impersonation": true}}"#,
                #"{"trust": {"trustor_user_id": "\#(trusts.id(.member))", "trustee_user_id": "x"}}"#,
            ] {
                let answer = try await trusts.fixture.request(.post, trusts.base, json: body)
                #expect(answer.status == 400, "\(answer)")
            }
        }
    }

    @Test func aTokenUnderATrustHasWhatIsGiven() async throws {
        try await run { trusts in
            let id = try await trusts.make(role: "reader").text("trust.id")
            let given = try await trusts.login(id)
            #expect(given.status == 201 && given.text("token.OS-TRUST:trust.id") == id, "\(given)")
            #expect(given.text("token.user.id") == trusts.id(.stranger))
            #expect(given.text("token.project.id") == trusts.fixture.people.demo.text)
            #expect(given.count("token.roles") == 1 && given.text("token.roles.0.name") == "reader")
            #expect(given.text("token.OS-TRUST:trust.trustee_user.id") == trusts.id(.stranger))
            #expect(given.at("token.OS-TRUST:trust.impersonation") == false)
            let token = given.header("X-Subject-Token")
            #expect(try await trusts.works(token))
            let write = try await trusts.fixture.request(
                .post, "/network/v2.0/networks", token: token, json: #"{"network": {}}"#)
            #expect(write.status == 403, "\(write)")
            #expect(try await trusts.login(id, as: "reader").status == 403)
            #expect(try await trusts.login("none").status == 401)
        }
    }

    @Test func anImpersonatorIsTakenForTheTrustor() async throws {
        try await run { trusts in
            let id = try await trusts.make(#""impersonation": true"#).text("trust.id")
            let given = try await trusts.login(id)
            #expect(given.text("token.user.id") == trusts.id(.member), "\(given)")
            let token = given.header("X-Subject-Token")
            let made = try await trusts.fixture.request(
                .post, "/compute/v2.1/os-server-groups", token: token, version: "2.13",
                json: #"{"server_group": {"name": "g", "policies": ["affinity"]}}"#)
            #expect(made.text("server_group.user_id") == trusts.id(.member), "\(made)")
        }
    }

    /// Nothing that outlives a trust, or reaches further, is got by it.
    @Test func aTrustMakesNothingFurther() async throws {
        try await run { trusts in
            let id = try await trusts.make(#""impersonation": true"#).text("trust.id")
            let token = try await trusts.token(id)
            let user = "/identity/v3/users/\(trusts.id(.member))"
            let exchange =
                #"{"auth": {"identity": {"methods": ["token"], "token": {"id": "\#(token)"}}, "scope": "#
                + #"{"project": {"id": "\#(trusts.fixture.people.demo)"}}}}"#
            for (method, path, json) in [
                (.post, "/identity/v3/auth/tokens", exchange),
                (.post, "\(user)/application_credentials", #"{"application_credential": {"name": "x"}}"#),
                (.get, "\(user)/application_credentials", nil), (.get, "/identity/v3/credentials", nil),
                (
                    .post, "/identity/v3/credentials",
                    #"{"credential": {"type": "cert", "blob": "x", "user_id": "\#(trusts.id(.member))"}}"#
                ),
            ] as [(HTTPRequest.Method, String, String?)] {
                let answer = try await trusts.fixture.request(method, path, as: nil, token: token, json: json)
                #expect(answer.status == 403, "\(method) \(path): \(answer)")
            }
            let further = try await trusts.make(trustor: .member, trustee: .reader, token: token)
            #expect(further.status == 403, "\(further)")
        }
    }

    @Test func usesAreCounted() async throws {
        try await run { trusts in
            let id = try await trusts.make(#""remaining_uses": 2"#).text("trust.id")
            let first = try await trusts.token(id)
            let path = "\(trusts.base)/\(id)"
            #expect(try await trusts.fixture.request(.get, path).at("trust.remaining_uses") == 1)
            let last = try await trusts.token(id)
            #expect(try await trusts.login(id).status == 401)
            #expect(try await trusts.fixture.request(.get, path).status == 404)
            #expect(try await trusts.works(first))
            #expect(try await trusts.works(last))
        }
    }

    @Test func timeEndsIt() async throws {
        let clock = ManualClock()
        try await run(clock: clock) { trusts in
            let expiry = clock.now().advanced(seconds: 3600).iso8601(.microseconds)
            let id = try await trusts.make(#""expires_at": "\#(expiry)""#).text("trust.id")
            let given = try await trusts.login(id)
            #expect(given.text("token.expires_at") == expiry, "\(given)")
            let token = given.header("X-Subject-Token")
            clock.advance(seconds: 3599)
            #expect(try await trusts.works(token))
            clock.advance(seconds: 2)
            #expect(try await !trusts.works(token))
            #expect(try await trusts.login(id).status == 401)
            #expect(try await trusts.fixture.request(.get, "\(trusts.base)/\(id)").status == 404)
        }
    }

    /// Whatever it rests on ends its tokens at once.
    @Test(arguments: ["trust", "role", "trustor", "trustee", "password", "project", "deletion"])
    func whatItRestsOnEndsIt(_ what: String) async throws {
        try await run { trusts in
            let (fixture, people) = (trusts.fixture, trusts.fixture.people)
            let id = try await trusts.make().text("trust.id")
            let token = try await trusts.token(id)
            #expect(try await trusts.works(token))
            let role = try await fixture.request(.get, "/identity/v3/roles?name=member", as: .admin).text("roles.0.id")
            let users = "/identity/v3/users"
            let disabled = #"{"user": {"enabled": false}}"#
            let answer: Answer =
                switch what {
                case "trust": try await fixture.request(.delete, "\(trusts.base)/\(id)")
                case "role":
                    try await fixture.request(
                        .delete, "/identity/v3/projects/\(people.demo)/users/\(trusts.id(.member))/roles/\(role)",
                        as: .admin)
                case "trustor":
                    try await fixture.request(.patch, "\(users)/\(trusts.id(.member))", as: .admin, json: disabled)
                case "trustee":
                    try await fixture.request(.patch, "\(users)/\(trusts.id(.stranger))", as: .admin, json: disabled)
                case "password":
                    try await fixture.request(
                        .patch, "\(users)/\(trusts.id(.member))", as: .admin, json: #"{"user": {"password": "new"}}"#)
                case "project":
                    try await fixture.request(
                        .patch, "/identity/v3/projects/\(people.demo)", as: .admin,
                        json: #"{"project": {"enabled": false}}"#)
                default: try await fixture.request(.delete, "\(users)/\(trusts.id(.member))", as: .admin)
                }
            #expect((200..<300).contains(answer.status), "\(answer)")
            #expect(try await !trusts.works(token))
            let again = try await trusts.login(id).status
            // A new password of the trustor ends tokens, and not the trust.
            #expect(what == "password" ? again == 201 : [401, 403].contains(again), "\(again)")
        }
    }

    @Test func onlyTheTrustorAndAdministratorsEndIt() async throws {
        try await run { trusts in
            let path = "\(trusts.base)/\(try await trusts.make().text("trust.id"))"
            for (user, status) in [(.stranger, 403), (.reader, 403), (.member, 204), (.member, 404)]
                as [(People.Role, Int)]
            {
                #expect(try await trusts.fixture.request(.delete, path, as: user).status == status)
            }
        }
    }

    @Test func aTrustIsPassedOnAsFarAsItSays() async throws {
        try await run { trusts in
            let made = try await trusts.make(
                #""impersonation": true, "allow_redelegation": true, "redelegation_count": 1"#)
            #expect(made.at("trust.redelegation_count") == 1, "\(made)")
            let token = try await trusts.token(made.text("trust.id"))
            let other = trusts.fixture.people.projects["other"]?.text ?? ""
            for (more, role, status) in [
                (#""impersonation": true, "remaining_uses": 1"#, "member", 403),
                (#""impersonation": true, "allow_redelegation": true, "redelegation_count": 3"#, "member", 403),
                (#""impersonation": true, "project_id": "\#(other)""#, "member", 404),
            ] {
                let answer = try await trusts.make(more, trustee: .reader, role: role, token: token)
                #expect(answer.status == status, "\(more): \(answer)")
            }
            let next = try await trusts.make(#""impersonation": true"#, trustee: .reader, token: token)
            #expect(next.status == 201 && next.at("trust.redelegation_count") == 0, "\(next)")
            #expect(next.text("trust.redelegated_trust_id") == made.text("trust.id"))
            let second = try await trusts.token(next.text("trust.id"), as: "reader")
            #expect(try await trusts.works(second))
            // It goes no further, and goes with the first.
            let third = try await trusts.make(#""impersonation": true"#, trustee: .admin, token: second)
            #expect(third.status == 403, "\(third)")
            let path = "\(trusts.base)/\(made.text("trust.id"))"
            #expect(try await trusts.fixture.request(.delete, path).status == 204)
            #expect(try await !trusts.works(second))
            #expect(try await trusts.login(next.text("trust.id"), as: "reader").status == 401)
        }
    }

    @Test func credentialsOfApplicationsSeeNoTrusts() async throws {
        try await run { trusts in
            let id = try await trusts.make().text("trust.id")
            let made = try await trusts.fixture.request(
                .post, "/identity/v3/users/\(trusts.id(.member))/application_credentials",
                json: #"{"application_credential": {"name": "x", "unrestricted": true}}"#)
            let credential = made.text("application_credential.id")
            let secret = made.text("application_credential.secret")
            let token = try await trusts.fixture.request(
                .post, "/identity/v3/auth/tokens", as: nil,
                json: #"{"auth": {"identity": {"methods": ["application_credential"], "application_credential": "#
                    + #"{"id": "\#(credential)", "secret": "\#(secret)"}}}}"#
            ).header("X-Subject-Token")
            #expect(try await trusts.works(token))
            #expect(try await trusts.make(token: token).status == 403)
            for method in [HTTPRequest.Method.get, .delete] {
                let answer = try await trusts.fixture.request(method, "\(trusts.base)/\(id)", as: nil, token: token)
                #expect(answer.status == 403, "\(method): \(answer)")
            }
            let listed = try await trusts.fixture.request(
                .get, "\(trusts.base)?trustor_user_id=\(trusts.id(.member))", as: nil, token: token)
            #expect(listed.status == 403)
        }
    }
}
