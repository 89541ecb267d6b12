import Attributes
import Cloud
import Compute
import HTTPTypes
import HostProtocol
import Model
import TestSupport
import Testing
import Wire

/// What Network tells of the agents of hosts.
@Suite(.timeLimit(.minutes(3)))
struct AgentListTests {
    private func ask(
        _ fixture: CloudFixture, _ method: HTTPRequest.Method, _ path: String, _ json: String? = nil,
        as role: People.Role = .admin
    ) async throws -> Answer {
        try await fixture.request(method, "/network/v2.0/\(path)", as: role, json: json)
    }

    @Test func eachHostHasOne() async throws {
        var options = CloudFixture.Options()
        options.hosts = 2
        let clock = ManualClock()
        options.clock = clock
        options.runsAgents = false
        try await CloudFixture.run(options) { fixture in
            let listed = try await ask(fixture, .get, "agents")
            #expect(listed.count("agents") == 2, "\(listed)")
            let path = "agents/\(fixture.hosts[1].id)"
            let shown = try await ask(fixture, .get, path)
            #expect(shown.text("agent.host") == "sim-2" && shown.at("agent.alive") == true, "\(shown)")
            #expect(shown.at("agent.admin_state_up") == true && shown.at("agent.description") == .null)
            #expect(shown.text("agent.heartbeat_timestamp").wholeMatch(of: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/) != nil)
            for (query, count) in [
                ("host=sim-1", 1), ("alive=true", 2), ("alive=false", 0), ("agent_type=Novella%20agent", 2),
                ("binary=neutron-l3-agent", 0), ("admin_state_up=true", 2),
            ] {
                let found = try await ask(fixture, .get, "agents?\(query)")
                #expect(found.count("agents") == count, "\(query): \(found)")
            }
            clock.advance(seconds: 100)
            try await fixture.cloud.compute.heard(HostReport(), from: fixture.hosts[0].id)
            #expect(try await ask(fixture, .get, "agents?alive=true").text("agents.0.host") == "sim-1")
            #expect(try await ask(fixture, .get, path).at("agent.alive") == false)
        }
    }

    @Test func theyAreDescribedAndNotSwitchedOff() async throws {
        try await CloudFixture.run { fixture in
            let path = "agents/\(fixture.host.id)"
            for (method, body, status) in [
                (.put, #"{"agent": {"description": "rack 5", "admin_state_up": true}}"#, 200),
                (.put, #"{"agent": {"admin_state_up": false}}"#, 400), (.put, #"{"agent": {"alive": true}}"#, 400),
                (.put, #"{"agent": {"description": 5}}"#, 400), (.delete, nil, 409),
            ] as [(HTTPRequest.Method, String?, Int)] {
                let answer = try await ask(fixture, method, path, body)
                #expect(answer.status == status, "\(method) \(body ?? ""): \(answer)")
            }
            #expect(try await ask(fixture, .get, "agents?description=rack%205").count("agents") == 1)
            _ = try await fixture.cloud.compute.register(HostRegistration(inventory: SimulatedHost.inventory(0)))
            #expect(try await ask(fixture, .get, path).text("agent.description") == "rack 5")
            let cleared = try await ask(fixture, .put, path, #"{"agent": {"description": null}}"#)
            #expect(cleared.at("agent.description") == .null, "\(cleared)")
        }
    }

    @Test func membersSeeNone() async throws {
        try await CloudFixture.run { fixture in
            let path = "agents/\(fixture.host.id)"
            let listed = try await ask(fixture, .get, "agents", as: .member)
            #expect(listed.status == 200 && listed.count("agents") == 0)
            let shown = try await ask(fixture, .get, path, as: .member)
            #expect(shown.status == 404 && shown.text("NeutronError.type") == "AgentNotFound", "\(shown)")
            let changed = try await ask(fixture, .put, path, #"{"agent": {"description": "x"}}"#, as: .member)
            #expect(changed.status == 403)
        }
    }
}
