import Cloud
import Compute
import Inspection
import Model
import Store
import TestSupport
import Testing

/// Where servers go by what aggregates and services say of hosts.
@Suite(.timeLimit(.minutes(3)))
struct ZoneTests {
    /// A cloud of three hosts.
    private struct Lab: Sendable {
        let fixture: CloudFixture
        var compute: ComputeService { fixture.cloud.compute }

        static func run(on kind: StoreKind, _ body: @Sendable (Lab) async throws -> Void) async throws {
            var options = CloudFixture.Options()
            options.hosts = 3
            options.database = try await ScratchStore(on: kind)
            try await CloudFixture.run(options) { fixture in
                try await body(Lab(fixture: fixture))
                #expect(try await StoreAudit.differences(in: fixture.cloud.database) == [])
            }
        }

        /// An aggregate of the hosts with these numbers.
        @discardableResult
        func gather(_ hosts: [Int], _ metadata: [String: String]) async throws -> Int {
            let made = try await compute.createAggregate(named: UUIDText.random(), zone: nil).aggregate.id
            _ = try await compute.setMetadata(metadata.mapValues { $0 }, ofAggregate: made)
            for host in hosts { _ = try await compute.addHost("sim-\(host)", toAggregate: made) }
            return made
        }

        func flavor(_ specs: [String: String]) async throws -> FlavorID {
            let id = FlavorID(UUIDText.random())
            _ = try await compute.create(
                Flavor(
                    id: id, name: id.text, vcpus: 1, memory: 64, disk: 1, extraSpecs: try JSONText(specs),
                    createdAt: compute.clock.now()))
            return id
        }

        /// The hosts on which six servers come to be, by number; those that find none are in ERROR.
        func hosts(
            as role: People.Role = .member, _ change: @Sendable (inout ServerCreateRequest) -> Void = { _ in }
        ) async throws -> Set<Int> {
            let made = try await fixture.create(as: role, count: 6, change)
            for server in made { try await fixture.server(server.id) { $0.operation == nil } }
            let used = try await fixture.cloud.database.read { db in
                try made.compactMap { try ServerQueries.live($0.id, db)?.hostID }
            }
            for server in made { try await compute.begin(.delete, on: server.id, by: fixture.people.admin) }
            for server in made { try await fixture.server(server.id) { $0.settled == .deleted } }
            return Set(fixture.hosts.indices.filter { used.contains(fixture.hosts[$0].id) }.map { $0 + 1 })
        }

        func refusal(
            as role: People.Role = .member, _ change: @Sendable (inout ServerCreateRequest) -> Void
        ) async throws -> String {
            let id = try #require(try await fixture.create(as: role, count: 1, change).first).id
            try await compute.begin(.delete, on: id, by: fixture.people.admin)
            return try await fixture.fault(of: id)
        }

        func disable(_ host: Int, _ isDisabled: Bool = true) async throws {
            _ = try await compute.changeService(of: fixture.hosts[host - 1].id, .init(isDisabled: isDisabled))
        }
    }

