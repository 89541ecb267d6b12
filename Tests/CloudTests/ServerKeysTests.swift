import Cloud
import Compute
import Foundation
import HTTPTypes
import HostProtocol
import Hypervisor
import Image
import Model
import TestSupport
import Testing

/// Keys of servers that run: in their guests and in their metadata.
@Suite(.timeLimit(.minutes(3)))
struct ServerKeysTests {
    private static let willing = ["hw_qemu_guest_agent": "yes", "os_admin_user": "cirros"]

    private static func line(_ number: UInt8) -> String {
        let type: [UInt8] = [0, 0, 0, 11] + Array("ssh-ed25519".utf8)
        let blob = Data(type + [0, 0, 0, 32] + [UInt8](repeating: number, count: 32))
        return "ssh-ed25519 \(blob.base64EncodedString()) key\(number)"
    }

    /// One server, as those see it who ask for its keys.
    private struct Lab {
        let fixture: CloudFixture
        let id: ServerID

        func send(
            _ method: HTTPRequest.Method, _ path: String = "", _ members: String? = nil, as role: People.Role = .member
        ) async throws -> Answer {
            try await fixture.request(
                method, "/compute/v2.1/servers/\(id)/novella-keys\(path)", as: role,
                json: members.map { #"{"key": {\#($0)}}"# })
        }

        func add(_ numbers: UInt8..., more: String = "") async throws -> Answer {
            let text = numbers.map(ServerKeysTests.line).joined(separator: #"\n"#)
            return try await send(.post, "", #""public_key": "\#(text)"\#(more)"#)
        }

        /// The newest change of keys, when it has ended.
        func ended() async throws -> WorkflowRecord {
            try await eventually("the change ends") {
                try await fixture.workflows(of: id).first?.finishedAt != nil
            }
            return try #require(try await fixture.workflows(of: id).first)
        }

        var told: [String] {
            get async throws { try await fixture.cloud.compute.metadataSource(of: id).publicKeys.map(\.line) }
        }

        func held(by user: String = "cirros") -> [String] { fixture.host.driver.keys(of: user, in: id) }
    }

    private func run(
        saying properties: [String: String] = willing, _ body: @Sendable (Lab) async throws -> Void
    ) async throws {
        try await CloudFixture.run { fixture in
            _ = try await fixture.cloud.image.update(fixture.image, by: fixture.people.admin) {
                $0.properties = try JSONText(properties)
            }
            try await body(Lab(fixture: fixture, id: try await fixture.boot()))
        }
    }

    @Test func keysComeAndGoWhileTheServerRuns() async throws {
        try await run { lab in
            let made = try await lab.add(1, 2)
            #expect(made.status == 202 && made.count("keys") == 2, "\(made)")
            #expect(try await lab.ended().outcome == .succeeded)
            let lines = [Self.line(1), Self.line(2)]
            #expect(lab.held() == lines)
            #expect(try await lab.told == lines)
            let shown = try await lab.send(.get, as: .reader)
            #expect(shown.text("keys.1.public_key") == lines[1] && shown.text("keys.1.type") == "ssh", "\(shown)")
            let again = try await lab.add(2)
            #expect(again.status == 202)
            #expect(try await lab.ended().outcome == .succeeded)
            #expect(lab.held() == lines)
            #expect(try await lab.told == lines)
            let removed = try await lab.send(.delete, "/\(shown.text("keys.0.fingerprint"))")
            #expect(removed.status == 202 && removed.text("keys.0.public_key") == lines[0], "\(removed)")
            #expect(try await lab.ended().outcome == .succeeded)
            #expect(lab.held() == [lines[1]])
            #expect(try await lab.told == [lines[1]])
            let actions = try await lab.fixture.cloud.compute.actions(of: lab.id, by: lab.fixture.people.member)
            #expect(actions.map(\.action).filter { $0.hasSuffix("keys") } == ["remove_keys", "add_keys", "add_keys"])
        }
    }

    @Test func aPairOfTheCallersServesToo() async throws {
        try await run { lab in
            let (compute, people) = (lab.fixture.cloud.compute, lab.fixture.people)
            for (name, who) in [("mine", people.member), ("foreign", people.caller(.stranger))] {
                _ = try await compute.importKeypair(
                    name, type: "ssh", publicKey: Self.line(3), for: who.userID, by: who)
            }
            #expect(try await lab.send(.post, "", #""key_name": "foreign""#).status == 400)
            #expect(try await lab.send(.post, "", #""key_name": "mine", "user": "root""#).status == 202)
            #expect(try await lab.ended().outcome == .succeeded)
            #expect(lab.held(by: "root") == [Self.line(3)] && lab.held().isEmpty)
            _ = try await compute.generateKeypair("cert", type: "x509", for: people.member.userID, by: people.member)
            let refused = try await lab.send(.post, "", #""key_name": "cert""#)
            #expect(refused.status == 400 && "\(refused)".contains("certificate"), "\(refused)")
        }
    }

    @Test func aGuestThatDoesNotAnswerKeepsTheMetadataAsItWas() async throws {
        try await run { lab in
            lab.fixture.host.driver.fail(.changeKeys, server: lab.id)
            #expect(try await lab.add(1).status == 202)
            let ended = try await lab.ended()
            #expect(ended.outcome == .failed && ended.failure == "The simulated host refused.")
            #expect(try await lab.told == [])
            #expect(try await lab.fixture.server(lab.id) { $0.operation == nil }.settled == .active)
            #expect(try await lab.add(1).status == 202)
            #expect(try await lab.ended().outcome == .succeeded)
        }
    }

    @Test func metadataAloneIsChangedWhenThatIsAskedFor() async throws {
        try await run(saying: [:]) { lab in
            let refused = try await lab.add(1, more: #", "user": "cirros""#)
            #expect(refused.status == 409 && "\(refused)".contains("hw_qemu_guest_agent=yes"), "\(refused)")
            let both = try await lab.add(1, more: #", "user": "cirros", "only_metadata": true"#)
            #expect(both.status == 400, "\(both)")
            let made = try await lab.add(1, more: #", "only_metadata": true"#)
            #expect(made.status == 200, "\(made)")
            #expect(try await lab.told == [Self.line(1)])
            #expect(lab.held().isEmpty)
            let path = "/\(made.text("keys.0.fingerprint"))?only_metadata="
            #expect(try await lab.send(.delete, path + "perhaps").status == 400)
            #expect(try await lab.send(.delete, path + "true").status == 200)
            #expect(try await lab.told == [])
            #expect(try await lab.send(.delete, path + "true").status == 404)
        }
    }

    @Test func whoeverMayNotIsRefused() async throws {
        try await run(saying: ["hw_qemu_guest_agent": "yes"]) { lab in
            let body = #""public_key": "\#(Self.line(1))""#
            #expect(try await lab.send(.post, "", body, as: .reader).status == 403)
            #expect(try await lab.send(.post, "", body, as: .stranger).status == 404)
            #expect(try await lab.send(.get, as: .stranger).status == 404)
            #expect(try await lab.send(.delete, "/aa:bb", as: .stranger).status == 404)
            for (more, word) in [
                ("", "os_admin_user"), (#", "user": "../etc""#, "user"), (#", "user": "a b""#, "user"),
                (#", "key_name": "x""#, "key_name"), (#", "command": "x""#, "command"),
            ] {
                let refused = try await lab.add(1, more: more)
                #expect(refused.status == 400 && "\(refused)".contains(word), "\(more): \(refused)")
            }
            #expect(try await lab.send(.post, "", #""user": "x""#).status == 400)
            #expect(try await lab.send(.delete, "/aa:bb?users=x").status == 400)
            let many = try await lab.send(
                .post, "",
                #""only_metadata": true, "public_key": "\#((1...51).map(Self.line).joined(separator: #"\n"#))""#)
            #expect(many.status == 400 && "\(many)".contains("more than 50"), "\(many)")
            try await lab.fixture.cloud.compute.lock(lab.id, reason: nil, by: lab.fixture.people.member)
            for more in [#", "user": "cirros""#, #", "only_metadata": true"#] {
                let locked = try await lab.add(1, more: more)
                #expect(locked.status == 409 && "\(locked)".contains("locked"), "\(locked)")
            }
        }
    }

    /// Options before a key and another comment behind it are those of the same key.
    @Test func aGuestsLineIsKnownByItsKey() {
        let key = Self.line(1)
        let lines = [
            key, #"command="x y" \#(key)"#, key.replacing("key1", with: "elsewhere"), Self.line(2), "# \(Self.line(2))",
            "ssh-ed25519",
        ]
        #expect(GuestKeyChange.lines(lines, of: key) == Array(lines[0..<3]))
        #expect(GuestKeyChange.lines(lines, of: "").isEmpty)
    }
}
