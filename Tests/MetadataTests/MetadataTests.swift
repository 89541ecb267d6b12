import Cloud
import Compute
import Foundation
import HostLink
import HTTPTypes
import HostProtocol
import Metadata
import Model
import Networking
import Testing
import TestSupport
import Wire

/// What a guest of the cloud reads at 169.254.169.254, as its host asks for it.
@Suite(.timeLimit(.minutes(3)))
struct MetadataTests {
    @Test func goldenOpenStackTree() async throws {
        try await Guest.run { guest async throws in
            var text = try await guest.text("/openstack")
            #expect(text == MetadataTree.versions.map { $0 + "\n" }.joined())
            for version in ["2012-08-10", "2013-10-17", "2018-08-27", "latest"] {
                text += "[\(version)]\n" + (try await guest.text("/openstack/\(version)/"))
            }
            for name in ["meta_data.json", "network_data.json", "vendor_data.json", "vendor_data2.json", "user_data"] {
                text += "[\(name)]\n" + (try await guest.text("/openstack/latest/\(name)")) + "\n"
            }
            try expectGolden("metadata/openstack.txt", text)
        }
    }

    @Test func goldenEC2Tree() async throws {
        try await Guest.run { guest async throws in
            let versions = try await guest.text("/")
            let text = "[/]\n\(versions)\n" + (try await guest.tree("/latest/"))
            try expectGolden("metadata/ec2.txt", text)
        }
    }

    @Test func goldenConfigDrive() async throws {
        try await Guest.run { guest async throws in
            let files = try await guest.fixture.host.channel.configDrive(guest.id)
            try expectGolden("metadata/config-drive.txt", files.map(\.path).sorted().joined(separator: "\n") + "\n")
            for file in files where file.path == "openstack/latest/user_data" {
                #expect(file.content == Guest.userData)
            }
        }
    }

