extension Migrations {
    static let imageMembers = Migration(
        "0010-image-members",
        [
            .table(
                "image_members",
                """
                image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
                member TEXT NOT NULL,
                status TEXT NOT NULL CHECK (status IN ('pending', 'accepted', 'rejected')),
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                PRIMARY KEY (image_id, member)
                """),
            .sql("CREATE INDEX image_members_by_member ON image_members (member)"),
        ])
}
