import Attributes
import HTTPTypes
import Image
import Model
import TestSupport
import Testing
import Wire

/// Each attribute of an image does what its row says, and lists find and sort by what Glance's do.
@Suite(.timeLimit(.minutes(3)))
struct ImageAttributeTests {
    private static let base = "/image/v2/images"

    private func make(
        _ fixture: CloudFixture, _ members: String, as role: People.Role = .member
    ) async throws -> Answer {
        try await fixture.request(.post, Self.base, as: role, json: "{\(members)}")
    }

    private func patch(
        _ fixture: CloudFixture, _ id: String, _ changes: String, as role: People.Role = .member,
        version: String = "v2.1"
    ) async throws -> Answer {
        try await fixture.request(
            .patch, "\(Self.base)/\(id)", as: role, json: changes,
            headers: ["Content-Type": "application/openstack-images-\(version)-json-patch"])
    }

    private func names(_ fixture: CloudFixture, _ query: String, as role: People.Role = .member) async throws
        -> [String]
    {
        let found = try await fixture.request(.get, "\(Self.base)?\(query)", as: role)
        #expect(found.status == 200, "\(query): \(found)")
        return (found.json["images"]?.items ?? []).map { $0["name"]?.text ?? "" }
    }

    /// Values at creation and at a change.
    private static let samples: [String: (JSONValue, JSONValue)] = [
        "id": ("4f1d3a52-0000-4000-8000-000000000001", "x"), "name": ("a", "b"),
        "visibility": ("private", "community"), "protected": (false, true), "os_hidden": (true, false),
        "disk_format": ("raw", "qcow2"), "container_format": ("bare", "bare"), "min_disk": (3, 4), "min_ram": (5, 6),
        "tags": (.array(["x"]), .array(["y", "z"])), "hw_disk_bus": ("scsi", "virtio"),
    ]

    @Test func whatIsGivenIsShownAndChanges() async throws {
        try await CloudFixture.run { fixture async throws in
            for (name, (given, wanted)) in Self.samples.sorted(by: { $0.key < $1.key }) {
                let made = try await make(fixture, "\(JSONValue.string(name).jsonText): \(given.jsonText)")
                #expect(made.status == 201 && made.json[name] == given, "\(name): \(made)")
                let id = made.text("id")
                let change = #"[{"op": "add", "path": "/\#(name)", "value": \#(wanted.jsonText)}]"#
                let changed = try await patch(fixture, id, change)
                if name == "id" {
                    #expect(changed.status == 403, "\(changed)")
                } else {
                    #expect(changed.status == 200 && changed.json[name] == wanted, "\(name): \(changed)")
                }
            }
        }
    }

