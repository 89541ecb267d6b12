import HTTPTypes
import Cloud
import Compute
import Identity
import Model
import Networking
import Store
import TestSupport
import Testing

/// What a cloud holds at first, and that later starts leave alone what became of it.
@Suite(.timeLimit(.minutes(3)))
struct SeedTests {
    private func plant(_ fixture: CloudFixture) async throws {
        var options = Seed.Options(adminPassword: People.password)
        options.unlimitedAdmin = true
        try await Seed(fixture.cloud, options).plant()
    }

    /// The operator makes the cloud another than it was planted.
    private func change(_ fixture: CloudFixture) async throws {
        let cloud = fixture.cloud
        let admin = try fixture.people.admin.project()
        let renamed = try await fixture.request(
            .patch, "/identity/v3/projects/\(admin)", as: .admin, json: #"{"project": {"name": "operators"}}"#)
        #expect(renamed.status == 200, "\(renamed)")
        try await cloud.compute.deleteFlavor(FlavorID("3"))
        let network = try #require(
            try await cloud.networking.networks(by: fixture.people.admin).first { $0.name == "default" })
        let subnet = try #require(try await cloud.networking.subnets(of: network.id).first)
        _ = try await cloud.networking.update(subnet.id, by: fixture.people.admin) { (subnet: inout Subnet) in
            subnet.name = "renamed"
        }
    }

    private func expectAsChanged(_ fixture: CloudFixture) async throws {
        let cloud = fixture.cloud
        let projects = try await cloud.identity.list(Project.self).map(\.name)
        #expect(projects.contains("operators") && !projects.contains("admin"))
        #expect(
            try await !cloud.compute.flavors(isPublic: nil, by: fixture.people.admin).map(\.name).contains("m1.medium"))
        let quotas = try await cloud.compute.quotas(of: try fixture.people.admin.project())
        #expect(quotas.first { $0.resource == "instances" }?.limit != Quota.unlimited)
    }

    @Test func aLaterStartPlantsNothing() async throws {
        try await CloudFixture.run { fixture async throws in
            try await change(fixture)
            try await plant(fixture)
            try await expectAsChanged(fixture)
        }
    }

    @Test func aCloudThatWasPlantedBeforeThereWasWordOfItIsLeftAlone() async throws {
        try await CloudFixture.run { fixture async throws in
            try await fixture.cloud.database.transaction { db in
                try db.execute("DELETE FROM change_feed WHERE topic = 'seed'", [])
            }
            try await change(fixture)
            try await plant(fixture)
            try await expectAsChanged(fixture)
            let state = try await fixture.cloud.database.read { try SeedQueries.state($0) }
            #expect(state == .planted)
        }
    }

    @Test func aFirstStartThatWasCutShortIsTakenUpAgain() async throws {
        try await CloudFixture.run { fixture async throws in
            let cloud = fixture.cloud
            try await cloud.database.transaction { try SeedQueries.set(.begun, $0) }
            try await cloud.compute.deleteFlavor(FlavorID("3"))
            try await plant(fixture)
            let names = try await cloud.compute.flavors(isPublic: nil, by: fixture.people.admin).map(\.name)
            #expect(names.contains("m1.medium") && names.count == 6)
            #expect(try await cloud.networking.networks(by: fixture.people.admin).count == 2)
            let state = try await cloud.database.read { try SeedQueries.state($0) }
            #expect(state == .planted)
        }
    }
}
