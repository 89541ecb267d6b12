import Cloud
import Foundation
import HTTPTypes
import Inspection
import TestSupport
import Testing

/// Bytes that were good requests before a few were changed, always the same ones: heads, tokens, lengths, chunks.
/// Five hundred for each seed; `NOVELLA_FUZZ_SEEDS` says how many seeds.
@Suite(.timeLimit(.minutes(60)))
struct WireFuzzTests {
    private static let seeds = ProcessInfo.processInfo.environment["NOVELLA_FUZZ_SEEDS"].flatMap { UInt64($0) } ?? 2

    @Test(arguments: 1...seeds)
    func noBytesBreakTheServer(seed: UInt64) async throws {
        try await CloudFixture.run { fixture in
            try await LiveServer.run(fixture.cloud) { server in
                let samples = try await goodRequests(fixture)
                var generator = SeededGenerator(seed: seed)
                for batch in 0..<50 {
                    let requests = (0..<10).map { _ in mutated(samples, &generator) }
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for request in requests {
                            group.addTask { try await expectNoFailure(request, of: server, "\(seed)/\(batch)") }
                        }
                        try await group.waitForAll()
                    }
                }
                let health = try await server.ask("GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                #expect(health.hasPrefix("HTTP/1.1 200 "))
                let database = fixture.cloud.database
                try await eventually("no image is half saved") {
                    try await fixture.request(.get, "/image/v2/images?status=saving").count("images") == 0
                }
                try await eventually("the audit finds nothing") {
                    try await StoreAudit.differences(in: database) == []
                }
            }
        }
    }

    private func expectNoFailure(_ request: [UInt8], of server: LiveServer, _ place: String) async throws {
        let connection = try await server.connect()
        try await connection.send(request)
        try await connection.finish()
        await connection.closed()
        let failed = connection.text.split(separator: "\r\n").first {
            $0.hasPrefix("HTTP/1.1 5") && !$0.hasPrefix("HTTP/1.1 501 ")
        }
        #expect(failed == nil, "\(place): \(String(decoding: request, as: UTF8.self)): \(failed ?? "")")
    }

    private func goodRequests(_ fixture: CloudFixture) async throws -> [[UInt8]] {
        let token = fixture.people.tokens[.member] ?? ""
        let image = try await fixture.request(
            .post, "/image/v2/images", json: #"{"name": "i", "disk_format": "raw", "container_format": "bare"}"#)
        func request(_ line: String, _ fields: String, _ body: String = "") -> [UInt8] {
            Array("\(line) HTTP/1.1\r\nHost: h\r\nX-Auth-Token: \(token)\r\n\(fields)\r\n\(body)".utf8)
        }
        func json(_ line: String, _ body: String) -> [UInt8] {
            request(line, "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n", body)
        }
        let microversion = "OpenStack-API-Version: compute 2.96\r\nAccept: application/json\r\n"
        return [
            request("GET /compute/v2.1/servers/detail?limit=2&name=x", microversion),
            request("GET /network/v2.0/ports", "Connection: keep-alive\r\n"),
            request("HEAD /image/v2/images", "X-Openstack-Request-Id: req-\(UUID())\r\n"),
            json("POST /compute/v2.1/os-keypairs", #"{"keypair": {"name": "k"}}"#),
            json("POST /network/v2.0/networks", #"{"network": {"name": "n", "admin_state_up": true}}"#),
            request(
                "PUT /image/v2/images/\(image.text("id"))/file",
                "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n",
                "5\r\nabcde\r\n3;x=y\r\nfgh\r\n0\r\n\r\n"),
            request("GET /compute/v2.1/flavors", "", "") + request("GET /compute/v2.1/limits", "Connection: close\r\n"),
        ]
    }

    private func mutated(_ samples: [[UInt8]], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = samples.randomElement(using: &generator) ?? []
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.remove(at: at)
            case 2: bytes.insert(contentsOf: Self.texts.randomElement(using: &generator) ?? [], at: at)
            case 3: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...40, using: &generator)))
            case 4: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 60)], at: at)
            default: bytes.removeSubrange(at...)
            }
        }
        return bytes
    }

    private static let texts: [[UInt8]] = [
        [0], [0xff, 0xfe], Array("\r\n".utf8), Array("\r\n\r\n".utf8), Array("Content-Length: 7\r\n".utf8),
        Array("Transfer-Encoding: chunked\r\n".utf8), Array("99999999999999999999".utf8), Array("ffffffff".utf8),
        Array(" ".utf8), Array(":".utf8), Array("%".utf8), Array("../".utf8), Array("Expect: 100-continue\r\n".utf8),
        Array("Upgrade: h2c\r\nConnection: Upgrade\r\n".utf8), [UInt8](repeating: 0x41, count: 9_000),
    ]
}
