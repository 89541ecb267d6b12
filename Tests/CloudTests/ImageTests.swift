import Cloud
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// Images as they come in and go out.
@Suite(.timeLimit(.minutes(1)))
struct ImageTests {
    private func make(_ fixture: CloudFixture, _ format: String) async throws -> String {
        let made = try await fixture.request(
            .post, "/image/v2/images",
            json: #"{"name": "i", "disk_format": "\#(format)", "container_format": "bare"}"#)
        #expect(made.status == 201, "\(made)")
        return made.text("id")
    }

    private func upload(_ fixture: CloudFixture, _ id: String, _ bytes: [UInt8]) async throws -> Answer {
        try await fixture.request(
            .put, "/image/v2/images/\(id)/file", body: bytes, headers: ["Content-Type": "application/octet-stream"])
    }

    /// A qcow2 of version 3 and 1 MiB without data; `backing` is the name of the file it stands on.
    private func qcow2(backing: String = "") -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 4 * 65_536)
        func put(_ value: UInt64, at offset: Int, bytes count: Int) {
            for index in 0..<count {
                bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - index)))
            }
        }
        put(0x5146_49fb, at: 0, bytes: 4)
        put(3, at: 4, bytes: 4)
        if !backing.isEmpty {
            put(512, at: 8, bytes: 8)
            put(UInt64(backing.utf8.count), at: 16, bytes: 4)
            bytes.replaceSubrange(512..<512 + backing.utf8.count, with: backing.utf8)
        }
        put(16, at: 20, bytes: 4)
        put(1 << 20, at: 24, bytes: 8)
        put(1, at: 36, bytes: 4)
        put(3 * 65_536, at: 40, bytes: 8)
        put(65_536, at: 48, bytes: 8)
        put(1, at: 56, bytes: 4)
        put(4, at: 96, bytes: 4)
        put(104, at: 100, bytes: 4)
        return bytes
    }

    @Test func aGoodImageIsTakenAndGivenBack() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await make(fixture, "qcow2")
            #expect(try await fixture.request(.get, "/image/v2/images/\(id)").text("status") == "queued")
            #expect(try await fixture.request(.get, "/image/v2/images/\(id)/file").status == 204)
            let bytes = qcow2()
            let taken = try await upload(fixture, id, bytes)
            #expect(taken.status == 204, "\(taken)")
            let shown = try await fixture.request(.get, "/image/v2/images/\(id)")
            #expect(shown.text("status") == "active")
            #expect(shown.at("size") == .integer(bytes.count))
            #expect(shown.at("virtual_size") == .integer(1 << 20))
            let back = try await fixture.request(.get, "/image/v2/images/\(id)/file")
            #expect(back.body == bytes)
            #expect(back.header("Content-MD5") == shown.text("checksum"))
            #expect(try await upload(fixture, id, bytes).status == 409)
        }
    }

    @Test func aBackingFileIsRefused() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await make(fixture, "qcow2")
            let refused = try await upload(fixture, id, qcow2(backing: "/etc/shadow"))
            #expect(refused.status == 400, "\(refused)")
            #expect(try await fixture.request(.get, "/image/v2/images/\(id)").text("status") == "queued")
            #expect(try await fixture.request(.get, "/image/v2/images/\(id)/file").status == 204)
            #expect(try await upload(fixture, id, qcow2()).status == 204)
        }
    }

    @Test func aFormatThatWasNotDeclaredIsRefused() async throws {
        try await CloudFixture.run { fixture async throws in
            for (declared, bytes) in [
                ("raw", qcow2()), ("qcow2", [UInt8](repeating: 0, count: 65_536)), ("iso", qcow2()), ("qcow2", []),
            ] {
                let id = try await make(fixture, declared)
                let refused = try await upload(fixture, id, bytes)
                #expect(refused.status == 400, "\(declared): \(refused)")
                #expect(try await fixture.request(.get, "/image/v2/images/\(id)").text("status") == "queued")
            }
        }
    }

    @Test func onlyAnAdministratorPublishes() async throws {
        try await CloudFixture.run { fixture async throws in
            let body = #"{"name": "i", "visibility": "public"}"#
            #expect(try await fixture.request(.post, "/image/v2/images", json: body).status == 403)
            #expect(try await fixture.request(.post, "/image/v2/images", as: .admin, json: body).status == 201)
        }
    }

    @Test func aProtectedImageStays() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await make(fixture, "raw")
            func protect(_ flag: Bool) async throws {
                let changed = try await fixture.request(
                    .patch, "/image/v2/images/\(id)",
                    json: #"[{"op": "replace", "path": "/protected", "value": \#(flag)}]"#,
                    headers: ["Content-Type": "application/openstack-images-v2.1-json-patch"])
                #expect(changed.status == 200, "\(changed)")
            }
            try await protect(true)
            #expect(try await fixture.request(.delete, "/image/v2/images/\(id)").status == 403)
            try await protect(false)
            #expect(try await fixture.request(.delete, "/image/v2/images/\(id)").status == 204)
            #expect(try await fixture.request(.get, "/image/v2/images/\(id)").status == 404)
        }
    }

    @Test func aServerNeedsAnImageThatFits() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await make(fixture, "qcow2")
            func boot() async throws -> Answer {
                try await fixture.request(
                    .post, "/compute/v2.1/servers",
                    json: #"{"server": {"name": "vm", "imageRef": "\#(id)", "flavorRef": "42"}}"#)
            }
            #expect(try await boot().text("badRequest.message") == "Image \(id) is not active.")
            #expect(try await upload(fixture, id, qcow2()).status == 204)
            #expect(try await boot().status == 202)
        }
    }
}
