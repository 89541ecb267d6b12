import Cloud
import Compute
import HTTPTypes
import Hypervisor
import InMemoryLogging
import Logging
import Model
import Store
import TestSupport
import Testing
import Wire

/// How consoles are asked for, as Nova has it at each version.
@Suite(.timeLimit(.minutes(3)))
struct RemoteConsoleTests {
    private static func ask(
        _ fixture: CloudFixture, _ id: ServerID, _ protocolName: String, _ type: String, version: String = "2.6",
        as role: People.Role = .member
    ) async throws -> Answer {
        try await fixture.request(
            .post, "/compute/v2.1/servers/\(id)/remote-consoles", as: role, version: version,
            json: #"{"remote_console": {"protocol": "\#(protocolName)", "type": "\#(type)"}}"#)
    }

    private static func act(
        _ fixture: CloudFixture, _ id: ServerID, _ action: String, _ body: String, version: String = "2.1"
    ) async throws -> Answer {
        try await fixture.request(
            .post, "/compute/v2.1/servers/\(id)/action", version: version, json: #"{"\#(action)": \#(body)}"#)
    }

    /// The token at the end of a console's address.
    private static func token(_ url: String) -> String { String(url.suffix(64)) }

    private static func shown(
        _ fixture: CloudFixture, _ token: String, version: String = "2.31"
    ) async throws -> Answer {
        try await fixture.request(
            .get, "/compute/v2.1/os-console-auth-tokens/\(token)", as: .admin, version: version)
    }

    @Test func aConsoleIsAnAddressOfTheCloudItself() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            for version in ["2.6", "2.8", "2.99", "2.104"] {
                let screen = try await Self.ask(fixture, id, "vnc", "novnc", version: version)
                let page = "http://cloud.test/console/novnc/vnc_lite.html?path=console/websocket%3Ftoken%3D"
                let url = screen.text("remote_console.url")
                #expect(screen.status == 200 && url == page + Self.token(url), "\(screen)")
                #expect(screen.text("remote_console.protocol") == "vnc", "\(screen)")
                #expect(screen.text("remote_console.type") == "novnc", "\(screen)")
                let serial = try await Self.ask(fixture, id, "serial", "serial", version: version)
                let line = serial.text("remote_console.url")
                #expect(line == "ws://cloud.test/console/websocket?token=\(Self.token(line))", "\(serial)")
            }
            for (action, type, start) in [
                ("os-getVNCConsole", "novnc", "http://cloud.test/console/novnc/vnc_lite.html?path="),
                ("os-getSerialConsole", "serial", "ws://cloud.test/console/websocket?token="),
            ] {
                let answer = try await Self.act(fixture, id, action, #"{"type": "\#(type)"}"#, version: "2.5")
                #expect(answer.status == 200 && answer.text("console.type") == type, "\(answer)")
                #expect(answer.text("console.url").hasPrefix(start), "\(answer)")
            }
        }
    }

    @Test func aProxysAddressIsWhatConsolesBeginWith() async throws {
        var options = CloudFixture.Options()
        options.publicURL = "https://cloud.example.org/below"
        try await CloudFixture.run(options) { fixture async throws in
            let id = try await fixture.boot()
            let screen = try await Self.ask(fixture, id, "vnc", "novnc").text("remote_console.url")
            let page = "https://cloud.example.org/below/console/novnc/vnc_lite.html?path=below/console/websocket%3F"
            #expect(screen.hasPrefix(page), "\(screen)")
            let line = try await Self.ask(fixture, id, "serial", "serial").text("remote_console.url")
            #expect(line.hasPrefix("wss://cloud.example.org/below/console/websocket?token="), "\(line)")
        }
    }

    @Test func whatIsNotEnabledIsRefusedInNovasWords() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            for (protocolName, type, version, words) in [
                ("spice", "spice-html5", "2.6", "Unavailable console type spice-html5."),
                ("spice", "spice-direct", "2.99", "Unavailable console type spice-direct."),
                ("spice", "spice-direct", "2.98", "Invalid input for field/attribute type."),
                ("mks", "webmks", "2.8", "Unavailable console type webmks."),
                ("mks", "webmks", "2.7", "Invalid input for field/attribute protocol."),
                ("vnc", "webmks", "2.7", "Invalid input for field/attribute type."),
                ("rdp", "rdp-html5", "2.6", "Unavailable console type rdp."),
                ("vnc", "xvpvnc", "2.6", "Invalid console type xvpvnc"),
                ("vnc", "serial", "2.6", "Invalid console type serial"),
                ("serial", "novnc", "2.6", "Invalid console type novnc"),
                ("telnet", "novnc", "2.6", "Invalid input for field/attribute protocol."),
            ] {
                let answer = try await Self.ask(fixture, id, protocolName, type, version: version)
                let said = answer.text("badRequest.message")
                #expect(answer.status == 400 && said.hasPrefix(words), "\(protocolName) \(type) \(version): \(answer)")
            }
            for body in [
                "{}", #"{"remote_console": {}}"#, #"{"remote_console": {"protocol": "vnc"}}"#,
                #"{"remote_console": {"protocol": "vnc", "type": null}}"#,
                #"{"remote_console": {"protocol": "vnc", "type": "novnc", "x": 1}}"#,
            ] {
                let answer = try await fixture.request(
                    .post, "/compute/v2.1/servers/\(id)/remote-consoles", version: "2.6", json: body)
                #expect(answer.status == 400, "\(body): \(answer)")
            }
        }
    }

    @Test func anActionForEachKindIsThereToVersion25() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            for (action, body, status) in [
                ("os-getVNCConsole", #"{"type": "novnc"}"#, 200), ("os-getVNCConsole", #"{"type": "xvpvnc"}"#, 400),
                ("os-getVNCConsole", "{}", 400), ("os-getVNCConsole", #"{"type": "novnc", "x": 1}"#, 400),
                ("os-getSerialConsole", #"{"type": "serial"}"#, 200), ("os-getSerialConsole", #"{"type": "x"}"#, 400),
                ("os-getSPICEConsole", #"{"type": "spice-html5"}"#, 400),
                ("os-getRDPConsole", #"{"type": "rdp-html5"}"#, 410),
            ] {
                let old = try await Self.act(fixture, id, action, body, version: "2.5")
                #expect(old.status == status, "\(action) \(body): \(old)")
                let new = try await Self.act(fixture, id, action, body, version: "2.6")
                #expect(new.status == 404, "\(action) at 2.6: \(new)")
            }
            let early = try await Self.ask(fixture, id, "vnc", "novnc", version: "2.5")
            #expect(early.status == 404, "\(early)")
        }
    }

    @Test func aTokenTellsAnAdministratorWhatItOpens() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            let token = Self.token(try await Self.ask(fixture, id, "vnc", "novnc").text("remote_console.url"))
            for version in ["2.31", "2.98", "2.99"] {
                let answer = try await Self.shown(fixture, token, version: version)
                #expect(answer.status == 200 && answer.text("console.instance_uuid") == id.text, "\(answer)")
                #expect(answer.text("console.host") == "sim-1" && answer.at("console.port") == .integer(0), "\(answer)")
                #expect(answer.at("console.internal_access_path") == .null, "\(answer)")
                #expect(answer.at("console.tls_port") == nil, "\(answer)")
            }
            #expect(try await Self.shown(fixture, token, version: "2.30").status == 400)
            let other = try await Self.shown(fixture, String(token.reversed()))
            #expect(other.status == 404 && other.text("itemNotFound.message") == "Token not found", "\(other)")
            let path = "/compute/v2.1/os-console-auth-tokens/\(token)"
            #expect(try await fixture.request(.get, path, version: "2.31").status == 403)
            for (version, status) in [("2.98", 200), ("2.99", 400)] {
                let asked = try await fixture.request(.get, path + "?x=1", as: .admin, version: version)
                #expect(asked.status == status, "\(version): \(asked)")
            }
        }
    }

    /// A server's name tells a stranger nothing.
    @Test func onlyItsOwnersMembersOpenAServer() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            for (protocolName, type) in [
                ("vnc", "novnc"), ("serial", "serial"), ("spice", "spice-html5"), ("rdp", "rdp-html5"),
            ] {
                let stranger = try await Self.ask(fixture, id, protocolName, type, as: .stranger)
                #expect(stranger.status == 404, "\(protocolName): \(stranger)")
                let reader = try await Self.ask(fixture, id, protocolName, type, as: .reader)
                #expect(reader.status == 403, "\(protocolName): \(reader)")
            }
            #expect(try await Self.ask(fixture, id, "vnc", "novnc", as: .admin).status == 200)
            #expect(try await fixture.cloud.database.read { try $0.fetch(ConsoleToken.self).count } == 1)
        }
    }

    @Test func aServerWithoutAGuestIsNotReady() async throws {
        var options = CloudFixture.Options()
        options.runsAgents = false
        try await CloudFixture.run(options) { fixture async throws in
            let building = try #require(try await fixture.create().first).id
            for (protocolName, type) in [("vnc", "novnc"), ("serial", "serial"), ("spice", "spice-html5")] {
                let answer = try await Self.ask(fixture, building, protocolName, type)
                #expect(answer.text("conflictingRequest.message") == "Instance \(building) is not ready", "\(answer)")
            }
        }
    }

    @Test func aServerThatIsBeingDeletedHasNone() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            fixture.host.driver.fail(.undefine, times: nil)
            try await fixture.cloud.compute.begin(.delete, on: id, by: fixture.people.member)
            for (protocolName, type) in [("vnc", "novnc"), ("serial", "serial"), ("spice", "spice-html5")] {
                let answer = try await Self.ask(fixture, id, protocolName, type)
                let words = "Cannot 'get_\(protocolName)_console' instance \(id) while it is in task_state deleting"
                #expect(answer.status == 409 && answer.text("conflictingRequest.message") == words, "\(answer)")
            }
        }
    }

    /// A guest that is off may be on when the console is opened.
    @Test func aServerThatIsOffHasConsolesToCome() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            try await fixture.cloud.compute.begin(.stop, on: id, by: fixture.people.member)
            try await fixture.server(id) { $0.settled == .stopped && $0.operation == nil }
            #expect(try await Self.ask(fixture, id, "serial", "serial").status == 200)
        }
    }

    @Test func aTokenEndsAfterTenMinutes() async throws {
        let clock = ManualClock()
        var options = CloudFixture.Options()
        options.clock = clock
        try await CloudFixture.run(options) { fixture async throws in
            let compute = fixture.cloud.compute
            let id = try await fixture.boot()
            let token = try await compute.consoleToken(.vnc, of: id, for: "x", by: fixture.people.member)
            clock.advance(to: clock.now().advanced(seconds: 599))
            #expect(try await compute.console(of: token)?.serverID == id)
            clock.advance(to: clock.now().advanced(seconds: 1))
            #expect(try await compute.console(of: token) == nil)
            while try await compute.purge(.init()) > 0 {}
            #expect(try await fixture.cloud.database.read { try $0.fetch(ConsoleToken.self) } == [])
        }
    }

    @Test(arguments: [ServerOperation.rebootHard, .rebuild, .delete])
    func aTokenEndsWithTheGuestItIsFor(_ operation: ServerOperation) async throws {
        try await CloudFixture.run { fixture async throws in
            let compute = fixture.cloud.compute
            let (id, other) = (try await fixture.boot("one"), try await fixture.boot("two"))
            let token = try await compute.consoleToken(.vnc, of: id, for: "x", by: fixture.people.member)
            let kept = try await compute.consoleToken(.vnc, of: other, for: "x", by: fixture.people.member)
            try await compute.begin(.rebootSoft, on: id, by: fixture.people.member)
            try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
            #expect(try await compute.console(of: token)?.serverID == id)
            if operation == .rebuild {
                let wanted = RebuildRequest(imageID: fixture.image, adminPassword: "secret")
                try await compute.rebuild(id, wanted, by: fixture.people.member)
            } else {
                try await compute.begin(operation, on: id, by: fixture.people.member)
            }
            #expect(try await compute.console(of: token) == nil)
            #expect(try await compute.console(of: kept)?.serverID == other)
        }
    }

    @Test func aTokenEndsWhenTheServerHasMoved() async throws {
        var options = CloudFixture.Options()
        options.hosts = 2
        try await CloudFixture.run(options) { fixture async throws in
            let compute = fixture.cloud.compute
            let id = try await fixture.boot()
            let token = try await compute.consoleToken(.vnc, of: id, for: "x", by: fixture.people.member)
            let old = try #require(try await compute.server(id, by: fixture.people.member).hostID)
            let new = try #require(fixture.hosts.map(\.id).first { $0 != old })
            func move(to host: HostID) async throws {
                try await fixture.cloud.database.transaction { db in
                    try db.execute("UPDATE servers SET host_id = ?1 WHERE id = ?2", [.id(host), .id(id)])
                }
            }
            try await move(to: new)
            #expect(try await compute.console(of: token) == nil)
            try await move(to: old)
            #expect(try await compute.console(of: token)?.hostID == old)
        }
    }

    @Test func aTokenIsInNoLogAndInNoTable() async throws {
        let log = InMemoryLogHandler()
        var options = CloudFixture.Options()
        options.logger = Logger(label: "console") { _ in
            var handler = log
            handler.logLevel = .trace
            return handler
        }
        try await CloudFixture.run(options) { fixture async throws in
            let id = try await fixture.boot()
            let token = Self.token(try await Self.ask(fixture, id, "vnc", "novnc").text("remote_console.url"))
            #expect(try await Self.shown(fixture, token).status == 200)
            _ = try await fixture.request(.get, "/console/websocket?token=\(token)", as: nil)
            let lines = log.entries.map { "\($0.message) \($0.metadata)" }
            #expect(lines.contains { $0.contains("/os-console-auth-tokens/{token}") })
            #expect(lines.contains { $0.contains("/console/websocket") })
            #expect(!lines.contains { $0.contains(token) })
            let kept = try await fixture.cloud.database.read { try $0.fetch(ConsoleToken.self) }
            #expect(kept.count == 1 && kept[0].hash != token && kept[0].hash.count == 64)
        }
    }
}
