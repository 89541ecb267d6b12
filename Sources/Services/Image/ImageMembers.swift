package import Model
import Store

/// With whom an image is shared: its owner says with which projects, each project whether it wants to see it.
extension ImageService {
    /// All members for the owner; a member sees itself only.
    package func members(of id: ImageID, by caller: Caller) async throws -> [ImageMember] {
        try await database.read { db in
            let image = try visible(id, by: caller, db)
            let all = try ImageMemberQueries.members(of: id, db)
            return caller.owns(image.projectID) ? all : all.filter { caller.owns($0.member) }
        }
    }

    package func member(_ member: ProjectID, of id: ImageID, by caller: Caller) async throws -> ImageMember {
        guard let found = try await members(of: id, by: caller).first(where: { $0.member == member }) else {
            throw Self.noMember(member, id)
        }
        return found
    }

    private static func noMember(_ member: ProjectID, _ id: ImageID) -> CloudError {
        CloudError(.notFound, "\(member.text.prefix(80)) not found in the member list of the image \(id).")
    }

    package func share(_ id: ImageID, with member: ProjectID, by caller: Caller) async throws -> ImageMember {
        let now = clock.now()
        return try await database.transaction { db in
            let image = try owned(id, by: caller, db)
            guard image.visibility == .shared else {
                throw CloudError(.forbidden, "Only shared images have members.")
            }
            guard try ImageMemberQueries.members(of: id, db).count < Self.mostMembers else {
                throw CloudError(
                    .tooLarge,
                    "The limit has been exceeded on the number of allowed image members for this image. "
                        + "Maximum: \(Self.mostMembers)")
            }
            let made = ImageMember(imageID: id, member: member, createdAt: now, updatedAt: now)
            guard try db.insertIfAbsent(made) else {
                throw CloudError(.conflict, "Image member \(member) already exists for image \(id)")
            }
            return made
        }
    }

    /// Glance's default of `image_member_quota`.
    private static let mostMembers = 128

    /// Only the member itself says whether it wants the image.
    package func answer(
        _ id: ImageID, for member: ProjectID, _ status: ImageMember.Status, by caller: Caller
    ) async throws -> ImageMember {
        let now = clock.now()
        return try await database.transaction { db in
            let image = try visible(id, by: caller, db)
            guard var found = try ImageMemberQueries.member(member, of: id, db),
                caller.owns(image.projectID) || caller.owns(member)
            else { throw Self.noMember(member, id) }
            guard caller.isAdmin || caller.scope == .project(member) else {
                throw CloudError(.forbidden, "Only the member \(member) says whether it accepts the image.")
            }
            found.status = status
            found.updatedAt = now
            try ImageMemberQueries.setStatus(found, db)
            return found
        }
    }

    package func unshare(_ id: ImageID, with member: ProjectID, by caller: Caller) async throws {
        try await database.transaction { db in
            let image = try visible(id, by: caller, db)
            guard caller.owns(image.projectID) else {
                throw CloudError(.forbidden, "Only the owner of an image takes members away.")
            }
            guard try ImageMemberQueries.member(member, of: id, db) != nil else { throw Self.noMember(member, id) }
            try ImageMemberQueries.remove(member, of: id, db)
        }
    }
}
