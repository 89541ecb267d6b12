import Store

/// What PostgreSQL, or the line to it, has refused.
struct PostgresFailure: Error {
    /// `nil` when the line itself failed.
    var sqlState: String?
    var message: String
    var isConnectionLost = false

    /// Whether another transaction was in the way, so that the same one may do well when it is run again.
    var isConflict: Bool { sqlState == "40001" || sqlState == "40P01" }

    var isUniqueViolation: Bool { sqlState == "23505" }

    var storeError: StoreError {
        let kind: StoreError.Kind =
            switch sqlState {
            case "23505": .uniqueViolation
            case "23514", "23502": .checkViolation
            case "23503": .foreignKeyViolation
            case "XX001", "XX002": .corrupt
            default: .other
            }
        return StoreError(kind, "PostgreSQL: \(message) [SQLSTATE \(sqlState ?? "none")]")
    }
}
