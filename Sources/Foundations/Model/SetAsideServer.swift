/// A server that is shelved, or deleted for a while (`docs/decisions/0025-set-aside.md`).
package struct SetAsideServer: Sendable, Equatable {
    package var serverID: ServerID
    package var since: Timestamp
    /// What its root disk is kept in; `nil` where the disk is on its host.
    package var imageID: ImageID?

    package init(serverID: ServerID, since: Timestamp, imageID: ImageID? = nil) {
        self.serverID = serverID
        self.since = since
        self.imageID = imageID
    }
}
