import Attributes
import Cloud
import HTTPTypes
import Image
import Model
import Store
import TestSupport
import Testing
import Wire

/// Data that is staged first and imported then.
@Suite(.timeLimit(.minutes(3)))
struct ImageImportTests {
    private static let direct = #"{"method": {"name": "glance-direct"}}"#

    private func make(_ fixture: CloudFixture, _ more: String) async throws -> String {
        let made = try await fixture.request(.post, "/image/v2/images", json: #"{"name": "i"\#(more)}"#)
        #expect(made.status == 201 && made.header("OpenStack-image-import-methods") == "glance-direct", "\(made)")
        return "/image/v2/images/\(made.text("id"))"
    }

    private static let raw = #", "disk_format": "raw", "container_format": "bare""#

    private func put(
        _ fixture: CloudFixture, _ path: String, _ bytes: [UInt8], as role: People.Role = .member
    ) async throws -> Answer {
        try await fixture.request(
            .put, path, as: role, body: bytes, headers: ["Content-Type": "application/octet-stream"])
    }

    private let data = [UInt8](repeating: 7, count: 65_536)

    @Test func stagedDataBecomesTheImages() async throws {
        try await CloudFixture.run { fixture in
            let methods = try await fixture.request(.get, "/image/v2/info/import")
            #expect(methods.at("import-methods.value") == .array(["glance-direct"]))
            let image = try await make(fixture, Self.raw)
            #expect(try await put(fixture, "\(image)/stage", data).status == 204)
            let staged = try await fixture.request(.get, image)
            #expect(staged.text("status") == "uploading" && staged.at("size") == 65_536, "\(staged)")
            #expect(staged.at("checksum") == .null && staged.at("os_hash_algo") == .null)
            let found = try await fixture.request(.get, "/image/v2/images?status=uploading")
            #expect(found.count("images") == 1, "\(found)")
            for path in ["stage", "file"] {
                #expect(try await put(fixture, "\(image)/\(path)", data).status == 409)
            }
            let download = try await fixture.request(.get, "\(image)/file")
            #expect(download.status == 409, "\(download)")
            let imported = try await fixture.request(.post, "\(image)/import", json: Self.direct)
            #expect(imported.status == 202, "\(imported)")
            let active = try await fixture.request(.get, image)
            #expect(active.text("status") == "active" && active.at("virtual_size") == 65_536, "\(active)")
            #expect(!active.text("os_hash_value").isEmpty)
            #expect(try await fixture.request(.get, "\(image)/file").body == data)
            #expect(try await fixture.request(.post, "\(image)/import", json: Self.direct).status == 409)
        }
    }

    @Test func whatIsNotAsDeclaredIsThrownAway() async throws {
        try await CloudFixture.run { fixture in
            let image = try await make(fixture, #", "disk_format": "qcow2", "container_format": "bare""#)
            #expect(try await put(fixture, "\(image)/stage", data).status == 204)
            let refused = try await fixture.request(.post, "\(image)/import", json: Self.direct)
            #expect(refused.status == 400, "\(refused)")
            #expect(try await fixture.request(.get, image).text("status") == "queued")
            #expect(try await put(fixture, "\(image)/stage", data).status == 204)
        }
    }

    @Test(arguments: [
        ("{}", 400), (#"{"method": {}}"#, 400), (#"{"method": {"name": "by-mail"}}"#, 400),
        (#"{"method": {"name": "web-download", "uri": "http://x"}}"#, 501),
        (#"{"method": {"name": "glance-direct"}, "all_stores": 1}"#, 400),
        (#"{"method": {"name": "glance-direct"}, "stores": ["ceph"]}"#, 409),
        (#"{"method": {"name": "glance-direct"}, "stores": ["file"]}"#, 202),
    ])
    func theWayIsChecked(body: String, status: Int) async throws {
        try await CloudFixture.run { fixture in
            let image = try await make(fixture, Self.raw)
            #expect(try await fixture.request(.post, "\(image)/import", json: Self.direct).status == 409)
            #expect(try await put(fixture, "\(image)/stage", data).status == 204)
            let answer = try await fixture.request(.post, "\(image)/import", json: body)
            #expect(answer.status == status, "\(answer)")
        }
    }

    @Test func formatsAreSaidBefore() async throws {
        try await CloudFixture.run { fixture in
            let image = try await make(fixture, "")
            #expect(try await put(fixture, "\(image)/stage", data).status == 204)
            #expect(try await fixture.request(.post, "\(image)/import", json: Self.direct).status == 409)
            let late = try await fixture.request(
                .patch, image, body: Array(#"[{"op": "replace", "path": "/disk_format", "value": "raw"}]"#.utf8),
                headers: ["Content-Type": "application/openstack-images-v2.1-json-patch"])
            #expect(late.status == 403, "\(late)")
            #expect(try await fixture.request(.delete, image).status == 204)
        }
    }

    @Test func onlyTheOwnerStagesAndImports() async throws {
        try await CloudFixture.run { fixture in
            let image = try await make(fixture, Self.raw)
            #expect(try await put(fixture, "\(image)/stage", data, as: .stranger).status == 404)
            #expect(try await put(fixture, "\(image)/stage", data, as: .reader).status == 403)
            #expect(try await put(fixture, "\(image)/stage", data).status == 204)
            let foreign = try await fixture.request(.post, "\(image)/import", as: .stranger, json: Self.direct)
            #expect(foreign.status == 404, "\(foreign)")
        }
    }

    /// Staged data outlives a start, and what came in when the process stopped does not.
    @Test func aStartKeepsWhatIsStaged() async throws {
        try await CloudFixture.run { fixture in
            let image = try await make(fixture, Self.raw)
            #expect(try await put(fixture, "\(image)/stage", data).status == 204)
            let broken = try await make(fixture, Self.raw)
            let id = ImageID(String(broken.split(separator: "/").last ?? ""))
            try await fixture.cloud.database.transaction {
                _ = try $0.execute(
                    "UPDATE images SET status = 'saving', is_staged = 1 WHERE id = ?1", [.id(id)])
            }
            try await fixture.cloud.image.recoverUploads()
            #expect(try await fixture.request(.get, broken).text("status") == "queued")
            #expect(try await fixture.request(.post, "\(image)/import", json: Self.direct).status == 202)
            #expect(try await fixture.request(.get, "\(image)/file").body == data)
        }
    }
}
