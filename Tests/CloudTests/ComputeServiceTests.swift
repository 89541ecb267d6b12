import Cloud
import Compute
import HTTPTypes
import HostProtocol
import Hypervisor
import Inspection
import Model
import Store
import TestSupport
import Testing
import Wire

/// `/os-services`, `/os-hypervisors`, `/os-hosts` and zones with their hosts: hosts as Nova's administrators see them.
@Suite(.timeLimit(.minutes(3)))
struct ComputeServiceTests {
    private struct Lab: Sendable {
        let fixture: CloudFixture
        var first: String { fixture.hosts[0].id.text }

        static func run(on kind: StoreKind, _ body: @Sendable (Lab) async throws -> Void) async throws {
            var options = CloudFixture.Options()
            options.hosts = 2
            options.database = try await ScratchStore(on: kind)
            try await CloudFixture.run(options) { try await body(Lab(fixture: $0)) }
        }

        func ask(
            _ method: HTTPRequest.Method, _ path: String, _ json: String? = nil, version: String = "2.104"
        ) async throws -> Answer {
            try await fixture.request(method, "/compute/v2.1/\(path)", as: .admin, version: version, json: json)
        }

        /// As the first host's agent does at its start.
        func register() async throws {
            _ = try await fixture.cloud.compute.register(HostRegistration(inventory: SimulatedHost.inventory(0)))
        }

        func service(_ host: Int) async throws -> JSONValue {
            let found = try await ask(.get, "os-services?host=sim-\(host)")
            return try #require(found.at("services.0"))
        }
    }

    private func names(_ value: JSONValue?) -> Set<String> { Set(value?.members.keys.map { $0 } ?? []) }

