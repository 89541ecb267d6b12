import Cloud
import Foundation
import HTTPTypes
import Image
import Model
import TestSupport
import Testing
import Wire

/// One of each kind; `ModelTests` has them all.
private let hostileImages: [(name: String, sample: DiskImageSample, says: String)] = {
    func spoiled(_ sample: DiskImageSample, _ spoil: (inout DiskImageSample) -> Void) -> DiskImageSample {
        var sample = sample
        spoil(&sample)
        return sample
    }
    let secret = DiskImageSample.vmdkDescriptor.replacing("disk.vmdk", with: "/etc/shadow")
    return [
        ("empty", spoiled(.qcow2()) { $0.size = 0 }, "empty"),
        ("misnamed", spoiled(.qcow2()) { $0.format = .raw }, "declared as raw, but its content is qcow2"),
        ("misnamed too", spoiled(.init(.raw, size: 65_536)) { $0.format = .qcow2 }, "its content is raw"),
        ("backing file", spoiled(.qcow2()) { $0.put(UInt64(512), at: 8) }, "backing file"),
        ("data file", spoiled(.qcow2()) { $0.put(UInt64(1 << 2), at: 72) }, "external data file"),
        ("absurd size", spoiled(.qcow2()) { $0.put(UInt64(1) << 63, at: 24) }, "over the limit"),
        ("cut short", spoiled(.qcow2()) { $0.size -= 1 }, "truncated"),
        ("overlapping", spoiled(.qcow2()) { $0.put(UInt64(0x1_0000), at: 40) }, "overlaps"),
        ("two formats", spoiled(.qcow2()) { $0.put("CD001", at: 32_769) }, "qcow2 and iso at once"),
        ("path in a vmdk", .vmdk(descriptor: secret), "path to another file"),
        ("vmdk descriptor", .init(.vmdk, bytes: Array(secret.utf8), size: Int64(secret.utf8.count)), "VMDK descriptor"),
        ("fixed VHD", spoiled(.init(.raw, size: 65_536)) { $0.put("conectix", at: 65_024) }, "VHD"),
    ]
}()

/// Images as they come in and go out.
@Suite(.timeLimit(.minutes(3)))
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

    /// An upload takes neither more than an image may have nor the last of the disk.
    @Test func anUploadHasBounds() async throws {
        for (largest, reserve) in [(1 << 20, 0), (1 << 40, 1 << 60)] {
            var options = CloudFixture.Options()
            // The fixture's own image is 64 KiB.
            options.images.largest = largest
            try await CloudFixture.run(options) { fixture async throws in
                let id = try await make(fixture, "raw")
                let taken = try await upload(fixture, id, [UInt8](repeating: 1, count: 1 << 20))
                #expect(taken.status == 204, "\(taken)")
            }
            options.images.reserve = reserve
            guard reserve == 0 else {
                await #expect(throws: CloudError.self) { try await CloudFixture.run(options) { _ in } }
                continue
            }
            try await CloudFixture.run(options) { fixture async throws in
                let id = try await make(fixture, "raw")
                let refused = try await upload(fixture, id, [UInt8](repeating: 1, count: (1 << 20) + 1))
                #expect(refused.status == 413, "\(refused)")
                #expect(try await fixture.request(.get, "/image/v2/images/\(id)").text("status") == "queued")
            }
        }
    }

    @Test(arguments: [
        DiskImageSample.qcow2(), .qcow2(version: 2), .vmdk(), .vmdkWithFooter(), .init(.raw, size: 1 << 20),
    ])
    func aGoodImageIsTakenAndGivenBack(sample: DiskImageSample) async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await make(fixture, sample.format.rawValue)
            #expect(try await fixture.request(.get, "/image/v2/images/\(id)").text("status") == "queued")
            #expect(try await fixture.request(.get, "/image/v2/images/\(id)/file").status == 204)
            let bytes = sample.content
            let taken = try await upload(fixture, id, bytes)
            #expect(taken.status == 204, "\(taken)")
            let shown = try await fixture.request(.get, "/image/v2/images/\(id)")
            #expect(shown.text("status") == "active")
            #expect(shown.at("size") == .integer(bytes.count))
            #expect(shown.at("virtual_size") == .integer(sample.format == .raw ? 1 << 20 : 1 << 30))
            let back = try await fixture.request(.get, "/image/v2/images/\(id)/file")
            #expect(back.body == bytes)
            #expect(back.header("Content-MD5") == shown.text("checksum"))
            #expect(try await upload(fixture, id, bytes).status == 409)
        }
    }

    /// Refused with the reason, and the image waits for better data.
    @Test(arguments: hostileImages)
    func aHostileImageIsRefused(name: String, sample: DiskImageSample, says: String) async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await make(fixture, sample.format.rawValue)
            let refused = try await upload(fixture, id, sample.content)
            #expect(refused.status == 400, "\(name): \(refused)")
            #expect(String(decoding: refused.body, as: UTF8.self).contains(says), "\(name): \(refused)")
            #expect(try await fixture.request(.get, "/image/v2/images/\(id)").text("status") == "queued")
            #expect(try await fixture.request(.get, "/image/v2/images/\(id)/file").status == 204)
            let good: DiskImageSample = sample.format == .qcow2 ? .qcow2() : sample.format == .vmdk ? .vmdk() : sample
            if good.refusal() == nil { #expect(try await upload(fixture, id, good.content).status == 204) }
        }
    }

    @Test func anImageThatHasLostBytesSaysSo() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await make(fixture, "raw")
            #expect(try await upload(fixture, id, [UInt8](repeating: 7, count: 4096)).status == 204)
            let name = try await fixture.cloud.image.show(ImageID(id), by: fixture.people.admin).fileName
            let file = try FileHandle(forWritingTo: URL(filePath: "\(fixture.stateDirectory)/images/\(name)"))
            try file.truncate(atOffset: 100)
            try file.close()
            let answer = try await fixture.request(.get, "/image/v2/images/\(id)/file")
            #expect(answer.status == 500)
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
            #expect(try await upload(fixture, id, DiskImageSample.qcow2().content).status == 204)
            #expect(try await boot().status == 202)
        }
    }

    @Test func propertiesAndTagsHaveALimit() async throws {
        try await CloudFixture.run { fixture async throws in
            func body(_ count: Int) -> String {
                let tags = (0..<count).map { "\"t\($0)\"" }.joined(separator: ",")
                return #"{"name": "x", "disk_format": "raw", "container_format": "bare", "tags": [\#(tags)]}"#
            }
            let images = "/image/v2/images"
            #expect(try await fixture.request(.post, images, json: body(129)).status == 413)
            let made = try await fixture.request(.post, images, json: body(128))
            #expect(made.status == 201)
            let image = "\(images)/\(made.text("id"))"
            #expect(try await fixture.request(.put, "\(image)/tags/one-more").status == 413)
            #expect(try await fixture.request(.put, "\(image)/tags/t1").status == 204)
            let type = ["Content-Type": "application/openstack-images-v2.1-json-patch"]
            func patch(_ names: Range<Int>) async throws -> Int {
                let changes = names.map { #"{"op": "add", "path": "/p\#($0)", "value": "v"}"# }
                return try await fixture.request(
                    .patch, image, json: "[\(changes.joined(separator: ","))]", headers: type
                ).status
            }
            #expect(try await patch(0..<129) == 413)
            #expect(try await patch(0..<128) == 200)
            #expect(try await patch(128..<129) == 413)
            #expect(try await fixture.request(.get, image).at("p128") == nil)
        }
    }
}
