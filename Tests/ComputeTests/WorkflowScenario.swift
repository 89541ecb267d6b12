import Cloud
import Compute
import HostProtocol
import Image
import Logging
import Model
import Testing
import TestSupport
import Workflow

/// One workflow: how a server comes to where it may begin, how it is begun, and where it should end.
struct WorkflowScenario: Sendable, CustomTestStringConvertible {
    enum Start: Sendable {
        case nothing, running, stopped, paused, suspended, rescued, resized, shelved, offloaded, softDeleted
    }

    let kind: String
    let start: Start
    let begin: @Sendable (CloudFixture, ServerID) async throws -> Void
    let end: SettledState
    let power: GuestPower
    /// How many ports the server has in the end.
    var ports = 1
    /// What the server holds in the end, beside what one of flavor `42` does.
    var more = Holdings()
    /// Where the server rests when the workflow has failed; `nil` where its guest is, or, if that is off and
    /// `errorWhenOff`, in ERROR.
    var endAfterFailure: SettledState?
    var errorWhenOff = false
    /// What the image of the server says.
    var imageProperties: [String: String] = [:]
    /// The step from which on a failure does not keep the workflow from its end.
    var pointOfNoReturn: Int?

    private static func rebuild(_ fixture: CloudFixture, _ id: ServerID) async throws {
        try await fixture.cloud.compute.rebuild(
            id, RebuildRequest(imageID: fixture.image, adminPassword: "secret"), by: fixture.people.member)
    }

    /// To two vCPUs, 512 MiB and 2 GiB.
    static func resize(_ fixture: CloudFixture, _ id: ServerID) async throws {
        let flavor = Flavor(
            id: FlavorID("double"), name: "double", vcpus: 2, memory: 512, disk: 2, extraSpecs: try JSONText([:]),
            createdAt: Timestamp(microseconds: 0))
        if try await !fixture.cloud.compute.flavors(isPublic: nil, by: fixture.people.admin).contains(where: {
            $0.id == flavor.id
        }) {
            _ = try await fixture.cloud.compute.create(flavor)
        }
        try await fixture.cloud.compute.resize(id, to: flavor.id, by: fixture.people.member)
    }

    private static var bothSizes: Holdings {
        var more = newSize
        more.allocations = 3
        more.inventoryUse = 2 + 512 + 2
        return more
    }

    private static var softDeletedWithNewSize: Holdings {
        var more = newSize + noQuota
        more.cores = -1
        more.ram = -256
        return more
    }

    private static var newSize: Holdings {
        var more = Holdings()
        more.inventoryUse = 1 + 256 + 1
        more.cores = 1
        more.ram = 256
        return more
    }

    /// Neither a guest nor a claim.
    private static var noHost: Holdings {
        var more = Holdings()
        more.allocations = -3
        more.inventoryUse = -(1 + 256 + 1)
        more.guests = -1
        more.disks = -1
        more.documents = -1
        return more
    }

    private static var noQuota: Holdings {
        var more = Holdings()
        more.instances = -1
        more.cores = -1
        more.ram = -256
        return more
    }

    static func rescue(_ fixture: CloudFixture, _ id: ServerID) async throws {
        try await fixture.cloud.compute.rescue(id, from: nil, adminPassword: "secret", by: fixture.people.member)
    }

    private static let willing = ["hw_qemu_guest_agent": "yes", "os_admin_user": "cirros"]
    private static let key =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB me"

    /// Gives the server a key, or tells its metadata of one and takes it away.
    private static func changeKeys(_ fixture: CloudFixture, _ id: ServerID, isRemoval: Bool) async throws {
        let (compute, member) = (fixture.cloud.compute, fixture.people.member)
        let made = try await compute.change(
            ServerKeyChange(.text(key), onlyMetadata: isRemoval), of: id, by: member)
        if isRemoval, let key = made.first {
            _ = try await compute.change(ServerKeyChange(.fingerprint(key.fingerprint)), of: id, by: member)
        }
    }

    var testDescription: String { "\(kind) \(start)" }

