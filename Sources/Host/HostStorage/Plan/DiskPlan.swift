package import HostProtocol
import Hypervisor
import Model

/// What a server's disks are to be, worked out before anything is made.
package enum DiskPlan {
    /// The root disk's size in bytes: the flavor's, or the image's own when the flavor's is 0.
    ///
    /// - Throws: `HostFailure` in Nova's words when the flavor's disk is smaller than the image.
    package static func rootSize(rootGiB: Int, imageBytes: Int64) throws(HostFailure) -> Int64 {
        let (flavorBytes, overflow) = Int64(rootGiB).multipliedReportingOverflow(by: 1 << 30)
        guard rootGiB >= 0, !overflow, flavorBytes <= DiskImageHeader.maximumVirtualSize else {
            throw HostFailure(message: "The flavor's disk size is out of range.", detail: "\(rootGiB) GiB")
        }
        guard rootGiB > 0 else { return (imageBytes + 511) / 512 * 512 }
        guard flavorBytes >= imageBytes else {
            throw HostFailure(
                message: "Flavor's disk is too small for requested image. Flavor disk is \(flavorBytes) bytes, "
                    + "image is \(imageBytes) bytes.", detail: "root disk of \(rootGiB) GiB")
        }
        return flavorBytes
    }

    /// Where the files are when all are made, in the order the guest sees them.
    package static func files(
        _ disks: GuestDisks, server: ServerPaths, cachedImage: String
    ) -> PreparedFiles {
        let isISO = disks.image.format == .iso
        var list: [DomainSpec.Disk] = [
            isISO
                ? .init(role: .root, path: cachedImage, format: "raw", readOnly: true)
                : .init(
                    role: .root, path: server.root, format: "qcow2",
                    backing: .init(path: cachedImage, format: disks.image.format.onHost.rawValue))
        ]
        list += disks.ephemeralGiB.indices.map { .init(role: .ephemeral, path: server.ephemeral($0), format: "raw") }
        if disks.swapMiB > 0 { list.append(.init(role: .swap, path: server.swap, format: "raw")) }
        if disks.configDrive {
            list.append(.init(role: .configDrive, path: server.configDrive, format: "raw", readOnly: true))
        }
        return PreparedFiles(
            disks: list, rootIsISO: isISO, consoleLogPath: server.consoleLog, vncSocketPath: server.vncSocket)
    }

    /// The parts of a config drive file's path; refuses what would leave the folder it is written to.
    package static func safeComponents(_ path: String) throws(HostFailure) -> [String] {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let isSafe = parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0) }
        guard isSafe else {
            throw HostFailure(message: "The config drive could not be made.", detail: "unsafe path \(path)")
        }
        return parts
    }
}
