import Cloud
import Compute
import Foundation
import HTTPTypes
import HostLink
import HostProtocol
import Model
import TestSupport
import Testing
import Wire

/// Files and trusted certificates that a user gives to a server.
@Suite(.timeLimit(.minutes(3)))
struct InjectedFileTests {
    private static let servers = "/compute/v2.1/servers"

    private func create(
        _ more: String, _ fixture: CloudFixture, version: String = "2.1"
    ) async throws -> Answer {
        let networks = version == "2.1" ? "" : #", "networks": "auto""#
        return try await fixture.request(
            .post, Self.servers, version: version,
            json:
                #"{"server": {"name": "s", "imageRef": "\#(fixture.image)", "flavorRef": "42"\#(networks), \#(more)}}"#)
    }

    private func rebuild(
        _ id: ServerID, _ more: String, _ fixture: CloudFixture, version: String = "2.1"
    ) async throws -> Answer {
        try await fixture.request(
            .post, "\(Self.servers)/\(id)/action", version: version,
            json: #"{"rebuild": {"imageRef": "\#(fixture.image)"\#(more)}}"#)
    }

    private func settled(_ answer: Answer, _ fixture: CloudFixture) async throws -> ServerID {
        #expect(answer.status == 202, "\(answer)")
        let id = ServerID(answer.text("server.id"))
        try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
        return id
    }

    private func file(_ path: String, _ text: String = "x") -> String {
        #"{"path": "\#(path)", "contents": "\#(Data(text.utf8).base64EncodedString())"}"#
    }

    private func content(of id: ServerID, _ fixture: CloudFixture) async throws -> [String] {
        try await fixture.host.channel.configDrive(id).filter { $0.path.hasPrefix("openstack/content/") }.map {
            String(decoding: $0.content, as: UTF8.self)
        }
    }

    @Test func filesLiveUntilARebuild() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await settled(
                try await create(#""personality": [\#(file("/a", "one")), \#(file("/b", "two"))]"#, fixture), fixture)
            #expect(try await content(of: id, fixture) == ["one", "two"])
            let again = try await rebuild(id, #", "personality": [\#(file("/c", "three"))]"#, fixture)
            #expect(again.status == 202, "\(again)")
            try await fixture.server(id) { $0.operation == nil }
            #expect(try await content(of: id, fixture) == ["three"])
            #expect(try await rebuild(id, "", fixture).status == 202)
            try await fixture.server(id) { $0.operation == nil }
            #expect(try await content(of: id, fixture).isEmpty)
        }
    }

    @Test func filesHaveLimits() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            let limits = try await fixture.request(.get, "/compute/v2.1/limits")
            #expect(limits.at("limits.absolute.maxPersonality") == .integer(5))
            #expect(limits.at("limits.absolute.maxPersonalitySize") == .integer(10_240))
            let six = (0..<6).map { file("/\($0)") }.joined(separator: ",")
            let long = file("/" + String(repeating: "a", count: 255))
            let large = file("/a", String(repeating: "b", count: 7_681))
            for (files, says) in [
                (six, "Personality file limit exceeded"), (long, "Personality file path exceeds maximum 255"),
                (large, "Personality file content exceeds maximum 10240"),
            ] {
                let refused = try await create(#""personality": [\#(files)]"#, fixture)
                #expect(refused.status == 403 && refused.text("forbidden.message") == says, "\(refused)")
                let again = try await rebuild(id, #", "personality": [\#(files)]"#, fixture)
                #expect(again.status == 403 && again.text("forbidden.message") == says, "\(again)")
            }
            let quota = try await fixture.request(
                .put, "/compute/v2.1/os-quota-sets/\(fixture.people.demo)", as: .admin,
                json: #"{"quota_set": {"injected_files": 6}}"#)
            #expect(quota.status == 200, "\(quota)")
            _ = try await settled(try await create(#""personality": [\#(six)]"#, fixture), fixture)
        }
    }

    @Test func whatIsNoFileIsRefused() async throws {
        try await CloudFixture.run { fixture async throws in
            for files in [
                #"{"path": "/a", "contents": "!"}"#, #"{"path": "/a"}"#, #"{"contents": ""}"#, #"{"path": null}"#,
                #"{"path": "/a", "contents": "", "mode": 1}"#, "1",
            ] {
                let refused = try await create(#""personality": [\#(files)]"#, fixture)
                #expect(refused.status == 400, "\(files): \(refused)")
            }
            #expect(try await create(#""personality": null"#, fixture).status == 400)
            let late = try await create(#""personality": []"#, fixture, version: "2.57")
            #expect(late.status == 400, "\(late)")
        }
    }

    @Test func trustedCertificatesAreKeptAndShown() async throws {
        try await CloudFixture.run { fixture async throws in
            func shown(_ id: ServerID, _ version: String = "2.63") async throws -> JSONValue? {
                try await fixture.request(.get, "\(Self.servers)/\(id)", version: version)
                    .at("server.trusted_image_certificates")
            }
            let ids = JSONValue.array([.string("a"), .string("b")])
            let id = try await settled(
                try await create(#""trusted_image_certificates": ["a", "b"]"#, fixture, version: "2.63"), fixture)
            #expect(try await shown(id) == ids)
            #expect(try await shown(id, "2.62") == nil)
            let list = try await fixture.request(.get, "\(Self.servers)/detail", version: "2.63")
            #expect(list.at("servers.0.trusted_image_certificates") == ids)
            for (more, wanted) in [
                ("", ids), (#", "trusted_image_certificates": ["c"]"#, .array([.string("c")])),
                (#", "trusted_image_certificates": null"#, .null),
            ] {
                let again = try await rebuild(id, more, fixture, version: "2.63")
                #expect(again.status == 202 && again.at("server.trusted_image_certificates") == wanted, "\(again)")
                try await fixture.server(id) { $0.operation == nil }
                #expect(try await shown(id) == wanted)
            }
        }
    }

    @Test func whatIsNoListOfCertificatesIsRefused() async throws {
        try await CloudFixture.run { fixture async throws in
            let many = (0...50).map { #""\#($0)""# }.joined(separator: ",")
            for value in ["[]", #"["a", "a"]"#, #"[""]"#, "[1]", #""a""#, "[\(many)]"] {
                let member = #""trusted_image_certificates": \#(value)"#
                #expect(try await create(member, fixture, version: "2.63").status == 400, "\(value)")
            }
            let early = try await create(#""trusted_image_certificates": ["a"]"#, fixture, version: "2.62")
            #expect(early.status == 400, "\(early)")
            let none = try await create(#""trusted_image_certificates": null"#, fixture, version: "2.63")
            #expect(none.status == 202, "\(none)")
        }
    }
}
