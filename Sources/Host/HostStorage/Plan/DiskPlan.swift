package import HostProtocol
package import Hypervisor
import Model

/// What a server's disks are to be, worked out before anything is made.
package enum DiskPlan {
    /// The size in bytes of a disk that is made of an image: what was asked for, or the image's own where that is 0.
    ///
    /// - Throws: `HostFailure` in Nova's words when the flavor's disk is smaller than the image.
    package static func size(asked: Int64, imageBytes: Int64) throws(HostFailure) -> Int64 {
        guard asked >= 0, asked <= DiskImageHeader.maximumVirtualSize else {
            throw HostFailure(message: "The flavor's disk size is out of range.", detail: "\(asked) bytes")
        }
        guard asked > 0 else { return (imageBytes + 511) / 512 * 512 }
        guard asked >= imageBytes else {
            throw HostFailure(
                message: "Flavor's disk is too small for requested image. Flavor disk is \(asked) bytes, "
                    + "image is \(imageBytes) bytes.", detail: "a disk of \(asked) bytes")
        }
        return asked
    }

    /// Where a disk's file is once it is made. An ISO image is read where it is cached, by all who need it.
    package static func file(
        of disk: GuestDisk, _ server: ServerPaths, _ paths: StoragePaths
    ) throws(HostFailure) -> DomainSpec.Disk {
        switch disk.source {
        case .image(let image), .copy(_, let image?):
            let cached = try paths.image(image.sha512)
            if image.format == .iso { return DomainSpec.Disk(disk, path: cached, format: "raw", isCDROM: true) }
            return DomainSpec.Disk(
                disk, path: try server.overlay(disk.id), format: "qcow2",
                backing: .init(path: cached, format: image.format.onHost.rawValue))
        case .blank, .copy(_, nil): return DomainSpec.Disk(disk, path: try server.blank(disk.id), format: "raw")
        case .configDrive: return DomainSpec.Disk(disk, path: try server.configDrive(disk.id), format: "raw")
        }
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
