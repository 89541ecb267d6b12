import HostStorage
import Logging

/// Deletes images from the host's cache that no server needs any more.
package struct ImageCacheKeeper: Sendable {
    /// Between two looks; Nova's `[image_cache] manager_interval`.
    package static let interval = Duration.seconds(2400)
    /// How long an image stays that no server needs; Nova's `remove_unused_original_minimum_age_seconds`.
    package static let minimumAge = Duration.seconds(86_400)

    let storage: any HostStorage
    let interval: Duration
    let minimumAge: Duration
    let logger: Logger

    /// Looks at once and then at each interval, until cancelled.
    func run() async {
        while !Task.isCancelled {
            await sweep()
            do {
                try await Task.sleep(for: interval)
            } catch {
                return
            }
        }
    }

    private func sweep() async {
        do {
            let sweep = try await storage.removeUnusedImages(unusedFor: minimumAge)
            for name in sweep.removed { logger.info("an unused image left the cache", metadata: ["sha512": "\(name)"]) }
            if !sweep.unknownFiles.isEmpty {
                logger.warning(
                    "files in the image cache are no images and stay",
                    metadata: ["files": "\(sweep.unknownFiles.joined(separator: " "))"])
            }
        } catch is CancellationError {
            return
        } catch {
            logger.warning("unused images cannot be deleted", metadata: ["error": "\(error)"])
        }
    }
}
