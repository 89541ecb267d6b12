import Cloud
import Compute
import Foundation
import HTTPTypes
import Model
import TestSupport
import Testing

/// A console as its client has it: a WebSocket at the API's port, behind which a guest answers.
@Suite(.timeLimit(.minutes(3)))
struct ConsoleSocketTests {
    private typealias Message = WebSocketClient.Message

    private struct Scene: Sendable {
        let fixture: CloudFixture
        let live: LiveServer
        let server: ServerID

        func path(_ kind: ConsoleKind) async throws -> String {
            let token = try await fixture.cloud.compute.consoleToken(
                kind, of: server, for: "x", by: fixture.people.member)
            return "/console/websocket?token=\(token)"
        }

        func open(_ kind: ConsoleKind, headers: [String] = []) async throws -> WebSocketClient {
            let client = try await WebSocketClient(
                try await live.connect(), path: try await path(kind), headers: headers)
            #expect(client.head.hasPrefix("HTTP/1.1 101 "), "\(client.head)")
            return client
        }

        /// The head of the answer to a request that is refused.
        func refusal(_ path: String, headers: [String] = []) async throws -> String {
            let client = try await WebSocketClient(try await live.connect(), path: path, headers: headers)
            try await client.connection.close()
            return client.head
        }
    }

    private func run(
        _ options: CloudFixture.Options = .init(), _ body: @Sendable (Scene) async throws -> Void
    ) async throws {
        try await CloudFixture.run(options) { fixture in
            let server = try await fixture.boot()
            try await LiveServer.run(fixture.cloud) { live in
                try await body(Scene(fixture: fixture, live: live, server: server))
            }
        }
    }

    @Test func aSerialConsoleCarriesBytesBothWays() async throws {
        try await run { scene in
            let client = try await scene.open(.serial)
            // As RFC 6455, 1.3 has it.
            #expect(client.head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
            #expect(!client.head.contains("Sec-WebSocket-Protocol"))
            try await client.send(Array("login\r".utf8))
            #expect(try await client.next() == .bytes(Array("login\r".utf8)))
            try await client.send(Array("as text".utf8), opcode: 1)
            #expect(try await client.next() == .bytes(Array("as text".utf8)))
            let large = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
            try await client.send(large)
            #expect(try await client.bytes(large.count) == large)
        }
    }

    /// Both ends agree on RFB 3.8 without a password before either hears the other.
    @Test func aScreenOpensAsVNCDoes() async throws {
        try await run { scene in
            let client = try await scene.open(.vnc)
            #expect(try await client.bytes(12) == Array("RFB 003.008\n".utf8))
            try await client.send(Array("RFB 003.008\n".utf8))
            #expect(try await client.bytes(2) == [1, 1])
            // What follows may come at once.
            try await client.send([1, 1])
            let shown = try await client.bytes(4 + 24 + 9)
            #expect(shown.prefix(8) == [0, 0, 0, 0, 2, 128, 1, 144] && shown.suffix(9) == Array("simulated".utf8))
            try await client.send([7, 7])
            #expect(try await client.bytes(2) == [7, 7])
        }
    }

    @Test func aClientOfAnOldScreenIsRefusedInWords() async throws {
        try await run { scene in
            let client = try await scene.open(.vnc)
            _ = try await client.bytes(12)
            try await client.send(Array("RFB 003.003\n".utf8))
            let last = try #require(try await client.next())
            #expect(last.opcode == 8 && last.code == 1011 && last.reason.contains("RFB 3.8"), "\(last.reason)")
        }
    }

    @Test func aClientThatOffersBinaryGetsIt() async throws {
        try await run { scene in
            let client = try await scene.open(.serial, headers: ["Sec-WebSocket-Protocol: base64, binary"])
            #expect(client.head.contains("Sec-WebSocket-Protocol: binary\r\n"), "\(client.head)")
        }
    }

