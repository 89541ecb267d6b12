@testable import Model
import TestSupport
import Testing

private let foreignSignatures: [(name: String, offset: Int, signature: [UInt8])] = [
    ("VMDK of an old version", 0, Array("COWD".utf8)),
    ("VMDK descriptor", 0, Array("# Disk DescriptorFile\nversion=1\n".utf8)),
    ("VMDK descriptor", 0, Array("# another comment\n\n  \r\nversion=2\nRW 1 FLAT \"/etc/passwd\" 0\n".utf8)),
    ("VHDX", 0, Array("vhdxfile".utf8)), ("VHD", 0, Array("conectix".utf8)), ("QED", 0, Array("QED\0".utf8)),
    ("VDI", 64, [0x7f, 0x10, 0xda, 0xbe]), ("LUKS", 0, Array("LUKS".utf8) + [0xba, 0xbe]),
    ("QCOW version 1", 0, [0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 1]), ("Parallels", 0, Array("WithouFreSpacExt".utf8)),
    ("Bochs", 0, Array("Bochs Virtual HD Image".utf8)),
    ("VHD", 0xfe00, Array("conectix".utf8)), ("DMG", 0xfe00, Array("koly".utf8)),
]

struct DiskImageHeaderTests {
    @Test(arguments: foreignSignatures)
    func namesWhatItRefuses(name: String, offset: Int, signature: [UInt8]) {
        var sample = DiskImageSample(.raw, size: 65_536)
        sample.bytes.replaceSubrange(offset..<offset + signature.count, with: signature)
        for declared in DiskFormat.allCases {
            #expect(sample.refusal(declared: declared)?.contains(name) == true)
        }
    }

    @Test func tellsRawFromISO() throws {
        var sample = DiskImageSample(.raw, size: 1 << 20)
        #expect(try sample.inspect() == DiskImageHeader(format: .raw, virtualSizeBytes: 1 << 20))
        sample.put("CD001", at: 32_769)
        #expect(try sample.inspect(declared: .iso) == DiskImageHeader(format: .iso, virtualSizeBytes: 1 << 20))
        #expect(sample.refusal() == "The image is declared as raw, but its content is iso.")
    }

    /// A partition table is what disks begin with, and hybrid ISOs too.
    @Test func aPartitionTableIsNoFormat() throws {
        var sample = DiskImageSample(.raw, size: 1 << 20)
        sample.put(UInt16(0x55aa), at: 510)
        sample.put("EFI PART", at: 512)
        #expect(try sample.inspect().format == .raw)
        sample.put("CD001", at: 32_769)
        #expect(try sample.inspect(declared: .iso).format == .iso)
    }

    @Test(arguments: [DiskImageSample.qcow2(), .qcow2(version: 2), .vmdk(), .vmdkWithFooter()])
    func aFormatIsTakenOnlyAsItself(sample: DiskImageSample) throws {
        for declared in DiskFormat.allCases where declared != sample.format {
            #expect(
                sample.refusal(declared: declared)
                    == "The image is declared as \(declared.rawValue), but its content is \(sample.format.rawValue).")
        }
        let size = try sample.inspect().virtualSizeBytes
        #expect(size == 1 << 30)
    }

    @Test(arguments: [DiskImageSample.qcow2(), .vmdk()])
    func twoFormatsAtOnceAreRefused(sample: DiskImageSample) {
        var both = sample
        both.put("CD001", at: 32_769)
        for declared in DiskFormat.allCases {
            #expect(
                both.refusal(declared: declared)
                    == "The image is \(sample.format.rawValue) and iso at once; it must be of one format.")
        }
    }

    @Test(arguments: [DiskImageSample.qcow2(), .qcow2(version: 2), .vmdk(), .vmdkWithFooter()])
    func isRefusedHoweverItIsCutShort(sample: DiskImageSample) throws {
        let lengths = Array(0..<1024) + Array(stride(from: 1024, to: Int(sample.size), by: 509))
        for length in lengths {
            var cut = sample
            cut.size = Int64(length)
            #expect(cut.refusal() != nil, "accepted with \(length) of \(sample.size) bytes")
        }
        #expect(sample.refusal() == nil)
    }

    @Test func refusesAnEmptyFileAndAShortRead() {
        #expect(DiskImageSample(.raw, bytes: [], size: 0).refusal() == "The image is empty.")
        #expect(DiskImageSample(.raw, bytes: [], size: -1).refusal() == "The image is empty.")
        let short = DiskImageFile(size: 1 << 20) { _, _ in [UInt8](repeating: 0, count: 512) }
        #expect(throws: CloudError.self) { try DiskImageHeader.inspect(short, declared: .raw) }
    }

    @Test func refusesARawDiskOfAbsurdSize() {
        #expect(DiskImageSample(.raw, size: 65 << 40).refusal()?.contains("over the limit") == true)
        #expect(DiskImageSample(.raw, size: .max).refusal()?.contains("over the limit") == true)
    }

    /// Whatever stands in the headers: an answer or a refusal, no read by a number in the file, and no way out of it.
    @Test(arguments: [DiskImageSample.qcow2(), .qcow2(version: 2), .vmdk(), .vmdkWithFooter()])
    func mutationsNeitherCrashNorReferToAnotherFile(original: DiskImageSample) throws {
        var generator = SeededGenerator(seed: 0x6e6f_7665_6c6c_6121)
        let interesting: [UInt8] = [0, 1, 2, 0x7f, 0x80, 0xff]
        var accepted = 0
        for round in 0..<5000 {
            var sample = original
            let span = round % 3 == 0 ? 64 : original.format == .vmdk ? 1024 : 160
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let byte = interesting.randomElement(using: &generator) ?? 0
                sample.bytes[Int.random(in: 4..<span, using: &generator)] = byte
            }
            if round % 7 == 0 { sample.size = Int64.random(in: .min ... .max, using: &generator) }
            let refusal = sample.refusal()
            #expect(refusal?.hasPrefix("unexpected") != true, "\(refusal ?? "")")
            if refusal != nil { continue }
            accepted += 1
            let header = try sample.inspect()
            #expect(header.virtualSizeBytes > 0 && header.virtualSizeBytes <= DiskImageHeader.maximumVirtualSize)
            switch original.format {
            case .qcow2: #expect(sample.bytes[8..<20].allSatisfy { $0 == 0 })
            case .vmdk:
                let text = String(decoding: sample.bytes[512..<1024], as: UTF8.self)
                #expect(text.lowercased().contains("parentcid=ffffffff") && !text.contains("/"))
            case .raw, .iso: Issue.record("not a sample of this test")
            }
        }
        #expect(accepted > 50, "the mutations are too rough to prove anything: \(accepted) were accepted")
    }
}