    static let all: [WorkflowScenario] = [
        WorkflowScenario(
            kind: "build-server", start: .nothing, begin: { _, _ in }, end: .active, power: .running,
            endAfterFailure: .error),
        WorkflowScenario(
            kind: "start-server", start: .stopped,
            begin: { try await $0.cloud.compute.begin(.start, on: $1, by: $0.people.member) },
            end: .active, power: .running),
        WorkflowScenario(
            kind: "stop-server", start: .running,
            begin: { try await $0.cloud.compute.begin(.stop, on: $1, by: $0.people.member) },
            end: .stopped, power: .shutdown),
        WorkflowScenario(
            kind: "reboot-server", start: .running,
            begin: { try await $0.cloud.compute.begin(.rebootHard, on: $1, by: $0.people.member) },
            end: .active, power: .running),
        WorkflowScenario(
            kind: "delete-server", start: .running,
            begin: { try await $0.cloud.compute.begin(.delete, on: $1, by: $0.people.member) },
            end: .deleted, power: .absent, ports: 0, endAfterFailure: .error),
        WorkflowScenario(
            kind: "pause-server", start: .running,
            begin: { try await $0.cloud.compute.begin(.pause, on: $1, by: $0.people.member) },
            end: .paused, power: .paused),
        WorkflowScenario(
            kind: "unpause-server", start: .paused,
            begin: { try await $0.cloud.compute.begin(.unpause, on: $1, by: $0.people.member) },
            end: .active, power: .running),
        WorkflowScenario(
            kind: "suspend-server", start: .running,
            begin: { try await $0.cloud.compute.begin(.suspend, on: $1, by: $0.people.member) },
            end: .suspended, power: .suspended),
        WorkflowScenario(
            kind: "resume-server", start: .suspended,
            begin: { try await $0.cloud.compute.begin(.resume, on: $1, by: $0.people.member) },
            end: .active, power: .running),
        WorkflowScenario(
            kind: "reboot-server", start: .suspended,
            begin: { try await $0.cloud.compute.begin(.rebootHard, on: $1, by: $0.people.member) },
            end: .active, power: .running, errorWhenOff: true),
        WorkflowScenario(
            kind: "resize-server", start: .running, begin: { try await resize($0, $1) }, end: .resized, power: .running,
            more: bothSizes, errorWhenOff: true),
        WorkflowScenario(
            kind: "resize-server", start: .stopped, begin: { try await resize($0, $1) }, end: .resized,
            power: .shutdown, more: bothSizes, errorWhenOff: true),
        WorkflowScenario(
            kind: "confirm-resize", start: .resized,
            begin: { try await $0.cloud.compute.confirmResize($1, by: $0.people.member) }, end: .active,
            power: .running, more: newSize, endAfterFailure: .active),
        WorkflowScenario(
            kind: "revert-resize", start: .resized,
            begin: { try await $0.cloud.compute.revertResize($1, by: $0.people.member) }, end: .active,
            power: .running, endAfterFailure: .error),
        WorkflowScenario(
            kind: "rebuild-server", start: .running, begin: { try await rebuild($0, $1) }, end: .active,
            power: .running, endAfterFailure: .error),
        WorkflowScenario(
            kind: "rebuild-server", start: .stopped, begin: { try await rebuild($0, $1) }, end: .stopped,
            power: .shutdown, endAfterFailure: .error),
        WorkflowScenario(
            kind: "rescue-server", start: .stopped, begin: { try await rescue($0, $1) }, end: .rescued,
            power: .running, endAfterFailure: .error),
        WorkflowScenario(
            kind: "unrescue-server", start: .rescued,
            begin: { try await $0.cloud.compute.unrescue($1, by: $0.people.member) }, end: .active, power: .running,
            endAfterFailure: .error),
        WorkflowScenario(
            kind: "snapshot-server", start: .running,
            begin: {
                _ = try await $0.cloud.compute.snapshot($1, SnapshotRequest(name: "image"), by: $0.people.member)
            }, end: .active, power: .running, endAfterFailure: .active),
        WorkflowScenario(
            kind: "snapshot-server", start: .suspended,
            begin: {
                _ = try await $0.cloud.compute.snapshot($1, SnapshotRequest(name: "image"), by: $0.people.member)
            }, end: .suspended, power: .suspended, endAfterFailure: .suspended),
        WorkflowScenario(
            kind: "backup-server", start: .stopped,
            begin: {
                _ = try await $0.cloud.compute.snapshot(
                    $1, SnapshotRequest(name: "image", backup: ("daily", 1)), by: $0.people.member)
            }, end: .stopped, power: .shutdown, endAfterFailure: .stopped),
        WorkflowScenario(
            kind: "shelve-server", start: .running,
            begin: { try await $0.cloud.compute.shelve($1, isOffloaded: true, by: $0.people.member) },
            end: .shelvedOffloaded, power: .absent, more: noHost, endAfterFailure: .active, pointOfNoReturn: 6),
        WorkflowScenario(
            kind: "shelve-server", start: .suspended,
            begin: { try await $0.cloud.compute.shelve($1, isOffloaded: false, by: $0.people.member) },
            end: .shelved, power: .shutdown, pointOfNoReturn: 6),
        WorkflowScenario(
            kind: "shelve-offload-server", start: .shelved,
            begin: { try await $0.cloud.compute.shelveOffload($1, by: $0.people.admin) }, end: .shelvedOffloaded,
            power: .absent, more: noHost, endAfterFailure: .shelvedOffloaded),
        WorkflowScenario(
            kind: "unshelve-server", start: .shelved,
            begin: { try await $0.cloud.compute.unshelve($1, to: .init(), by: $0.people.member) }, end: .active,
            power: .running, endAfterFailure: .shelved),
        WorkflowScenario(
            kind: "unshelve-server", start: .offloaded,
            begin: { try await $0.cloud.compute.unshelve($1, to: .init(), by: $0.people.member) }, end: .active,
            power: .running, endAfterFailure: .shelvedOffloaded),
        WorkflowScenario(
            kind: "soft-delete-server", start: .paused,
            begin: { try await $0.cloud.compute.begin(.softDelete, on: $1, by: $0.people.member) }, end: .softDeleted,
            power: .shutdown, more: noQuota),
        WorkflowScenario(
            kind: "soft-delete-server", start: .resized,
            begin: { try await $0.cloud.compute.begin(.softDelete, on: $1, by: $0.people.member) }, end: .softDeleted,
            power: .shutdown, more: softDeletedWithNewSize),
        WorkflowScenario(
            kind: "soft-delete-server", start: .offloaded,
            begin: { try await $0.cloud.compute.begin(.softDelete, on: $1, by: $0.people.member) }, end: .softDeleted,
            power: .absent, more: noHost + noQuota, endAfterFailure: .shelvedOffloaded),
        WorkflowScenario(
            kind: "restore-server", start: .softDeleted,
            begin: { try await $0.cloud.compute.restore($1, by: $0.people.member) }, end: .active, power: .running,
            endAfterFailure: .softDeleted),
        WorkflowScenario(
            kind: "change-password", start: .running,
            begin: { _ = try await $0.cloud.compute.beginChangingPassword(of: $1, to: "new", by: $0.people.member) },
            end: .active, power: .running, endAfterFailure: .active, imageProperties: willing),
        WorkflowScenario(
            kind: "trigger-crash-dump", start: .paused,
            begin: { try await $0.cloud.compute.triggerCrashDump(of: $1, by: $0.people.member) }, end: .paused,
            power: .paused, endAfterFailure: .paused),
        WorkflowScenario(
            kind: "add-keys", start: .running, begin: { try await changeKeys($0, $1, isRemoval: false) },
            end: .active, power: .running, endAfterFailure: .active, imageProperties: willing),
        WorkflowScenario(
            kind: "remove-keys", start: .running, begin: { try await changeKeys($0, $1, isRemoval: true) },
            end: .active, power: .running, endAfterFailure: .active, imageProperties: willing),
        WorkflowScenario(
            kind: "attach-interface", start: .running,
            begin: { _ = try await $0.cloud.compute.beginAttaching(nil, to: $1, by: $0.people.member) },
            end: .active, power: .running, ports: 2, endAfterFailure: .active),
        WorkflowScenario(
            kind: "attach-interface", start: .stopped,
            begin: { _ = try await $0.cloud.compute.beginAttaching(nil, to: $1, by: $0.people.member) },
            end: .stopped, power: .shutdown, ports: 2, endAfterFailure: .stopped),
        WorkflowScenario(
            kind: "detach-interface", start: .running,
            begin: { fixture, id in
                let member = fixture.people.member
                for interface in try await fixture.cloud.compute.attachments(of: id, by: member) {
                    try await fixture.cloud.compute.detach(interface.port.id, from: id, by: member)
                }
            },
            end: .active, power: .running, ports: 0, endAfterFailure: .active),
    ]
}

