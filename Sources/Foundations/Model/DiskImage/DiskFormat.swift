/// The disk formats an image may have. Others are refused at upload.
package enum DiskFormat: String, Codable, Sendable, CaseIterable {
    case raw, qcow2, vmdk, iso
}
