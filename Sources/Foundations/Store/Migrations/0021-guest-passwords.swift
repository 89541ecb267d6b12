extension Migrations {
    /// What a guest has handed over, for its owner to decrypt.
    static let guestPasswords = Migration(
        "0021-guest-passwords",
        [
            .table(
                "guest_passwords",
                """
                server_id TEXT PRIMARY KEY NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
                password TEXT NOT NULL CHECK (password <> '')
                """)
        ])
}
