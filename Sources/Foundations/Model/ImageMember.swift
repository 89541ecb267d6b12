/// A project with which an image is shared.
package struct ImageMember: Sendable, Equatable {
    package enum Status: String, Sendable, CaseIterable { case pending, accepted, rejected }

    package var imageID: ImageID
    package var member: ProjectID
    package var status: Status = .pending
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package init(
        imageID: ImageID, member: ProjectID, status: Status = .pending, createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.imageID = imageID
        self.member = member
        self.status = status
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}
