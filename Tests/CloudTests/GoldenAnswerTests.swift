import Cloud
import Compute
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// What Compute answers at certain versions, kept word for word but for ids and times.
@Suite(.timeLimit(.minutes(3)))
struct GoldenAnswerTests {
    private static let key =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB me"

    @Test(arguments: ["2.1", "2.47", "2.75", "2.90", "2.100"])
    func goldenComputeAnswers(version: String) async throws {
        try await CloudFixture.run { fixture in
            let made = try await fixture.create("web") { request in
                request.metadata = ["role": "web"]
                request.tags = ["blue"]
                request.description = "front"
                request.keyName = nil
            }
            let id = try #require(made.first?.id)
            try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
            let body = #"{"keypair": {"name": "mine", "public_key": "\#(Self.key)"}}"#
            for (name, answer) in [
                ("server-show", try await fixture.request(.get, "\(base)/servers/\(id)", as: .admin, version: version)),
                ("flavor-show", try await fixture.request(.get, "\(base)/flavors/42", version: version)),
                (
                    "keypair-create",
                    try await fixture.request(.post, "\(base)/os-keypairs", version: version, json: body)
                ),
                ("limits", try await fixture.request(.get, "\(base)/limits", version: version)),
            ] {
                let text = Normalised.text("\(answer.status)\n" + answer.json.pretty() + "\n")
                let kept = try Golden.text("api/compute/\(name)-\(version).json", rewrittenWith: text)
                #expect(kept == text, "\(name) at \(version)")
            }
        }
    }

    private let base = "/compute/v2.1"
}

extension JSONValue {
    /// A member a line, for texts that people compare.
    func pretty(_ indent: String = "") -> String {
        let inner = indent + "  "
        switch self {
        case .object(let members) where !members.isEmpty:
            let lines = members.map { "\(inner)\(JSONValue.string($0.key).jsonText): \($0.value.pretty(inner))" }
            return "{\n\(lines.joined(separator: ",\n"))\n\(indent)}"
        case .array(let items) where !items.isEmpty:
            return "[\n\(items.map { inner + $0.pretty(inner) }.joined(separator: ",\n"))\n\(indent)]"
        default: return jsonText
        }
    }
}
