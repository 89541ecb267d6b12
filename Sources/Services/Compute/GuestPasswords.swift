package import Model
import Store

/// The password that a guest has made for its administrator and encrypted with its key pair: it hands it over once, and
/// its owner reads it and clears it. The cloud knows neither what it says nor whether it is in force.
extension ComputeService {
    /// Four chunks of 255 are what Nova keeps.
    package static let longestGuestPassword = 1020

    package func guestPassword(of id: ServerID, by caller: Caller) async throws -> String? {
        try await database.read { db in try GuestPasswordQueries.password(of: visible(id, by: caller, db).id, db) }
    }

    /// Lets the guest hand over another one.
    package func clearGuestPassword(of id: ServerID, by caller: Caller) async throws {
        try await database.transaction { db in
            try GuestPasswordQueries.clear(of: visible(id, by: caller, db).id, db)
        }
    }

    /// What the guest itself says; nothing said is nothing kept.
    package func keepGuestPassword(_ bytes: [UInt8], of id: ServerID) async throws {
        let kept = try await database.transaction { db in
            guard try ServerQueries.live(id, db) != nil else { throw CloudError.notFound("Instance", id) }
            guard try GuestPasswordQueries.password(of: id, db) == nil else { return false }
            let password = try Self.text(ofPassword: bytes)
            return try password.isEmpty || GuestPasswordQueries.keep(password, of: id, db)
        }
        guard kept else {
            throw CloudError(
                .conflict, "Server \(id) has a password; its owner clears it by DELETE of os-server-password.")
        }
    }

    private static func text(ofPassword bytes: [UInt8]) throws -> String {
        guard bytes.count <= longestGuestPassword else {
            throw CloudError(
                .badRequest,
                "Request is too large: the password has \(bytes.count) bytes, at most \(longestGuestPassword).")
        }
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw CloudError(.badRequest, "The password is not a text in UTF-8 without NUL; encode it in base64.")
        }
        return text
    }
}
