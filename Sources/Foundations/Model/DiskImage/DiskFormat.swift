/// The disk formats an image may have. Others are refused at upload.
package enum DiskFormat: String, Codable, Sendable, CaseIterable {
    case raw, qcow2, vmdk, iso

    /// The format in which a host keeps such an image. Guests run on QEMU's own formats alone.
    package var onHost: DiskFormat { self == .vmdk ? .qcow2 : self }
}
