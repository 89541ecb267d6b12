package import Model
import Store

/// Data that is given first, and made the image's when that is asked for.
extension ImageService {
    /// Takes the bytes as they come, and lets them wait.
    package func stage(_ id: ImageID, by caller: Caller, content: Content) async throws {
        let image = try await owned(id, by: caller)
        guard image.status == .queued, !image.isStaged else { throw Self.hasData(image) }
        try await take(id, isStaged: true, declared: nil, content)
    }

    /// Proves that what waits is what `disk_format` says, and makes the image active. Data that is something else is
    /// thrown away, and the image is queued again.
    package func importStaged(_ id: ImageID, by caller: Caller) async throws {
        let image = try await owned(id, by: caller)
        guard image.isStaged, image.status == .queued, let size = image.size else {
            throw CloudError(.conflict, Self.notStaged(image))
        }
        guard image.containerFormat != nil else {
            throw CloudError(.conflict, "'container_format' needs to be set before import")
        }
        guard let format = image.diskFormat.flatMap(DiskFormat.init(rawValue:)) else {
            throw CloudError(.conflict, "'disk_format' needs to be set before import")
        }
        let virtualSize: Int
        do {
            virtualSize = try await files.virtualSize(image.fileName, size: size, declared: format)
        } catch let error as CloudError {
            guard try await database.transaction({ try ImageQueries.unstage(id, $0) }) else {
                throw CloudError(.conflict, "Image \(id) is no longer staged.")
            }
            try await files.remove(image.fileName)
            throw error
        } catch {
            // The file goes with an image that is deleted.
            _ = try await owned(id, by: caller)
            throw error
        }
        let now = clock.now()
        try await database.transaction { db in
            guard var found = try db.find(Image.self, key: .id(id)), found.isStaged, found.status == .queued,
                found.upload == image.upload
            else {
                throw CloudError(.conflict, "Image \(id) is no longer staged.")
            }
            (found.status, found.isStaged) = (.active, false)
            found.virtualSize = virtualSize
            found.updatedAt = now
            try db.update(found)
        }
    }

    private static func notStaged(_ image: Image) -> String {
        switch (image.status, image.isStaged) {
        case (.active, _): "Image with status active cannot be target for import"
        case (.saving, true): "The data of image \(image.id) is still coming in"
        default: "Image needs to be staged before 'glance-direct' method can be used"
        }
    }
}
