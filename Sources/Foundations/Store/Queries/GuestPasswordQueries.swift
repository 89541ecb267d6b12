package import Model

package enum GuestPasswordQueries {
    package static func password(of server: ServerID, _ db: any Connection) throws -> String? {
        try db.texts("SELECT password FROM guest_passwords WHERE server_id = ?1", [.id(server)]).first
    }

    /// `false` when there is one already.
    package static func keep(_ password: String, of server: ServerID, _ db: any Connection) throws -> Bool {
        try db.execute(
            "INSERT INTO guest_passwords (server_id, password) VALUES (?1, ?2) ON CONFLICT (server_id) DO NOTHING",
            [.id(server), .text(password)]) == 1
    }

    package static func clear(of server: ServerID, _ db: any Connection) throws {
        try db.execute("DELETE FROM guest_passwords WHERE server_id = ?1", [.id(server)])
    }
}
