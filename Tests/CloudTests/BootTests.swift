import HTTPTypes
import Model
import TestSupport
import Testing

/// From the request to the guest and back.
@Suite(.timeLimit(.minutes(3)))
struct BootTests {
    @Test func aServerIsBuiltShownAndDeleted() async throws {
        try await CloudFixture.run { fixture async throws in
            let made = try await fixture.request(
                .post, "/compute/v2.1/servers",
                json: #"{"server": {"name": "vm", "imageRef": "\#(fixture.image)", "flavorRef": "42"}}"#)
            #expect(made.status == 202, "\(made)")
            let id = ServerID(made.text("server.id"))
            #expect(made.header("Location") == "http://cloud.test/compute/v2.1/servers/\(id)")
            try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
            let shown = try await fixture.request(.get, "/compute/v2.1/servers/\(id)")
            #expect(shown.text("server.status") == "ACTIVE")
            #expect(shown.text("server.addresses.default.0.addr").hasPrefix("10.20.0."))
            // Lines end with CR LF, as on a serial line.
            for (length, wanted) in [
                ("0", ""), ("1", "login: "), ("3", "simulated guest ttyS0\r\n\r\nlogin: "),
                ("\"2\"", "\r\nlogin: "),
            ] {
                let console = try await fixture.request(
                    .post, "/compute/v2.1/servers/\(id)/action",
                    json: #"{"os-getConsoleOutput": {"length": \#(length)}}"#)
                #expect(console.text("output") == wanted, "length \(length): \(console)")
            }
            #expect(try await fixture.request(.delete, "/compute/v2.1/servers/\(id)").status == 204)
            try await fixture.server(id) { $0.settled == .deleted }
            #expect(try await fixture.request(.get, "/compute/v2.1/servers/\(id)").status == 404)
            #expect(try await fixture.holdings() == Holdings())
        }
    }
}