    @Test func onlyPagesOfTheCloudItselfOpenConsoles() async throws {
        try await run { scene in
            _ = try await scene.open(.serial, headers: ["Origin: http://cloud.test"])
            for origin in [
                "null", "https://cloud.test", "http://cloud.test:81", "http://cloud.test.evil", "http://evil",
                "http://sub.cloud.test", "http://cloud.tes", "",
            ] {
                let head = try await scene.refusal(try await scene.path(.vnc), headers: ["Origin: \(origin)"])
                #expect(head.hasPrefix("HTTP/1.1 403 "), "\(origin): \(head)")
            }
        }
        var options = CloudFixture.Options()
        options.publicURL = "https://cloud.example.org:443/below"
        try await run(options) { scene in
            _ = try await scene.open(.vnc, headers: ["Origin: https://cloud.example.org"])
            let head = try await scene.refusal(try await scene.path(.vnc), headers: ["Origin: http://cloud.test"])
            #expect(head.hasPrefix("HTTP/1.1 403 "), "\(head)")
        }
    }

    @Test func withoutATokenThatIsGoodThereIsNoSocket() async throws {
        try await run { scene in
            let good = try await scene.path(.serial)
            let shortened = String(good.dropLast())
            // As Nova's proxy does, it opens and closes without a word.
            func isHungUpOn(_ path: String) async throws {
                let client = try await WebSocketClient(try await scene.live.connect(), path: path)
                #expect(try await client.next() == Message(8, []), "\(path)")
                try await client.send([], opcode: 8)
                #expect(try await client.next() == nil, "\(path)")
            }
            for path in ["/console/websocket", "/console/websocket?token=", shortened, good + "0"] {
                try await isHungUpOn(path)
            }
            try await scene.fixture.cloud.compute.begin(
                .rebootHard, on: scene.server, by: scene.fixture.people.member)
            try await isHungUpOn(good)
        }
    }

    @Test func whatAsksForNoWebSocketGetsNone() async throws {
        try await run { scene in
            let path = try await scene.path(.serial)
            for rest in [
                "", "Connection: Upgrade\r\nUpgrade: h2c\r\n", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: x\r\n",
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
            ] {
                let connection = try await scene.live.connect()
                try await connection.send("GET \(path) HTTP/1.1\r\nHost: cloud.test\r\n\(rest)\r\n")
                try await eventually("an answer to '\(rest)'") { connection.text.contains("\r\n\r\n") }
                #expect(connection.text.hasPrefix("HTTP/1.1 400 "), "\(rest): \(connection.text)")
                try await connection.close()
            }
        }
    }

    /// A browser may use for it the connection by which it got the page.
    @Test func aConnectionMayHaveCarriedRequestsBefore() async throws {
        try await run { scene in
            let connection = try await scene.live.connect()
            try await connection.send("GET /healthz HTTP/1.1\r\nHost: cloud.test\r\n\r\n")
            try await eventually("an answer") { connection.text.hasSuffix("ok\n") }
            let client = try await WebSocketClient(connection, path: try await scene.path(.serial))
            try await client.send([1, 2, 3])
            #expect(try await client.next() == .bytes([1, 2, 3]))
        }
    }

    @Test func aSecondClientOfASerialConsoleIsToldSo() async throws {
        try await run { scene in
            let first = try await scene.open(.serial)
            try await first.send([1])
            _ = try await first.next()
            let second = try await scene.open(.serial)
            let last = try #require(try await second.next())
            #expect(last.code == 1011 && last.reason.contains("is in use"), "\(last.reason)")
            try await first.send([2])
            #expect(try await first.next() == .bytes([2]))
            try await first.send([0x03, 0xe8], opcode: 8)
            #expect(try await first.next() == Message(8, [0x03, 0xe8]))
            try await eventually("the console is free again") {
                let third = try await scene.open(.serial)
                try await third.send([3])
                let isMine = try await third.next() == .bytes([3])
                try await third.connection.close()
                return isMine
            }
        }
    }

    @Test func aScreenHasSeveralClients() async throws {
        try await run { scene in
            var clients: [WebSocketClient] = []
            for _ in 0..<8 {
                clients.append(try await scene.open(.vnc))
                #expect(try await clients.last?.bytes(12) == Array("RFB 003.008\n".utf8))
            }
            let last = try #require(try await scene.open(.vnc).next())
            #expect(last.code == 1011 && last.reason.contains("in use by 8 clients"), "\(last.reason)")
            for client in clients { try await client.connection.close() }
            try await eventually("the screen is free again") {
                try await scene.open(.vnc).bytes(12) == Array("RFB 003.008\n".utf8)
            }
        }
    }

