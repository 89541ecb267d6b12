import Model
import Wire

/// The certificates that a client trusts to have signed an image, from 2.63. They are kept and shown; as in a Nova that
/// does not verify signatures, nothing is compared with them.
enum TrustedCertificates {
    static let member = "trusted_image_certificates"

    static func read(_ fields: inout Fields) throws(CloudError) -> [String]? {
        guard let ids = try fields.strings(member) else { return nil }
        func invalid(_ why: String) -> CloudError {
            fields.invalid(member, .array(ids.map { .string($0) }), why)
        }
        guard !ids.isEmpty else { throw invalid("It is too short.") }
        guard ids.count <= 50 else { throw invalid("It is too long.") }
        guard Set(ids).count == ids.count else { throw invalid("It has non-unique elements.") }
        guard ids.allSatisfy({ !$0.isEmpty }) else { throw invalid("An element is too short.") }
        return ids
    }
}
