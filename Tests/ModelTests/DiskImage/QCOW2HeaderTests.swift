import Model
import TestSupport
import Testing

private let longFields: [(offset: Int, value: UInt64, says: String)] = [
    (8, UInt64(4096), "backing file"), (72, 1 << 2, "external data file"), (72, 1 << 1, "corrupt"),
    (72, 1 << 40, "not known"), (72, 1 << 3, "does not agree"), (24, 0, "virtual size is 0"),
    (24, 65 << 40, "over the limit"), (24, 1 << 63, "over the limit"), (24, UInt64.max, "over the limit"),
    (24, 1 << 40, "too small"), (40, 0, "not a cluster"), (40, 0x3_0200, "not a cluster"),
    (40, UInt64.max - 0xffff, "truncated"), (40, 0x1_0000, "overlaps"), (48, 0, "not a cluster"),
    (48, 0x4000_0000, "truncated"), (48, 0x3_0000, "truncated"),
]

private let shortFields: [(offset: Int, value: UInt32, says: String)] = [
    (4, UInt32(4), "version 4"), (4, 0, "version 0"), (16, 5, "backing file"), (20, 8, "cluster_bits"),
    (20, 22, "cluster_bits"), (20, UInt32.max, "cluster_bits"), (32, 1, "encrypted"), (32, 2, "encrypted"),
    (36, 0, "too small"), (36, UInt32.max, "too large"), (56, 0, "refcount table"),
    (56, UInt32.max, "refcount table"), (60, UInt32.max, "snapshots"), (60, 1, "not a cluster"),
    (96, 7, "refcount_order"), (100, 72, "header length"), (100, 105, "header length"),
    (100, 131_072, "header length"), (100, UInt32.max, "header length"), (104, 0x0100_0000, "does not agree"),
    (104, 0x0200_0000, "compression type 2"), (112, 0x4441_5441, "external data file"),
    (112, 0x0537_be77, "encrypted"), (112, 0xe279_2aca, "backing format"), (112, 0x2385_2875, "bitmaps"),
]

struct QCOW2HeaderTests {
    @Test func acceptsFeatureNamesAndAnotherCompression() throws {
        var sample = DiskImageSample.qcow2()
        sample.put(UInt64(1 << 3), at: 72)
        sample.put(UInt8(1), at: 104)
        sample.put(UInt32(0x6803_f857), at: 112)
        sample.put(UInt32(144), at: 116)
        #expect(try sample.inspect().format == .qcow2)
    }

    @Test(arguments: longFields)
    func refusesABadLongField(offset: Int, value: UInt64, says: String) {
        var sample = DiskImageSample.qcow2()
        sample.put(value, at: offset)
        #expect(sample.refusal()?.contains(says) == true, "\(sample.refusal() ?? "accepted")")
    }

    @Test(arguments: shortFields)
    func refusesABadShortField(offset: Int, value: UInt32, says: String) {
        var sample = DiskImageSample.qcow2()
        sample.put(value, at: offset)
        #expect(sample.refusal()?.contains(says) == true, "\(sample.refusal() ?? "accepted")")
    }

    @Test func findsADataFileBehindOtherExtensions() {
        var sample = DiskImageSample.qcow2()
        sample.put(UInt32(0x6803_f857), at: 112)
        sample.put(UInt32(13), at: 116)
        sample.put(UInt32(0x4441_5441), at: 136)
        #expect(sample.refusal()?.contains("external data file") == true)
    }

    @Test func refusesExtensionsThatRunAway() {
        var sample = DiskImageSample.qcow2()
        sample.put(UInt32(0x6803_f857), at: 112)
        sample.put(UInt32.max, at: 116)
        #expect(sample.refusal()?.contains("runs past") == true)
    }

    /// Two snapshots: one with extra data, an id and a name, and one without.
    private func withSnapshots() -> DiskImageSample {
        var sample = DiskImageSample.qcow2()
        sample.bytes += [UInt8](repeating: 0, count: 0x4_0000 + 120 - sample.bytes.count)
        sample.size = Int64(sample.bytes.count)
        sample.put(UInt32(2), at: 60)
        sample.put(UInt64(0x4_0000), at: 64)
        sample.put(UInt16(3), at: 0x4_0000 + 12)
        sample.put(UInt16(10), at: 0x4_0000 + 14)
        sample.put(UInt32(24), at: 0x4_0000 + 36)
        return sample
    }

    @Test func readsTheSnapshotTableToItsEnd() {
        let sample = withSnapshots()
        #expect(sample.refusal() == nil)
        var cut = sample
        cut.size -= 1
        #expect(cut.refusal()?.contains("truncated") == true)
        var overlapping = sample
        overlapping.put(UInt64(0x3_0000), at: 64)
        #expect(overlapping.refusal()?.contains("overlaps") == true)
        var swollen = sample
        swollen.put(UInt32.max, at: 0x4_0000 + 36)
        #expect(swollen.refusal()?.contains("extra data") == true)
    }
}
