/// A sign of life, and what was seen since the last one.
package struct HostReport: Codable, Sendable, Equatable {
    package var observations: [ServerObservation]
    /// `nil` where nobody has looked since the last report.
    package var health: HostHealth?
    /// What the reader could not understand; never sent.
    package var illegible: [Illegible] = []

    package init(_ observations: [ServerObservation] = [], health: HostHealth? = nil) {
        self.observations = observations
        self.health = health
    }

    private enum CodingKeys: String, CodingKey { case observations, health }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        (observations, illegible) = try values.decodeLegible(ServerObservation.self, forKey: .observations)
        health = try values.decodeIfPresent(HostHealth.self, forKey: .health)
    }
}

/// What does not work on a host. It gets no new servers while anything does not.
package struct HostHealth: Codable, Sendable, Equatable {
    /// By part (`hypervisor`, `storage`, `network`), why it does not work.
    package var troubles: [String: String]

    package init(troubles: [String: String] = [:]) {
        self.troubles = troubles
    }
}
