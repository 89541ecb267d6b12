import Logging
import Model
import Store
import Synchronization

/// One upload, which holds its image by a lease: another process that starts, or finds the lease at its end, knows by
/// it whether somebody still takes the bytes. Its file has a name of its own, so that one that has lost its image
/// writes over nobody's data.
final class Upload: Sendable {
    static let leaseSeconds = 60.0

    let name = UUIDText.random()
    let image: ImageID
    let isStaged: Bool
    private let database: any Database
    private let clock: any CloudClock
    private let logger: Logger
    private let isLost = Atomic(false)

    init(of image: ImageID, isStaged: Bool, database: any Database, clock: any CloudClock, logger: Logger) {
        self.image = image
        self.isStaged = isStaged
        self.database = database
        self.clock = clock
        self.logger = logger
    }

    var fileName: String { "\(image).\(name)" }

    func has(_ image: Image) -> Bool { image.status == .saving && image.upload == name }

    func begin() async throws {
        let until = leaseEnd
        let begun = try await database.transaction { [self] in
            try ImageQueries.begin(name, of: image, isStaged: isStaged, until: until, $0)
        }
        guard begun else { throw CloudError(.conflict, "Image \(image) is no longer queued.") }
    }

    private var leaseEnd: Timestamp { clock.now().advanced(seconds: Self.leaseSeconds) }

    /// Renews the lease while `body` runs, at each third of it.
    func holding(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.keepRenewing() }
            try await body()
            group.cancelAll()
        }
    }

    private func keepRenewing() async {
        while !Task.isCancelled {
            do {
                try await clock.sleep(until: clock.now().advanced(seconds: Self.leaseSeconds / 3))
                guard try await renew() else { return }
            } catch is CancellationError {
                return
            } catch {
                logger.warning(
                    "an upload's lease cannot be renewed", metadata: ["image": "\(image)", "error": "\(error)"])
            }
        }
    }

    private func renew() async throws -> Bool {
        let until = leaseEnd
        let isHeld = try await database.transaction { [name, image] in
            try ImageQueries.renew(name, of: image, until: until, $0)
        }
        if !isHeld { isLost.store(true, ordering: .sequentiallyConsistent) }
        return isHeld
    }

    /// An upload that has lost its image need not take what else comes in.
    func check() async throws {
        guard isLost.load(ordering: .sequentiallyConsistent) else { return }
        throw try await database.read { [self] in try loss($0) }
    }

    /// The image is still this upload's, for a whole lease from now.
    func requireLease() async throws {
        _ = try await renew()
        try await check()
    }

    func loss(_ db: any Connection) throws -> CloudError {
        guard let found = try db.find(Image.self, key: .id(image)), found.status != .deleted else {
            return CloudError(.gone, "Image \(image) was deleted while its data came in.")
        }
        return CloudError(
            .conflict,
            "The upload of image \(image) was given up, because its lease of \(Int(Self.leaseSeconds)) seconds was not "
                + "renewed: the image is '\(found.status.rawValue)' now. Send the data again where it is 'queued'.")
    }
}
