import Foundation
import Model

/// The files clients read: `openrc` for shells, `clouds.yaml` for everything else. Readable by their owner alone.
package struct ClientFiles: Sendable {
    package let openrc: String
    package let cloudsYAML: String
    private let directory: String

    /// Where clients on this machine reach an API that listens there: any address is also the loopback one.
    package static func url(listen: String, port: Int) -> String {
        let host =
            switch listen {
            case "0.0.0.0": "127.0.0.1"
            case "::": "[::1]"
            case let address where address.contains(":"): "[\(address)]"
            default: listen
            }
        return "http://\(host):\(port)"
    }

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
        try PrivateFile.write(made + "\n", to: path)
        return made
    }

    package func write(url: String, password: String) throws {
        try PrivateFile.write(
            """
            export OS_AUTH_URL=\(url)/identity
            export OS_USERNAME=admin
            export OS_PASSWORD=\(password)
            export OS_PROJECT_NAME=admin
            export OS_USER_DOMAIN_ID=default
            export OS_PROJECT_DOMAIN_ID=default
            export OS_REGION_NAME=\(Seed.region)
            export OS_IDENTITY_API_VERSION=3

            """, to: openrc)
        try PrivateFile.write(
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
                region_name: \(Seed.region)
                identity_api_version: 3

            """, to: cloudsYAML)
    }
}
