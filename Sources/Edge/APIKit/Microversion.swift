package import HTTPTypes
package import Model

/// A version of one service's API, such as compute 2.90.
package struct Microversion: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var major: Int
    package var minor: Int

    package init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Two numbers and a dot, nothing else.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.count < 5 && $0.utf8.allSatisfy(isDigit) }),
            parts.allSatisfy({ $0.first != "0" || $0 == "0" }), let major = Int(parts[0]), let minor = Int(parts[1])
        else { return nil }
        self.init(major, minor)
    }

    package var description: String { "\(major).\(minor)" }

    package static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}

private func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

/// The versions one service understands, and how they are asked for.
package struct VersionRange: Sendable {
    /// The name in `OpenStack-API-Version`.
    package var service: String
    package var minimum: Microversion
    package var maximum: Microversion
    /// The older header of Nova.
    package var legacyHeader: HTTPField.Name?

    package static let compute = VersionRange(
        service: "compute", minimum: Microversion(2, 1), maximum: Microversion(2, 104),
        legacyHeader: HTTPField.Name("X-OpenStack-Nova-API-Version"))
    package static let placement = VersionRange(
        service: "placement", minimum: Microversion(1, 0), maximum: Microversion(1, 39), legacyHeader: nil)

    /// The version a request asks for; the minimum when it asks for none.
    ///
    /// The header may list several services, with commas; the last mention of ours counts, as in microversion-parse.
    package func negotiate(_ headers: HTTPFields) throws(CloudError) -> Microversion {
        var wanted: Substring?
        if let text = headers[.openStackAPIVersion] {
            for part in text.split(separator: ",") {
                let words = part.split(separator: " ")
                if words.count == 2, words[0].lowercased() == service { wanted = words[1] }
            }
        }
        if wanted == nil, let legacyHeader, let text = headers[legacyHeader] { wanted = text[...] }
        guard let wanted else { return minimum }
        if wanted == "latest" { return maximum }
        guard let version = Microversion(wanted) else {
            throw CloudError.badRequest(
                "API Version String '\(wanted.prefix(40))' is of invalid format. "
                    + "It must be of format MajorNum.MinorNum."
            )
        }
        guard version >= minimum, version <= maximum else {
            throw CloudError(
                .notAcceptable,
                "Version \(version) is not supported by the API. Minimum is \(minimum) and maximum is \(maximum).")
        }
        return version
    }
}

extension HTTPField.Name {
    package static var openStackAPIVersion: Self { named("OpenStack-API-Version") }
    package static var authToken: Self { named("X-Auth-Token") }
    package static var forwardedFor: Self { named("X-Forwarded-For") }
    package static var subjectToken: Self { named("X-Subject-Token") }
    package static var openStackRequestID: Self { named("X-OpenStack-Request-ID") }
    package static var computeRequestID: Self { named("X-Compute-Request-ID") }

    /// For names that are known to be valid.
    package static func named(_ name: String) -> Self {
        Self(name) ?? .init(parsed: name.lowercased()) ?? .xContentTypeOptions
    }
}
