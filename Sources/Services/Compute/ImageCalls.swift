import HostProtocol
import Image
import Model
import Store

/// All that Compute asks of Image.
struct ImageCalls: Sendable {
    private let image: ImageService

    init(_ image: ImageService) {
        self.image = image
    }

    /// An image that a host is to fill; see `ImageService`.
    static func reserve(_ image: Model.Image, sharedWith member: ProjectID?, _ db: any Connection) throws {
        try ImageService.reserve(image, sharedWith: member, db)
    }

    static func describe(
        _ id: ImageID, with properties: [String: String], at now: Timestamp, _ db: any Connection
    ) throws {
        try ImageService.describe(id, with: properties, at: now, db)
    }

    static func discard(_ id: ImageID, at now: Timestamp, _ db: any Connection) throws {
        try ImageService.discard(id, at: now, db)
    }

    static func remove(_ id: ImageID, at now: Timestamp, _ db: any Connection) throws {
        try ImageService.remove(id, at: now, db)
    }

    func rotate(_ kind: String, of server: ServerID, in project: ProjectID, keeping count: Int) async throws {
        try await image.rotate(kind, of: server, in: project, keeping: count)
    }

    /// An image to boot from: active, and in a format the hosts know. Where the flavor has no root disk, the disk is as
    /// large as the image.
    func bootable(
        _ id: ImageID, rootGiB: Int, by caller: Caller, _ db: any Connection
    ) throws -> (Model.Image, ImageReference) {
        let found: Model.Image
        do {
            found = try image.visible(id, by: caller, db)
        } catch let error as CloudError where error.kind == .notFound {
            throw CloudError(.badRequest, "Can not find requested image", cause: error)
        }
        return (found, try Self.reference(found, rootGiB: rootGiB))
    }

    /// The image that a shelved server's disk is kept in, whoever owns it.
    static func shelved(_ id: ImageID, rootGiB: Int, _ db: any Connection) throws -> ImageReference {
        guard let found = try db.find(Image.self, key: .id(id)), found.status == .active else {
            throw CloudError(
                .conflict, "The image \(id), in which the disk of the shelved server was kept, is not there any more.")
        }
        return try reference(found, rootGiB: rootGiB)
    }

    private static func reference(_ found: Model.Image, rootGiB: Int) throws -> ImageReference {
        guard found.status == .active, let sha512 = found.sha512, let size = found.size,
            let format = found.diskFormat.flatMap(DiskFormat.init(rawValue:))
        else { throw CloudError.badRequest("Image \(found.id) is not active.") }
        var reference = ImageReference(id: found.id, sha512: sha512, format: format, sizeBytes: Int64(size))
        if rootGiB == 0 { reference.rootBytes = found.virtualSize.map { Int64($0) } }
        return reference
    }
}
