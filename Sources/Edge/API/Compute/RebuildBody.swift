import APIKit
import Compute
import Model
import Wire

/// The body of the action `rebuild` of any version.
struct RebuildBody {
    let request: RebuildRequest

    private static let members =
        ServerUpdateBody.members + [
            Field(since: 54, "key_name"), Field(until: 56, "personality"), Field(since: 57, "user_data"),
            Field(since: 63, "trusted_image_certificates"),
        ]

    init(_ json: JSONValue, at version: Microversion) throws {
        // A zone is not chosen anew.
        var fields = try Fields(json, at: "rebuild").knowing(Self.members, at: version)
            .hiding(["pinned_availability_zone"])
        try fields.refuseNulls(except: ["description", "key_name", "user_data", "trusted_image_certificates"])
        let image: ImageID = try fields.id("imageRef")
        let password = try fields.optionalString("adminPass", 0...65_535) ?? ServerCreateBody.password()
        let preservesEphemeral = try fields.optionalBool("preserve_ephemeral") ?? false
        let metadata = try fields.stringMap("metadata").map { try NovaText.metadata($0) }
        if let metadata, metadata.count > 128 {
            throw CloudError(.overQuota, "Maximum number of metadata items exceeds 128.")
        }
        let keyName: String?? = fields.has("key_name") ? .some(try fields.optionalString("key_name", 1...255)) : nil
        let userData: String?? = fields.has("user_data") ? .some(try ServerCreateBody.userData(&fields)) : nil
        let files = try InjectedFileForms.read(&fields)
        let certificates: [String]?? =
            fields.has(TrustedCertificates.member) ? .some(try TrustedCertificates.read(&fields)) : nil
        let update = try ServerUpdateBody(fields, at: version)
        var request = RebuildRequest(imageID: image, adminPassword: password) { server in
            try update.apply(to: &server)
            if let metadata { server.metadata = try JSONText(metadata) }
        }
        request.preservesEphemeral = preservesEphemeral
        request.keyName = keyName
        request.userData = userData
        request.files = files
        request.trustedCertificates = certificates
        self.request = request
    }
}
