import HTTPTypes
import Model
import Testing

@testable import API

/// What an operator's policy file may say, and how it is refused.
@Suite struct PolicyFileTests {
    private func refusal(_ text: String) -> String {
        do {
            _ = try ComputePolicy(text, path: "p.yaml")
            return "it was taken"
        } catch {
            return "\(error)"
        }
    }

    @Test func whatIsNotUnderstoodIsRefusedByItsLine() {
        let start = "\"os_compute_api:servers:start\""
        for (text, line, word) in [
            ("# fine\n\n\(start): \"role:x and\"", 3, "it ends"), ("\(start): \"role:x y\"", 1, "'y' stands"),
            ("\(start): \"role:x and and role:y\"", 1, "'and' is no check"), ("\(start): \"(role:x\"", 1, "not closed"),
            ("\(start): \"http://policy/%(x)s\"", 1, "not known"), ("\(start): \"http:a\"", 1, "no kind"),
            ("\(start): \"'member':%(role.name)s\"", 1, "not of the form"),
            ("\(start): \"user_id:%(target.user)s\"", 1, "not known"), ("\(start): \"\"", 1, "not of the form"),
            ("\(start):\n  - role:x", 1, "not of the form"), ("\(start): [role:x]", 1, "not of the form"),
            ("\(start): \"@\"\n\(start): \"!\"", 2, "in line 1 already"),
            ("\"os_compute_api:servers:strat\": \"@\"", 1, "no rule 'os_compute_api:servers:strat'"),
            ("\(start): \"rule:nothing\"", 1, "names a rule 'nothing'"), ("\"context_is_admin\": \"@\"", 1, "made of"),
            ("\"os_compute_api:servers:create:forced_host\": \"@\"", 1, "cannot be changed"),
            ("\"os_compute_api:os-keypairs:show\": \"@\"", 1, "cannot be changed"),
            ("\"a\": \"rule:b\"\n\"b\": \"not rule:a\"\n\(start): \"rule:a\"", 1, "without end"),
            ("\(start): \"\(String(repeating: "not ", count: 30))@\"", 1, "nested"),
        ] {
            let message = refusal(text)
            #expect(message.contains("p.yaml, line \(line): ") && message.contains(word), "\(text): \(message)")
        }
    }

    private static let project = ProjectID("p1")

    private func caller(_ roles: Set<String>, in project: ProjectID = project, user: String = "u1") -> Caller {
        Caller(userID: UserID(user), scope: .project(project), roles: roles, requestID: "r")
    }

    @Test(arguments: [
        ("@", true, true), ("!", false, false), ("role:auditor", true, false), ("role:AUDITOR", true, false),
        ("not role:auditor", false, true), ("role:auditor or role:member", true, true),
        ("role:auditor and role:member", false, false), ("role:x or role:auditor and role:reader", true, false),
        ("(role:x or role:auditor) and not role:reader", false, false), ("user_id:%(user_id)s", false, true),
        ("user_id:u1", true, false), ("project_id:%(project_id)s", true, true), ("project_id:p2", false, false),
        ("rule:project_member_or_admin", false, true), ("rule:project_reader_api", true, false),
        ("is_admin:True", false, false), ("rule:os_compute_api:servers:stop", false, true),
        ("rule:own AND NOT role:x", true, false),
    ])
    func checksAreWhatTheySay(_ text: String, forAuditor: Bool, forMember: Bool) async throws {
        let policy = try ComputePolicy(
            "'os_compute_api:servers:start': '\(text)'  # note\nown: \"role:auditor\"\n---\n"
                + "\"os_compute_api:servers:reboot\": \"rule:own\"", path: "p.yaml")
        let rule = try #require(PolicyRules.rule(of: .post, "/servers/{id}/action", action: "os-start"))
        let target = PolicyCheck.Target(project: Self.project, user: UserID("u2"))
        for (caller, passes) in [
            (caller(["auditor", "reader"]), forAuditor), (caller(["member"], user: "u2"), forMember),
        ] {
            var isAdmitted = true
            do {
                try await policy.require(rule, or: .member, caller) { target }
            } catch let error as CloudError where error.kind == .forbidden {
                #expect(error.message == "Policy doesn't allow os_compute_api:servers:start to be performed.")
                isAdmitted = false
            }
            #expect(isAdmitted == passes, "\(text) for \(caller.roles)")
        }
    }
}
