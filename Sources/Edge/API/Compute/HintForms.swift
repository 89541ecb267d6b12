import Model
import Wire

/// Checks the scheduler hints that Nova's schema names; a hint of another name may have any value.
enum HintForms {
    static func check(_ hints: JSONValue) throws(CloudError) {
        guard case .object(let members) = hints else { return }
        for member in members {
            guard !isGood(member.key, member.value) else { continue }
            throw CloudError.badRequest(
                "Invalid input for field/attribute \(member.key.prefix(80)). Value: \(member.value.brief). "
                    + "It is not of the form that this scheduler hint has.")
        }
    }

    private static func isGood(_ name: String, _ value: JSONValue) -> Bool {
        switch (name, value) {
        case ("group", .string), ("group", .array), ("same_host", .string), ("same_host", .array),
            ("different_host", .string), ("different_host", .array), ("query", .string), ("query", .object):
            true
        case ("different_cell", .string), ("different_cell", .array): true
        case ("target_cell", .string(let text)): !text.isEmpty
        case ("build_near_host_ip", .string(let text)): IPAddress(text) != nil
        case ("cidr", .string(let text)):
            text.hasPrefix("/") && text.utf8.count > 1
                && text.dropFirst().allSatisfy { $0.isHexDigit && !$0.isUppercase || $0 == "." || $0 == ":" }
        case ("group", _), ("same_host", _), ("different_host", _), ("query", _), ("different_cell", _),
            ("target_cell", _), ("build_near_host_ip", _), ("cidr", _):
            false
        default: true
        }
    }
}
