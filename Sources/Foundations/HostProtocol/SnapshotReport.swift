package import Model

/// What a host says of a snapshot, while it is made and in the end.
package struct SnapshotReport: Codable, Sendable, Equatable {
    package enum Stage: String, Codable, Sendable { case copying, copied, uploading }

    package var stage: Stage
    /// From here on of one whose disk is copied.
    package var consistency: SnapshotConsistency?
    /// From the freeze that was sent to the thaw that returned.
    package var frozenMilliseconds: Int?
    /// The disks whose content is in the image, by id.
    package var disks: [String]
    /// Why it is not more consistent than it is.
    package var reason: String?

    package init(
        stage: Stage, consistency: SnapshotConsistency? = nil, frozenMilliseconds: Int? = nil, disks: [String] = [],
        reason: String? = nil
    ) {
        self.stage = stage
        self.consistency = consistency
        self.frozenMilliseconds = frozenMilliseconds
        self.disks = disks
        self.reason = reason
    }

    private enum Key {
        static let stage = "stage"
        static let consistency = "consistency"
        static let frozen = "frozen-ms"
        static let disks = "disks"
        static let reason = "reason"
    }

    /// As `CommandReport.result`.
    package init?(result: [String: String]?) {
        guard let result, let stage = result[Key.stage].flatMap(Stage.init(rawValue:)) else { return nil }
        self.init(
            stage: stage, consistency: result[Key.consistency].flatMap(SnapshotConsistency.init(rawValue:)),
            frozenMilliseconds: result[Key.frozen].flatMap { Int($0) },
            disks: result[Key.disks]?.split(separator: ",").map(String.init) ?? [], reason: result[Key.reason])
    }

    package var result: [String: String] {
        var result = [Key.stage: stage.rawValue]
        result[Key.consistency] = consistency?.rawValue
        result[Key.frozen] = frozenMilliseconds.map(String.init)
        if !disks.isEmpty { result[Key.disks] = disks.joined(separator: ",") }
        result[Key.reason] = reason
        return result
    }
}