    @Test(arguments: ConsoleKind.allCases)
    func aConsoleEndsWithItsGuest(_ kind: ConsoleKind) async throws {
        try await run { scene in
            let client = try await scene.open(kind)
            if kind == .vnc { try await client.send(Array("RFB 003.008\n".utf8) + [1, 1]) }
            try await client.send([0x2a])
            #expect(try await client.bytes(kind == .vnc ? 52 : 1).last == 0x2a)
            try await scene.fixture.cloud.compute.begin(.stop, on: scene.server, by: scene.fixture.people.member)
            #expect(try await client.next() == Message(8, [0x03, 0xe8]))
            try await scene.fixture.server(scene.server) { $0.settled == .stopped && $0.operation == nil }
            let late = try #require(try await scene.open(kind).next())
            #expect(late.code == 1011 && late.reason == "The server is off, and so are its consoles.", "\(late.reason)")
        }
    }

    @Test func pingsAreAnswered() async throws {
        try await run { scene in
            let client = try await scene.open(.serial)
            try await client.send(Array("still there?".utf8), opcode: 9)
            #expect(try await client.next() == Message(10, Array("still there?".utf8)))
            try await client.send([], opcode: 10)
            try await client.send([5])
            #expect(try await client.next() == .bytes([5]))
        }
    }

    @Test func whatIsNoWebSocketsFrameEndsIt() async throws {
        try await run { scene in
            let plain = try await scene.open(.vnc)
            _ = try await plain.next()
            try await plain.send([1], isMasked: false)
            #expect(try await plain.next()?.code == 1002)
            let reserved = try await scene.open(.vnc)
            _ = try await reserved.next()
            try await reserved.send([1], opcode: 3)
            #expect(try await reserved.next()?.code == 1002)
            let long = try await scene.open(.vnc)
            _ = try await long.next()
            try await long.send([UInt8](repeating: 0, count: 1 << 20 + 1))
            #expect(try await long.next()?.code == 1009)
        }
    }

    /// The cloud's process does not wait for consoles when it ends.
    @Test func aCloudThatEndsSaysGoodbye() async throws {
        try await CloudFixture.run { fixture in
            let server = try await fixture.boot()
            let (opened, open) = AsyncStream.makeStream(of: WebSocketClient.self)
            try await LiveServer.run(fixture.cloud) { live in
                open.yield(try await Scene(fixture: fixture, live: live, server: server).open(.serial))
            }
            let client = try #require(await opened.first { _ in true })
            let last = try #require(try await client.next())
            #expect(last.code == 1001 && last.reason.contains("open the console again"), "\(last.reason)")
        }
    }

    @Test func theBrowsersPageIsServedFromItsFolder() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/novella-pages-\(UUIDText.random())"
        try FileManager.default.createDirectory(atPath: folder + "/pages/core", withIntermediateDirectories: true)
        for (name, text) in [
            ("pages/vnc_lite.html", "<html>"), ("pages/core/rfb.js", "export"), ("pages/a.svg", "<svg/>"),
            ("secret.html", "hidden"),
        ] {
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
        }
        var options = CloudFixture.Options()
        options.consolePages = folder + "/pages"
        try await CloudFixture.run(options) { fixture async throws in
            for (path, type, text) in [
                ("vnc_lite.html?path=console/websocket%3Ftoken%3Dx", "text/html", "<html>"),
                ("core/rfb.js", "text/javascript", "export"), ("a.svg", "image/svg+xml", "<svg/>"),
            ] {
                let answer = try await fixture.request(.get, "/console/novnc/\(path)", as: nil)
                #expect(answer.status == 200 && answer.body == Array(text.utf8), "\(path): \(answer)")
                #expect(answer.header("Content-Type").hasPrefix(type), "\(path): \(answer.headers)")
            }
            for path in [
                "../secret.html", "%2e%2e/secret.html", "core/../../secret.html", "..%2fsecret.html", "core", "core/",
                "", "/secret.html", "missing.html", "core%00",
            ] {
                let answer = try await fixture.request(.get, "/console/novnc/\(path)", as: nil)
                #expect([404, 400].contains(answer.status), "\(path): \(answer)")
            }
            let posted = try await fixture.request(.post, "/console/novnc/vnc_lite.html", as: nil)
            #expect(posted.status == 404)
            let odd = try await fixture.request(
                .get, "/console/novnc/a.svg", as: nil, headers: ["Range": "bytes=9-3"])
            #expect(odd.status == 200 && odd.body == Array("<svg/>".utf8), "\(odd)")
        }
        try FileManager.default.removeItem(atPath: folder)
    }
}
