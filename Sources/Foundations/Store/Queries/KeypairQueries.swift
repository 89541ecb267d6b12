package import Model

extension Keypair: KeyedRecord {
    package static var table: String { "keypairs" }
    package static let columns = [
        "key", "user_id", "name", "type", "public_key", "fingerprint", "keys", "created_at", "number",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            key: row.text(), userID: row.id(), name: row.text(), type: row.text(), publicKey: row.text(),
            fingerprint: row.text(), keys: row.json(), createdAt: row.time(),
            number: row.int())
    }

    package var values: [SQLValue] {
        [
            .text(key), .id(userID), .text(name), .text(type), .text(publicKey), .text(fingerprint), .text(keys.raw),
            .time(createdAt), .int(number),
        ]
    }
}

package enum KeypairQueries {
    package static func count(of user: UserID, _ db: any Connection) throws -> Int {
        Int(try db.integer("SELECT count(*) FROM keypairs WHERE user_id = ?1", [.id(user)]) ?? 0)
    }
}
