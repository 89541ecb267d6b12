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

/// Servers that are shelved, and servers that are deleted for a while.
@Suite(.timeLimit(.minutes(3)))
struct SetAsideTests {
    private func expectNoDifference(_ fixture: CloudFixture) async throws {
        #expect(try await StoreAudit.differences(in: fixture.cloud.database) == [])
    }

    private func images(_ fixture: CloudFixture) async throws -> Answer {
        try await fixture.request(.get, "/image/v2/images?name=vm-shelved")
    }

    private func shelved(_ fixture: CloudFixture, in settled: SettledState) async throws -> ServerID {
        let id = try await fixture.boot()
        #expect(try await fixture.act(id, #"{"shelve": null}"#).status == 202)
        try await fixture.server(id) { $0.operation == nil && $0.settled == settled }
        return id
    }

    private static func staying() -> CloudFixture.Options {
        var options = CloudFixture.Options()
        options.setAside.offload = nil
        return options
    }

    private static func keepingDeleted() -> CloudFixture.Options {
        var options = CloudFixture.Options()
        options.setAside.reclaim = 3600
        return options
    }

    @Test func aShelvedServerHoldsNoHostAndComesBackAsItWas() async throws {
        try await CloudFixture.run { fixture in
            let before = try await fixture.boot()
            let shown = try await fixture.request(.get, "/compute/v2.1/servers/\(before)", version: "2.100")
            #expect(try await fixture.act(before, #"{"shelve": null}"#).status == 202)
            let row = try await fixture.server(before) { $0.operation == nil }
            #expect(row.settled == .shelvedOffloaded && row.hostID == nil)
            let offloaded = try await fixture.request(.get, "/compute/v2.1/servers/\(before)", version: "2.100")
            #expect(offloaded.at("server.status") == .string("SHELVED_OFFLOADED"))
            #expect(offloaded.at("server.addresses") == shown.at("server.addresses"))
            let held = try await fixture.holdings()
            #expect((held.guests, held.allocations, held.ports, held.instances) == (0, 0, 1, 1))
            try await expectNoDifference(fixture)
            let image = try await images(fixture)
            #expect(image.at("images.0.status") == .string("active"), "\(image)")
            #expect(image.at("images.0.owner") == .string(fixture.people.demo.text))
            #expect(try await fixture.act(before, #"{"unshelve": null}"#).status == 202)
            let back = try await fixture.server(before) { $0.operation == nil }
            #expect(back.settled == .active && back.imageID == fixture.image && back.hostID != nil)
            #expect(try await images(fixture).at("images.0") == nil)
            let after = try await fixture.request(.get, "/compute/v2.1/servers/\(before)", version: "2.100")
            #expect(after.at("server.addresses") == shown.at("server.addresses"))
            try await expectNoDifference(fixture)
        }
    }

    /// A host may be told later to forget the server, by an administrator or by the time that passes.
    @Test(arguments: [true, false])
    func aServerMayStayOnItsHostForAWhile(_ byHand: Bool) async throws {
        try await CloudFixture.run(Self.staying()) { fixture in
            let id = try await shelved(fixture, in: .shelved)
            let place = #"{"unshelve": {"availability_zone": "nova"}}"#
            #expect(try await fixture.act(id, place).status == 409)
            try await expectNoDifference(fixture)
            if byHand {
                #expect(try await fixture.act(id, #"{"shelveOffload": null}"#).status == 403)
                #expect(try await fixture.act(id, #"{"shelveOffload": null}"#, as: .admin).status == 202)
                try await fixture.server(id) { $0.operation == nil && $0.settled == .shelvedOffloaded }
            }
            #expect(try await fixture.act(id, #"{"unshelve": null}"#).status == 202)
            try await fixture.server(id) { $0.operation == nil && $0.settled == .active }
            try await expectNoDifference(fixture)
        }
    }

