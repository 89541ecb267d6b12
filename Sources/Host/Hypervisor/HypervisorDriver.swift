package import HostProtocol
package import Model

/// What is needed to start a guest: the wish, and where its files and taps are on this host.
package struct DomainSpec: Sendable, Equatable {
    package struct Disk: Sendable, Equatable {
        /// As in `GuestDisk`.
        package var id: String
        /// Absolute path of a file this host made.
        package var path: String
        /// `qcow2` or `raw`; proved, never guessed.
        package var format: String
        package var readOnly: Bool
        package var isCDROM: Bool
        /// `nil`: what the image asks for.
        package var bus: String?
        package var bootIndex: Int?
        package var serial: String?
        /// What an overlay stands on; shared with other guests, so none may own it.
        package var backing: Backing?

        package init(
            id: String, path: String, format: String, readOnly: Bool = false, isCDROM: Bool = false,
            bus: String? = nil, bootIndex: Int? = nil, serial: String? = nil, backing: Backing? = nil
        ) {
            self.id = id
            self.path = path
            self.format = format
            self.readOnly = readOnly
            self.isCDROM = isCDROM
            self.bus = bus
            self.bootIndex = bootIndex
            self.serial = serial
            self.backing = backing
        }

        /// A disk as the document has it, in a file of this host.
        package init(
            _ disk: GuestDisk, path: String, format: String, isCDROM: Bool = false, backing: Backing? = nil
        ) {
            self.init(
                id: disk.id, path: path, format: format, readOnly: disk.isReadOnly, isCDROM: isCDROM, bus: disk.bus,
                bootIndex: disk.bootIndex, serial: disk.serial, backing: backing)
        }
    }

    package struct Backing: Sendable, Equatable {
        package var path: String
        package var format: String

        package init(path: String, format: String) {
            self.path = path
            self.format = format
        }
    }

    package struct NIC: Sendable, Equatable {
        package var macAddress: String
        /// Made beforehand, with its rules in place.
        package var tapName: String
        package var mtu: Int

        package init(macAddress: String, tapName: String, mtu: Int) {
            self.macAddress = macAddress
            self.tapName = tapName
            self.mtu = mtu
        }
    }

    package var serverID: ServerID
    package var hardware: GuestHardware
    package var disks: [Disk]
    package var nics: [NIC]
    package var consoleLogPath: String
    package var vncSocketPath: String

    package init(
        serverID: ServerID, hardware: GuestHardware, disks: [Disk], nics: [NIC],
        consoleLogPath: String, vncSocketPath: String
    ) {
        self.serverID = serverID
        self.hardware = hardware
        self.disks = disks
        self.nics = nics
        self.consoleLogPath = consoleLogPath
        self.vncSocketPath = vncSocketPath
    }
}

/// A guest's change of power, seen by the driver without being asked.
package struct PowerEvent: Sendable, Equatable {
    package var serverID: ServerID
    package var power: GuestPower

    package init(serverID: ServerID, power: GuestPower) {
        self.serverID = serverID
        self.power = power
    }
}

/// A guest of which nothing writes to its file systems.
package struct Frozen: Sendable {
    package var fileSystems: Int
    /// When that was asked for.
    package var since: ContinuousClock.Instant

    package init(fileSystems: Int, since: ContinuousClock.Instant) {
        self.fileSystems = fileSystems
        self.since = since
    }
}