    @Test(arguments: StoreKind.here) func servicesAreListed(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            let all = try await lab.ask(.get, "os-services")
            #expect(
                (0..<all.count("services")).map { all.text("services.\($0).binary") } == [
                    "nova-conductor", "nova-scheduler", "nova-compute", "nova-compute",
                ])
            #expect(all.text("services.0.zone") == "internal" && all.text("services.2.zone") == "nova")
            #expect(all.text("services.2.host") == "sim-1" && all.text("services.2.id") == lab.first)
            #expect(all.text("services.2.status") == "enabled" && all.text("services.2.state") == "up")
            #expect(all.at("services.2.disabled_reason") == .null)
            for (query, count) in [
                ("binary=nova-compute", 2), ("host=sim-2", 1), ("host=sim-2&binary=nova-scheduler", 0), ("host=", 4),
            ] {
                #expect(try await lab.ask(.get, "os-services?\(query)").count("services") == count, "\(query)")
            }
            #expect(try await lab.ask(.get, "os-services?colour=red", version: "2.74").status == 200)
            #expect(try await lab.ask(.get, "os-services?colour=red", version: "2.75").status == 400)
            let old = try await lab.ask(.get, "os-services?host=sim-1", version: "2.10")
            let members: Set = ["id", "binary", "host", "zone", "status", "state", "updated_at", "disabled_reason"]
            #expect(names(old.at("services.0")) == members && old.at("services.0.id") == .integer(3))
            let forced = try await lab.ask(.get, "os-services?host=sim-1", version: "2.11")
            #expect(names(forced.at("services.0")) == members.union(["forced_down"]))
        }
    }

    @Test(arguments: StoreKind.here) func aServiceIsDisabledAndForcedDown(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            let path = "os-services/\(lab.first)"
            let off = try await lab.ask(.put, path, #"{"status": "disabled", "disabled_reason": "disk"}"#)
            #expect(off.status == 200 && off.text("service.status") == "disabled")
            #expect(off.text("service.disabled_reason") == "disk" && off.text("service.state") == "up")
            #expect(try await Self.traits(lab).contains("COMPUTE_STATUS_DISABLED"))
            // It stays so when its agent comes back.
            try await lab.register()
            #expect(try await Self.traits(lab) == ["COMPUTE_STATUS_DISABLED", "CUSTOM_SIMULATED"])
            let down = try await lab.ask(.put, path, #"{"status": "enabled", "forced_down": "true"}"#)
            #expect(down.text("service.state") == "down" && down.at("service.forced_down") == .bool(true))
            #expect(down.at("service.disabled_reason") == .null)
            #expect(try await Self.traits(lab) == ["CUSTOM_SIMULATED"])
            #expect(try await lab.ask(.put, path, #"{"forced_down": false}"#).text("service.state") == "up")
        }
    }

    private static func traits(_ lab: Lab) async throws -> [String] {
        let found = try await lab.fixture.request(
            .get, "/placement/resource_providers/\(lab.first)/traits", as: .admin, version: "placement 1.6")
        return (0..<found.count("traits")).map { found.text("traits.\($0)") }
    }

    @Test(arguments: StoreKind.here) func changesOfServicesAreChecked(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            let own = try await lab.ask(.get, "os-services?binary=nova-scheduler").text("services.0.id")
            for (id, body, status) in [
                (lab.first, "{}", 400), (lab.first, #"{"disabled_reason": "x"}"#, 400),
                (lab.first, #"{"status": "enabled", "disabled_reason": "x"}"#, 400),
                (lab.first, #"{"status": "broken"}"#, 400), (lab.first, #"{"status": null}"#, 400),
                (lab.first, #"{"forced_down": 7}"#, 400), (lab.first, #"{"host": "sim-1"}"#, 400),
                ("3", #"{"status": "disabled"}"#, 400), (own, #"{"status": "disabled"}"#, 400),
                (UUIDText.random(), #"{"status": "disabled"}"#, 404),
            ] {
                let answer = try await lab.ask(.put, "os-services/\(id)", body)
                #expect(answer.status == status, "\(id) \(body): \(answer)")
            }
            let refused = try await lab.ask(.put, "os-services/\(own)", #"{"status": "disabled"}"#)
            #expect(
                refused.text("badRequest.message")
                    == "Updating a nova-scheduler service is not supported. Only nova-compute services can be updated.")
            #expect(try await lab.ask(.delete, "os-services/\(own)").status == 409)
            #expect(try await lab.service(1)["status"] == .string("enabled"))
        }
    }

    @Test(arguments: StoreKind.here) func oldClientsNameTheAction(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            let named = #""host": "sim-1", "binary": "nova-compute""#
            func act(_ action: String, _ more: String = "", version: String = "2.52") async throws -> Answer {
                try await lab.ask(.put, "os-services/\(action)", "{\(named)\(more)}", version: version)
            }
            let off = try await act("disable-log-reason", #", "disabled_reason": "disk""#)
            #expect(names(off.at("service")) == ["host", "binary", "status", "disabled_reason"], "\(off)")
            #expect(try await lab.service(1)["disabled_reason"] == .string("disk"))
            let plain = try await act("disable", version: "2.1")
            #expect(names(plain.at("service")) == ["host", "binary", "status"])
            #expect(try await act("enable").text("service.status") == "enabled")
            let down = try await act("force-down", #", "forced_down": true"#, version: "2.11")
            #expect(down.at("service.forced_down") == .bool(true))
            #expect(try await lab.service(1)["state"] == .string("down"))
            #expect(try await act("force-down", #", "forced_down": true"#, version: "2.10").status == 400)
            for (action, status) in [("explode", 404), ("disable-log-reason", 400), ("force-down", 400)] {
                #expect(try await act(action).status == status, "\(action)")
            }
            #expect(try await act("force-down", version: "2.10").status == 404)
            let absent = #"{"host": "mars", "binary": "nova-compute"}"#
            #expect(try await lab.ask(.put, "os-services/disable", absent, version: "2.52").status == 404)
            let own = #"{"host": "sim-1", "binary": "nova-conductor"}"#
            #expect(try await lab.ask(.put, "os-services/disable", own, version: "2.52").status == 400)
        }
    }

    @Test(arguments: StoreKind.here) func aServiceGoesWithWhatItHad(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            let (fixture, compute) = (lab.fixture, lab.fixture.cloud.compute)
            let aggregate = try await compute.createAggregate(named: "a", zone: "east").aggregate.id
            _ = try await compute.addHost("sim-1", toAggregate: aggregate)
            let server = try #require(try await fixture.create { $0.availabilityZone = "east" }.first).id
            try await fixture.server(server) { $0.settled == .active && $0.operation == nil }
            let refused = try await lab.ask(.delete, "os-services/\(lab.first)")
            #expect(
                refused.text("conflictingRequest.message") == "Unable to delete compute service that is hosting "
                    + "instances. Migrate or delete the instances first.")
            try await compute.begin(.delete, on: server, by: fixture.people.admin)
            try await fixture.server(server) { $0.settled == .deleted }
            try await eventually("the host has taken the server away") {
                try await lab.ask(.delete, "os-services/\(lab.first)").status == 204
            }
            #expect(try await lab.ask(.delete, "os-services/\(lab.first)").status == 404)
            #expect(try await lab.ask(.get, "os-services?host=sim-1").count("services") == 0)
            #expect(try await compute.aggregate(aggregate).hosts == [])
            let provider = try await fixture.request(
                .get, "/placement/resource_providers/\(lab.first)", as: .admin, version: "placement 1.6")
            #expect(provider.status == 404)
            #expect(compute.capacity.all.map(\.hostname) == ["sim-2"])
            #expect(try await fixture.server(server).hostID == nil)
            let error = await #expect(throws: CloudError.self) {
                try await compute.desired(of: fixture.host.id, after: 0)
            }
            #expect(error?.kind == .notFound)
            // At its agent's next start it is a new host, of another number.
            try await lab.register()
            let back = try await lab.ask(.get, "os-services?host=sim-1", version: "2.52")
            #expect(back.at("services.0.id") == .integer(5) && back.text("services.0.zone") == "nova")
            #expect(try await StoreAudit.differences(in: fixture.cloud.database) == [])
        }
    }

    /// A host that is gone for good keeps nobody from forgetting it.
    @Test(arguments: StoreKind.here) func whatALostHostOwesIsForgotten(kind: StoreKind) async throws {
        var options = CloudFixture.Options()
        options.runsAgents = false
        options.database = try await ScratchStore(on: kind)
        try await CloudFixture.run(options) { fixture in
            let lab = Lab(fixture: fixture)
            let server = try #require(try await fixture.create().first).id
            try await fixture.placement(of: server) { $0.document != nil }
            try await fixture.cloud.compute.begin(.delete, on: server, by: fixture.people.admin)
            try await eventually("the removal is asked for") {
                try await fixture.cloud.database.read { try ServerPlacementQueries.current(of: server, $0) } == nil
            }
            #expect(try await lab.ask(.delete, "os-services/\(lab.first)").status == 409)
            _ = try await lab.ask(.put, "os-services/\(lab.first)", #"{"forced_down": true}"#)
            try await fixture.server(server) { $0.settled == .deleted }
            #expect(try await lab.ask(.delete, "os-services/\(lab.first)").status == 204)
            #expect(try await fixture.holdings().allocations == 0)
        }
    }

    /// It shows where it was tried, and keeps nobody from changing that host.
    @Test(arguments: StoreKind.here) func whatCouldNotBeBuiltIsOnNoHost(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            let (fixture, compute) = (lab.fixture, lab.fixture.cloud.compute)
            fixture.host.driver.fail(.start)
            let made = try await fixture.create(as: .admin) { $0.availabilityZone = "nova:sim-1" }
            let broken = try #require(made.first).id
            try await fixture.server(broken) { $0.settled == .error && $0.operation == nil }
            let shown = try await lab.ask(.get, "os-hypervisors/\(lab.first)?with_servers=1")
            #expect(shown.count("hypervisor.servers") == 0 && shown.status == 200, "\(shown)")
            let aggregate = try await compute.createAggregate(named: "a", zone: "east").aggregate.id
            _ = try await compute.addHost("sim-1", toAggregate: aggregate)
            try await eventually("the host has taken away what it had begun") {
                try await lab.ask(.delete, "os-services/\(lab.first)").status == 204
            }
            #expect(try await fixture.server(broken).hostID == nil)
        }
    }

    @Test(arguments: StoreKind.here) func zonesShowTheirHosts(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            let compute = lab.fixture.cloud.compute
            let aggregate = try await compute.createAggregate(named: "a", zone: "east").aggregate.id
            _ = try await compute.addHost("sim-1", toAggregate: aggregate)
            let list = try await lab.ask(.get, "os-availability-zone")
            #expect((0..<2).map { list.text("availabilityZoneInfo.\($0).zoneName") } == ["east", "nova"])
            _ = try await lab.ask(.put, "os-services/\(lab.first)", #"{"status": "disabled"}"#)
            let detail = try await lab.ask(.get, "os-availability-zone/detail")
            #expect(
                (0..<3).map { detail.text("availabilityZoneInfo.\($0).zoneName") } == ["internal", "nova", "east"])
            #expect(detail.at("availabilityZoneInfo.2.zoneState.available") == .bool(false))
            #expect(detail.at("availabilityZoneInfo.2.hosts") == .null)
            #expect(detail.at("availabilityZoneInfo.1.hosts.sim-2.nova-compute.active") == .bool(true))
            for role in [People.Role.member, .reader] {
                let path = "/compute/v2.1/os-availability-zone"
                #expect(try await lab.fixture.request(.get, path, as: role).count("availabilityZoneInfo") == 2)
                #expect(try await lab.fixture.request(.get, "\(path)/detail", as: role).status == 403)
            }
        }
    }
}
