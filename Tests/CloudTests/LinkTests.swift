import Cloud
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// Queries as clients write them, and links that lead on.
@Suite(.timeLimit(.minutes(3)))
struct LinkTests {
    @Test func namesAndValuesOfAQueryAreDecoded() async throws {
        try await CloudFixture.run { fixture async throws in
            let external = try await fixture.request(.get, "/network/v2.0/networks?router%3Aexternal=True")
            #expect(external.count("networks") == 1 && external.text("networks.0.name") == "public")
            _ = try await fixture.boot("my server")
            _ = try await fixture.boot("other")
            for name in ["my+server", "my%20server"] {
                let found = try await fixture.request(.get, "/compute/v2.1/servers?name=\(name)")
                #expect(found.count("servers") == 1, "\(name): \(found)")
            }
            let broken = try await fixture.request(.get, "/compute/v2.1/servers?name=%ff")
            #expect(broken.status == 400)
        }
    }

    @Test func aNextLinkKeepsTheQuery() async throws {
        try await CloudFixture.run { fixture async throws in
            for name in ["a b&c", "a b&d"] { _ = try await fixture.boot(name) }
            let first = try await fixture.request(.get, "/compute/v2.1/servers?limit=1&name=a+b%26.")
            let next = first.text("servers_links.0.href")
            #expect(next.hasPrefix("http://cloud.test/compute/v2.1/servers?limit=1&name=a%20b%26.&marker="))
            let second = try await fixture.request(.get, next.replacing("http://cloud.test", with: ""))
            #expect(second.count("servers") == 1)
            #expect(second.text("servers.0.id") != first.text("servers.0.id"))
        }
    }

    @Test func aMarkerMayHoldAnything() async throws {
        try await CloudFixture.run { fixture async throws in
            for name in ["x limit 9", "x limit 8"] {
                let id = #"{"flavor": {"name": "\#(name)", "id": "\#(name)", "vcpus": 1, "ram": 64, "disk": 0}}"#
                _ = try await fixture.request(.post, "/compute/v2.1/flavors", as: .admin, json: id)
            }
            var address = "/compute/v2.1/flavors?limit=1"
            var seen: [String] = []
            while !address.isEmpty, seen.count < 20 {
                let page = try await fixture.request(.get, address)
                #expect(page.count("flavors") == 1, "\(address): \(page)")
                seen.append(page.text("flavors.0.id"))
                address = page.text("flavors_links.0.href").replacing("http://cloud.test", with: "")
            }
            #expect(seen == seen.sorted() && Set(seen).count == 8, "\(seen)")
        }
    }

    @Test func imagesLeadOnWithTheirQuery() async throws {
        try await CloudFixture.run { fixture async throws in
            for _ in 0..<2 {
                _ = try await fixture.request(
                    .post, "/image/v2/images",
                    json: #"{"name": "a b", "disk_format": "raw", "container_format": "bare"}"#)
            }
            let first = try await fixture.request(.get, "/image/v2/images?name=a+b&limit=1&os_hidden=false")
            #expect(first.text("first") == "/v2/images?name=a%20b&limit=1&os_hidden=false")
            let next = first.text("next")
            #expect(next == "\(first.text("first"))&marker=\(first.text("images.0.id"))")
            let second = try await fixture.request(.get, "/image\(next)")
            #expect(second.count("images") == 1 && second.text("images.0.name") == "a b")
        }
    }

    @Test func linksBeginWithThePublicURL() async throws {
        var options = CloudFixture.Options()
        options.publicURL = "https://cloud.example.org/nova"
        try await CloudFixture.run(options) { fixture async throws in
            let headers = ["X-Forwarded-Proto": "ftp", "X-Forwarded-Host": "evil.test", "Forwarded": "host=evil.test"]
            let version = try await fixture.request(.get, "/compute/v2.1/", headers: headers)
            #expect(version.text("version.links.0.href") == "https://cloud.example.org/nova/compute/v2.1/")
            let page = try await fixture.request(.get, "/compute/v2.1/flavors?limit=1", headers: headers)
            #expect(
                page.text("flavors_links.0.href").hasPrefix("https://cloud.example.org/nova/compute/v2.1/flavors?"))
            #expect(
                page.text("flavors.0.links.0.href").hasPrefix("https://cloud.example.org/nova/compute/v2.1/flavors/"))
            let catalog = try await fixture.request(.get, "/identity/v3/auth/catalog", headers: headers)
            #expect(
                catalog.text("catalog.0.endpoints.0.url").hasPrefix("https://cloud.example.org/nova/"), "\(catalog)")
        }
    }

    @Test func withoutAPublicURLNothingButTheAddressCounts() async throws {
        try await CloudFixture.run { fixture async throws in
            let headers = ["X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.test"]
            let version = try await fixture.request(.get, "/compute/v2.1/", headers: headers)
            #expect(version.text("version.links.0.href") == "http://cloud.test/compute/v2.1/")
        }
    }

    @Test(arguments: [
        "cloud.example.org", "ftp://x", "https://", "https://x/", "https://x?y", "https://a b", "https://x#y",
    ])
    func aPublicURLIsChecked(text: String) {
        let error = #expect(throws: CloudError.self) { try PublicURL.check(text) }
        #expect(error?.message.contains(text) == true)
    }

    @Test(arguments: ["http://10.0.0.1:8774", "https://cloud.example.org", "https://[2001:db8::1]:443/cloud"])
    func aPublicURLMayHoldPortAndPath(text: String) throws {
        try PublicURL.check(text)
    }
}
