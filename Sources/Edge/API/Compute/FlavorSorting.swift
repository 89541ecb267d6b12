import APIKit
import Model

/// `sort_key` and `sort_dir` of a flavor list. Flavors that are equal by the key follow one another by id, which is
/// also the order of a list that names no key.
struct FlavorSorting: Sendable {
    private enum Value: Comparable {
        case number(Double)
        case text(String)
    }

    /// Nova's names.
    private static let keys: [String: @Sendable (Flavor) -> Value] = [
        "created_at": { .number(Double($0.createdAt.microseconds)) },
        "description": { .text($0.description ?? "") },
        "disabled": { .number($0.isDisabled ? 1 : 0) },
        "ephemeral_gb": { .number(Double($0.ephemeral)) },
        "flavorid": { .text($0.id.text) },
        "id": { .text($0.id.text) },
        "is_public": { .number($0.isPublic ? 1 : 0) },
        "memory_mb": { .number(Double($0.memory)) },
        "name": { .text($0.name) },
        "root_gb": { .number(Double($0.disk)) },
        "rxtx_factor": { .number(Double($0.rxtxFactor) ?? 1) },
        "swap": { .number(Double($0.swap)) },
        "updated_at": { .number(Double($0.createdAt.microseconds)) },
        "vcpus": { .number(Double($0.vcpus)) },
    ]

    private let key: @Sendable (Flavor) -> Value
    private let isAscending: Bool

    init(_ request: APIRequest) throws {
        func asked(_ parameter: String, else usual: String) -> String {
            request.query(parameter).flatMap { $0.isEmpty ? nil : $0 } ?? usual
        }
        let name = asked("sort_key", else: "flavorid")
        let direction = asked("sort_dir", else: "asc")
        guard let key = Self.keys[name] else {
            throw CloudError.badRequest(
                "Invalid input for query parameters sort_key. Value: '\(name.prefix(40))'. "
                    + "Flavors can be sorted by \(Self.keys.keys.sorted().joined(separator: ", ")).")
        }
        guard ["asc", "desc"].contains(direction) else {
            throw CloudError.badRequest(
                "Invalid input for query parameters sort_dir. Value: '\(direction.prefix(40))'. It is neither 'asc' "
                    + "nor 'desc'.")
        }
        self.key = key
        isAscending = direction == "asc"
    }

    func sort(_ flavors: inout [Flavor]) {
        flavors.sort { first, second in
            let (left, right) = isAscending ? (first, second) : (second, first)
            let (low, high) = (key(left), key(right))
            return low == high ? left.id < right.id : low < high
        }
    }
}
