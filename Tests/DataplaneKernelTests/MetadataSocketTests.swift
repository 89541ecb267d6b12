import Foundation
import HostProtocol
import Model
import Testing
import Tools

@testable import Dataplane

/// What a guest might say to be taken for another, on the lines of a request or behind it.
private let disguises: [(name: String, request: String, path: String)] = {
    let path = "/openstack/latest/meta_data.json"
    let victim = "11111111-2222-4333-8444-555555555555"
    let headers = [
        "X-Forwarded-For: 10.0.0.12", "X-Forwarded-For: 10.0.0.12, 10.0.0.12", "X-Forwarded-Host: 10.0.0.12",
        "X-Real-IP: 10.0.0.12", "Forwarded: for=10.0.0.12;by=10.0.0.2", "Client-IP: 10.0.0.12", "Via: 1.1 10.0.0.12",
        "X-Instance-ID: \(victim)", "X-Instance-ID: \(victim)\r\nX-Instance-ID-Signature: 00",
        "X-Tenant-ID: \(victim)", "X-Neutron-Network-ID: \(Shapes.network(2).id)", "X-Neutron-Router-ID: \(victim)",
        "X-Metadata-Provider: \(victim)\r\nX-Metadata-Provider-Signature: 00", "X-Auth-Token: \(victim)",
        "Host: 10.0.0.12", "Host: 10.0.0.12:8775\r\nHost: b", "X-Original-URL: /latest", "X-Rewrite-URL: /latest",
        "X-HTTP-Method-Override: DELETE", "Connection: keep-alive",
    ]
    return headers.map { ($0, "GET \(path) HTTP/1.1\r\nHost: a\r\n\($0)\r\n\r\n", path) } + [
        ("HTTP/1.0", "GET \(path) HTTP/1.0\r\n\r\n", path),
        ("HTTP/1.0 kept", "GET \(path) HTTP/1.0\r\nX-Forwarded-For: 10.0.0.12\r\nConnection: keep-alive\r\n\r\n", path),
        ("absolute form", "GET http://10.0.0.12\(path) HTTP/1.1\r\nHost: a\r\n\r\n", path),
        ("absolute form with all", "GET HTTP://u:p@[fd00::c]:80\(path)?x#y HTTP/1.1\r\nHost: a\r\n\r\n", path),
        ("absolute form without a path", "GET http://10.0.0.12 HTTP/1.1\r\nHost: a\r\n\r\n", "/"),
        ("a query", "GET \(path)?instance-id=\(victim)&ip=10.0.0.12 HTTP/1.1\r\nHost: a\r\n\r\n", path),
        ("a body", "GET \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n10.0.0.12", path),
    ]
}()

extension KernelSuites {
    /// 169.254.169.254 as guests meet it. The lab's answer is who it takes the guest for.
    @Suite struct MetadataSocketTests {
        private func converge(_ lab: Lab) async throws {
            try await lab.dataplane.converge(lab.twins(tcp: [1: [7000], 2: [7000]]))
            for guest in ["a1", "b1", "a2"] {
                try await Tool.ip(["route add 169.254.169.254/32 via 10.0.0.2"], in: lab.guestNamespace(guest))
            }
        }

        private func ask(_ lab: Lab, _ request: String, from guest: String = "a1") async throws -> String {
            let client = try #require(try await lab.connect(guest, to: metadataAddress, 80))
            client.send(request)
            return client.receiveToEnd()
        }

        private func answer(to path: String, network: Int = 1) -> String {
            "\r\n\r\nGET \(path) 10.0.0.11 \(Shapes.network(network).id)"
        }

        @Test func equalAddressesOnTwoNetworksAreTwoGuests() async throws {
            try await withLab { lab in
                try await converge(lab)
                for (guest, network) in [("a1", 1), ("a2", 2)] {
                    let text = try await ask(lab, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", from: guest)
                    #expect(text.hasSuffix(answer(to: "/x", network: network)))
                }
            }
        }

        @Test func nothingAGuestSaysMakesItAnother() async throws {
            try await withLab { lab in
                try await converge(lab)
                for disguise in disguises {
                    let text = try await ask(lab, disguise.request)
                    #expect(text.hasPrefix("HTTP/1.1 200 OK"), "\(disguise.name): \(text)")
                    #expect(text.hasSuffix(answer(to: disguise.path)), "\(disguise.name): \(text)")
                }
                #expect(lab.questions.heard.count == disguises.count)
                #expect(Set(lab.questions.heard.map(\.sourceAddress)) == ["10.0.0.11"])
                #expect(Set(lab.questions.heard.map(\.networkID)) == [Shapes.network(1).id])
            }
        }

        /// One connection, one answer: what is behind the first request is not looked at.
        @Test(arguments: [
            String(repeating: "GET /second HTTP/1.1\r\nHost: a\r\n\r\n", count: 200),
            "HEAD /second HTTP/1.1\r\nHost: a\r\n\r\n",
        ])
        func onlyTheFirstOfPipelinedRequestsIsAnswered(behind: String) async throws {
            try await withLab { lab in
                try await converge(lab)
                let text = try await ask(lab, "GET /first HTTP/1.1\r\nHost: a\r\n\r\n" + behind)
                #expect(text.hasSuffix(answer(to: "/first")), "\(text)")
                #expect(text.components(separatedBy: "HTTP/1.1 ").count == 2, "\(text)")
                #expect(lab.questions.heard.map(\.path) == ["/first"])
            }
        }

        /// Two lengths for one body, so that two readers might see two requests.
        @Test func aSmuggledRequestIsNotAnswered() async throws {
            try await withLab { lab in
                try await converge(lab)
                let text = try await ask(
                    lab,
                    "POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "0\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(text.components(separatedBy: "HTTP/1.1 ").count <= 2, "\(text)")
                #expect(!lab.questions.heard.contains { $0.path == "/second" })
            }
        }

        @Test func anAddressThatIsNotItsOwnReachesNothing() async throws {
            try await withLab { lab in
                try await converge(lab)
                try await Tool.ip(
                    ["addr add 10.0.0.12/32 dev eth0", "addr add 10.9.9.9/32 dev eth0"], in: lab.guestNamespace("a1"))
                for address in ["10.0.0.12", "10.9.9.9"] {
                    #expect(
                        try await lab.connect("a1", to: metadataAddress, 80, from: (address, 0), timeout: 0.5) == nil)
                }
                let text = try await ask(lab, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(text.hasSuffix(answer(to: "/x")))
                #expect(lab.questions.heard.map(\.sourceAddress) == ["10.0.0.11"])
            }
        }

        @Test func whatIsPostedIsPassedOnWhole() async throws {
            try await withLab { lab in
                try await converge(lab)
                let posted = "c2VjcmV0"
                let head = "POST /openstack/latest/password HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n"
                #expect(try await ask(lab, head + posted).hasPrefix("HTTP/1.1 200"))
                let read = try await ask(lab, "GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
                #expect(read.hasSuffix(answer(to: "/x")), "\(read)")
                #expect(lab.questions.heard.map(\.body) == [Array(posted.utf8), nil])
            }
        }

        @Test func aRequestHasBounds() async throws {
            try await withLab { lab in
                try await converge(lab)
                let large = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
                #expect(try await ask(lab, large + String(repeating: "x", count: 100_000)).hasPrefix("HTTP/1.1 413"))
                #expect(try await ask(lab, "nonsense\r\n\r\n").hasPrefix("HTTP/1.1 400"))
                #expect(try await ask(lab, "PUT /latest/api/token HTTP/1.1\r\nHost: a\r\n\r\n").contains("PUT /latest"))
            }
        }
    }
}
