import Testing

@testable import Model

/// A qcow2 as `qemu-img create -f qcow2 x 1G` writes its header, with fields to spoil.
private struct QCOW2Sample {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    var fileSize: Int64 = 196_616

    init(version: UInt32 = 3) {
        bytes.replaceSubrange(0..<4, with: [0x51, 0x46, 0x49, 0xfb])
        put32(version, at: 4)
        put32(16, at: 20)
        put64(1 << 30, at: 24)
        put32(2, at: 36)
        put64(0x3_0000, at: 40)
        put64(0x1_0000, at: 48)
        put32(1, at: 56)
        guard version == 3 else { return }
        put32(4, at: 96)
        put32(112, at: 100)
        fileSize = 0x3_0000 + 16
    }

    mutating func put32(_ value: UInt32, at offset: Int) {
        for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * index)) }
    }

    mutating func put64(_ value: UInt64, at offset: Int) {
        put32(UInt32(truncatingIfNeeded: value >> 32), at: offset)
        put32(UInt32(truncatingIfNeeded: value), at: offset + 4)
    }

    func inspect(declared: DiskFormat = .qcow2) throws(CloudError) -> DiskImageHeader {
        try DiskImageHeader.inspect(prefix: bytes, fileSize: fileSize, declared: declared)
    }
}

private func refusal(_ body: () throws(CloudError) -> DiskImageHeader) -> String? {
    do throws(CloudError) {
        _ = try body()
        return nil
    } catch {
        return error.kind == .badRequest ? error.message : "\(error.kind)"
    }
}

struct DiskImageHeaderTests {
    @Test func readsAPlainQCOW2() throws {
        #expect(try QCOW2Sample().inspect() == DiskImageHeader(format: .qcow2, virtualSizeBytes: 1 << 30))
        var old = QCOW2Sample(version: 2)
        old.fileSize = 0x3_0000 + 16
        #expect(try old.inspect().virtualSizeBytes == 1 << 30)
    }

    @Test func acceptsFeatureNamesAndCompression() throws {
        var sample = QCOW2Sample()
        sample.put64(1 << 3, at: 72)
        sample.put32(0x6803_f857, at: 112)
        sample.put32(144, at: 116)
        #expect(try sample.inspect().format == .qcow2)
    }

    @Test(arguments: [
        (8, UInt64(4096), "backing file"), (72, 1 << 2, "external data file"), (72, 1 << 1, "corrupt"),
        (72, 1 << 40, "not known"), (24, 0, "virtual size is 0"), (24, 65 << 40, "over the limit"),
        (24, UInt64.max, "over the limit"), (40, 0, "not a cluster"), (40, 0x3_0200, "not a cluster"),
        (40, UInt64.max - 0xffff, "truncated"), (48, 0x4000_0000, "truncated"), (24, 1 << 40, "too small"),
    ])
    func refusesABadLongField(offset: Int, value: UInt64, says: String) {
        var sample = QCOW2Sample()
        sample.put64(value, at: offset)
        #expect(refusal(sample.inspect)?.contains(says) == true, "\(refusal(sample.inspect) ?? "accepted")")
    }

    private func refusal(_ inspect: (DiskFormat) throws(CloudError) -> DiskImageHeader) -> String? {
        ModelTests.refusal { () throws(CloudError) in try inspect(.qcow2) }
    }

    @Test(arguments: [
        (4, UInt32(4), "version 4"), (4, 0, "version 0"), (16, 5, "backing file"), (20, 8, "cluster_bits"),
        (20, 22, "cluster_bits"), (20, UInt32.max, "cluster_bits"), (32, 1, "encrypted"), (32, 2, "encrypted"),
        (36, UInt32.max, "too large"), (56, 0, "refcount table"), (56, UInt32.max, "refcount table"),
        (60, UInt32.max, "snapshots"), (96, 7, "refcount_order"), (100, 72, "header length"),
        (100, 105, "header length"), (100, 131_072, "header length"), (112, 0x4441_5441, "external data file"),
        (112, 0x0537_be77, "encrypted"),
    ])
    func refusesABadShortField(offset: Int, value: UInt32, says: String) {
        var sample = QCOW2Sample()
        sample.put32(value, at: offset)
        #expect(refusal(sample.inspect)?.contains(says) == true, "\(refusal(sample.inspect) ?? "accepted")")
    }

    @Test func findsADataFileBehindOtherExtensions() {
        var sample = QCOW2Sample()
        sample.put32(0x6803_f857, at: 112)
        sample.put32(13, at: 116)
        sample.put32(0x4441_5441, at: 136)
        #expect(refusal(sample.inspect)?.contains("external data file") == true)
    }

