package import Model

/// When what the newest start of a guest needs was there, by its host's clock
/// (`docs/decisions/0029-boot-timeline.md`).
package struct StartMoments: Codable, Sendable, Equatable {
    /// The host turned to it.
    package var begun: Timestamp
    package var network: Timestamp?
    /// All disks were made, and what they are made of was fetched.
    package var image: Timestamp?
    package var defined: Timestamp?
    package var started: Timestamp?
    package var firstSerialByte: Timestamp?

    package init(begun: Timestamp) {
        self.begun = begun
    }
}
