import Cloud
import Compute
import HTTPTypes
import Model
import Networking
import TestSupport
import Testing
import Wire

/// `os-interface` through the front door.
@Suite(.timeLimit(.minutes(3)))
struct InterfaceAnswerTests {
    private func post(
        _ json: String, to id: ServerID, _ fixture: CloudFixture, version: String = "2.1"
    ) async throws -> Answer {
        try await fixture.request(
            .post, "/compute/v2.1/servers/\(id)/os-interface", as: .member, version: version,
            json: #"{"interfaceAttachment": \#(json)}"#)
    }

    @Test func attachesShowsAndDetaches() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            let network = try await fixture.cloud.networking.networks(by: fixture.people.member).first { $0.isDefault }
            let net = try #require(network?.id)
            let made = try await post(#"{"net_id": "\#(net)", "tag": "lan"}"#, to: id, fixture, version: "2.70")
            #expect(made.status == 200)
            #expect(made.text("interfaceAttachment.net_id") == net.text)
            #expect(made.text("interfaceAttachment.port_state") == "ACTIVE")
            #expect(made.text("interfaceAttachment.tag") == "lan")
            let port = made.text("interfaceAttachment.port_id")
            let path = "/compute/v2.1/servers/\(id)/os-interface/\(port)"
            #expect(try await fixture.request(.get, path, as: .member).text("interfaceAttachment.port_id") == port)
            #expect(try await fixture.request(.delete, path, as: .member).status == 202)
            try await eventually("the port is gone") {
                try await fixture.request(.get, path, as: .member).status == 404
            }
            #expect(try await fixture.request(.delete, path, as: .member).status == 404)
            let bare = try await post("{}", to: id, fixture)
            #expect(bare.status == 200 && bare.text("interfaceAttachment.net_id") == net.text)
        }
    }

    @Test(arguments: [
        (#"{"net_id": "NET", "port_id": "NET"}"#, "2.1", 400),
        (#"{"fixed_ips": [{"ip_address": "10.0.0.9"}]}"#, "2.1", 400),
        (#"{"net_id": "NET", "fixed_ips": [{"ip_address": "here"}]}"#, "2.1", 400),
        (#"{"net_id": "NET", "fixed_ips": [{"ip_address": "192.0.2.1"}]}"#, "2.1", 403),
        (#"{"net_id": "NET", "fixed_ips": []}"#, "2.1", 400), (#"{"net_id": "NET", "tag": "lan"}"#, "2.48", 400),
        (#"{"net_id": "8c1fbd1e-7e3a-4b7e-9b0c-000000000000"}"#, "2.1", 404),
        (#"{"port_id": "8c1fbd1e-7e3a-4b7e-9b0c-000000000000"}"#, "2.1", 404),
    ])
    func refuses(body: String, version: String, status: Int) async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            let network = try await fixture.cloud.networking.networks(by: fixture.people.member).first { $0.isDefault }
            let text = body.replacing("NET", with: try #require(network?.id).text)
            let answer = try await post(text, to: id, fixture, version: version)
            #expect(answer.status == status, "\(answer)")
            #expect(try await fixture.cloud.compute.attachments(of: id, by: fixture.people.member).count == 1)
        }
    }
}
