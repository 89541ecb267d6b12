import Cloud
import Compute
import HTTPTypes
import HostProtocol
import Model
import TestSupport
import Testing
import Wire

/// Where the time of a server's newest start went.
@Suite(.timeLimit(.minutes(3)))
struct TimelineTests {
    private func moments(_ answer: Answer) -> [String] {
        (0..<10).compactMap { answer.at("timeline.moments.\($0).moment")?.jsonText.replacing("\"", with: "") }
    }

    @Test func aBootTellsItsMomentsInOrder() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            let path = "/compute/v2.1/servers/\(id)/novella-timeline"
            let shown = try await fixture.request(.get, path, as: .reader)
            let found = moments(shown)
            #expect(found.first == "accepted" && found.last == "started", "\(shown)")
            #expect(Set(found) == ["accepted", "begun", "network", "image", "defined", "started"], "\(shown)")
            #expect(shown.at("timeline.moments.0.milliseconds")?.jsonText == "0")
            #expect(shown.at("timeline.task_state") == .null && shown.at("timeline.progress") == .null)
            try await fixture.cloud.compute.noteMetadata(of: id)
            #expect(moments(try await fixture.request(.get, path)).last == "metadata")
            #expect(try await fixture.request(.get, path, as: .stranger).status == 404)
        }
    }

    /// A later start has its own moments, and the guest asks for its metadata anew.
    @Test func aLaterStartTakesThePlaceOfTheFirst() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            let path = "/compute/v2.1/servers/\(id)/novella-timeline"
            try await fixture.cloud.compute.noteMetadata(of: id)
            try await fixture.cloud.compute.begin(.rebootHard, on: id, by: fixture.people.member)
            try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
            let shown = try await fixture.request(.get, path)
            #expect(moments(shown).last == "started", "\(shown)")
            let action = try #require(try await fixture.workflows(of: id).first)
            #expect(shown.at("timeline.request_id") == .string(action.requestID))
            try await fixture.cloud.compute.noteMetadata(of: id)
            #expect(moments(try await fixture.request(.get, path)).last == "metadata")
        }
    }
}
