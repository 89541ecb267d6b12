import Cloud
import Compute
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// Why a server found no host, as users and as administrators read it.
@Suite(.timeLimit(.minutes(3)))
struct RefusalTests {
    /// Three hosts of 1, 2 and 3 GiB, of which 256, 512 and 512 MiB are reserved.
    private func run(_ body: @Sendable (CloudFixture) async throws -> Void) async throws {
        var options = CloudFixture.Options()
        options.hosts = 3
        options.inventory = { index in
            SimulatedHost.inventory(index, memoryMiB: 1024 * (index + 1), traits: index == 0 ? ["CUSTOM_FAST"] : [])
        }
        try await CloudFixture.run(options, body)
    }

    private func flavor(
        _ id: String, memory: Int = 256, specs: [String: String] = [:], _ fixture: CloudFixture
    ) async throws {
        let flavor = Flavor(
            id: FlavorID(id), name: id, vcpus: 1, memory: memory, disk: 1, extraSpecs: try JSONText(specs),
            createdAt: fixture.cloud.compute.clock.now())
        _ = try await fixture.cloud.compute.create(flavor)
    }

    private func refused(_ flavor: String, _ fixture: CloudFixture) async throws -> (id: String, message: String) {
        let made = try await fixture.request(
            .post, "/compute/v2.1/servers", version: "2.1",
            json: #"{"server": {"name": "s", "imageRef": "\#(fixture.image)", "flavorRef": "\#(flavor)"}}"#)
        #expect(made.status == 202, "\(made)")
        let id = made.text("server.id")
        let shown = try await fixture.request(.get, "/compute/v2.1/servers/\(id)")
        #expect(shown.text("server.status") == "ERROR" && shown.at("server.fault.code") == .integer(500))
        return (id, shown.text("server.fault.message"))
    }

    private static let message =
        "No valid host was found. Of 3 hosts, 3 lack free MEMORY_MB. With 440 MiB less memory it would fit on 1 host."

    @Test func usersReadNumbersAndAdministratorsNames() async throws {
        try await run { fixture async throws in
            try await flavor("big", memory: 3000, fixture)
            let (id, message) = try await refused("big", fixture)
            #expect(message == Self.message)
            let server = "/compute/v2.1/servers/\(id)"
            let action = try await fixture.request(.get, "\(server)/os-instance-actions")
                .text("instanceActions.0.request_id")
            let event = "\(server)/os-instance-actions/\(action)"
            for path in [server, "\(server)/os-instance-actions", event, "/compute/v2.1/servers/detail"] {
                for version in ["2.1", "2.51", "2.84", "2.104"] {
                    let answer = try await fixture.request(.get, path, version: version)
                    #expect(answer.status == 200)
                    #expect(!String(decoding: answer.body, as: UTF8.self).contains("sim-"), "\(path): \(answer)")
                }
            }
            let mine = try await fixture.request(.get, event, version: "2.84")
            #expect(mine.text("instanceAction.message") == Self.message)
            #expect(mine.text("instanceAction.events.0.details") == Self.message, "\(mine)")
            #expect(mine.at("instanceAction.events.0.traceback") == nil)
            let details =
                "sim-1, sim-2, sim-3: lack free MEMORY_MB\n"
                + "sim-3 comes nearest: it would do with 440 MiB less memory (it has 2560 of 3000)."
            let theirs = try await fixture.request(.get, event, as: .admin, version: "2.84")
            #expect(theirs.text("instanceAction.events.0.traceback") == details, "\(theirs)")
            let shown = try await fixture.request(.get, server, as: .admin)
            #expect(shown.text("server.fault.message") == Self.message)
            #expect(shown.text("server.fault.details") == details, "\(shown)")
        }
    }

    @Test func traitsAndResourcesOfFlavorsAreKept() async throws {
        try await run { fixture async throws in
            try await flavor("fast", specs: ["trait:CUSTOM_FAST": "required"], fixture)
            try await flavor("calm", specs: ["trait:CUSTOM_FAST": "forbidden"], fixture)
            try await flavor("both", memory: 2000, specs: ["trait:CUSTOM_FAST": "required"], fixture)
            try await flavor("other", specs: ["trait:CUSTOM_OTHER": "required"], fixture)
            try await flavor("graphics", specs: ["resources:CUSTOM_GPU": "1"], fixture)
            try await flavor(
                "light", memory: 9000, specs: ["resources:MEMORY_MB": "64", "resources:VCPU": "0"], fixture)
            for (flavor, first) in [("fast", true), ("calm", false)] {
                let made = try #require(try await fixture.create { $0.flavorID = FlavorID(flavor) }.first)
                let server = try await fixture.server(made.id) { $0.settled == .active }
                #expect((server.hostID == fixture.host.id) == first, "\(flavor)")
            }
            let light = try #require(try await fixture.create { $0.flavorID = FlavorID("light") }.first)
            let held = try await fixture.request(.get, "/placement/allocations/\(light.id)", as: .admin)
            let provider = light.hostID?.text ?? ""
            #expect(
                held.at("allocations.\(provider).resources")
                    == .object([
                        .init(key: "DISK_GB", value: .integer(1)), .init(key: "MEMORY_MB", value: .integer(64)),
                    ]
                    ), "\(held)")
            let other = try await refused("other", fixture).message
            #expect(
                other == "No valid host was found. Of 3 hosts, 3 lack a required trait. Without the required trait "
                    + "CUSTOM_OTHER it would fit on 3 hosts.")
            let graphics = try await refused("graphics", fixture).message
            #expect(graphics.hasSuffix("Without the resource CUSTOM_GPU it would fit on 3 hosts."), "\(graphics)")
            let both = try await refused("both", fixture).message
            #expect(both.hasPrefix("No valid host was found. Of 3 hosts, 2 lack a required trait, 1 lacks free"))
            #expect(both.hasSuffix("With 1488 MiB less memory it would fit on 1 host."), "\(both)")
        }
    }

    @Test func hostsThatAreDownAreNoRemedy() async throws {
        let clock = ManualClock()
        var options = CloudFixture.Options()
        (options.clock, options.runsAgents, options.runsWorkflows) = (clock, false, false)
        try await CloudFixture.run(options) { fixture async throws in
            clock.advance(seconds: 3600)
            try await fixture.cloud.compute.refreshCapacity()
            let made = try #require(try await fixture.create().first)
            #expect(
                try await fixture.fault(of: made.id)
                    == "No valid host was found. Of 1 host, 1 is down. No smaller request would fit either."
            )
        }
    }
}
