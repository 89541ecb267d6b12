import HostProtocol
import Hypervisor
import Model
import Testing

@testable import HostStorage

struct DiskPlanTests {
    private let server = ServerID("11111111-2222-3333-4444-555555555555")

    @Test func commandLines() {
        let overlay = DiskCommands.overlay(
            at: "/s/root.qcow2", backing: "/i/abc", backingFormat: .raw, sizeBytes: 1 << 30)
        #expect(
            ([overlay.executable] + overlay.arguments).joined(separator: " ")
                == "prlimit --as=1073741824 --cpu=30 -- qemu-img create -q -f qcow2 -F raw -b /i/abc /s/root.qcow2 "
                + "1073741824")
        let convert = DiskCommands.convert("/i/.tmp-a", format: .vmdk, to: "/i/.tmp-b", sizeBytes: 1 << 30)
        #expect(
            ([convert.executable] + convert.arguments).joined(separator: " ")
                == "prlimit --as=1073741824 --cpu=600 --fsize=1091567616 -- qemu-img convert -q -f vmdk -O qcow2 "
                + "/i/.tmp-a /i/.tmp-b")
        let drive = DiskCommands.configDrive(at: "/s/config.iso", folder: "/s/config")
        #expect(
            ([drive.executable] + drive.arguments).joined(separator: " ")
                == "genisoimage -quiet -o /s/config.iso -ldots -allow-lowercase -allow-multidot -l -V config-2 -r -J "
                + "/s/config")
        let ext4 = DiskCommands.ext4(at: "/s/e", label: "ephemeral0")
        #expect(
            ([ext4.executable] + ext4.arguments).joined(separator: " ")
                == "mkfs.ext4 -q -F -L ephemeral0 -E lazy_itable_init=1,lazy_journal_init=1,nodiscard /s/e")
        #expect(DiskCommands.swap(at: "/s/swap").arguments == ["--label", "swap0", "/s/swap"])
    }

    @Test func sizeOfADiskOfAnImage() throws {
        #expect(try DiskPlan.size(asked: 0, imageBytes: 1000) == 1024)
        #expect(try DiskPlan.size(asked: 2 << 30, imageBytes: 1 << 30) == 2 << 30)
        for asked in [1 << 30, Int64.max, -1] {
            #expect(throws: HostFailure.self) { try DiskPlan.size(asked: asked, imageBytes: (1 << 30) + 1) }
        }
    }

    @Test(arguments: ["", "/", "../x", "a/../b", "/etc/passwd", "a//b", "a/.", "a\0b"])
    func refusesPathsThatLeaveTheDrive(path: String) {
        #expect(throws: HostFailure.self) { try DiskPlan.safeComponents(path) }
    }

    @Test func acceptsConfigDrivePaths() throws {
        #expect(try DiskPlan.safeComponents("openstack/latest/meta_data.json").count == 3)
    }

    @Test func pathsComeOnlyFromCheckedNames() throws {
        let paths = try StoragePaths(root: "/var/lib/novella/host/")
        #expect(try paths.server(server).overlay("root") == "/var/lib/novella/host/servers/\(server)/root.qcow2")
        #expect(throws: HostFailure.self) { try paths.server(ServerID("../../etc")) }
        #expect(throws: HostFailure.self) { try paths.image("../passwd") }
        for name in ["", "../root", "a/b", "Root", "a.b", String(repeating: "a", count: 65)] {
            #expect(throws: HostFailure.self) { try paths.server(server).blank(name) }
        }
        #expect(throws: HostFailure.self) { try paths.image(String(repeating: "A", count: 128)) }
        #expect(throws: HostFailure.self) { try StoragePaths(root: "relative") }
        #expect(throws: HostFailure.self) { try StoragePaths(root: "/" + String(repeating: "x", count: 80)) }
    }

    @Test func filesInTheOrderOfTheGuest() throws {
        let paths = try StoragePaths(root: "/r")
        let folder = try paths.server(server)
        let sha = String(repeating: "a", count: 128)
        var disks = FlavorDisks(
            image: ImageReference(id: .random(), sha512: sha, format: .qcow2, sizeBytes: 1), rootGiB: 1,
            ephemeralGiB: [1, 2], swapMiB: 64, configDrive: true)
        let files = try disks.list.map { try DiskPlan.file(of: $0, folder, paths) }
        #expect(
            files.map { $0.path.split(separator: "/").last ?? "" }
                == ["root.qcow2", "ephemeral0.raw", "ephemeral1.raw", "swap.raw", "config.iso"])
        #expect(files.map(\.readOnly) == [false, false, false, false, true])
        #expect(files.map(\.bootIndex) == [0, nil, nil, nil, nil])
        disks.image.format = .iso
        let iso = try DiskPlan.file(of: disks.list[0], folder, paths)
        #expect(iso.isCDROM && iso.path == "/r/images/\(sha)" && iso.readOnly)
    }
}
