package import Dataplane
import HostProtocol
package import HostStorage
package import Hypervisor
import Model

/// What a host is made of, and how a server is made and unmade of it.
package struct HostMachine: Sendable {
    let driver: any HypervisorDriver
    let storage: any HostStorage
    let dataplane: any Dataplane
    let freezes: FreezeKeeper
    /// Tells one boot of the machine from another.
    let bootID: String
    /// Seconds a guest has to power off before it is made to; Nova's `shutdown_timeout`.
    let graceSeconds: Double

    package init(
        driver: any HypervisorDriver, storage: any HostStorage, dataplane: any Dataplane, bootID: String,
        graceSeconds: Double = 60
    ) {
        self.driver = driver
        self.storage = storage
        self.dataplane = dataplane
        freezes = FreezeKeeper(driver: driver, storage: storage)
        self.bootID = bootID
        self.graceSeconds = graceSeconds
    }

    func remove(_ id: ServerID) async throws {
        try await driver.undefine(id)
        try await storage.remove(id)
    }

    /// Tells how far a command is: percent, and what it has come to so far.
    typealias Progress = @Sendable (Int, [String: String]) async -> Void

    /// Brings disks and NICs to what the document says, and the power, unless it is the command's; then carries out the
    /// command. Returns its result.
    func make(
        _ document: DesiredServer, _ command: DesiredCommand?, _ record: ServerRecord, channel: any HostChannel,
        network: NetworkKeeper, watch: StartWatch, progress: @escaping Progress
    ) async throws -> [String: String]? {
        let id = document.serverID
        let wentOff = try await hasGoneOff(document, record)
        let isOther = document.machine != record.machine
        if isOther { try await driver.stop(id, graceSeconds: graceSeconds) }
        async let plugs: Void = {
            try await network.ready(for: document.nics)
            watch.note(\.network)
        }()
        let files = try await storage.prepare(
            document, imageContent: { try await channel.imageContent($0) },
            configDrive: { try await channel.configDrive(id) })
        watch.note(\.image)
        try await plugs
        if isOther { try await define(spec(document, files), watch) }
        switch command?.action {
        case .rebootSoft: try await reboot(softly: true, document, files, watch)
        case .rebootHard: try await reboot(softly: false, document, files, watch)
        case .snapshot, .setPassword, .injectNMI, .addKeys, .removeKeys, nil:
            if !wentOff { try await reachPower(document, files, watch) }
        }
        try await storage.removeSurplus(document)
        switch command?.action {
        case .snapshot:
            guard let command else { return nil }
            return try await Snapshot(self, command, document, files, channel: channel, progress: progress).make()
        case .setPassword: try await setPassword(command?.arguments ?? [:], of: id)
        case .injectNMI: try await driver.injectNMI(id)
        case .addKeys, .removeKeys:
            if let change = command.flatMap(GuestKeyChange.init) { try await driver.changeKeys(change, of: id) }
        case .rebootSoft, .rebootHard, nil: break
        }
        return nil
    }

    private func setPassword(_ arguments: [String: String], of id: ServerID) async throws {
        guard let user = arguments[DesiredCommand.userArgument],
            let password = arguments[DesiredCommand.passwordArgument]
        else { throw HostFailure(message: "The password is not known any more.", detail: "server \(id)") }
        try await driver.setPassword(password, of: user, in: id)
    }

    /// Whether the guest was brought to this document before and has gone off since: by itself, or, where its memory
    /// matters, with its host. It is not started again; the cloud is told.
    private func hasGoneOff(_ document: DesiredServer, _ record: ServerRecord) async throws -> Bool {
        guard document.power != .stopped, record.appliedEpoch == document.epoch,
            document.power != .running || record.appliedBoot == bootID
        else { return false }
        let power = try await driver.power(of: document.serverID)
        return power == .shutdown || (document.power != .running && (power == .crashed || power == .absent))
    }

    private func spec(_ document: DesiredServer, _ files: PreparedFiles) -> DomainSpec {
        let kept = Set(document.disks.filter(\.isKept).map(\.id))
        return DomainSpec(
            serverID: document.serverID, hardware: document.hardware,
            disks: files.disks.filter { !kept.contains($0.id) },
            nics: document.nics.map {
                DomainSpec.NIC(macAddress: $0.macAddress, tapName: dataplane.tapName(of: $0.portID), mtu: $0.mtu)
            },
            consoleLogPath: files.consoleLogPath, vncSocketPath: files.vncSocketPath)
    }

    private func reachPower(_ document: DesiredServer, _ files: PreparedFiles, _ watch: StartWatch) async throws {
        let id = document.serverID
        let power = try await driver.power(of: id)
        switch (document.power, power) {
        case (.running, .running): try await fit(spec(document, files), anew: dataplane.idleTaps())
        // A paused guest cannot release a device, so its NICs are not plugged anew.
        case (.paused, .paused): try await fit(spec(document, files))
        case (.running, .paused):
            try await driver.unpause(id)
            try await fit(spec(document, files), anew: dataplane.idleTaps())
        case (.running, .suspended):
            try await start(id, watch)
            try await fit(spec(document, files))
        case (.running, _):
            try await define(spec(document, files), watch)
            try await start(id, watch)
        case (.paused, .running): try await driver.pause(id)
        case (.suspended, .running), (.suspended, .paused): try await driver.suspend(id)
        case (.suspended, .suspended): return
        case (.paused, _), (.suspended, _):
            throw HostFailure(
                message: "The server is off: only one that runs can be \(document.power.rawValue).",
                detail: "the guest of \(id) is \(power.rawValue)")
        case (.stopped, .running), (.stopped, .paused), (.stopped, .crashed), (.stopped, .suspended):
            try await driver.stop(id, graceSeconds: graceSeconds)
        case (.stopped, .absent): try await define(spec(document, files), watch)
        case (.stopped, _): return
        }
    }

    /// Gives a guest whose power is on the devices it should have.
    private func fit(_ spec: DomainSpec, anew taps: Set<String> = []) async throws {
        try await driver.setDisks(spec)
        try await driver.setNICs(spec, anew: taps)
    }

    private func reboot(
        softly: Bool, _ document: DesiredServer, _ files: PreparedFiles, _ watch: StartWatch
    ) async throws {
        let id = document.serverID
        if softly, try await driver.power(of: id) == .running,
            try await driver.rebootSoft(id, graceSeconds: graceSeconds)
        {
            return
        }
        try await driver.stop(id, graceSeconds: 0)
        try await define(spec(document, files), watch)
        try await start(id, watch)
    }

    private func define(_ spec: DomainSpec, _ watch: StartWatch) async throws {
        try await driver.define(spec)
        watch.note(\.defined)
    }

    private func start(_ id: ServerID, _ watch: StartWatch) async throws {
        watch.note(logSize: try await storage.consoleSize(id))
        try await driver.start(id)
        watch.note(\.started)
    }
}
