import Cloud
import Compute
import Foundation
import HTTPTypes
import HostLink
import HostProtocol
import Model
import Networking
import TestSupport
import Testing

/// A guest hands its administrator's password over, encrypted, and its owner reads it.
@Suite(.timeLimit(.minutes(3)))
struct GuestPasswordTests {
    private static let path = "/openstack/latest/password"

    /// A server that runs, as its guest and as its owner see it.
    private struct Guest {
        var fixture: CloudFixture
        var id: ServerID
        var network: NetworkID
        var address: String

        static func boot(_ fixture: CloudFixture, as role: People.Role = .member) async throws -> Guest {
            let id = try await fixture.boot(as: role)
            let caller = fixture.people.caller(role)
            let port = try #require(try await fixture.cloud.compute.attachments(of: id, by: caller).first?.port)
            let address = try #require(try port.fixedIPs.value().first?.ipAddress)
            return Guest(fixture: fixture, id: id, network: port.networkID, address: address)
        }

        func ask(_ method: String, _ path: String, _ body: [UInt8]? = nil) async throws -> MetadataResponse {
            try await fixture.host.channel.metadata(
                MetadataRequest(networkID: network, sourceAddress: address, method: method, path: path, body: body))
        }

        func post(_ text: String, to path: String = path) async throws -> Int {
            try await ask("POST", path, Array(text.utf8)).status
        }

        func password(at path: String = path) async throws -> String {
            let answer = try await ask("GET", path)
            #expect(answer.status == 200)
            return String(decoding: answer.body, as: UTF8.self)
        }

        func api(_ method: HTTPRequest.Method, as role: People.Role = .member) async throws -> Answer {
            try await fixture.request(method, "/compute/v2.1/servers/\(id)/os-server-password", as: role)
        }
    }

    private func run(on kind: StoreKind, _ body: @Sendable (CloudFixture) async throws -> Void) async throws {
        var options = CloudFixture.Options()
        if kind != .sqlite { options.database = try await ScratchStore(on: kind) }
        try await CloudFixture.run(options, body)
    }

    @Test(arguments: StoreKind.here) func aGuestHandsOneOverAndItsOwnerReadsAndClearsIt(kind: StoreKind) async throws {
        try await run(on: kind) { fixture in
            let guest = try await Guest.boot(fixture)
            #expect(try await guest.password().isEmpty)
            #expect(try await guest.api(.get).text("password").isEmpty)
            #expect(try await guest.post("c2VjcmV0") == 200)
            #expect(try await guest.password() == "c2VjcmV0")
            #expect(try await guest.post("another") == 409)
            #expect(try await guest.post(String(repeating: "x", count: 2000)) == 409)
            #expect(try await guest.api(.get, as: .reader).text("password") == "c2VjcmV0")
            #expect(try await guest.api(.delete, as: .reader).status == 403)
            #expect(try await guest.api(.delete).status == 204)
            #expect(try await guest.api(.get).text("password").isEmpty)
            #expect(try await guest.post("another") == 200)
            #expect(try await guest.api(.get, as: .admin).text("password") == "another")
        }
    }

    @Test func eachVersionThatListsItHasIt() async throws {
        try await CloudFixture.run { fixture in
            let guest = try await Guest.boot(fixture)
            #expect(try await guest.post("p", to: "/openstack/2013-04-04/password") == 200)
            let versions = try await guest.password(at: "/openstack").split(separator: "\n").map(String.init)
            for version in versions where version != "2012-08-10" {
                let listed = try await guest.password(at: "/openstack/\(version)").split(separator: "\n")
                #expect(listed.contains("password"))
                #expect(try await guest.password(at: "/openstack/\(version)/password") == "p")
                #expect(try await guest.ask("HEAD", "/openstack/\(version)/password").status == 200)
            }
            #expect(try await guest.ask("GET", "/openstack/2012-08-10/password").status == 404)
            #expect(try await guest.post("p", to: "/openstack/2012-08-10/password") == 405)
            #expect(try await guest.post("p", to: "/openstack/latest/meta_data.json") == 405)
            #expect(try await guest.ask("PUT", Self.path, [0x70]).status == 400)
        }
    }

    @Test(
        arguments: [
            ([UInt8](repeating: 0x78, count: 1021), 400), ([0xff, 0xfe], 400), ([0x61, 0], 400), ([], 200), (nil, 503),
        ] as [([UInt8]?, Int)])
    func whatIsNoPasswordIsNotKept(body: [UInt8]?, status: Int) async throws {
        try await CloudFixture.run { fixture in
            let guest = try await Guest.boot(fixture)
            #expect(try await guest.ask("POST", Self.path, body).status == status)
            #expect(try await guest.password().isEmpty)
            let longest = String(repeating: "é", count: 510)
            #expect(try await guest.post(longest) == 200)
            #expect(try await guest.api(.get).text("password") == longest)
        }
    }

    /// Two tenants on one network differ in their addresses alone.
    @Test func aGuestHasItsOwnAndNoOther() async throws {
        try await CloudFixture.run { fixture in
            let mine = try await Guest.boot(fixture)
            let other = try await Guest.boot(fixture, as: .stranger)
            #expect(try await other.post("theirs") == 200)
            #expect(try await mine.password().isEmpty)
            #expect(try await mine.post("mine") == 200)
            #expect(try await other.password() == "theirs")
            #expect(try await mine.password() == "mine")
            #expect(try await mine.api(.get, as: .stranger).status == 404)
            #expect(try await mine.api(.delete, as: .stranger).status == 404)
            var nobody = mine
            nobody.address = "192.0.2.77"
            #expect(try await nobody.post("nobody's") == 404)
            #expect(try await mine.password() == "mine")
        }
    }

    @Test func oneOfManyAtOnceIsKept() async throws {
        try await CloudFixture.run { fixture in
            let guest = try await Guest.boot(fixture)
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<8 { group.addTask { try await guest.post("p\(number)") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.sorted() == [200] + Array(repeating: 409, count: 7))
        }
    }

    @Test func anAgentOfAnOlderReleaseTellsOfNoBody() throws {
        let older = #"{"networkID": "n", "sourceAddress": "10.0.0.2", "method": "GET", "path": "/"}"#
        let request = try JSONDecoder().decode(MetadataRequest.self, from: Data(older.utf8))
        #expect(request.body == nil)
    }
}
