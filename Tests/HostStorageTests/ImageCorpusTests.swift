import Foundation
import HostProtocol
@testable import HostStorage
@testable import Model
import TestSupport
import Testing

/// Images as the field's own tool makes them, and spoiled ones: what is accepted, QEMU opens, alone.
@Suite(.enabled(if: toolsAreThere), .timeLimit(.minutes(5)))
struct ImageCorpusTests {
    private let bench: Bench

    init() throws {
        bench = try Bench()
    }

    private func inspect(_ bytes: [UInt8], declared: DiskFormat) throws -> DiskImageHeader {
        try DiskImageSample(declared, bytes: bytes, size: Int64(bytes.count)).inspect()
    }

    private func created(_ format: String, _ options: String = "", size: String = "70M") async throws -> [UInt8] {
        let path = "\(bench.folder)/image"
        if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
        let chosen = options.isEmpty ? [] : ["-o", options]
        return try await bench.file("image", by: ["qemu-img", "create", "-q", "-f", format] + chosen + [path, size])
    }

    @Test(arguments: [
        ("qcow2", "", DiskFormat.qcow2), ("qcow2", "compat=0.10", .qcow2), ("qcow2", "compression_type=zstd", .qcow2),
        ("qcow2", "lazy_refcounts=on", .qcow2), ("qcow2", "refcount_bits=1", .qcow2),
        ("qcow2", "extended_l2=on", .qcow2),
        ("qcow2", "cluster_size=512", .qcow2), ("qcow2", "cluster_size=2M,preallocation=metadata", .qcow2),
        ("vmdk", "", .vmdk), ("vmdk", "subformat=streamOptimized", .vmdk), ("vmdk", "adapter_type=lsilogic", .vmdk),
        ("vmdk", "compat6=on", .vmdk), ("vmdk", "zeroed_grain=on", .vmdk), ("raw", "", .raw),
    ])
    func takesWhatQEMUMakes(format: String, options: String, declared: DiskFormat) async throws {
        let header = try inspect(try await created(format, options), declared: declared)
        #expect(header == DiskImageHeader(format: declared, virtualSizeBytes: 70 << 20))
    }

    @Test func takesSnapshotsInsideTheFile() async throws {
        _ = try await created("qcow2")
        var bytes: [UInt8] = []
        for name in ["first", "a second with a longer name"] {
            bytes = try await bench.file("image", by: ["qemu-img", "snapshot", "-c", name, "\(bench.folder)/image"])
        }
        #expect(try inspect(bytes, declared: .qcow2).virtualSizeBytes == 70 << 20)
    }

    @Test(arguments: [
        ("vmdk", "subformat=monolithicFlat"), ("vmdk", "subformat=twoGbMaxExtentSparse"),
        ("vmdk", "subformat=twoGbMaxExtentFlat"), ("vdi", ""), ("vhdx", ""), ("vpc", ""), ("vpc", "subformat=fixed"),
        ("qed", ""), ("qcow", ""), ("parallels", ""),
    ])
    func refusesWhatNoHostUses(format: String, options: String) async throws {
        let bytes = try await created(format, options)
        for declared in DiskFormat.allCases {
            #expect(throws: CloudError.self) { try inspect(bytes, declared: declared) }
        }
    }

    /// CVE-2024-32498 and those before it.
    @Test(arguments: [
        ("qcow2", "data_file=FOLDER/data"), ("qcow2", "data_file=FOLDER/data,data_file_raw=on"),
        ("qcow2", "backing_file=/etc/passwd,backing_fmt=raw"), ("qcow2", "backing_file=json:{},backing_fmt=raw"),
        ("vmdk", "backing_file=FOLDER/parent.vmdk,backing_fmt=vmdk"),
    ])
    func refusesWhatRefersToAnotherFile(format: String, options: String) async throws {
        let parent = "\(bench.folder)/parent.vmdk"
        _ = try await bench.file("parent.vmdk", by: ["qemu-img", "create", "-q", "-f", "vmdk", parent, "70M"])
        let path = "\(bench.folder)/image"
        let chosen = options.replacing("FOLDER", with: bench.folder)
        let unopened = format == "qcow2" && options.contains("backing") ? ["-u"] : []
        let bytes = try await bench.file(
            "image", by: ["qemu-img", "create", "-q", "-f", format] + unopened + ["-o", chosen, path, "70M"])
        for declared in DiskFormat.allCases {
            #expect(throws: CloudError.self) { try inspect(bytes, declared: declared) }
        }
    }

    /// Mutated headers of real files. What is accepted must open in the format it was accepted as, as a chain of one.
    @Test(arguments: [
        ("qcow2", "", DiskFormat.qcow2), ("qcow2", "compat=0.10", .qcow2), ("qcow2", "compression_type=zstd", .qcow2),
        ("vmdk", "", .vmdk), ("vmdk", "subformat=streamOptimized", .vmdk), ("footer", "", .vmdk),
    ])
    func whatIsAcceptedOpensAlone(format: String, options: String, declared: DiskFormat) async throws {
        var generator = SeededGenerator(seed: 0x7072_6f6f_66)
        let original =
            format == "footer" ? DiskImageSample.vmdkWithFooter().content : try await created(format, options)
        var accepted = 0
        for round in 0..<1500 {
            var bytes = original
            mutate(&bytes, declared, round, &generator)
            guard DiskImageSample(declared, bytes: bytes, size: Int64(bytes.count)).refusal() == nil else { continue }
            accepted += 1
            // Mutations that are alike in their effect are many; each tenth is shown to the tool.
            if accepted > 40 && accepted % 10 != 0 { continue }
            let path = "\(bench.folder)/mutated"
            try Data(bytes).write(to: URL(filePath: path))
            let limits = DiskCommands.overlay(at: path, backing: path, backingFormat: .raw, sizeBytes: 0).arguments
            let command = ["prlimit"] + limits.prefix { $0 != "--" } + ["--", "qemu-img", "info", "--output=json"]
            let info = try await bench.run(command + ["--backing-chain", "-f", declared.rawValue, path])
            #expect(info.status == 0, "round \(round): \(info.output)")
            let chain = try JSONSerialization.jsonObject(with: Data(info.output.utf8)) as? [[String: Any]]
            #expect(chain?.count == 1 && chain?.first?["filename"] as? String == path, "round \(round): \(info.output)")
            #expect(!info.output.contains("data-file\":"), "round \(round): \(info.output)")
        }
        #expect(accepted > 40, "the mutations are too rough to prove anything: \(accepted) were accepted")
    }

    private func mutate(
        _ bytes: inout [UInt8], _ format: DiskFormat, _ round: Int, _ generator: inout SeededGenerator
    ) {
        let interesting: [UInt8] = [0, 1, 2, 4, 0x10, 0x7f, 0x80, 0xff]
        let spans = format == .vmdk ? [4..<80, 512..<900, bytes.count - 1536..<bytes.count] : [4..<112, 112..<512]
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let span = spans[Int.random(in: 0..<spans.count, using: &generator)]
            let byte = interesting.randomElement(using: &generator) ?? 0
            bytes[Int.random(in: span, using: &generator)] = byte
        }
        if round % 9 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator)) }
    }
}
