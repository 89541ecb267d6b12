package import Model

extension ImageMember: Record {
    package static var table: String { "image_members" }
    package static let columns = ["image_id", "member", "status", "created_at", "updated_at"]

    package init(row: inout RowReader) throws {
        self.init(
            imageID: row.id(), member: row.id(), status: try row.raw(), createdAt: row.time(), updatedAt: row.time())
    }

    package var values: [SQLValue] {
        [.id(imageID), .id(member), .raw(status), .time(createdAt), .time(updatedAt)]
    }
}

package enum ImageMemberQueries {
    package static func members(of image: ImageID, _ db: any Connection) throws -> [ImageMember] {
        try db.fetch(ImageMember.self, "WHERE image_id = ?1 ORDER BY created_at, member", [.id(image)])
    }

    package static func member(
        _ member: ProjectID, of image: ImageID, _ db: any Connection
    ) throws -> ImageMember? {
        try db.first(ImageMember.self, "WHERE image_id = ?1 AND member = ?2", [.id(image), .id(member)])
    }

    package static func setStatus(_ changed: ImageMember, _ db: any Connection) throws {
        try db.execute(
            "UPDATE image_members SET status = ?3, updated_at = ?4 WHERE image_id = ?1 AND member = ?2",
            [.id(changed.imageID), .id(changed.member), .raw(changed.status), .time(changed.updatedAt)])
    }

    package static func remove(_ member: ProjectID, of image: ImageID, _ db: any Connection) throws {
        try db.execute(
            "DELETE FROM image_members WHERE image_id = ?1 AND member = ?2", [.id(image), .id(member)])
    }
}
