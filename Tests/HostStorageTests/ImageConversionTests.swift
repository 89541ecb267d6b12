import Foundation
import HostProtocol
import Hypervisor
import Model
import Synchronization
import TestSupport
import Testing

@testable import HostStorage

/// Images in formats that guests do not run on.
@Suite(.enabled(if: toolsAreThere))
struct ImageConversionTests {
    private let bench: Bench
    private let storage: FileHostStorage
    private let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }

    init() throws {
        bench = try Bench()
        storage = try bench.storage()
    }

    private func vmdk(_ subformat: String) async throws -> [UInt8] {
        let (raw, path) = ("\(bench.folder)/content.raw", "\(bench.folder)/content.vmdk")
        try Data(content + [UInt8](repeating: 0, count: (8 << 20) - content.count)).write(to: URL(filePath: raw))
        return try await bench.file(
            "content.vmdk",
            by: ["qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=\(subformat)", raw, path])
    }

    @Test(arguments: ["monolithicSparse", "streamOptimized"])
    func aGuestDiskIsMadeOfAVMDK(subformat: String) async throws {
        let bytes = try await vmdk(subformat)
        let image = try bench.image(bytes, format: .vmdk)
        for size in [0, 1] {
            let files = try await storage.prepare(
                desired(image, rootGiB: size), imageContent: bench.serve(bytes), configDrive: noDrive)
            let root = files.disks[0]
            #expect(root.format == "qcow2" && root.backing?.format == "qcow2")
            let compared = try await bench.run([
                "qemu-img", "compare", "-f", "qcow2", "-F", "raw", root.path, "\(bench.folder)/content.raw",
            ])
            #expect(compared.status == 0 && compared.output.contains("identical"), "\(compared)")
            let info = try await bench.tool(["qemu-img", "info", root.path])
            #expect(info.contains("virtual size: \(size == 0 ? "8 MiB" : "1 GiB")"), "\(info)")
            #expect(info.contains("backing file format: qcow2"), "\(info)")
        }
        #expect(bench.reads.withLock { $0 } == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: storage.paths.images) == [image.sha512])
    }

    @Test func aVMDKWhoseDataCannotBeReadFailsAndLeavesNothing() async throws {
        var bytes = try await vmdk("streamOptimized")
        let grains = Int(DiskImageSample(.vmdk, bytes: bytes, size: Int64(bytes.count)).little64(at: 64)) * 512
        for index in grains + 12..<grains + 512 { bytes[index] = 0xff }
        let image = try bench.image(bytes, format: .vmdk)
        let found = await failure {
            _ = try await storage.prepare(desired(image), imageContent: bench.serve(bytes), configDrive: noDrive)
        }
        #expect(found?.detail.contains("qemu-img convert") == true, "\(String(describing: found))")
        #expect(try FileManager.default.contentsOfDirectory(atPath: storage.paths.images).isEmpty)
    }

    @Test func aVMDKThatNamesAnotherFileIsRefused() async throws {
        let extents = DiskImageSample.vmdkDescriptor.replacing("disk.vmdk", with: "/etc/passwd")
        for sample in [DiskImageSample.vmdk(descriptor: extents), .vmdk(descriptor: "")] {
            let bytes = sample.content
            let found = await failure {
                _ = try await storage.prepare(
                    desired(bench.image(bytes, format: .vmdk)), imageContent: bench.serve(bytes), configDrive: noDrive)
            }
            #expect(found?.message.hasPrefix("The vmdk image is refused") == true, "\(String(describing: found))")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: storage.paths.images).isEmpty)
    }

    /// The host has its own proof, whatever the control plane says.
    @Test func aFixedVHDIsNoRawDiskHere() async throws {
        let path = "\(bench.folder)/fixed.vhd"
        let bytes = try await bench.file(
            "fixed.vhd", by: ["qemu-img", "create", "-q", "-f", "vpc", "-o", "subformat=fixed", path, "1M"])
        let found = await failure {
            _ = try await storage.prepare(
                desired(bench.image(bytes)), imageContent: bench.serve(bytes), configDrive: noDrive)
        }
        #expect(found?.message.contains("VHD") == true, "\(String(describing: found))")
    }
}
