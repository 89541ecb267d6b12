import HostProtocol
import HostStorage
import Hypervisor
import Model

/// Copies the root disk of a server and fills an image with it (`docs/decisions/0020-snapshots.md`).
struct Snapshot: Sendable {
    private static let pieceBytes = 1 << 20
    /// Between two words of how far the upload is.
    private static let tellEvery = Duration.seconds(1)
    /// Percent at which the copy is made and the upload begins.
    private static let copiedPercent = 50

    private let machine: HostMachine
    private let command: DesiredCommand
    private let document: DesiredServer
    private let files: PreparedFiles
    private let channel: any HostChannel
    private let progress: HostMachine.Progress

    init(
        _ machine: HostMachine, _ command: DesiredCommand, _ document: DesiredServer, _ files: PreparedFiles,
        channel: any HostChannel, progress: @escaping HostMachine.Progress
    ) {
        self.machine = machine
        self.command = command
        self.document = document
        self.files = files
        self.channel = channel
        self.progress = progress
    }

    private var server: ServerID { document.serverID }

    /// Returns what the image is worth. A copy that was made before, and could not be brought up, goes up again.
    func make() async throws -> [String: String] {
        let copy: DiskCopy
        if let kept = try await machine.storage.copy(for: command.id, of: server, boot: machine.bootID) {
            copy = kept
        } else {
            copy = try await copyDisk()
        }
        await progress(Self.copiedPercent, copy.report.result)
        var report = copy.report
        report.stage = .uploading
        try await upload(copy, telling: report)
        return report.result
    }

    private func upload(_ copy: DiskCopy, telling report: SnapshotReport) async throws {
        let image = ImageID(command.arguments[DesiredCommand.imageArgument] ?? "")
        await progress(Self.copiedPercent, report.result)
        try await channel.upload(image) { write in
            var (offset, told) = (Int64(0), ContinuousClock.now)
            while true {
                let piece = try await machine.storage.read(copy, at: offset, count: Self.pieceBytes)
                if piece.isEmpty { break }
                try await write(piece)
                offset += Int64(piece.count)
                guard ContinuousClock.now - told >= Self.tellEvery else { continue }
                told = .now
                let share = Int(offset * Int64(100 - Self.copiedPercent) / max(copy.size, 1))
                await progress(Self.copiedPercent + share, report.result)
            }
        }
    }

    private func copyDisk() async throws -> DiskCopy {
        guard let root = document.disks.first(where: { $0.role == .root && !$0.isKept }),
            let disk = files.disks.first(where: { $0.id == root.id }), !disk.isCDROM
        else {
            throw HostFailure(
                message: "The server has no root disk of its own that could be copied.", detail: "\(document.disks)")
        }
        try await machine.driver.endCopy(of: server)
        let path = try await machine.storage.beginCopy(of: disk, for: command.id, of: server)
        await progress(0, SnapshotReport(stage: .copying).result)
        var report = try await copy(disk, to: path)
        report.disks = [disk.id]
        let consistency = report.consistency ?? .crash
        if let wanted, consistency < wanted {
            throw HostFailure(
                message: "The snapshot would be \(consistency.rawValue)-consistent, and \(wanted.rawValue) is asked "
                    + "for. \(report.reason ?? "")", detail: "\(server)")
        }
        return try await machine.storage.keepCopy(
            path, report, boot: machine.bootID, for: command.id, of: server)
    }

    private var wanted: SnapshotConsistency? {
        command.arguments[DesiredCommand.consistencyArgument].flatMap(SnapshotConsistency.init(rawValue:))
    }

    /// A guest that goes off while its disk is copied is copied anew, at rest.
    private func copy(_ disk: DomainSpec.Disk, to path: String) async throws -> SnapshotReport {
        if try await machine.driver.power(of: server).isOn {
            do {
                return try await copyInUse(disk, to: path)
            } catch let error as HostFailure {
                if try await machine.driver.power(of: server).isOn { throw error }
            }
        }
        return try await copyAtRest(disk, to: path)
    }

    private func copyAtRest(_ disk: DomainSpec.Disk, to path: String) async throws -> SnapshotReport {
        let end = try await machine.driver.end(of: server)
        try await machine.storage.copyAtRest(disk, to: path)
        guard end != .poweredOff else { return SnapshotReport(stage: .copied, consistency: .application) }
        return SnapshotReport(
            stage: .copied, consistency: .crash,
            reason: "The server is off, but not by a shutdown of its own that is known of.")
    }

    private func copyInUse(_ disk: DomainSpec.Disk, to path: String) async throws -> SnapshotReport {
        let (driver, server) = (machine.driver, server)
        let begin: @Sendable () async throws -> Void = {
            try await driver.beginCopy(of: disk.id, of: server, to: path)
        }
        var report = SnapshotReport(stage: .copied, consistency: .crash)
        if let why = try await reasonAgainstFreezing() {
            report.reason = why
            try await begin()
        } else {
            let freeze = try await machine.freezes.during(server, isRequired: wanted ?? .crash > .crash, begin)
            report.frozenMilliseconds = freeze.milliseconds
            report.reason = freeze.reason
            if freeze.held { report.consistency = document.hardware.freezesApplications ? .application : .filesystem }
        }
        try await driver.awaitCopy(of: server) { percent in
            await progress(
                percent * Self.copiedPercent / 100, SnapshotReport(stage: .copying).result)
        }
        return report
    }

    private func reasonAgainstFreezing() async throws -> String? {
        if !document.hardware.wantsGuestAgent { return "The image does not say hw_qemu_guest_agent=yes." }
        return try await machine.driver.power(of: server) == .paused ? "The guest is paused." : nil
    }
}
