import Compute
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// Nova's first API, and what has lasted of it.
@Suite(.timeLimit(.minutes(3)))
struct FirstAPITests {
    @Test func everyVersionThatIsListedAnswers() async throws {
        try await CloudFixture.run { fixture async throws in
            let list = try await fixture.request(.get, "/compute", as: nil)
            #expect(list.count("versions") == 2 && list.text("versions.0.id") == "v2.0", "\(list)")
            for index in 0..<2 {
                let address = list.text("versions.\(index).links.0.href")
                let path = address.replacing("http://cloud.test", with: "")
                let shown = try await fixture.request(.get, path, as: nil)
                #expect(shown.text("version.links.0.href") == address, "\(shown)")
                #expect(shown.text("version.id") == list.text("versions.\(index).id"))
                let flavors = try await fixture.request(.get, path + "flavors")
                #expect(flavors.status == 200, "\(flavors)")
            }
            let named = try await fixture.request(.get, "/compute/v2.1/versions/v2.0")
            #expect(named.text("version.status") == "DEPRECATED", "\(named)")
            #expect(try await fixture.request(.get, "/compute/v2.1/versions/v3").status == 404)
        }
    }

    @Test func theFirstAPIHasNoMicroversions() async throws {
        try await CloudFixture.run { fixture async throws in
            let flavor = try await fixture.request(.get, "/compute/v2/flavors/42", version: "2.75")
            #expect(flavor.at("flavor.swap") == .string("") && flavor.at("flavor.description") == nil)
            for name in ["OpenStack-API-Version", "X-OpenStack-Nova-API-Version", "Vary"] {
                #expect(flavor.header(name).isEmpty, "\(name)")
            }
            #expect(flavor.text("flavor.links.0.href").hasPrefix("http://cloud.test/compute/v2/flavors/"))
            let inProject = try await fixture.request(.get, "/compute/v2/\(fixture.people.demo)/flavors")
            #expect(inProject.status == 200)
            #expect(try await fixture.request(.get, "/compute/v2/images").status == 200)
        }
    }

    @Test func bodiesAreReadWithPatience() async throws {
        try await CloudFixture.run { fixture async throws in
            let body =
                #"{"server": {"name": " mine ", "imageRef": "\#(fixture.image)", "flavorRef": "42", "wish": {"x": 1}}}"#
            #expect(try await fixture.request(.post, "/compute/v2.1/servers", json: body).status == 400)
            let made = try await fixture.request(.post, "/compute/v2/servers", json: body)
            #expect(made.status == 202, "\(made)")
            let shown = try await fixture.request(.get, "/compute/v2/servers/\(made.text("server.id"))")
            #expect(shown.text("server.name") == "mine", "\(shown)")
            let wrong = try await fixture.request(
                .post, "/compute/v2/servers", json: body.replacing(#"" mine ""#, with: "7"))
            #expect(wrong.status == 400, "\(wrong)")
        }
    }

    @Test func extensionsAreListed() async throws {
        try await CloudFixture.run { fixture async throws in
            let list = try await fixture.request(.get, "/compute/v2.1/extensions")
            let names = (0..<list.count("extensions")).map { list.text("extensions.\($0).alias") }
            #expect(names.count == 99 && names == names.sorted(), "\(names)")
            for name in names {
                let one = try await fixture.request(.get, "/compute/v2.1/extensions/\(name)")
                #expect(one.text("extension.alias") == name && !one.text("extension.description").isEmpty, "\(one)")
            }
            #expect(try await fixture.request(.get, "/compute/v2.1/extensions/OS-EXT-VIF-NET").status == 404)
            #expect(try await fixture.request(.get, "/compute/v2/extensions/OS-EXT-VIF-NET").status == 200)
            #expect(try await fixture.request(.get, "/compute/v2/extensions").count("extensions") == 100)
        }
    }

    @Test func aCloudWithoutBareMetalSaysSo() async throws {
        try await CloudFixture.run { fixture async throws in
            let path = "/compute/v2.1/os-baremetal-nodes"
            #expect(try await fixture.request(.get, path, as: .admin).status == 501)
            #expect(try await fixture.request(.get, path).status == 403)
            for (tail, body, command) in [
                ("", "{}", "node-create"), ("/x/action", #"{"add_interface": {}}"#, "port-create"),
                ("/x/action", #"{"remove_interface": {}}"#, "port-delete"),
            ] {
                let refused = try await fixture.request(.post, path + tail, json: body)
                #expect(refused.status == 400 && refused.text("badRequest.message").contains(command), "\(refused)")
            }
        }
    }

    @Test func aCloudWithoutVolumesHasNone() async throws {
        try await CloudFixture.run { fixture async throws in
            let (base, id) = ("/compute/v2.1", UUIDText.random())
            for (path, noun) in [("os-volumes", "Volume"), ("os-snapshots", "Snapshot")] {
                for tail in ["", "/detail"] {
                    let list = try await fixture.request(.get, "\(base)/\(path)\(tail)")
                    #expect(list.status == 200 && list.at(noun.lowercased() + "s") == .array([]), "\(list)")
                }
                for method in [HTTPRequest.Method.get, .delete] {
                    let none = try await fixture.request(method, "\(base)/\(path)/\(id)")
                    #expect(none.text("itemNotFound.message") == "\(noun) \(id) could not be found.", "\(none)")
                }
            }
            let server = try await fixture.boot()
            for (path, plural, version) in [
                ("os-volume_attachments", "volumeAttachments", "2.1"), ("shares", "shares", "2.97"),
            ] {
                let address = "\(base)/servers/\(server)/\(path)"
                #expect(try await fixture.request(.get, address, version: version).at(plural) == .array([]))
                #expect(try await fixture.request(.get, "\(address)/\(id)", version: version).status == 404)
                #expect(try await fixture.request(.get, address, as: .stranger, version: version).status == 404)
            }
        }
    }

    @Test func volumesBootIsAnotherNameForServers() async throws {
        try await CloudFixture.run { fixture async throws in
            let path = "/compute/v2.1/os-volumes_boot"
            let body = #"{"server": {"name": "s", "imageRef": "\#(fixture.image)", "flavorRef": "42"}}"#
            let made = try await fixture.request(.post, path, json: body)
            #expect(made.status == 202, "\(made)")
            let id = ServerID(made.text("server.id"))
            try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
            #expect(try await fixture.request(.get, "\(path)/detail").text("servers.0.id") == id.text)
            let stop = try await fixture.request(.post, "\(path)/\(id)/action", json: #"{"os-stop": null}"#)
            #expect(stop.status == 202, "\(stop)")
            for (action, status) in [("lock", 400), ("shelve", 400), ("trigger_crash_dump", 409)] {
                let refused = try await fixture.request(
                    .post, "\(path)/\(id)/action", version: "2.17", json: #"{"\#(action)": null}"#)
                #expect(refused.status == status, "\(action): \(refused)")
            }
            #expect(try await fixture.request(.get, path, version: "2.103").status == 404)
            #expect(try await fixture.request(.get, "\(path)/\(id)", as: .stranger).status == 404)
            #expect(try await fixture.request(.delete, "\(path)/\(id)").status == 204)
        }
    }
}
