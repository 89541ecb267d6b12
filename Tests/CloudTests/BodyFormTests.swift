import Cloud
import HTTPTypes
import Model
import TestSupport
import Testing

/// Forms of bodies in which Nova's schemas are wider or narrower than one would think.
@Suite(.timeLimit(.minutes(3)))
struct BodyFormTests {
    private static let base = "/compute/v2.1"

    @Test func aServersGroupsAndPortsMayBeLeftOpen() async throws {
        try await CloudFixture.run { fixture in
            let network = try await fixture.request(.get, "/network/v2.0/networks?name=default").text("networks.0.id")
            let body = #"""
                {"server": {"name": "s", "imageRef": "\#(fixture.image)", "flavorRef": "42", "security_groups": [{}],
                    "networks": [{"uuid": "\#(network)", "port": null}]}}
                """#
            let made = try await fixture.request(.post, "\(Self.base)/servers", json: body)
            #expect(made.status == 202, "\(made)")
            for wrong in [#"{"name": null}"#, #"{"name": ""}"#, #"{"name": "default", "x": 1}"#] {
                let refused = try await fixture.request(
                    .post, "\(Self.base)/servers", json: body.replacing("[{}]", with: "[\(wrong)]"))
                #expect(refused.status == 400, "\(wrong): \(refused)")
            }
        }
    }

    @Test func anInterfaceMayBeAskedForWithoutAWord() async throws {
        try await CloudFixture.run { fixture in
            let path = "\(Self.base)/servers/\(try await fixture.boot())/os-interface"
            #expect(try await fixture.request(.post, path, json: "{}").status == 200)
            #expect(try await fixture.request(.get, path).count("interfaceAttachments") == 2)
            #expect(try await fixture.request(.post, path, json: #"{"interfaceAttachments": {}}"#).status == 400)
            #expect(try await fixture.request(.post, path, json: #"{"interfaceAttachment": null}"#).status == 400)
        }
    }

    @Test func aTagIsInItsAddressAlone() async throws {
        try await CloudFixture.run { fixture in
            let path = "\(Self.base)/servers/\(try await fixture.boot())/tags/blue"
            for body in ["{}", "0", #"{"tag": "blue"}"#, "nul"] {
                let refused = try await fixture.request(.put, path, version: "2.26", json: body)
                #expect(refused.status == 400, "\(body): \(refused)")
            }
            #expect(try await fixture.request(.put, path, version: "2.26").status == 201)
            #expect(try await fixture.request(.put, path, version: "2.26", json: "null").status == 204)
        }
    }

    @Test(arguments: [("1.0", 202), ("1.5", 400), ("-0.0", 202), ("1e300", 400), (#""1""#, 202), ("true", 400)])
    func anIntegerMayBeWrittenAsANumberWithoutAFraction(_ rotation: String, _ status: Int) async throws {
        try await CloudFixture.run { fixture in
            let answer = try await fixture.request(
                .post, "\(Self.base)/servers/\(try await fixture.boot())/action",
                json: #"{"createBackup": {"name": "b", "backup_type": "daily", "rotation": \#(rotation)}}"#)
            #expect(answer.status == status, "\(answer)")
        }
    }

    /// Nova's list of printable characters ends with the first plane of Unicode.
    @Test func namesAreOfTheFirstPlane() async throws {
        try await CloudFixture.run { fixture in
            let path = "\(Self.base)/servers/\(try await fixture.boot())"
            for (name, status) in [("é", 200), ("あ", 200), ("\u{1F600}", 400), ("a\u{1F600}", 400)] {
                let answer = try await fixture.request(.put, path, json: #"{"server": {"name": "\#(name)"}}"#)
                #expect(answer.status == status, "\(name): \(answer)")
            }
        }
    }
}