    @Test func refusesExtensionsThatRunAway() {
        var sample = QCOW2Sample()
        sample.put32(0x6803_f857, at: 112)
        sample.put32(UInt32.max, at: 116)
        #expect(refusal(sample.inspect)?.contains("runs past") == true)
    }

    @Test func refusesATruncatedHeader() {
        let whole = QCOW2Sample().bytes
        for length in [4, 8, 71, 72, 103, 111] {
            let message = ModelTests.refusal { () throws(CloudError) in
                try DiskImageHeader.inspect(
                    prefix: Array(whole.prefix(length)), fileSize: Int64(length), declared: .qcow2)
            }
            #expect(message?.contains("refused") == true)
        }
    }

    @Test(arguments: [
        ("VMDK", 0, Array("KDMV".utf8)), ("VMDK", 0, Array("# Disk DescriptorFile\nversion=1".utf8)),
        ("VHDX", 0, Array("vhdxfile".utf8)), ("VHD", 0, Array("conectix".utf8)), ("QED", 0, Array("QED\0".utf8)),
        ("VDI", 64, [0x7f, 0x10, 0xda, 0xbe]), ("LUKS", 0, Array("LUKS".utf8) + [0xba, 0xbe]),
        ("QCOW version 1", 0, [0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 1]),
    ])
    func namesWhatItRefuses(name: String, offset: Int, signature: [UInt8]) {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        bytes.replaceSubrange(offset..<offset + signature.count, with: signature)
        for declared in DiskFormat.allCases {
            let message = ModelTests.refusal { () throws(CloudError) in
                try DiskImageHeader.inspect(prefix: bytes, fileSize: 1 << 20, declared: declared)
            }
            #expect(message?.contains(name) == true)
        }
    }

    @Test func knowsAFixedVHDByItsFooter() {
        let tail = Array("conectix".utf8) + [UInt8](repeating: 0, count: 504)
        let message = ModelTests.refusal { () throws(CloudError) in
            try DiskImageHeader.inspect(
                prefix: [UInt8](repeating: 0, count: 65_536), fileSize: 1 << 20, declared: .raw, tail: tail)
        }
        #expect(message?.contains("VHD") == true)
    }

    @Test func tellsRawFromISO() throws {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let raw = try DiskImageHeader.inspect(prefix: bytes, fileSize: 1 << 20, declared: .raw)
        #expect(raw == DiskImageHeader(format: .raw, virtualSizeBytes: 1 << 20))
        bytes.replaceSubrange(32_769..<32_774, with: Array("CD001".utf8))
        let iso = try DiskImageHeader.inspect(prefix: bytes, fileSize: 1 << 20, declared: .iso)
        #expect(iso == DiskImageHeader(format: .iso, virtualSizeBytes: 1 << 20))
        let mistaken = ModelTests.refusal { () throws(CloudError) in
            try DiskImageHeader.inspect(prefix: bytes, fileSize: 1 << 20, declared: .raw)
        }
        #expect(mistaken == "The image is declared as raw, but its content is iso.")
    }

    @Test func aQCOW2IsNeverTakenAsRaw() {
        let message = ModelTests.refusal { () throws(CloudError) in try QCOW2Sample().inspect(declared: .raw) }
        #expect(message == "The image is declared as raw, but its content is qcow2.")
    }

    @Test func refusesAnEmptyFileAndAShortRead() {
        for (count, size) in [(0, Int64(0)), (0, -1), (512, 1 << 20)] {
            let message = ModelTests.refusal { () throws(CloudError) in
                try DiskImageHeader.inspect(
                    prefix: [UInt8](repeating: 0, count: count), fileSize: size, declared: .raw)
            }
            #expect(message != nil)
        }
    }

    @Test func mutationsNeverCrashNorPassABackingFile() {
        var generator = SeededGenerator(state: 0x6e6f_7665_6c6c_6121)
        let interesting: [UInt8] = [0, 1, 2, 0x7f, 0x80, 0xff]
        for round in 0..<20_000 {
            var sample = QCOW2Sample(version: round % 2 == 0 ? 3 : 2)
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let at = Int.random(in: 4..<160, using: &generator)
                sample.bytes[at] = interesting.randomElement(using: &generator) ?? 0
            }
            if round % 5 == 0 { sample.bytes.removeLast(Int.random(in: 0...65_536, using: &generator)) }
            if round % 7 == 0 { sample.fileSize = Int64.random(in: .min ... .max, using: &generator) }
            guard let header = try? sample.inspect() else { continue }
            #expect(header.virtualSizeBytes > 0 && header.virtualSizeBytes <= DiskImageHeader.maximumVirtualSize)
            #expect(sample.bytes[8..<20].allSatisfy { $0 == 0 })
        }
    }
}

/// SplitMix64, so that a failing mutation comes again.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
