import Cloud
import Compute
import Dataplane
import HTTPTypes
import HostLink
import HostProtocol
import Hypervisor
import Image
import Model
import Networking
import Store
import TestSupport
import Testing

/// A host that is another process than the cloud, with the cloud away for a while.
@Suite(.timeLimit(.minutes(3)))
struct RemoteHostTests {
    @Test func aServerBootsAndItsConsoleIsRead() async throws {
        try await SocketCloud.run { cloud in
            try await RemoteHost.run(cloud) { host in
                let id = try await cloud.fixture.boot()
                #expect(try await host.driver.power(of: id) == .running)
                #expect(try await cloud.console(id).text("output") == "login: ")
            }
        }
    }

    @Test func theHostAsksTheCloudAsInOneProcess() async throws {
        try await SocketCloud.run { cloud in
            try await RemoteHost.run(cloud) { host in
                let id = try await cloud.fixture.boot()
                var held = HeldTopology()
                held.take(try await host.channel.topology(holding: [:]))
                let topology = held.topology
                #expect(try await topology == cloud.fixture.cloud.networking.topology(of: "remote-1"))
                #expect(try await host.channel.topology(holding: held.generations).isEmpty)
                let port = try #require(topology.ports.first)
                let answer = try await host.channel.metadata(
                    MetadataRequest(
                        networkID: port.networkID, sourceAddress: try #require(port.addresses.first).address,
                        method: "GET", path: "/latest/meta-data/hostname"))
                #expect(String(decoding: answer.body, as: UTF8.self) == "vm.novalocal")
                let handed = try await host.channel.metadata(
                    MetadataRequest(
                        networkID: port.networkID, sourceAddress: try #require(port.addresses.first).address,
                        method: "POST", path: "/openstack/latest/password", body: Array("secret".utf8)))
                #expect(handed.status == 200)
                let member = cloud.fixture.people.member
                #expect(try await cloud.fixture.cloud.compute.guestPassword(of: id, by: member) == "secret")
                #expect(
                    try await host.channel.configDrive(id).contains { $0.path == "openstack/latest/meta_data.json" })
            }
        }
    }

    /// The network is there from the first port that is bound to the host to the last.
    @Test func aServersNetworkComesAndGoes() async throws {
        try await SocketCloud.run { cloud in
            try await RemoteHost.run(cloud) { host in
                let fixture = cloud.fixture
                func has(ports: Int) async throws {
                    try await eventually("the host has \(ports) ports") {
                        let latest = await host.dataplane.latest
                        return try await latest == fixture.cloud.networking.topology(of: "remote-1")
                            && latest?.ports.count == ports && latest?.networks.isEmpty == (ports == 0)
                    }
                }
                let servers = [try await fixture.boot(), try await fixture.boot()]
                try await has(ports: 2)
                _ = try await fixture.cloud.compute.attach(nil, to: servers[0], by: fixture.people.member)
                try await has(ports: 3)
                for (id, left) in zip(servers, [1, 0]) {
                    try await fixture.cloud.compute.begin(.delete, on: id, by: fixture.people.member)
                    try await has(ports: left)
                }
            }
        }
    }

    private func queuedImage(_ fixture: CloudFixture) async throws -> ImageID {
        let (member, now) = (fixture.people.member, fixture.cloud.image.clock.now())
        return try await fixture.cloud.image.create(
            Model.Image(
                id: .random(), projectID: try member.project(), name: "snapshot", visibility: .private,
                diskFormat: "raw", containerFormat: "bare", properties: try JSONText([:]), tags: try JSONText([]),
                createdAt: now, updatedAt: now), by: member
        ).id
    }

    private func command(_ host: HostID, toFill image: ImageID, _ fixture: CloudFixture) async throws {
        try await fixture.cloud.database.transaction { db in
            try db.insert(
                HostCommand(
                    id: HostCommandID("c"), hostID: host, serverID: .random(), action: .rebootHard,
                    arguments: try JSONText([DesiredCommand.imageArgument: image.text]), state: .running,
                    updatedAt: Timestamp(microseconds: 1)))
        }
    }

    /// They stand in the command's row, whoever asks for them and wherever.
    @Test func theProgressAndTheResultOfACommandAreKept() async throws {
        try await SocketCloud.run { cloud in
            try await RemoteHost.run(cloud) { host in
                let (fixture, id) = (cloud.fixture, HostCommandID("c"))
                try await command(host.id, toFill: .random(), fixture)
                func report(_ state: HostCommand.State, _ progress: Int, _ result: [String: String]? = nil) async throws
                {
                    let answer = CommandReport(id: id, state: state, progress: progress, result: result)
                    try await host.channel.report(
                        HostReport([
                            ServerObservation(
                                hostID: host.id, serverID: .random(), epoch: 0, power: .running, commands: [answer])
                        ]))
                }
                func kept() async throws -> HostCommand? {
                    try await fixture.cloud.database.read { try $0.find(HostCommand.self, key: .id(id)) }
                }
                for (told, shown) in [(7, 7), (40, 40), (400, 100)] {
                    try await report(.running, told)
                    let row = try await kept()
                    #expect(row?.state == .running && row?.progress == shown)
                }
                try await report(.done, 100, ["size": "12"])
                try await report(.running, 50)
                let ended = try await kept()
                #expect(ended?.state == .done && ended?.progress == 100)
                #expect(try ended?.result?.value() == ["size": "12"])
            }
        }
    }

    /// An image goes up at the cloud's pace, by a command that names it; without one it is not there.
    @Test func aHostFillsTheImageThatItsCommandNames() async throws {
        try await SocketCloud.run { cloud in
            try await RemoteHost.run(cloud) { host in
                let fixture = cloud.fixture
                let id = try await queuedImage(fixture)
                let pieces = 50
                func send() async throws {
                    try await host.channel.upload(id) { write in
                        for number in 0..<pieces {
                            try await write([UInt8](repeating: UInt8(number), count: 1 << 20))
                        }
                    }
                }
                let refused = await #expect(throws: CloudError.self) { try await send() }
                #expect(refused?.kind == .notFound)
                try await command(host.id, toFill: id, fixture)
                try await send()
                let image = try await fixture.cloud.image.show(id, by: fixture.people.member)
                #expect(image.status == .active && image.size == pieces << 20)
                // A host that has not heard of it says it again, and changes nothing.
                try await host.channel.upload(id) { write in try await write([1]) }
                #expect(try await fixture.cloud.image.show(id, by: fixture.people.member) == image)
            }
        }
    }

    /// What breaks off leaves an image that can be filled anew.
    @Test func anUploadThatBreaksOffLeavesTheImageQueued() async throws {
        try await SocketCloud.run { cloud in
            try await RemoteHost.run(cloud) { host in
                let fixture = cloud.fixture
                let id = try await queuedImage(fixture)
                try await command(host.id, toFill: id, fixture)
                await #expect(throws: HostFailure.self) {
                    try await host.channel.upload(id) { write in
                        try await write([1, 2, 3])
                        throw HostFailure(message: "The disk cannot be read.", detail: "EIO")
                    }
                }
                try await eventually("the image is queued again") {
                    try await fixture.cloud.image.show(id, by: fixture.people.member).status == .queued
                }
            }
        }
    }

    @Test func whatWasAskedWhileTheLineWasClosedIsDoneWhenItOpens() async throws {
        try await SocketCloud.run { cloud in
            try await RemoteHost.run(cloud) { host in
                try await cloud.door.close()
                let id = try await cloud.create()
                #expect(try await host.driver.power(of: id) == .absent)
                try await cloud.door.open()
                try await cloud.isActive(id)
            }
        }
    }

    @Test func whatAGuestDidWhileTheLineWasClosedIsToldWhenItOpens() async throws {
        try await SocketCloud.run { cloud in
            try await RemoteHost.run(cloud) { host in
                let id = try await cloud.fixture.boot()
                try await cloud.door.close()
                host.driver.guestMoves(id, to: .shutdown)
                try await cloud.door.open()
                try await cloud.fixture.server(id) { $0.settled == .stopped }
            }
        }
    }

    @Test func aHostThatLeftAnswersNoLookUps() async throws {
        try await SocketCloud.run { cloud in
            let booted = Booted()
            try await RemoteHost.run(cloud) { _ in await booted.set(try await cloud.fixture.boot()) }
            let id = try #require(await booted.id)
            let answer = try await cloud.console(id)
            #expect(answer.status == 503, "\(answer)")
        }
    }

    @Test func aHostThatTheCloudDoesNotKnowIsToldToRegister() async throws {
        try await SocketCloud.run { cloud in
            try await RemoteHost.run(cloud) { host in
                try await cloud.forget(host.id)
                await #expect {
                    try await host.channel.topology(holding: [:])
                } throws: { error in
                    (error as? CloudError)?.message.contains("restart its agent") == true
                }
            }
        }
    }

    @Test func aSocketThatIsNotThereIsAnUnreachableCloud() async throws {
        try await SocketCloud.run { cloud in
            try await RemoteHost.run(cloud, patienceSeconds: 10) { host in
                try await cloud.door.close()
                await #expect(throws: ControlPlaneUnreachable.self) {
                    try await host.channel.topology(holding: [:])
                }
            }
        }
    }
}

private actor Booted {
    private(set) var id: ServerID?

    func set(_ id: ServerID) {
        self.id = id
    }
}
