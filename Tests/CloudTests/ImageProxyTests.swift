import Compute
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// Images by Compute's own routes.
@Suite(.timeLimit(.minutes(3)))
struct ImageProxyTests {
    private static let base = "/compute/v2.1/images"

    private func make(
        _ fixture: CloudFixture, _ name: String, _ more: String = "", as role: People.Role = .member
    ) async throws -> String {
        let made = try await fixture.request(
            .post, "/image/v2/images", as: role,
            json: #"{"name": "\#(name)", "disk_format": "raw", "container_format": "bare"\#(more)}"#)
        #expect(made.status == 201, "\(made)")
        return made.text("id")
    }

    private func names(_ query: String, _ fixture: CloudFixture, as role: People.Role = .member) async throws
        -> [String]
    {
        let found = try await fixture.request(.get, "\(Self.base)\(query)", as: role)
        #expect(found.status == 200, "\(query): \(found)")
        return (0..<found.count("images")).map { found.text("images.\($0).name") }
    }

    @Test func anImageIsShownInNovasWords() async throws {
        try await CloudFixture.run { fixture async throws in
            let server = UUIDText.random()
            let mappings = #"[{\"device\": \"vda\"}]"#
            let id = try await make(
                fixture, "snap",
                #", "min_disk": 3, "min_ram": 64, "instance_uuid": "\#(server)", "auto_disk_config": "True", "#
                    + #""mappings": "\#(mappings)""#)
            let shown = try await fixture.request(.get, "\(Self.base)/\(id)")
            #expect(shown.text("image.status") == "SAVING" && shown.at("image.progress") == .integer(25))
            #expect(shown.at("image.minDisk") == .integer(3) && shown.at("image.minRam") == .integer(64))
            #expect(shown.at("image.OS-EXT-IMG-SIZE:size") == .integer(0))
            #expect(shown.text("image.OS-DCF:diskConfig") == "AUTO")
            #expect(shown.text("image.metadata.instance_uuid") == server)
            #expect(shown.text("image.metadata.mappings.0.device") == "vda", "\(shown)")
            #expect(shown.text("image.server.id") == server)
            #expect(shown.text("image.server.links.1.href") == "http://cloud.test/compute/servers/\(server)")
            #expect(shown.text("image.links.0.href") == "http://cloud.test/compute/v2.1/images/\(id)")
            let alternate = shown.text("image.links.2.href").replacing("http://cloud.test", with: "")
            #expect(try await fixture.request(.get, alternate).text("id") == id)
            let ready = try await fixture.request(.get, "\(Self.base)/\(fixture.image)")
            #expect(ready.text("image.status") == "ACTIVE" && ready.at("image.progress") == .integer(100))
            #expect(ready.at("image.server") == nil && ready.at("image.OS-DCF:diskConfig") == nil)
            let gone = try await fixture.request(.get, "\(Self.base)/\(id)", version: "2.36")
            #expect(gone.status == 404, "\(gone)")
        }
    }

    @Test func listsFilterAndPage() async throws {
        try await CloudFixture.run { fixture async throws in
            let server = UUIDText.random()
            _ = try await make(fixture, "a", #", "instance_uuid": "\#(server)", "image_type": "snapshot""#)
            let second = try await make(fixture, "b", #", "os_distro": "debian", "min_ram": 64"#)
            let all = try await names("", fixture)
            #expect(all.prefix(2) == ["b", "a"] && all.count == 3, "\(all)")
            for (query, wanted) in [
                ("?name=a", ["a"]), ("?status=saving", []), ("?status=QUEUED", ["b", "a"]),
                ("?server=\(server)", ["a"]), ("?server=http://x/servers/\(server)", ["a"]),
                ("?type=snapshot", ["a"]), ("?property-os_distro=debian", ["b"]), ("?minRam=64", ["b"]),
                ("?changes-since=2999-01-01T00:00:00Z", []), ("?unknown=x&name=b", ["b"]), ("/detail?name=b", ["b"]),
                ("?marker=\(second)&limit=1", ["a"]), ("?limit=0&name=a", ["a"]),
            ] { #expect(try await names(query, fixture) == wanted, "\(query)") }
            for query in [
                "?limit=-1", "?limit=x", "?offset=x", "?marker=nope", "?changes-since=x", "?property-limit=1",
            ] {
                let refused = try await fixture.request(.get, Self.base + query)
                #expect(refused.status == 400, "\(query): \(refused)")
            }
            let page = try await fixture.request(.get, "\(Self.base)/detail?limit=1")
            let next = page.text("images_links.0.href").replacing("http://cloud.test", with: "")
            #expect(try await fixture.request(.get, next).text("images.0.name") == "a", "\(page)")
            #expect(try await fixture.request(.get, Self.base).at("images_links") == nil)
        }
    }

    @Test func whoMayNotSeeAnImageMayNotTouchIt() async throws {
        try await CloudFixture.run { fixture async throws in
            let own = try await make(fixture, "own", #", "visibility": "private""#)
            let protected = try await make(fixture, "kept", #", "protected": true"#)
            #expect(try await names("?name=own", fixture, as: .stranger).isEmpty)
            for method in [HTTPRequest.Method.get, .delete] {
                let foreign = try await fixture.request(method, "\(Self.base)/\(own)", as: .stranger)
                #expect(foreign.status == 404 && foreign.text("itemNotFound.message") == "Image not found.")
            }
            for (id, role) in [(protected, People.Role.member), (fixture.image.text, .member)] {
                let refused = try await fixture.request(.delete, "\(Self.base)/\(id)", as: role)
                #expect(refused.status == 403, "\(refused)")
                #expect(refused.text("forbidden.message") == "You are not allowed to delete the image.")
            }
            #expect(try await fixture.request(.delete, "\(Self.base)/\(own)").status == 204)
            #expect(try await fixture.request(.get, "\(Self.base)/\(own)").status == 404)
        }
    }

    @Test func propertiesAreMetadata() async throws {
        try await CloudFixture.run { fixture async throws in
            let path = "\(Self.base)/\(try await make(fixture, "i", #", "a": "1""#))/metadata"
            func send(
                _ method: HTTPRequest.Method, _ tail: String = "", _ json: String? = nil,
                as role: People.Role = .member
            ) async throws -> Answer {
                try await fixture.request(method, path + tail, as: role, version: "2.38", json: json)
            }
            #expect(try await send(.post, "", #"{"metadata": {"b": "2"}}"#).text("metadata.a") == "1")
            #expect(try await send(.get, "/b").text("meta.b") == "2")
            #expect(try await send(.put, "/b", #"{"meta": {"b": "3"}}"#).text("meta.b") == "3")
            #expect(try await send(.delete, "/a").status == 204)
            #expect(try await send(.get).at("metadata")?.jsonText == #"{"b":"3"}"#)
            #expect(try await send(.put, "", #"{"metadata": {"c": "4"}}"#).at("metadata")?.jsonText == #"{"c":"4"}"#)
            #expect(try await send(.delete, "/a").text("itemNotFound.message") == "Invalid metadata key")
            #expect(try await send(.get, "/a").status == 404)
            for (method, tail, body, status) in [
                (.put, "/b", #"{"meta": {"c": "3"}}"#, 400), (.put, "/b", #"{"meta": {"b": "3", "c": "3"}}"#, 400),
                (.post, "", #"{"metadata": {"visibility": "public"}}"#, 400),
                (.post, "", #"{"metadata": {"os_glance_x": "y"}}"#, 403),
                (.post, "", #"{"metadata": {"a/b": "y"}}"#, 400), (.post, "", #"{"metadata": null}"#, 400),
            ] as [(HTTPRequest.Method, String, String, Int)] {
                let refused = try await send(method, tail, body)
                #expect(refused.status == status, "\(body): \(refused)")
            }
            #expect(try await send(.get, as: .stranger).status == 404)
            #expect(try await send(.put, "", #"{"metadata": {}}"#, as: .stranger).status == 404)
            let shared = try await fixture.request(
                .post, "\(Self.base)/\(fixture.image)/metadata", json: #"{"metadata": {"x": "y"}}"#)
            #expect(shared.status == 403, "\(shared)")
        }
    }

    /// As many as a server's metadata.
    @Test func propertiesHaveALimit() async throws {
        try await CloudFixture.run { fixture async throws in
            let limits = try await fixture.request(
                .put, "/compute/v2.1/os-quota-sets/\(fixture.people.demo)", as: .admin,
                json: #"{"quota_set": {"metadata_items": 2}}"#)
            #expect(limits.status == 200, "\(limits)")
            let path = "\(Self.base)/\(try await make(fixture, "i", #", "a": "1""#))/metadata"
            #expect(try await fixture.request(.post, path, json: #"{"metadata": {"b": "2"}}"#).status == 200)
            for (method, tail, body) in [
                (.post, "", #"{"metadata": {"c": "3"}}"#), (.put, "/c", #"{"meta": {"c": "3"}}"#),
            ] as [(HTTPRequest.Method, String, String)] {
                let full = try await fixture.request(method, path + tail, json: body)
                #expect(full.status == 403 && full.text("forbidden.message") == "Image metadata limit exceeded")
            }
        }
    }
}