/// A cloud whose workflows a test drives by hand, commit by commit.
struct Workshop: Sendable {
    let fixture: CloudFixture

    static func run(_ body: @Sendable (Workshop) async throws -> Void) async throws {
        var options = CloudFixture.Options()
        options.runsWorkflows = false
        try await CloudFixture.run(options) { try await body(Workshop(fixture: $0)) }
    }

    /// A server that is about to go through the scenario.
    func begin(_ scenario: WorkflowScenario) async throws -> ServerID {
        _ = try await fixture.cloud.image.update(fixture.image, by: fixture.people.admin) {
            $0.properties = try JSONText(scenario.imageProperties)
        }
        guard let id = try await fixture.create().first?.id else { throw CloudError(.internal, "No server was made.") }
        if scenario.start != .nothing { try await finish(id) }
        let way: [WorkflowScenario.Start: ServerOperation] = [.stopped: .stop, .paused: .pause, .suspended: .suspend]
        if let operation = way[scenario.start] {
            try await fixture.cloud.compute.begin(operation, on: id, by: fixture.people.member)
            try await finish(id)
        }
        if scenario.start == .rescued { try await WorkflowScenario.rescue(fixture, id) }
        if scenario.start == .resized { try await WorkflowScenario.resize(fixture, id) }
        let (compute, member) = (fixture.cloud.compute, fixture.people.member)
        switch scenario.start {
        case .shelved: try await compute.shelve(id, isOffloaded: false, by: member)
        case .offloaded: try await compute.shelve(id, isOffloaded: true, by: member)
        case .softDeleted: try await compute.begin(.softDelete, on: id, by: member)
        default: break
        }
        if [.rescued, .resized, .shelved, .offloaded, .softDeleted].contains(scenario.start) { try await finish(id) }
        try await scenario.begin(fixture, id)
        return id
    }