    @Test func unshelvingHeedsZonesAndHosts() async throws {
        var options = CloudFixture.Options()
        options.hosts = 2
        try await CloudFixture.run(options) { fixture in
            let id = try await shelved(fixture, in: .shelvedOffloaded)
            let names = try await fixture.cloud.database.read { try HostQueries.all($0) }.map(\.hostname)
            for (body, version, role, status) in [
                (#"{"availability_zone": "elsewhere"}"#, "2.77", People.Role.member, 400),
                ("{}", "2.77", .member, 400), (#"{"availability_zone": "nova", "host": "x"}"#, "2.77", .member, 400),
                (#"{"availability_zone": null}"#, "2.77", .member, 400), (#"{"host": "none"}"#, "2.91", .admin, 400),
                (#"{"host": "\#(names[0])"}"#, "2.91", .member, 403), (#"{"more": 1}"#, "2.91", .member, 400),
                ("null", "2.91", .reader, 403), ("null", "2.91", .stranger, 404),
            ] {
                let answer = try await fixture.act(id, #"{"unshelve": \#(body)}"#, as: role, version: version)
                #expect(answer.status == status, "\(body): \(answer)")
            }
            let wanted = #"{"unshelve": {"availability_zone": "nova", "host": "\#(names[1])"}}"#
            #expect(try await fixture.act(id, wanted, as: .admin, version: "2.91").status == 202)
            let server = try await fixture.server(id) { $0.operation == nil && $0.settled == .active }
            #expect(server.requestedZone == "nova")
            #expect(try await fixture.cloud.compute.hostname(ofAny: id) == names[1])
            try await expectNoDifference(fixture)
        }
    }

    /// Nothing changes where no host has room, or where the image is gone.
    @Test func oneThatCannotComeBackStaysAsItIs() async throws {
        try await CloudFixture.run { fixture in
            let id = try await shelved(fixture, in: .shelvedOffloaded)
            let held = try await fixture.holdings()
            let host = try await fixture.cloud.database.read { try HostQueries.all($0) }[0]
            _ = try await fixture.cloud.compute.changeService(of: host.id, ServiceChange(isDisabled: true))
            let refused = try await fixture.act(id, #"{"unshelve": null}"#)
            #expect(refused.status == 400 && "\(refused)".contains("No valid host was found"), "\(refused)")
            _ = try await fixture.cloud.compute.changeService(of: host.id, ServiceChange(isDisabled: false))
            for each in fixture.hosts { each.driver.fail(.start) }
            #expect(try await fixture.act(id, #"{"unshelve": null}"#).status == 202)
            try await fixture.server(id) { $0.operation == nil && $0.settled == .shelvedOffloaded }
            try await eventually("nothing is held") { try await fixture.holdings() == held }
            let image = try await images(fixture).at("images.0.id")?.jsonText.replacing("\"", with: "") ?? ""
            #expect(try await fixture.request(.delete, "/image/v2/images/\(image)").status == 204)
            #expect(try await fixture.act(id, #"{"unshelve": null}"#).status == 409)
            try await expectNoDifference(fixture)
        }
    }

    @Test func whatKeepsAServerGoesWithIt() async throws {
        try await CloudFixture.run { fixture in
            let id = try await shelved(fixture, in: .shelvedOffloaded)
            #expect(try await fixture.request(.delete, "/compute/v2.1/servers/\(id)").status == 204)
            try await fixture.server(id) { $0.settled == .deleted }
            #expect(try await images(fixture).at("images.0") == nil)
            #expect(try await fixture.holdings() == Holdings())
            try await expectNoDifference(fixture)
        }
    }

    @Test func aDeletedServerCanBeRestored() async throws {
        try await CloudFixture.run(Self.keepingDeleted()) { fixture in
            let id = try await fixture.boot()
            #expect(try await fixture.act(id, #"{"restore": null}"#).status == 409)
            #expect(try await fixture.request(.delete, "/compute/v2.1/servers/\(id)").status == 204)
            try await fixture.server(id) { $0.settled == .softDeleted && $0.operation == nil }
            try await expectNoDifference(fixture)
            let shown = try await fixture.request(.get, "/compute/v2.1/servers/\(id)")
            #expect(shown.at("server.status") == .string("SOFT_DELETED"))
            for (query, role, isThere) in [
                ("", People.Role.member, false), ("?status=SOFT_DELETED", .member, true),
                ("?all_tenants=1", .admin, false), ("?all_tenants=1&soft_deleted=1", .admin, true),
                ("?all_tenants=1&deleted=1", .admin, true), ("?all_tenants=1&deleted=0", .admin, false),
            ] {
                let list = try await fixture.request(.get, "/compute/v2.1/servers\(query)", as: role)
                #expect((list.at("servers.0.id") == .string(id.text)) == isThere, "\(query): \(list)")
            }
            #expect(try await fixture.request(.delete, "/compute/v2.1/servers/\(id)").status == 204)
            #expect(try await fixture.act(id, #"{"restore": null}"#, as: .stranger).status == 404)
            #expect(try await fixture.act(id, #"{"restore": null}"#).status == 202)
            try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
            try await expectNoDifference(fixture)
        }
    }

    @Test func restoringNeedsQuotaAndWhatIsNotRestoredGoes() async throws {
        try await CloudFixture.run(Self.keepingDeleted()) { fixture in
            let id = try await fixture.boot()
            try await fixture.cloud.compute.delete(id, by: fixture.people.member)
            try await fixture.server(id) { $0.settled == .softDeleted && $0.operation == nil }
            try await fixture.cloud.database.transaction {
                try QuotaQueries.setLimit(0, of: "cores", for: fixture.people.demo, $0)
            }
            let refused = try await fixture.act(id, #"{"restore": null}"#)
            #expect(refused.status == 403 && "\(refused)".contains("Quota exceeded for cores"), "\(refused)")
            try await expectNoDifference(fixture)
            #expect(try await fixture.act(id, #"{"forceDelete": null}"#).status == 202)
            try await fixture.server(id) { $0.settled == .deleted }
            #expect(try await fixture.holdings() == Holdings())
            try await expectNoDifference(fixture)
        }
    }

    /// One that was never built has nothing to come back to.
    @Test func aServerThatNeverRanGoesAtOnce() async throws {
        try await CloudFixture.run(Self.keepingDeleted()) { fixture in
            for each in fixture.hosts { each.driver.fail(.start, times: nil) }
            let id = try #require(try await fixture.create().first?.id)
            try await fixture.server(id) { $0.settled == .error && $0.operation == nil }
            try await fixture.cloud.compute.delete(id, by: fixture.people.member)
            try await fixture.server(id) { $0.settled == .deleted }
        }
    }

    @Test func whatWasSetAsideForLongEnoughGoesOn() async throws {
        var options = CloudFixture.Options()
        options.setAside.offload = 1
        options.setAside.reclaim = 1
        try await CloudFixture.run(options) { fixture in
            let id = try await fixture.boot()
            try await fixture.cloud.compute.shelve(id, by: fixture.people.member)
            try await eventually("it leaves its host") {
                try await fixture.cloud.compute.endSettingAside()
                return try await fixture.server(id).settled == .shelvedOffloaded
            }
            try await fixture.cloud.compute.delete(id, by: fixture.people.member)
            try await eventually("it is gone") {
                try await fixture.cloud.compute.endSettingAside()
                return try await fixture.server(id).settled == .deleted
            }
            #expect(try await fixture.holdings() == Holdings())
        }
    }

    /// A shelved server that is deleted for a while is restored as a shelved one.
    @Test func theImageOfAShelvedServerIsKeptWithIt() async throws {
        try await CloudFixture.run(Self.keepingDeleted()) { fixture in
            let id = try await shelved(fixture, in: .shelvedOffloaded)
            try await fixture.cloud.compute.delete(id, by: fixture.people.member)
            try await fixture.server(id) { $0.settled == .softDeleted && $0.operation == nil }
            try await expectNoDifference(fixture)
            try await fixture.cloud.compute.restore(id, by: fixture.people.member)
            try await fixture.server(id) { $0.settled == .shelvedOffloaded && $0.operation == nil }
            try await fixture.cloud.compute.unshelve(id, to: .init(), by: fixture.people.member)
            try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
            try await expectNoDifference(fixture)
        }
    }
}