/// A hypervisor. Every verb may be repeated and says the truth about what is there now, not about what was asked.
///
/// Errors are `HostFailure`. A verb that stalls is cancelled by its caller; the driver then leaves the guest as it is.
package protocol HypervisorDriver: Sendable {
    /// What this machine is, for `HostInventory`.
    func describe() async throws -> HostInventory
    /// Domains of this cloud only, running or not.
    func list() async throws -> [ServerID: GuestPower]
    func power(of server: ServerID) async throws -> GuestPower
    /// Why a guest is off; `nil` for one that is not, and where that is not known.
    func end(of server: ServerID) async throws -> GuestEnd?
    /// Defines the guest, replacing an older definition of a guest that does not run.
    func define(_ spec: DomainSpec) async throws
    /// Starts a defined guest, a suspended one where it was; a running one is left alone.
    func start(_ server: ServerID) async throws
    /// Asks the guest to power off and waits up to `graceSeconds`, then takes the power away. 0 means at once. Of a
    /// suspended one the memory is thrown away.
    func stop(_ server: ServerID, graceSeconds: Double) async throws
    /// Stops a running guest's clock; its memory stays.
    func pause(_ server: ServerID) async throws
    /// Lets a paused guest go on.
    func unpause(_ server: ServerID) async throws
    /// Keeps a running or paused guest's memory in a file and ends the guest.
    func suspend(_ server: ServerID) async throws
    /// Asks the guest to restart (ACPI or agent) and waits up to `graceSeconds` for it to go down; `false` when it did
    /// not, so that the caller resets it.
    func rebootSoft(_ server: ServerID, graceSeconds: Double) async throws -> Bool
    /// Takes the guest away, running or not. Its files stay.
    func undefine(_ server: ServerID) async throws
    /// The taps of a running guest's NICs; of one that does not run, none.
    func taps(of server: ServerID) async throws -> Set<String>
    /// Gives a running guest the NICs of the spec that it lacks and takes away those it should not have. Returns when
    /// the guest has let go of them; fails when it does not. Leaves one that does not run alone.
    ///
    /// - Parameter taps: of NICs that a guest has, and that are to be taken out and put in again: a NIC whose tap was
    ///   deleted under it takes no other of that name.
    func setNICs(_ spec: DomainSpec, anew taps: Set<String>) async throws
    /// What is wrong with the disks for whose errors the hypervisor has stopped a guest, by their names in it.
    func diskErrors(of server: ServerID) async throws -> [String: String]
    /// The disks of a running guest, by id; of one that does not run, none.
    func disks(of server: ServerID) async throws -> Set<String>
    /// Gives a running guest the disks of the spec that it lacks and takes away those it should not have. Returns when
    /// the guest has let go of them; fails when it does not. Leaves one that does not run alone.
    func setDisks(_ spec: DomainSpec) async throws
    /// Asks the guest's agent to let nothing write to its file systems. It may come to pass after this has failed, so
    /// whoever asks owes a thaw, whatever comes of it. Should this process die, the driver sees to one.
    func freeze(_ server: ServerID) async throws -> Frozen
    /// Ends a freeze; returns how many file systems were frozen, 0 of one that is off.
    func thaw(_ server: ServerID) async throws -> Int
    /// Adds public keys to those of a user of a running guest, or removes them, by the guest's agent. To add what is
    /// there and to remove what is not changes nothing.
    func changeKeys(_ change: GuestKeyChange, of server: ServerID) async throws
    /// Begins to copy a disk of a guest that is on, as it is now, into a new qcow2 file that stands on no other.
    func beginCopy(of disk: String, of server: ServerID, to path: String) async throws
    /// Returns when the copy that was begun is whole; throws when it never will be. `progress` gets percents.
    func awaitCopy(of server: ServerID, progress: @escaping @Sendable (Int) async -> Void) async throws
    /// Ends a copy that is under way; nothing is wrong where none is.
    func endCopy(of server: ServerID) async throws
    /// Asks the guest's agent to give a user of its own another password.
    func setPassword(_ password: String, of user: String, in server: ServerID) async throws
    /// Gives a guest that is on a non-maskable interrupt.
    func injectNMI(_ server: ServerID) async throws
    /// - Throws: of a guest that is off.
    func diagnostics(of server: ServerID) async throws -> GuestDiagnostics
    /// Opens a running guest's console and carries bytes both ways until the guest or the client ends. Of one serial
    /// console there may be one call at a time.
    func carryConsole(_ kind: ConsoleKind, of server: ServerID, _ client: ConsoleEnd) async throws
    /// Power changes since the stream was asked for.
    func events() -> AsyncStream<PowerEvent>
}

extension HypervisorDriver {
    package func setNICs(_ spec: DomainSpec) async throws { try await setNICs(spec, anew: []) }
}
