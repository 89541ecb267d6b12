import HTTPTypes
import Model
import TestSupport
import Testing

/// Who locks as an owner, who as an administrator, and who undoes it.
@Suite(.timeLimit(.minutes(3)))
struct ServerLockTests {
    private func act(
        _ body: String, on id: ServerID, _ fixture: CloudFixture, as role: People.Role
    ) async throws -> Int {
        try await fixture.request(
            .post, "/compute/v2.1/servers/\(id)/action", as: role, version: "2.73", json: body
        ).status
    }

    @Test func anAdministratorInTheServersProjectIsAnOwner() async throws {
        try await CloudFixture.run { fixture async throws in
            let own = try await fixture.boot("own", as: .admin)
            #expect(try await act(#"{"lock": null}"#, on: own, fixture, as: .admin) == 202)
            #expect(try await fixture.server(own).isLocked)
            #expect(try await !fixture.server(own).lockedByAdmin)
        }
    }

    @Test func whatAnAdministratorLockedStaysLockedForUsers() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            #expect(try await act(#"{"lock": {"locked_reason": "audit"}}"#, on: id, fixture, as: .admin) == 202)
            #expect(try await fixture.server(id).lockedByAdmin)
            #expect(try await act(#"{"unlock": null}"#, on: id, fixture, as: .member) == 403)
            #expect(try await act(#"{"lock": {"locked_reason": "mine"}}"#, on: id, fixture, as: .member) == 202)
            let kept = try await fixture.server(id)
            #expect(kept.lockedByAdmin && kept.lockedReason == "audit")
            #expect(try await act(#"{"unlock": null}"#, on: id, fixture, as: .admin) == 202)
            #expect(try await !fixture.server(id).isLocked)
        }
    }

    @Test func anOwnersLockIsAnOwnersToUndo() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            #expect(try await act(#"{"lock": null}"#, on: id, fixture, as: .member) == 202)
            #expect(try await act(#"{"unlock": null}"#, on: id, fixture, as: .member) == 202)
            #expect(try await !fixture.server(id).isLocked)
        }
    }
}
