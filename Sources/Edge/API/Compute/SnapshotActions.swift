import APIKit
import Compute
import HTTPTypes
import Model
import Wire

/// `createImage` and `createBackup`.
struct SnapshotActions: Sendable {
    private static let metadataLimit = 128

    let compute: ComputeService

    var all: [String: ServerAction] {
        [
            "createImage": ServerAction(access: ServerOperation.createImage.rule.access, run: createImage),
            "createBackup": ServerAction(access: ServerOperation.createBackup.rule.access, run: createBackup),
        ]
    }

    private func createImage(_ request: APIRequest, _ body: JSONValue) async throws -> APIResponse {
        var fields = try Fields(body, at: "createImage")
        let wanted = SnapshotRequest(
            name: try Self.name(&fields), properties: try Self.metadata(&fields, request.version))
        try fields.finish()
        let image = try await compute.snapshot(request.id(), wanted, by: request.caller)
        return Self.answer(image, to: request)
    }

    private func createBackup(_ request: APIRequest, _ body: JSONValue) async throws -> APIResponse {
        var fields = try Fields(body, at: "createBackup")
        let (name, kind) = (try Self.name(&fields), try fields.string("backup_type", 0...Int.max))
        let rotation = try fields.int("rotation", 0...Int.max)
        let wanted = SnapshotRequest(
            name: name, properties: try Self.metadata(&fields, request.version), backup: (kind, rotation))
        try fields.finish()
        let image = try await compute.snapshot(request.id(), wanted, by: request.caller)
        // Of a backup that is not kept there is nothing to point to.
        if rotation == 0, request.version < Microversion(2, 45) { return .accepted }
        return Self.answer(image, to: request)
    }

    private static func name(_ fields: inout Fields) throws -> String {
        try NovaText.name(try fields.string("name", 1...255), of: "name")
    }

    private static func metadata(_ fields: inout Fields, _ version: Microversion) throws -> [String: String] {
        let metadata = try NovaText.metadata(try fields.stringMap("metadata") ?? [:])
        if version < Microversion(2, 39), metadata.count > metadataLimit {
            throw CloudError(.overQuota, "Image metadata limit exceeded")
        }
        return metadata
    }

    private static func answer(_ image: ImageID, to request: APIRequest) -> APIResponse {
        if request.version >= Microversion(2, 45) {
            var response = APIResponse.json { $0.field("image_id", image) }
            response.status = .accepted
            return response
        }
        var response = APIResponse.accepted
        response.headers[.location] = "\(request.rootURL)/image/v2/images/\(image)"
        return response
    }
}