    /// Nova's `content`: a guest finds the files by what `meta_data.json` says, on both ways.
    @Test func filesOfTheUserAreThere() async throws {
        let files = [
            InjectedFile(path: "/etc/motd", contents: Data("hello".utf8).base64EncodedString()),
            InjectedFile(path: "/etc/empty", contents: ""),
        ]
        try await Guest.run(files: files) { guest async throws in
            let described = try await guest.text("/openstack/latest/meta_data.json")
            #expect(
                described.contains(
                    #""files":[{"path":"/etc/motd","content_path":"/content/0000"},"#
                        + #"{"path":"/etc/empty","content_path":"/content/0001"}]"#), "\(described)")
            #expect(try await guest.text("/openstack/content/0000") == "hello")
            #expect(try await guest.text("/openstack/content/0001").isEmpty)
            for path in ["/openstack/content", "/openstack/content/0002", "/openstack/content/0000/x"] {
                #expect(try await guest.get(path).status == 404, "\(path)")
            }
            let drive = try await guest.fixture.host.channel.configDrive(guest.id)
            let content = drive.filter { $0.path.hasPrefix("openstack/content/") }
            #expect(content.map(\.path) == ["openstack/content/0000", "openstack/content/0001"])
            #expect(content.first?.content == Array("hello".utf8))
        }
    }

    /// What DHCP does not tell stands here: the MTU, addresses and routes.
    @Test func aNetworkWithoutDHCPIsToldWhole() async throws {
        try await Guest.run { guest async throws in
            #expect(try await guest.text("/openstack/latest/network_data.json").contains(#""mtu":null"#))
            let subnets = try await guest.fixture.request(.get, "/network/v2.0/subnets?cidr=10.20.0.0/24", as: .admin)
            let changed = try await guest.fixture.request(
                .put, "/network/v2.0/subnets/\(subnets.text("subnets.0.id"))", as: .admin,
                json: #"""
                    {"subnet": {"enable_dhcp": false,
                        "host_routes": [{"destination": "192.0.2.0/25", "nexthop": "10.20.0.9"}]}}
                    """#)
            #expect(changed.status == 200, "\(changed)")
            let text = try await guest.text("/openstack/latest/network_data.json")
            #expect(text.contains(#""mtu":1500"#))
            #expect(
                text.contains(
                    #""routes":[{"network":"192.0.2.0","netmask":"255.255.255.128","gateway":"10.20.0.9"},"#
                        + #"{"network":"0.0.0.0","netmask":"0.0.0.0","gateway":"10.20.0.1"}]"#), "\(text)")
        }
    }

    /// Three keys of one import are three entries, each with one key.
    @Test func eachKeyIsAnEntryOfItsOwn() async throws {
        try await Guest.run { guest async throws in
            #expect(try await guest.text("/latest/meta-data/public-keys/") == "0=mine\n1=mine-2\n2=mine-3")
            for index in 0..<3 {
                let line = try await guest.text("/latest/meta-data/public-keys/\(index)/openssh-key")
                #expect(line == Guest.keys[index] + "\n")
            }
            #expect(try await guest.get("/latest/meta-data/public-keys/3/openssh-key").status == 404)
        }
    }

    /// Windows guests look for it by its type.
    @Test func aCertificateIsToldAsOne() async throws {
        try await Guest.run { guest async throws in
            let (compute, member) = (guest.fixture.cloud.compute, guest.fixture.people.member)
            let (pair, _) = try await compute.generateKeypair("c", type: "x509", for: member.userID, by: member)
            let server = try #require(try await guest.fixture.create("win") { $0.keyName = "c" }.first)
            try await guest.fixture.server(server.id) { $0.settled == .active }
            var windows = guest
            let port = try #require(try await compute.attachments(of: server.id, by: member).first?.port)
            windows.address = try #require(try port.fixedIPs.value().first?.ipAddress)
            windows.network = port.networkID
            #expect(try await windows.text("/latest/meta-data/public-keys/0/openssh-key") == pair.publicKey)
            let keys = try JSONValue(parsing: try await windows.get("/openstack/latest/meta_data.json").body).at(
                "keys.0")
            #expect(keys?.at("type") == .string("x509") && keys?.at("data") == .string(pair.publicKey))
        }
    }

    /// A listing marks folders, or cloud-init takes them for values.
    @Test func foldersEndWithASlash() async throws {
        try await Guest.run { guest async throws in
            let entries = try await guest.text("/latest/meta-data/").split(separator: "\n").map(String.init)
            #expect(
                entries.filter { $0.hasSuffix("/") } == ["block-device-mapping/", "placement/", "public-keys/"])
            #expect(entries.contains("instance-id"))
        }
    }

    @Test func onlyTheGuestItselfIsAnswered() async throws {
        try await Guest.run { guest async throws in
            var other = guest
            other.address = "10.20.0.250"
            #expect(try await other.get("/openstack/latest/meta_data.json").status == 404)
            other = guest
            other.network = .random()
            #expect(try await other.get("/openstack/latest/meta_data.json").status == 404)
            #expect(try await guest.get("/openstack/latest/meta_data.json", method: "POST").status == 405)
            for path in [
                "/openstack/latest/../meta_data.json", "/openstack/1999-01-01", "/etc/passwd", "/latest/nothing",
            ] {
                #expect(try await guest.get(path).status == 404, "\(path)")
            }
        }
    }

    private func expectGolden(_ name: String, _ text: String) throws {
        let normalised = Normalised.text(text)
        #expect(try Golden.text(name, rewrittenWith: normalised) == normalised)
    }
}

/// A server with everything that metadata tells, seen from inside.
private struct Guest: Sendable {
    static let userData = Array("#cloud-config\n".utf8)
    static let keys = (1...3).map { number in
        let type: [UInt8] = [0, 0, 0, 11] + Array("ssh-ed25519".utf8)
        let blob = type + [0, 0, 0, 32] + [UInt8](repeating: UInt8(number), count: 32)
        return "ssh-ed25519 \(Data(blob).base64EncodedString()) key\(number)"
    }

    var fixture: CloudFixture
    var id: ServerID
    var network: NetworkID
    var address: String

    static func run(
        files: [InjectedFile] = [], _ body: @Sendable (Guest) async throws -> Void
    ) async throws {
        try await CloudFixture.run { fixture in
            let (compute, member) = (fixture.cloud.compute, fixture.people.member)
            _ = try await compute.importKeypair(
                "mine", type: "ssh", publicKey: keys.joined(separator: "\n"), for: member.userID, by: member)
            let networks = try await fixture.cloud.networking.networks(by: member)
            let home = try #require(networks.first { $0.isDefault })
            let made = try await fixture.create("web 1") { request in
                request.nics = [RequestedNIC(networkID: home.id, tag: "front")]
                request.keyName = "mine"
                request.metadata = ["role": "web", "tier": "\"front\""]
                request.userData = Data(userData).base64EncodedString()
                request.files = files
            }
            let id = try #require(made.first?.id)
            try await fixture.server(id) { $0.settled == .active }
            let port = try #require(try await compute.attachments(of: id, by: member).first?.port)
            let address = try #require(try port.fixedIPs.value().first?.ipAddress)
            try await body(Guest(fixture: fixture, id: id, network: port.networkID, address: address))
        }
    }

    func get(_ path: String, method: String = "GET") async throws -> MetadataResponse {
        try await fixture.host.channel.metadata(
            MetadataRequest(networkID: network, sourceAddress: address, method: method, path: path))
    }

    func text(_ path: String) async throws -> String {
        let answer = try await get(path)
        return answer.status == 200 ? String(decoding: answer.body, as: UTF8.self) : "\(answer.status)"
    }

    /// Every path below a folder, by following its listing.
    func tree(_ folder: String) async throws -> String {
        var result = "[\(folder)]\n"
        for line in try await text(folder).split(separator: "\n").map(String.init) {
            let isKey = line.contains("=")
            let name = isKey ? String(line.prefix { $0 != "=" }) + "/" : line
            if name.hasSuffix("/") {
                result += try await tree(folder + name)
            } else {
                result += "\(name): \(try await text(folder + name))\n"
            }
        }
        return result
    }
}