    @Test func whatIsReadOnlyIsRefused() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await make(fixture, "").text("id")
            for attribute in ImageAttributes.table.attributes where attribute.change == .never {
                let change = #"[{"op": "replace", "path": "/\#(attribute.name)", "value": "x"}]"#
                #expect(try await patch(fixture, id, change).status == 403, "\(attribute.name)")
                guard attribute.creation == .never else { continue }
                let made = try await make(fixture, "\"\(attribute.name)\": \"x\"")
                #expect(made.status == 403, "\(attribute.name): \(made)")
            }
            let reserved = #"[{"op": "add", "path": "/os_glance_x", "value": "x"}]"#
            #expect(try await patch(fixture, id, reserved).status == 403)
            #expect(try await make(fixture, #""os_glance_x": "x""#).status == 403)
        }
    }

    @Test func wrongValuesAndPathsAreRefused() async throws {
        try await CloudFixture.run { fixture async throws in
            for members in [
                #""name": 5"#, #""min_disk": "3""#, #""min_ram": -1"#, #""protected": "yes""#, #""visibility": "all""#,
                #""disk_format": "vhd""#, #""container_format": "ova""#, #""tags": "x""#, #""tags": null"#,
                #""mine": 5"#, #""a/b": "x""#, #""protected": null"#,
            ] {
                let made = try await make(fixture, members)
                #expect(made.status == 400, "\(members): \(made)")
            }
            let id = try await make(fixture, #""kept": "x""#).text("id")
            for path in ["/a/b", "/c~d", "/e/", "x", "/"] {
                let answer = try await patch(fixture, id, #"[{"op": "add", "path": "\#(path)", "value": "x"}]"#)
                #expect(answer.status == 400, "\(path): \(answer)")
            }
            #expect(try await patch(fixture, id, #"[{"op": "replace", "path": "/none", "value": "x"}]"#).status == 409)
            #expect(try await patch(fixture, id, #"[{"op": "remove", "path": "/name"}]"#).status == 403)
            #expect(try await patch(fixture, id, #"[{"op": "remove", "path": "/kept"}]"#).status == 200)
            let old = try await patch(fixture, id, #"[{"replace": "/name", "value": "n"}]"#, version: "v2.0")
            #expect(old.status == 200 && old.text("name") == "n", "\(old)")
        }
    }

    @Test func listsAreFilteredAndSorted() async throws {
        try await CloudFixture.run { fixture async throws in
            _ = try await make(fixture, #""name": "a", "min_disk": 1, "os_version": "12", "protected": true"#)
            _ = try await make(fixture, #""name": "b", "min_disk": 2, "disk_format": "qcow2", "tags": ["t", "u"]"#)
            _ = try await make(fixture, #""name": "c, d", "os_hidden": true"#)
            for (query, wanted) in [
                ("owner=\(fixture.people.demo)&sort=name:asc", ["a", "b"]), ("name=in:a,b&sort=name:desc", ["b", "a"]),
                ("name=in:%22c,%20d%22,a&os_hidden=true", ["c, d"]), ("os_version=12", ["a"]), ("os_version=1", []),
                ("protected=true", ["a"]), ("min_disk=2", ["b"]), ("disk_format=qcow2", ["b"]), ("tag=t&tag=u", ["b"]),
                ("tag=t&tag=x", []), ("status=in:active,queued&sort_key=name&sort_dir=asc", ["a", "b", "tiny"]),
                ("size_min=1", ["tiny"]), ("size_max=5", []), ("visibility=public", ["tiny"]),
                ("size=65536", ["tiny"]), ("size=1", []), ("virtual_size=65536", ["tiny"]),
                ("virtual_size_max=1", []), ("min_disk_min=2", ["b"]), ("min_disk_max=1&protected=true", ["a"]),
                ("visibility=shared&sort=name", ["b", "a"]), ("created_at=gt:2100-01-01T00:00:00Z", []),
                ("created_at=gt:2001-01-01T00:00:00Z&name=a", ["a"]), ("checksum=none", []),
                ("sort=name:asc&limit=1", ["a"]),
            ] {
                #expect(try await names(fixture, query) == wanted, "\(query)")
            }
            for query in [
                "visibility=bogus", "sort=bogus:asc", "sort_key=bogus", "sort_key=name&sort_dir=up",
                "sort=name&sort_key=id", "sort_key=name&sort_key=id&sort_key=size&sort_dir=asc&sort_dir=asc",
                "size_min=x", "protected=maybe", "created_at=never", "member_status=x", "limit=-1", "min_disk=x",
                "size=x", "min_ram_max=x",
            ] {
                let answer = try await fixture.request(.get, "\(Self.base)?\(query)")
                #expect(answer.status == 400, "\(query): \(answer)")
            }
        }
    }

    @Test func anImageIsSharedWithWhomItsOwnerNames() async throws {
        try await CloudFixture.run { fixture async throws in
            let other = fixture.people.projects["other"]?.text ?? ""
            let id = try await make(fixture, #""name": "ours", "visibility": "shared""#).text("id")
            let members = "\(Self.base)/\(id)/members"
            #expect(try await fixture.request(.get, "\(Self.base)/\(id)", as: .stranger).status == 404)
            #expect(try await fixture.request(.post, members, as: .stranger, json: #"{"member": "x"}"#).status == 404)
            let body = #"{"member": "\#(other)"}"#
            let made = try await fixture.request(.post, members, json: body)
            #expect(made.status == 200 && made.text("status") == "pending", "\(made)")
            #expect(try await fixture.request(.post, members, json: body).status == 409)
            #expect(try await fixture.request(.get, "\(Self.base)/\(id)", as: .stranger).status == 200)
            #expect(try await names(fixture, "name=ours", as: .stranger) == [])
            #expect(try await names(fixture, "name=ours&member_status=pending", as: .stranger) == ["ours"])
            let accept = #"{"status": "accepted"}"#
            #expect(try await fixture.request(.put, "\(members)/\(other)", json: accept).status == 403)
            let taken = try await fixture.request(.put, "\(members)/\(other)", as: .stranger, json: accept)
            #expect(taken.text("status") == "accepted", "\(taken)")
            #expect(try await names(fixture, "name=ours", as: .stranger) == ["ours"])
            #expect(try await fixture.request(.delete, "\(members)/\(other)", as: .stranger).status == 403)
            #expect(try await fixture.request(.delete, "\(Self.base)/\(id)", as: .stranger).status == 403)
            #expect(try await fixture.request(.delete, "\(members)/\(other)").status == 204)
            #expect(try await fixture.request(.get, "\(Self.base)/\(id)", as: .stranger).status == 404)
            let alone = try await make(fixture, #""visibility": "private""#).text("id")
            #expect(try await fixture.request(.post, "\(Self.base)/\(alone)/members", json: body).status == 403)
        }
    }

    @Test func onlyAdministratorsGiveImagesAway() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await make(fixture, "").text("id")
            let change =
                #"[{"op": "replace", "path": "/owner", "value": "\#(fixture.people.projects["other"]?.text ?? "")"}]"#
            #expect(try await patch(fixture, id, change).status == 403)
            #expect(try await patch(fixture, id, change, as: .admin).status == 200)
            #expect(try await fixture.request(.get, "\(Self.base)/\(id)", as: .stranger).status == 200)
            #expect(try await fixture.request(.get, "\(Self.base)/\(id)").status == 404)
            let publish = #"[{"op": "replace", "path": "/visibility", "value": "public"}]"#
            #expect(try await patch(fixture, id, publish, as: .stranger).status == 403)
        }
    }

    @Test func anOwnImageIsTheMembersToDeactivate() async throws {
        try await CloudFixture.run { fixture async throws in
            let made = try await fixture.request(
                .post, Self.base, json: #"{"name": "own", "disk_format": "raw", "container_format": "bare"}"#)
            let path = "\(Self.base)/\(made.text("id"))"
            #expect(try await fixture.request(.post, "\(path)/actions/deactivate").status == 403, "it has no data")
            let file = try await fixture.request(
                .put, "\(path)/file", body: [UInt8](repeating: 1, count: 512),
                headers: ["Content-Type": "application/octet-stream"])
            #expect(file.status == 204, "\(file)")
            #expect(try await fixture.request(.post, "\(path)/actions/deactivate", as: .reader).status == 403)
            #expect(try await fixture.request(.post, "\(path)/actions/deactivate", as: .stranger).status == 404)
            #expect(try await fixture.request(.post, "\(path)/actions/deactivate").status == 204)
            #expect(try await fixture.request(.get, "\(path)/file").status == 403)
            #expect(try await fixture.request(.post, "\(path)/actions/reactivate").status == 204)
            #expect(try await fixture.request(.get, "\(path)/file").status == 200)
        }
    }

    @Test func schemasOfMetadefsHaveTheirNames() async throws {
        try await CloudFixture.run { fixture async throws in
            let names = [
                "namespace": "namespace", "namespaces": "namespaces", "object": "object", "objects": "objects",
                "property": "property", "properties": "properties", "tag": "tag", "tags": "tags",
                "resource_type": "resource_type_association", "resource_types": "resource_type_associations",
            ]
            for (path, name) in names {
                let schema = try await fixture.request(.get, "/image/v2/schemas/metadefs/\(path)")
                #expect(schema.status == 200 && schema.text("name") == name, "\(path): \(schema)")
            }
        }
    }

    /// A slash at the end names something else; Network and Identity take it for nothing.
    @Test func aSlashAtTheEndIsNoList() async throws {
        try await CloudFixture.run { fixture async throws in
            for (path, status) in [
                ("/image/v2/images/", 404), ("/compute/v2.1/servers/", 404), ("/placement/resource_providers/", 404),
                ("/network/v2.0/networks/", 200), ("/identity/v3/projects/", 200), ("/network/v2.0/", 200),
                ("/compute/v2.1/", 200),
            ] {
                #expect(try await fixture.request(.get, path, as: .admin).status == status, "\(path)")
            }
            #expect(try await fixture.request(.delete, "\(Self.base)/", as: .admin).status == 404)
        }
    }

    @Test func whatIsDeactivatedIsNotGivenOut() async throws {
        try await CloudFixture.run { fixture async throws in
            let path = "\(Self.base)/\(fixture.image)"
            #expect(try await fixture.request(.post, "\(path)/actions/deactivate").status == 403)
            #expect(try await fixture.request(.post, "\(path)/actions/deactivate", as: .admin).status == 204)
            #expect(try await fixture.request(.get, path).text("status") == "deactivated")
            #expect(try await fixture.request(.get, "\(path)/file").status == 403)
            #expect(try await fixture.request(.get, "\(path)/file", as: .admin).status == 200)
            let boot = #"{"server": {"name": "s", "imageRef": "\#(fixture.image)", "flavorRef": "42"}}"#
            #expect(try await fixture.request(.post, "/compute/v2.1/servers", json: boot).status == 400)
            #expect(try await fixture.request(.post, "\(path)/actions/reactivate", as: .admin).status == 204)
            #expect(try await fixture.request(.get, "\(path)/file").status == 200)
        }
    }

    /// The schema names what answers hold, and every form of error is the one that Glance's clients read.
    @Test func clientsReadSchemasAndErrors() async throws {
        try await CloudFixture.run { fixture async throws in
            let schema = try await fixture.request(.get, "/image/v2/schemas/image")
            let known = Set(schema.json["properties"]?.members.keys.map { $0 } ?? [])
            let shown = try await fixture.request(.get, "\(Self.base)/\(fixture.image)")
            #expect(Set(shown.json.members.keys).subtracting(known) == [], "\(schema)")
            for name in ["images", "member", "members"] {
                #expect(try await fixture.request(.get, "/image/v2/schemas/\(name)").status == 200)
            }
            for (accept, type) in [
                ("*/*", "text/html; charset=UTF-8"), ("application/json", "application/json"),
                ("application/json, */*", "application/json"), ("text/html", "text/html; charset=UTF-8"),
            ] {
                let none = try await fixture.request(.get, "\(Self.base)/none", headers: ["Accept": accept])
                #expect(none.status == 404 && none.header("Content-Type") == type, "\(accept): \(none)")
            }
            #expect(try await fixture.request(.get, "/image/versions", as: nil).status == 200)
            #expect(try await fixture.request(.put, "\(Self.base)/\(fixture.image)").status == 405)
        }
    }
}
