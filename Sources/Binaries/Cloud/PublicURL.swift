import Foundation
package import Model

/// What links begin with when clients come by a proxy.
package enum PublicURL {
    /// Refuses what could not stand before a path.
    package static func check(_ text: String) throws(CloudError) {
        let isGood = text.unicodeScalars.allSatisfy {
            $0.isASCII && $0.value > 0x20 && !"\"\\<>?#@".contains(Character($0))
        }
        guard isGood, !text.hasSuffix("/"), let parts = URLComponents(string: text), let host = parts.host,
            !host.isEmpty, ["http", "https"].contains(parts.scheme)
        else {
            throw CloudError.badRequest(
                "The public URL is '\(text.prefix(200))'; it must be http:// or https://, a host, and perhaps a port "
                    + "and a path without a slash at the end.")
        }
    }
}