    @Test(arguments: StoreKind.here) func aZoneThatIsAskedForIsKeptTo(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            try await lab.gather([1, 2], ["availability_zone": "east"])
            #expect(try await lab.hosts { $0.availabilityZone = "east" } == [1, 2])
            #expect(try await lab.hosts { $0.availabilityZone = "nova" } == [3])
            #expect(try await lab.hosts() == [1, 2, 3])
            for zone in ["mars", "internal", ""] {
                let error = await #expect(throws: CloudError.self) {
                    try await lab.fixture.create { $0.availabilityZone = zone }
                }
                #expect(error?.kind == .badRequest)
                #expect(error?.message == "The requested availability zone is not available")
            }
            // As in Nova, a zone is there as long as a service in it is enabled, whether it is up or not.
            for host in [1, 2] {
                _ = try await lab.compute.changeService(of: lab.fixture.hosts[host - 1].id, .init(isForcedDown: true))
            }
            let text = try await lab.refusal { $0.availabilityZone = "east" }
            #expect(
                text == "No valid host was found. Of 3 hosts, 2 are down, 1 is in another availability zone. "
                    + "Without the availability zone 'east' it would fit on 1 host.")
            for host in [1, 2] { try await lab.disable(host) }
            await #expect(throws: CloudError.self) { try await lab.fixture.create { $0.availabilityZone = "east" } }
        }
    }

    @Test(arguments: StoreKind.here) func aServerShowsTheZoneOfItsHost(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            try await lab.gather([1, 2, 3], ["availability_zone": "east"])
            let shown = try await lab.fixture.server(try await lab.fixture.boot())
            #expect(shown.availabilityZone == "east" && shown.requestedZone == nil)
            let made = try #require(
                try await lab.fixture.create {
                    $0.availabilityZone = "east"
                    $0.flavorID = FlavorID("4")
                }.first)
            let pinned = try await lab.fixture.server(made.id) { $0.operation == nil }
            #expect(pinned.availabilityZone == "east" && pinned.requestedZone == "east")
        }
    }

    @Test(arguments: StoreKind.here) func hostsAreKeptForProjects(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            let other = try #require(lab.fixture.people.projects["other"])
            try await lab.gather([1], ["filter_tenant_id": "nobody, \(other)"])
            try await lab.gather([2], ["filter_tenant_id_too": "nobody"])
            #expect(try await lab.hosts() == [3])
            #expect(try await lab.hosts(as: .stranger) == [1, 3])
            try await lab.disable(3)
            let text = try await lab.refusal { _ in }
            #expect(
                text == "No valid host was found. Of 3 hosts, 1 is disabled, 2 are kept for other projects. "
                    + "No smaller request would fit either.")
        }
    }

    @Test(arguments: StoreKind.here) func hostsAreKeptForImages(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            try await lab.gather([1, 2], ["os_distro": "debian,arch"])
            let image = lab.fixture.image
            func distro(_ name: String) async throws {
                try await lab.fixture.cloud.database.transaction { db in
                    try db.execute(
                        "UPDATE images SET properties = ?2 WHERE id = ?1",
                        [.id(image), .text(#"{"os_distro":"\#(name)"}"#)])
                }
            }
            try await distro("arch")
            #expect(try await lab.hosts() == [1, 2, 3])
            try await distro("plan9")
            #expect(try await lab.hosts() == [3])
            try await lab.disable(3)
            let text = try await lab.refusal { _ in }
            #expect(
                text == "No valid host was found. Of 3 hosts, 1 is disabled, 2 are kept for other images. "
                    + "Without the image property os_distro it would fit on 2 hosts.")
        }
    }

    @Test(arguments: StoreKind.here) func flavorsAskForAggregates(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            try await lab.gather([1], ["ssd": "true"])
            try await lab.gather([2], ["ssd": "false"])
            let fast = try await lab.flavor(["aggregate_instance_extra_specs:ssd": "true"])
            #expect(try await lab.hosts { $0.flavorID = fast } == [1])
            let either = try await lab.flavor(["aggregate_instance_extra_specs:ssd": "<or> true <or> false"])
            #expect(try await lab.hosts { $0.flavorID = either } == [1, 2])
            let none = try await lab.flavor(["aggregate_instance_extra_specs:tape": "yes"])
            let text = try await lab.refusal { $0.flavorID = none }
            #expect(
                text == "No valid host was found. Of 3 hosts, 3 are in no aggregate that the flavor asks for. "
                    + "Without the extra spec aggregate_instance_extra_specs:tape it would fit on 3 hosts.")
        }
    }

    @Test(arguments: StoreKind.here) func hostsAreKeptForTraits(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            try await lab.gather([1, 2], ["trait:CUSTOM_SIMULATED": "required"])
            #expect(try await lab.hosts() == [3])
            let licensed = try await lab.flavor(["trait:CUSTOM_SIMULATED": "required"])
            #expect(try await lab.hosts { $0.flavorID = licensed } == [1, 2, 3])
            // Nor does an administrator force one there without it, as Placement has the last word in Nova too.
            let text = try await lab.refusal(as: .admin) { $0.availabilityZone = "nova:sim-1" }
            #expect(text.contains("1 is kept for servers that require another trait"), "\(text)")
        }
    }

    @Test(arguments: StoreKind.here) func administratorsForceAHost(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            try await lab.gather([1], ["availability_zone": "east", "filter_tenant_id": "nobody"])
            for zone in ["east:sim-1", "nova:sim-1", ":sim-1"] {
                let found = try await lab.hosts(as: .admin) { $0.availabilityZone = zone }
                #expect(found == [1], "\(zone)")
            }
            let text = try await lab.refusal(as: .admin) { $0.availabilityZone = "east:sim-2" }
            #expect(text.contains("2 are in another availability zone, 1 is not the requested host"), "\(text)")
            _ = try await lab.compute.changeService(of: lab.fixture.hosts[1].id, .init(isForcedDown: true))
            #expect(try await lab.hosts(as: .admin) { $0.availabilityZone = "nova:sim-2" } == [2])
            try await lab.disable(2)
            let disabled = try await lab.refusal(as: .admin) { $0.availabilityZone = "nova:sim-2" }
            #expect(disabled.contains("1 is disabled"), "\(disabled)")
        }
    }

    /// What an administrator has been answered holds for whoever claims after, though they chose before.
    @Test(arguments: StoreKind.here) func aClaimOfTheOldIndexTakesNothing(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            try await expectStale(1, lab) { try await lab.disable(1) }
            try await expectStale(2, lab) { try await lab.gather([2], ["availability_zone": "east"]) }
        }
    }

    private func expectStale(_ host: Int, _ lab: Lab, after change: () async throws -> Void) async throws {
        let (id, database) = (lab.fixture.hosts[host - 1].id, lab.fixture.cloud.database)
        let provider = ResourceProviderID(id.text)
        let chosen = try #require(lab.compute.capacity[id])
        try await change()
        let known = try #require(lab.compute.capacity[id])
        #expect(known.epoch > chosen.epoch)
        for (epoch, isTaken) in [(chosen.epoch, false), (known.epoch, true)] {
            let claimed = try await database.transaction { db in
                try PlacementQueries.claim(
                    [("VCPU", 2), ("MEMORY_MB", 64)], on: provider, for: "c", project: ProjectID("p"),
                    user: UserID("u"), epoch: epoch, db)
            }
            #expect(claimed == isTaken)
            let used = try await database.read { try PlacementQueries.inventories(of: provider, $0).map(\.used) }
            #expect(used.reduce(0, +) == (isTaken ? 66 : 0))
        }
        try await database.transaction { _ = try PlacementQueries.release("c", on: provider, $0) }
    }

    /// Another process's index is old; the request that it makes is placed by the store.
    @Test(arguments: StoreKind.here) func anotherProcessPlacesByWhatHolds(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            let compute = lab.compute
            let old = compute.capacity.all
            for host in [1, 2] { try await lab.disable(host) }
            compute.capacity.replace(old)
            #expect(try await lab.hosts() == [3])
        }
    }
}
