import HTTPTypes
import TestSupport
import Testing

/// On a network of somebody else a member takes what it is given: identity of guests rests on it.
@Suite(.timeLimit(.minutes(3)))
struct SharedNetworkTests {
    @Test func membersChooseNoIdentityOnAnothersNetwork() async throws {
        try await CloudFixture.run { fixture async throws in
            let shared = try await Self.id(of: "default", fixture)
            let wishes = [
                #""mac_address": "fa:16:3e:00:00:01""#, #""port_security_enabled": false"#,
                #""fixed_ips": [{"ip_address": "10.20.0.77"}]"#,
                #""allowed_address_pairs": [{"ip_address": "10.20.0.78"}]"#,
            ]
            for wish in wishes {
                let body = #"{"port": {"network_id": "\#(shared)", \#(wish)}}"#
                let refused = try await fixture.request(.post, "/network/v2.0/ports", as: .member, json: body)
                #expect(refused.status == 403, "\(wish): \(refused)")
            }
            let plain = #"{"port": {"network_id": "\#(shared)", "name": "plain"}}"#
            let made = try await fixture.request(.post, "/network/v2.0/ports", as: .member, json: plain)
            #expect(made.status == 201, "\(made)")
        }
    }

    @Test func membersMakeNoPortsOnTheExternalNetwork() async throws {
        try await CloudFixture.run { fixture async throws in
            let external = try await Self.id(of: "public", fixture)
            let body = #"{"port": {"network_id": "\#(external)"}}"#
            let refused = try await fixture.request(.post, "/network/v2.0/ports", as: .member, json: body)
            #expect(refused.status == 403, "\(refused)")
        }
    }

    private static func id(of name: String, _ fixture: CloudFixture) async throws -> String {
        try await fixture.request(.get, "/network/v2.0/networks?name=\(name)", as: .admin).text("networks.0.id")
    }
}