    /// Drives the server's newest workflow to its end; each commit is its runner's last.
    @discardableResult
    func finish(_ id: ServerID, with definitions: [WorkflowDefinition]? = nil) async throws -> WorkflowRecord {
        try await eventually("the workflow ends") {
            _ = await fixture.runner(definitions).step()
            return try await newest(id).finishedAt != nil
        }
        return try await newest(id)
    }

    /// The same by one runner that nothing disturbs.
    func finishUndisturbed(_ id: ServerID) async throws {
        let runner = WorkflowRunner(
            database: fixture.cloud.database, clock: fixture.cloud.compute.clock,
            definitions: fixture.cloud.compute.workflows, logger: Logger(label: "test"))
        let running = Task { await runner.run() }
        defer { running.cancel() }
        try await eventually("the workflow ends") { try await newest(id).finishedAt != nil }
    }

    func newest(_ id: ServerID) async throws -> WorkflowRecord {
        guard let found = try await fixture.workflows(of: id).first else {
            throw CloudError(.internal, "The server has no workflow.")
        }
        return found
    }

    /// Waits until the host has done what it was told, and says what is held then.
    func settledHoldings(_ id: ServerID, guests: Int) async throws -> Holdings {
        try await eventually("the host holds \(guests) guests") {
            let held = try await fixture.holdings()
            return held.guests == guests && held.disks == guests
        }
        return try await fixture.holdings()
    }

    /// The registry with one step of one workflow changed.
    func definitions(
        of kind: String, step: Int, _ change: @Sendable (Step) -> Step
    ) -> [WorkflowDefinition] {
        fixture.cloud.compute.workflows.map { definition in
            guard definition.kind == kind else { return definition }
            var steps = definition.steps
            steps[step] = change(steps[step])
            return WorkflowDefinition(
                kind: definition.kind, deadlineSeconds: definition.deadlineSeconds, steps: steps,
                unwound: definition.unwound)
        }
    }

    func stepCount(of kind: String) -> Int {
        fixture.cloud.compute.workflows.first { $0.kind == kind }?.steps.count ?? 0
    }
}

/// What one server of flavor `42` with so many ports holds while it exists and is built.
func oneServer(ports: Int = 1) -> Holdings {
    var held = Holdings()
    held.ports = ports
    held.allocations = 3
    held.inventoryUse = 1 + 256 + 1
    held.guests = 1
    held.disks = 1
    held.documents = 1
    held.instances = 1
    held.cores = 1
    held.ram = 256
    held.portQuota = ports
    return held
}

/// What a server holds that could not be built: only its place in the quota.
var brokenServer: Holdings {
    var held = Holdings()
    held.instances = 1
    held.cores = 1
    held.ram = 256
    return held
}

/// The words of a conflict; anything else in words that no test expects.
func refusal(_ body: () async throws -> Void) async -> String {
    do {
        try await body()
        return "it was allowed"
    } catch let error as CloudError {
        return error.kind == .conflict ? error.message : "\(error)"
    } catch {
        return "\(error)"
    }
}
