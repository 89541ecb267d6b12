import Compute
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// Actions that bring a server from one rest to another, as clients send them.
@Suite(.timeLimit(.minutes(3)))
struct StateActionTests {
    private func act(
        _ fixture: CloudFixture, _ id: ServerID, _ body: String, as role: People.Role = .member
    ) async throws -> Answer {
        try await fixture.request(.post, "/compute/v2.1/servers/\(id)/action", as: role, json: body)
    }

    private func shown(_ fixture: CloudFixture, _ id: ServerID) async throws -> String {
        let answer = try await fixture.request(.get, "/compute/v2.1/servers/\(id)")
        return ["status", "OS-EXT-STS:vm_state", "OS-EXT-STS:task_state", "OS-EXT-STS:power_state"]
            .map { (answer.at("server.\($0)") ?? .null).jsonText.replacing("\"", with: "") }.joined(separator: " ")
    }

    @Test func aServerIsPausedAndSuspended() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            for (action, wanted) in [
                ("pause", "PAUSED paused null 3"), ("unpause", "ACTIVE active null 1"),
                ("suspend", "SUSPENDED suspended null 4"), ("resume", "ACTIVE active null 1"),
            ] {
                let answer = try await act(fixture, id, #"{"\#(action)": null}"#)
                #expect(answer.status == 202 && answer.body.isEmpty, "\(action): \(answer)")
                try await fixture.server(id) { $0.operation == nil }
                #expect(try await shown(fixture, id) == wanted)
                let again = try await act(fixture, id, #"{"\#(action)": null}"#)
                #expect(again.status == 409, "\(action) again: \(again)")
            }
        }
    }

    @Test func onlyAnAdministratorResetsAState() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            let body = #"{"os-resetState": {"state": "error"}}"#
            #expect(try await act(fixture, id, body).status == 403)
            #expect(try await act(fixture, id, body, as: .admin).status == 202)
            #expect(try await shown(fixture, id) == "ERROR error null 1")
            for bad in ["{}", #"{"state": "stopped"}"#, #"{"state": "active", "more": 1}"#, #"{"state": 1}"#, "null"] {
                let answer = try await act(fixture, id, #"{"os-resetState": \#(bad)}"#, as: .admin)
                #expect(answer.status == 400, "\(bad): \(answer)")
            }
            #expect(try await act(fixture, id, #"{"os-resetState": {"state": "active"}}"#, as: .admin).status == 202)
            #expect(try await shown(fixture, id) == "ACTIVE active null 1")
        }
    }
}
