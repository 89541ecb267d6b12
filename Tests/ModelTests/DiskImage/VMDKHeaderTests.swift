import Model
import TestSupport
import Testing

private let vmdkLongFields: [(offset: Int, value: UInt64, says: String)] = [
    (12, UInt64(0), "capacity is 0"), (12, 1 << 54, "over the limit"), (12, .max, "over the limit"),
    (20, 0, "grain"), (20, 100, "grain"), (20, 1 << 40, "grain"), (28, 0, "descriptor"), (28, 2, "descriptor"),
    (28, .max, "descriptor"), (36, 0, "descriptor"), (36, 1 << 50, "descriptor"), (48, 3, "redundant"),
    (48, .max, "redundant"), (56, 0, "overlaps its header"), (56, 20, "overlaps its header"),
    (56, 128, "ends beyond"), (56, 1 << 60, "ends beyond"), (56, .max, "no footer"), (64, 129, "truncated"),
    (64, .max, "truncated"),
]

private let vmdkShortFields: [(offset: Int, value: UInt32, says: String)] = [
    (4, UInt32(0), "version 0"), (4, 4, "version 4"), (44, 0, "grain tables"), (44, 513, "grain tables"),
    (73, 0, "line ends"), (77, 2, "compression 2"),
]

private let foreignExtents: [(line: String, says: String)] = [
    (#"RW 2097152 SPARSE "/etc/shadow""#, "path"), (#"RW 2097152 SPARSE "../../disk.vmdk""#, "path"),
    (#"RW 2097152 SPARSE "C:\disk.vmdk""#, "path"), (#"RW 2097152 SPARSE """#, "path"),
    (#"RW 2097152 FLAT "/etc/shadow" 0"#, "not understood"),
    (#"RW 2097152 FLAT "disk-flat.vmdk" 0"#, "not understood"),
    (#"RW 2097152 VMFS "disk-flat.vmdk""#, "only SPARSE"), (#"RW 2097152 VMFSSPARSE "disk.vmdk""#, "only SPARSE"),
    (#"RW 2097152 SESPARSE "disk.vmdk""#, "only SPARSE"), (#"RW 2097152 VMFSRDM "disk.vmdk""#, "only SPARSE"),
    (#"RW 2097152 ZERO"#, "not understood"), (#"NOACCESS 2097152 SPARSE "disk.vmdk""#, "not understood"),
    (#"RW many SPARSE "disk.vmdk""#, "not understood"), ("something else", "not understood"), ("", "0 extents"),
    ("RW 1 SPARSE \"a.vmdk\"\nRW 1 SPARSE \"b.vmdk\"", "2 extents"),
]

private let badLines: [(line: String, other: String, says: String)] = [
    ("parentCID=ffffffff", "parentCID=12345678", "has a parent"), ("parentCID=ffffffff\n", "", "has a parent"),
    ("parentCID=ffffffff", "parentCID=ffffffff\nparentFileNameHint=\"/etc/shadow\"", "names a parent"),
    ("#DDB", "# parentFileNameHint=\"/etc/shadow\"", "names a parent"),
    ("#DDB", "changeTrackPath=\"disk-ctk.vmdk\"", "another file"),
    ("#DDB", "digestFilename=\"/etc/shadow\"", "another file"),
    ("#DDB", "createType=\"monolithicFlat\"", "twice"), ("#DDB", "parentcid=1", "twice"),
    ("CID=7e5b80a7", "", "no CID"),
    ("CID=7e5b80a7", "CID=never", "no CID"), ("#DDB", "\u{1b}[2J", "not a text"),
]

struct VMDKHeaderTests {
    /// What becomes of a sample when one line of its descriptor is another.
    private func refusal(_ line: String, instead other: String) -> String? {
        let descriptor = DiskImageSample.vmdkDescriptor
        #expect(descriptor.contains(line))
        return DiskImageSample.vmdk(descriptor: descriptor.replacing(line, with: other)).refusal()
    }

    private let extent = #"RW 2097152 SPARSE "disk.vmdk""#

    @Test func acceptsWhatOtherMakersWrite() {
        let fields = "encoding=\"UTF-8\"\r\nCID = FFFFFFFE\r\nisNativeSnapshot=\"no\"\r\n"
        #expect(refusal("CID=7e5b80a7\n", instead: fields) == nil)
        #expect(refusal("monolithicSparse", instead: "streamOptimized") == nil)
        #expect(refusal(extent, instead: #"RDONLY 2097152 SPARSE "große platte.vmdk""#) == nil)
    }

    @Test(arguments: foreignExtents)
    func refusesExtentsThatAreNotTheFileItself(other: String, says: String) {
        let found = refusal(extent, instead: other)
        #expect(found?.contains(says) == true, "\(found ?? "accepted")")
    }

    @Test(arguments: [
        "monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat", "vmfs", "vmfsSparse", "fullDevice",
        "partitionedDevice", "custom", "",
    ])
    func refusesOtherTypes(type: String) {
        let found = refusal("monolithicSparse", instead: type)
        #expect(found?.contains("createType '\(type)'") == true, "\(found ?? "accepted")")
    }

    @Test(arguments: badLines)
    func refusesADescriptor(line: String, other: String, says: String) {
        let found = refusal(line, instead: other)
        #expect(found?.contains(says) == true, "\(found ?? "accepted")")
    }

    /// QEMU reads the descriptor up to the first zero, whatever length the header gives it.
    @Test func refusesATextThatGoesOnBehindTheDescriptor() {
        var sample = DiskImageSample.vmdk()
        sample.put(UInt64(1).byteSwapped, at: 36)
        #expect(sample.refusal() == nil)
        sample.put(String(repeating: "#", count: 512 - DiskImageSample.vmdkDescriptor.utf8.count), at: 512 + 332)
        sample.bytes.replaceSubrange(
            512..<1024, with: sample.bytes[512..<1024].map { $0 == 0 ? UInt8(ascii: "#") : $0 })
        sample.put("\nparentFileNameHint=\"/etc/shadow\"", at: 1024)
        #expect(sample.refusal()?.contains("runs past its end") == true)
    }

    @Test(arguments: vmdkLongFields)
    func refusesABadLongField(offset: Int, value: UInt64, says: String) {
        var sample = DiskImageSample.vmdk()
        sample.put(value.byteSwapped, at: offset)
        #expect(sample.refusal()?.contains(says) == true, "\(sample.refusal() ?? "accepted")")
    }

    @Test(arguments: vmdkShortFields)
    func refusesABadShortField(offset: Int, value: UInt32, says: String) {
        var sample = DiskImageSample.vmdk()
        sample.put(value.byteSwapped, at: offset)
        #expect(sample.refusal()?.contains(says) == true, "\(sample.refusal() ?? "accepted")")
    }

    /// The footer is what QEMU goes by, so it may say nothing that the header does not.
    @Test(arguments: [
        (12, "agree"), (20, "agree"), (28, "agree"), (36, "agree"), (4, "agree"), (44, "agree"), (0, "no footer"),
        (-512 + 12, "no footer"), (512 + 12, "no footer"),
    ])
    func refusesAFooterThatSaysAnotherThing(offset: Int, says: String) {
        var sample = DiskImageSample.vmdkWithFooter()
        #expect(sample.refusal() == nil)
        sample.bytes[0x1_0000 - 1024 + offset] ^= 4
        #expect(sample.refusal()?.contains(says) == true, "\(sample.refusal() ?? "accepted")")
    }

    @Test func refusesAFooterThatRefersToAnother() {
        var sample = DiskImageSample.vmdkWithFooter()
        sample.put(UInt64.max, at: 0x1_0000 - 1024 + 56)
        #expect(sample.refusal()?.contains("another footer") == true)
    }
}
