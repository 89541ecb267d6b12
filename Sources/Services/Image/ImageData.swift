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

    /// The same, for a host that was told to fill an image which is there for it. A host that repeats it, as one does
    /// that has not heard how it ended, is not asked for the bytes again.
    package func upload(_ id: ImageID, content: Content) async throws {
        guard let image = try await database.read({ try $0.find(Image.self, key: .id(id)) }), image.status != .deleted
        else { throw CloudError(.notFound, "The image \(id) is gone.") }
        if image.status == .active { return }
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
        let upload = Upload(of: id, isStaged: isStaged, database: database, clock: clock, logger: logger)
        try await upload.begin()
        do {
            try await upload.holding {
                let file = try await files.begin(upload.fileName)
                do {
                    try await content { piece in
                        try await upload.check()
                        try await file.write(piece)
                    }
                    try await upload.requireLease()
                    let digest = try await file.finish(declared: declared)
                    try await keep(upload, digest)
                } catch {
                    await abandon(file, of: id)
                    throw error
                }
            }
        } catch {
            await giveUp(upload, after: error)
            throw error
        }
    }

    private func abandon(_ file: ImageFileWriter, of id: ImageID) async {
        do {
            try await file.abandon()
        } catch {
            logger.warning(
                "a broken upload left a file, which the next start takes away",
                metadata: ["image": "\(id)", "error": "\(error)"])
        }
    }

    /// Whatever becomes of this, the caller is told of `failure`.
    private func giveUp(_ upload: Upload, after failure: any Error) async {
        do {
            try await database.transaction { try ImageQueries.giveUp(upload.name, of: upload.image, $0) }
        } catch {
            logger.error(
                "an image stays 'saving' until its upload's lease ends",
                metadata: ["image": "\(upload.image)", "error": "\(error)", "after": "\(failure)"])
        }
    }

    private func keep(_ upload: Upload, _ digest: ImageDigest) async throws {
        let now = clock.now()
        try await database.transaction { db in
            guard var image = try db.find(Image.self, key: .id(upload.image)), upload.has(image) else {
                throw try upload.loss(db)
            }
            image.status = upload.isStaged ? .queued : .active
            image.size = digest.size
            image.virtualSize = upload.isStaged ? nil : digest.virtualSize
            image.checksum = digest.md5
            image.sha512 = digest.sha512
            image.updatedAt = now
            try db.update(image)
        }
    }

    /// To be called once at start: images whose upload was cut short wait for their data again, and its files go.
    ///
    /// - Parameter isAlone: whether no other process uploads, so that no lease is worth waiting for.
    package func recoverUploads(isAlone: Bool = false) async throws {
        if isAlone { try await database.transaction { try ImageQueries.endLeases($0) } }
        try await requeueAbandoned()
        try await sweep()
    }

    /// The same of uploads that a process had which is no more, whenever their leases have ended.
    package func requeueAbandoned() async throws {
        let now = clock.now()
        guard try await database.read({ try ImageQueries.hasAbandoned(at: now, $0) }) else { return }
        try await database.transaction { try ImageQueries.requeueAbandoned(at: now, $0) }
        try await sweep()
    }

    /// Takes away files that no image has any more.
    package func sweep() async throws {
        try await files.sweep { try await database.read { try ImageQueries.filesInUse($0) } }
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
        let reader = try await files.open(image)
        return { try await reader.next() }
    }

    /// The same, for a host that was told to boot from the image, whatever became of it meanwhile.
    package func content(of id: ImageID) async throws -> @Sendable () async throws -> [UInt8]? {
        guard let image = try await database.read({ try $0.find(Image.self, key: .id(id)) }), image.status != .deleted
        else { throw CloudError(.notFound, "The image \(id) is gone.") }
        let reader = try await files.open(image)
        return { try await reader.next() }
    }
}
