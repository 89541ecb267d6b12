/// An image of a disk on which nothing was ever written.
package enum BlankImage {
    private static let clusterBits = 16
    private static let cluster = 1 << clusterBits

    /// A qcow2 file (QEMU, docs/interop/qcow2.txt): header, a table and a block of counts, and a table without entries.
    ///
    /// - Parameter size: bytes of the disk, at most 4 TiB.
    package static func qcow2(size: Int64) -> [UInt8] {
        let entryBytes = Int64(cluster) * Int64(cluster / 8)
        var file = [UInt8](repeating: 0, count: 4 * cluster)
        func put<Number: FixedWidthInteger>(_ value: Number, at offset: Int) {
            withUnsafeBytes(of: value.bigEndian) { file.replaceSubrange(offset..<offset + $0.count, with: $0) }
        }
        put(UInt32(0x5146_49fb), at: 0)
        put(UInt32(3), at: 4)
        put(UInt32(clusterBits), at: 20)
        put(UInt64(size), at: 24)
        put(UInt32((size + entryBytes - 1) / entryBytes), at: 36)
        put(UInt64(3 * cluster), at: 40)
        put(UInt64(cluster), at: 48)
        put(UInt32(1), at: 56)
        put(UInt32(4), at: 96)
        put(UInt32(104), at: 100)
        put(UInt64(2 * cluster), at: cluster)
        for used in 0..<4 { put(UInt16(1), at: 2 * cluster + 2 * used) }
        return file
    }
}
