import Logging
package import Model
import Store

/// The bytes of images.
extension ImageService {
    /// What gives the bytes, piece by piece.
    package typealias Content = (_ write: ([UInt8]) async throws -> Void) async throws -> Void

    /// Takes the bytes as they come, proves that they are what `disk_format` says, and makes the image active. On any
    /// failure the image is queued again and nothing of the bytes is left.
    package func upload(_ id: ImageID, by caller: Caller, content: Content) async throws {
        try await fill(try await owned(id, by: caller), content)
    }

    /// The same, for a host that was told to fill an image which is there for it.
    package func upload(_ id: ImageID, content: Content) async throws {
        guard let image = try await database.read({ try $0.find(Image.self, key: .id(id)) }), image.status != .deleted
        else { throw CloudError(.notFound, "The image \(id) is gone.") }
        try await fill(image, content)
    }

    private func fill(_ image: Image, _ content: Content) async throws {
        guard image.status == .queued, !image.isStaged else { throw Self.hasData(image) }
        guard let format = image.diskFormat.flatMap(DiskFormat.init(rawValue:)), image.containerFormat != nil else {
            throw CloudError.badRequest("Properties disk_format, container_format must be set prior to saving data.")
        }
        try await take(image.id, isStaged: false, declared: format, content)
    }

    static func hasData(_ image: Image) -> CloudError {
        let status = image.isStaged ? "uploading" : image.status.rawValue
        return CloudError(.conflict, "Image \(image.id) has data already (it is \(status)).")
    }

    /// Takes the bytes, and makes the image active or lets them wait to be imported.
    func take(_ id: ImageID, isStaged: Bool, declared: DiskFormat?, _ content: Content) async throws {
        try await move(id, from: (.queued, false), to: (.saving, isStaged))
        do {
            let file = try await files.begin(id)
            do {
                try await content { try await file.write($0) }
                let digest = try await file.finish(declared: declared)
                try await keep(id, digest, isStaged: isStaged)
            } catch {
                do {
                    try await file.abandon()
                } catch let leftover {
                    logger.warning(
                        "a broken upload left a file, which the next start takes away",
                        metadata: ["image": "\(id)", "error": "\(leftover)"])
                }
                throw error
            }
        } catch {
            await requeue(id, isStaged: isStaged, after: error)
            throw error
        }
    }

    /// What has failed is told, whatever becomes of this.
    private func requeue(_ id: ImageID, isStaged: Bool, after failure: any Error) async {
        do {
            try await move(id, from: (.saving, isStaged), to: (.queued, false))
        } catch let error as CloudError where error.kind == .conflict {
            return  // It was deleted meanwhile.
        } catch {
            logger.error(
                "an image stays 'saving' until the next start",
                metadata: ["image": "\(id)", "error": "\(error)", "after": "\(failure)"])
        }
    }

    func move(_ id: ImageID, from old: ImageQueries.Moment, to new: ImageQueries.Moment) async throws {
        let moved = try await database.transaction { try ImageQueries.move(id, from: old, to: new, $0) }
        guard moved else { throw CloudError(.conflict, "Image \(id) is no longer \(old.status.rawValue).") }
    }

    private func keep(_ id: ImageID, _ digest: ImageDigest, isStaged: Bool) async throws {
        let now = clock.now()
        try await database.transaction { db in
            guard var image = try db.find(Image.self, key: .id(id)), image.status == .saving else {
                throw CloudError(.gone, "Image \(id) was deleted while its data came in.")
            }
            image.status = isStaged ? .queued : .active
            image.size = digest.size
            image.virtualSize = isStaged ? nil : digest.virtualSize
            image.checksum = digest.md5
            image.sha512 = digest.sha512
            image.updatedAt = now
            try db.update(image)
        }
    }

    /// Uploads that a stop of this process cut short become queued again; to be called once at start.
    package func recoverUploads() async throws {
        try await database.transaction { try ImageQueries.requeueSaving($0) }
        let known = try await database.read { try ImageQueries.idsWithData($0) }
        try await files.removeAll(except: known)
    }

    /// The bytes in order, each call a piece of at most 1 MiB, `nil` at the end. What is deactivated is for
    /// administrators to look at.
    package func content(of image: Image, for caller: Caller) async throws -> @Sendable () async throws -> [UInt8]? {
        guard image.status != .deactivated || caller.isAdmin else {
            throw CloudError(.forbidden, "The requested image has been deactivated. Image data download is forbidden.")
        }
        guard image.status == .active || image.status == .deactivated else {
            throw CloudError(.conflict, "Image \(image.id) has no data: it is \(image.status.rawValue).")
        }
        let reader = try await files.open(image.id, size: image.size)
        return { try await reader.next() }
    }

    /// The same, for a host that was told to boot from the image, whatever became of it meanwhile.
    package func content(of id: ImageID) async throws -> @Sendable () async throws -> [UInt8]? {
        guard let image = try await database.read({ try $0.find(Image.self, key: .id(id)) }), image.status != .deleted
        else { throw CloudError(.notFound, "The image \(id) is gone.") }
        let reader = try await files.open(id, size: image.size)
        return { try await reader.next() }
    }
}
