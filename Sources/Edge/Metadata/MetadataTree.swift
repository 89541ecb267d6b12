package import Compute
package import HostProtocol
import Model
import Networking
import Wire

/// What 169.254.169.254 answers and what a config drive holds: the OpenStack tree, and of the EC2 tree what guests
/// read. A pure function of its source (Nova's user docs, "Metadata").
package struct MetadataTree: Sendable {
    /// Versions of the OpenStack tree, oldest first.
    package static let versions = [
        "2012-08-10", "2013-04-04", "2013-10-17", "2015-10-15", "2016-06-30", "2016-10-06", "2017-02-22", "2018-08-27",
        "2020-10-14", "2025-04-04", "latest",
    ]
    static let ec2Versions = [
        "1.0", "2007-01-19", "2007-03-01", "2007-08-29", "2007-10-10", "2007-12-15", "2008-02-01", "2008-09-01",
        "2009-04-04", "latest",
    ]

    private let openStack: OpenStackDocuments
    private let ec2: EC2Documents

    /// The password stands on the config drive alone: anything in the guest may ask the metadata service.
    package init(_ source: MetadataSource, randomSeed: [UInt8], forConfigDrive: Bool) throws {
        var source = source
        if !forConfigDrive { source.adminPassword = nil }
        openStack = try OpenStackDocuments(source, randomSeed: randomSeed)
        ec2 = try EC2Documents(source)
    }

    /// `nil` when there is no such path.
    package func answer(_ path: String) -> MetadataResponse? {
        let parts = path.split(separator: "/").map(String.init)
        if parts.isEmpty { return Self.text(Self.ec2Versions.joined(separator: "\n")) }
        if parts[0] == "openstack" { return answer(openStack: Array(parts.dropFirst())) }
        guard Self.ec2Versions.contains(parts[0]) else { return nil }
        return ec2.answer(Array(parts.dropFirst()))
    }

    private func answer(openStack parts: [String]) -> MetadataResponse? {
        guard let version = parts.first else { return Self.text(Self.versions.joined(separator: "\n") + "\n") }
        if version == OpenStackDocuments.contentFolder {
            guard parts.count == 2, let file = openStack.content.first(where: { $0.name == parts[1] }) else {
                return nil
            }
            return MetadataResponse(status: 200, contentType: "application/octet-stream", body: file.content)
        }
        guard Self.versions.contains(version) else { return nil }
        let files = openStack.files(of: version)
        guard parts.count > 1 else { return Self.text(files.map(\.name).joined(separator: "\n") + "\n") }
        guard parts.count == 2, let file = files.first(where: { $0.name == parts[1] }) else { return nil }
        return MetadataResponse(status: 200, contentType: file.type, body: file.content)
    }

    /// Whether a guest may write there.
    package static func isPassword(_ path: String) -> Bool {
        let parts = path.split(separator: "/").map(String.init)
        return parts.count == 3 && parts[0] == "openstack" && versions.contains(parts[1])
            && OpenStackDocuments.hasPassword(parts[1]) && parts[2] == "password"
    }

    package static func text(_ text: String) -> MetadataResponse {
        MetadataResponse(status: 200, contentType: "text/plain; charset=UTF-8", body: Array(text.utf8))
    }

    /// The files of a config drive.
    package var configDrive: [ConfigDriveFile] {
        var files: [ConfigDriveFile] = []
        for version in Self.versions {
            files += openStack.files(of: version).filter { $0.name != "password" }.map {
                ConfigDriveFile(path: "openstack/\(version)/\($0.name)", content: $0.content)
            }
        }
        files += openStack.content.map {
            ConfigDriveFile(path: "openstack/\(OpenStackDocuments.contentFolder)/\($0.name)", content: $0.content)
        }
        files.append(ConfigDriveFile(path: "ec2/latest/meta-data.json", content: ec2.json))
        if let data = ec2.userData { files.append(ConfigDriveFile(path: "ec2/latest/user-data", content: data)) }
        return files
    }
}
