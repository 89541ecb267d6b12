/// Where a qcow2 keeps its tables: inside the file, behind the header, and apart from one another.
extension QCOW2Header {
    private static let maximumL1Entries: UInt32 = 4 << 20
    private static let maximumSnapshots: UInt32 = 65_536
    private static let maximumSnapshotExtra = 1024

    private struct Table {
        var name: String
        var bytes: Range<Int64>
    }

    func checkTables() throws {
        let tables = try [l1Table(), refcountTable(), snapshotTable()].compactMap { $0 }
            .sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }
        for (first, second) in zip(tables, tables.dropFirst()) where first.bytes.overlaps(second.bytes) {
            throw Self.bad("its \(first.name) overlaps its \(second.name)")
        }
    }

    private func l1Table() throws(CloudError) -> Table {
        let entries = try head.u32(36)
        guard entries <= Self.maximumL1Entries else {
            throw Self.bad("its L1 table of \(entries) entries is too large")
        }
        let bytesPerL1Entry = clusterSize * (clusterSize / (features & Feature.extendedL2 != 0 ? 16 : 8))
        guard Int64(entries) >= (virtualSize + bytesPerL1Entry - 1) / bytesPerL1Entry else {
            throw Self.bad("its L1 table of \(entries) entries is too small for its virtual size")
        }
        return try table("L1 table", offset: head.u64(40), byteCount: Int64(entries) * 8)
    }

    private func refcountTable() throws(CloudError) -> Table {
        let clusters = try head.u32(56)
        guard clusters > 0, Int64(clusters) << clusterBits <= 8 << 20 else {
            throw Self.bad("its refcount table of \(clusters) clusters is out of range")
        }
        return try table("refcount table", offset: head.u64(48), byteCount: Int64(clusters) << clusterBits)
    }

    private func snapshotTable() throws -> Table? {
        let count = try head.u32(60)
        guard count <= Self.maximumSnapshots else { throw Self.bad("it has \(count) snapshots") }
        let (name, offset) = ("snapshot table", try head.u64(64))
        if count == 0, offset == 0 { return nil }
        var end = try table(name, offset: offset, byteCount: Int64(count) * 40).bytes.lowerBound
        for _ in 0..<count {
            end = (end + 7) / 8 * 8
            let entry = try file.bytes(at: end, count: 40)
            let extra = Int(try entry.u32(36))
            guard extra <= Self.maximumSnapshotExtra else {
                throw Self.bad("a snapshot with \(extra) bytes of extra data is out of range")
            }
            end += 40 + Int64(extra) + Int64(try entry.u16(12)) + Int64(try entry.u16(14))
        }
        return try table(name, offset: offset, byteCount: end - Int64(offset))
    }

    private func table(_ name: String, offset: UInt64, byteCount: Int64) throws(CloudError) -> Table {
        guard offset != 0, offset % UInt64(clusterSize) == 0 else {
            throw Self.bad("its \(name) starts at \(offset), which is not a cluster")
        }
        guard offset <= UInt64(file.size), byteCount <= file.size - Int64(offset) else {
            throw Self.bad("it is truncated: its \(name) ends beyond the file's \(file.size) bytes")
        }
        return Table(name: name, bytes: Int64(offset)..<Int64(offset) + byteCount)
    }
}
