import HTTPTypes
import HostProtocol
import Hypervisor
import InMemoryLogging
import Logging
import Model
import TestSupport
import Testing

/// One look for a request's id in the log tells what became of it, from the API to the host and back.
@Suite(.timeLimit(.minutes(3)))
struct TraceTests {
    /// The lines of one request, as `grep` finds them.
    private struct Lines {
        let entries: [InMemoryLogHandler.Entry]

        init(_ log: InMemoryLogHandler, of request: String) {
            entries = log.entries.filter { $0.metadata["request"] == "\(request)" }
        }

        var messages: [String] { entries.map { $0.message.description } }

        func values(_ key: String, of message: String) -> [String] {
            entries.filter { $0.message.description == message }.map { $0.metadata[key]?.description ?? "" }
        }

        func isInOrder(_ wanted: [String]) -> Bool {
            var rest = messages[...]
            for message in wanted {
                guard let place = rest.firstIndex(of: message) else { return false }
                rest = rest[(place + 1)...]
            }
            return true
        }
    }

    private func run(_ body: @Sendable (CloudFixture, InMemoryLogHandler) async throws -> Void) async throws {
        let log = InMemoryLogHandler()
        var options = CloudFixture.Options()
        options.logger = Logger(label: "trace") { _ in log }
        try await CloudFixture.run(options) { try await body($0, log) }
    }

    private func boot(_ fixture: CloudFixture) async throws -> (server: ServerID, request: String) {
        let made = try await fixture.request(
            .post, "/compute/v2.1/servers",
            json: #"{"server": {"name": "vm", "imageRef": "\#(fixture.image)", "flavorRef": "42"}}"#)
        #expect(made.status == 202, "\(made)")
        return (ServerID(made.text("server.id")), made.header("x-openstack-request-id"))
    }

    private func ended(_ log: InMemoryLogHandler, _ request: String) async throws -> Lines {
        try await eventually("the workflow's end is in the log") {
            Lines(log, of: request).messages.contains("a workflow ends")
        }
        return Lines(log, of: request)
    }

    @Test func aBootIsTracedFromTheRequestToTheGuestAndBack() async throws {
        try await run { fixture, log in
            let (server, request) = try await boot(fixture)
            let lines = try await ended(log, request)
            #expect(
                lines.isInOrder([
                    "a workflow begins", "a step is done", "a document goes to its host", "a document is carried out",
                    "a document is reached", "a host has answered",
                ]), "\(lines.messages)")
            // The request may have been handed over before it wrote its own line.
            #expect(lines.messages.last { $0 != "request" } == "a workflow ends")
            #expect(lines.values("kind", of: "a workflow begins") == ["build-server"])
            #expect(lines.values("step", of: "a step is done") == ["ports", "guest"])
            #expect(lines.values("wants", of: "a document goes to its host") == ["running"])
            #expect(lines.values("power", of: "a host has answered") == ["running"])
            #expect(lines.values("outcome", of: "a workflow ends") == ["Success"])
            #expect(lines.values("status", of: "request") == ["202"])
            #expect(lines.values("method", of: "request") == ["POST"])
            #expect(lines.values("route", of: "request") == ["/servers"])
            #expect(lines.values("took", of: "request").allSatisfy { !$0.isEmpty })
            let servers = Set(lines.entries.compactMap { $0.metadata["server"]?.description })
            #expect(servers == [server.text])
        }
    }

    @Test func aBuildThatFailsTellsTheStepTheHostsWordsAndTheUndo() async throws {
        try await run { fixture, log in
            fixture.host.driver.fail(.start)
            let (_, request) = try await boot(fixture)
            let lines = try await ended(log, request)
            #expect(lines.values("failure", of: "a host has answered").contains("The simulated host refused."))
            #expect(lines.values("step", of: "a step failed") == ["guest"])
            #expect(lines.values("error", of: "a document was not reached") == ["The simulated host refused."])
            #expect(lines.values("step", of: "a step is undone") == ["guest", "ports"])
            #expect(lines.values("outcome", of: "a workflow ends") == ["Error"])
        }
    }

    @Test func eachRequestHasLinesOfItsOwn() async throws {
        try await run { fixture, log in
            let (server, first) = try await boot(fixture)
            _ = try await ended(log, first)
            let reboot = try await fixture.request(
                .post, "/compute/v2.1/servers/\(server)/action", json: #"{"reboot": {"type": "HARD"}}"#)
            let second = try await ended(log, reboot.header("x-openstack-request-id"))
            #expect(second.values("wants", of: "a document is carried out") == ["rebootHard"])
            let deleted = try await fixture.request(.delete, "/compute/v2.1/servers/\(server)")
            let third = try await ended(log, deleted.header("x-openstack-request-id"))
            #expect(third.values("wants", of: "a document is carried out") == ["absent"])
            #expect(third.values("power", of: "a host has answered") == ["absent"])
            #expect(Lines(log, of: first).values("wants", of: "a document is carried out") == ["running"])
        }
    }

    /// What a guest does by itself answers no request.
    @Test func aGuestThatPowersOffIsNotTracedToItsBoot() async throws {
        try await run { fixture, log in
            let (server, request) = try await boot(fixture)
            let before = try await ended(log, request).messages
            fixture.host.driver.guestMoves(server, to: .shutdown)
            try await fixture.server(server) { $0.settled == .stopped }
            #expect(Lines(log, of: request).messages == before)
        }
    }

    @Test func requestsThatOnlyReadAreLeftToDebugging() async throws {
        try await run { fixture, log in
            let shown = try await fixture.request(.get, "/compute/v2.1/servers")
            #expect(Lines(log, of: shown.header("x-openstack-request-id")).messages == [])
        }
    }
}
