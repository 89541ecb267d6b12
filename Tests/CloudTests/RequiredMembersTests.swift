import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// A member that Nova wants is not taken for an empty one.
@Suite(.timeLimit(.minutes(3)))
struct RequiredMembersTests {
    @Test(arguments: ["{}", #"{"tags": null}"#, #"{"tags": "blue"}"#])
    func tagsAreNotTakenAwayByMistake(body: String) async throws {
        try await CloudFixture.run { fixture async throws in
            let tags = "/compute/v2.1/servers/\(try await fixture.boot())/tags"
            let set = try await fixture.request(.put, tags, version: "2.26", json: #"{"tags": ["blue"]}"#)
            #expect(set.status == 200)
            let refused = try await fixture.request(.put, tags, version: "2.26", json: body)
            #expect(refused.status == 400, "\(refused)")
            let kept = try await fixture.request(.get, tags, version: "2.26")
            #expect(kept.text("tags.0") == "blue")
        }
    }

    @Test func aDescriptionIsNotTakenAwayByMistake() async throws {
        try await CloudFixture.run { fixture async throws in
            let flavor = "/compute/v2.1/flavors/1"
            for (body, status) in [
                (#"{"flavor": {"description": "small"}}"#, 200), (#"{"flavor": {}}"#, 400),
                (#"{"flavor": {"name": "x"}}"#, 400),
            ] {
                let answer = try await fixture.request(.put, flavor, as: .admin, version: "2.55", json: body)
                #expect(answer.status == status, "\(body): \(answer)")
            }
            #expect(try await fixture.request(.get, flavor, version: "2.55").text("flavor.description") == "small")
            let cleared = try await fixture.request(
                .put, flavor, as: .admin, version: "2.55", json: #"{"flavor": {"description": null}}"#)
            #expect(cleared.status == 200 && cleared.at("flavor.description") == .null)
        }
    }

    @Test(arguments: ["{}", #"{"extra_specs": null}"#, #"{"extra_specs": []}"#])
    func extraSpecsAreWanted(body: String) async throws {
        try await CloudFixture.run { fixture async throws in
            let answer = try await fixture.request(
                .post, "/compute/v2.1/flavors/1/os-extra_specs", as: .admin, json: body)
            #expect(answer.status == 400, "\(answer)")
        }
    }
}
