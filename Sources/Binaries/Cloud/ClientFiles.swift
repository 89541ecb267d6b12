import Foundation
import Model

/// The files clients read: `openrc` for shells, `clouds.yaml` for everything else. Readable by their owner alone.
package struct ClientFiles: Sendable {
    package let openrc: String
    package let cloudsYAML: String
    private let directory: String

    package init(directory: String) {
        self.directory = directory
        openrc = directory + "/openrc"
        cloudsYAML = directory + "/clouds.yaml"
    }

    /// The generated password of the first start, kept for those that follow.
    package func adminPassword() throws -> String {
        let path = directory + "/admin-password"
        if let kept = FileManager.default.contents(atPath: path) {
            return String(decoding: kept, as: UTF8.self).filter { !$0.isNewline }
        }
        let letters = Array("abcdefghijkmnopqrstuvwxyz23456789")
        var generator = SystemRandomNumberGenerator()
        let made = String((0..<20).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] })
        try write(made + "\n", to: path)
        return made
    }

    package func write(url: String, password: String, region: String = "RegionOne") throws {
        try write(
            """
            export OS_AUTH_URL=\(url)/identity
            export OS_USERNAME=admin
            export OS_PASSWORD=\(password)
            export OS_PROJECT_NAME=admin
            export OS_USER_DOMAIN_ID=default
            export OS_PROJECT_DOMAIN_ID=default
            export OS_REGION_NAME=\(region)
            export OS_IDENTITY_API_VERSION=3

            """, to: openrc)
        try write(
            """
            clouds:
              novella:
                auth:
                  auth_url: \(url)/identity
                  username: admin
                  password: \(password)
                  project_name: admin
                  user_domain_id: default
                  project_domain_id: default
                region_name: \(region)
                identity_api_version: 3

            """, to: cloudsYAML)
    }

    private func write(_ text: String, to path: String) throws {
        let made = FileManager.default.createFile(
            atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        guard made else { throw CloudError(.internal, "The file \(path) cannot be written.") }
    }
}
