import HostProtocol
package import Model
import Store
import Workflow

/// How long servers are set aside; seconds.
package struct SetAsideTimes: Sendable {
    /// After which a shelved server leaves its host; 0 at once, `nil` never. Nova's `shelved_offload_time`.
    package var offload: Double? = 0
    /// After which a deleted server goes for good; `nil` where it goes at once. Nova's `reclaim_instance_interval`.
    package var reclaim: Double?

    package init() {}
}

/// Servers that are shelved, or deleted for a while (`docs/decisions/0025-set-aside.md`).
extension ComputeService {
    /// - Parameter isOffloaded: whether the server leaves its host at once; `nil` as the cloud is set.
    package func shelve(_ id: ServerID, isOffloaded: Bool? = nil, by caller: Caller) async throws {
        let isOffloaded = isOffloaded ?? (setAside.offload == 0)
        try await begin(.shelve, on: id, by: caller) { server, now, db in
            let image = ImageID.random()
            let request = SnapshotRequest(name: "\(server.name)-shelved")
            var record = try Self.image(image, request, of: server, by: caller, now: now, db)
            record.projectID = server.projectID
            record.visibility = .private
            try ImageCalls.reserve(record, sharedWith: nil, db)
            return Beginning(
                input: ShelveServer.Input(imageID: image, settled: server.settled, isOffloaded: isOffloaded))
        }
    }

    package func shelveOffload(_ id: ServerID, by caller: Caller) async throws {
        try await begin(.shelveOffload, on: id, by: caller) { _, _, _ in
            Beginning(input: OperationInput(operation: .shelveOffload))
        }
    }

    /// Where a shelved server is to be from now on. What is `nil` stays as it was.
    package struct UnshelvePlace: Sendable {
        /// `.some(nil)`: any zone will do.
        package var zone: String??
        package var hostname: String?

        package init(zone: String?? = nil, hostname: String? = nil) {
            self.zone = zone
            self.hostname = hostname
        }

        fileprivate var isChosen: Bool { zone != nil || hostname != nil }
    }

    package func unshelve(_ id: ServerID, to place: UnshelvePlace, by caller: Caller) async throws {
        if let zone = place.zone, let zone { _ = try self.zone(zone, by: caller) }
        let hosts = capacity.all
        try await begin(.unshelve, on: id, by: caller) { server, now, db in
            guard server.settled == .shelvedOffloaded else {
                guard !place.isChosen else {
                    throw CloudError(
                        .conflict,
                        "Specifying an availability zone or a host when unshelving server \"\(server.id)\" with status "
                            + "\"\(server.settled.rawValue)\" is not supported, state must be SHELVED_OFFLOADED.")
                }
                try HostDocuments.change(of: server.id, for: caller.requestID, db) { $0.power = .running }
                return Beginning(input: UnshelveServer.Input(settled: server.settled))
            }
            if let zone = place.zone { server.requestedZone = zone }
            try Self.check(place.hostname, for: server, among: hosts, by: caller)
            let told = try comeBack(&server, to: place.hostname, among: hosts, by: caller, now: now, db)
            return Beginning(input: UnshelveServer.Input(settled: .shelvedOffloaded), told: told)
        }
    }

    static func check(
        _ hostname: String?, for server: Server, among hosts: [HostState], by caller: Caller
    ) throws {
        guard let hostname else { return }
        guard caller.isAdmin else {
            throw CloudError(
                .forbidden, "Policy doesn't allow os_compute_api:os-shelve:unshelve_to_host to be performed.")
        }
        guard let host = hosts.first(where: { $0.hostname == hostname }) else {
            throw CloudError.badRequest("Compute host \(hostname.prefix(80)) could not be found.")
        }
        if let zone = server.requestedZone, zone != host.availabilityZone {
            throw CloudError(
                .conflict, "Host \"\(hostname)\" is not in the availability zone \"\(zone)\".")
        }
    }

    /// Places the server anew, and writes the first document of its new host.
    private func comeBack(
        _ server: inout Server, to hostname: String?, among hosts: [HostState], by caller: Caller, now: Timestamp,
        _ db: any Connection
    ) throws -> Told {
        guard let image = try db.find(SetAsideServer.self, key: .id(server.id))?.imageID,
            var request = try db.find(ServerRequest.self, key: .id(server.id))
        else { throw CloudError(.internal, "What shelved server \(server.id) was made of is not kept.") }
        let flavor = try server.flavor.value()
        let reference = try ImageCalls.shelved(image, rootGiB: flavor.disk, db)
        request.image = try JSONText(reference).raw
        var wanted = try SchedulingRequest(of: server, db)
        wanted.requestedHost = hostname
        var placing = Placing(wanted, try SchedulerHints(server.hints), among: hosts, now: now)
        let host: HostState
        switch try placing.place(server, in: ServerGroupQueries.group(of: server.id, db), db) {
        case .on(let found): host = found
        case .refused(let refusal): throw CloudError.badRequest(refusal.message)
        }
        server.hostID = host.id
        server.availabilityZone = host.availabilityZone
        let (attachments, change) = try network.rebind(server, to: host.place, db)
        var document = try BuildServer.document(of: server, request, for: caller.requestID)
        document.nics = attachments.map(GuestNIC.init)
        try HostDocuments.begin(document, on: host.id, db)
        return { [network, capacity, wanted] in
            capacity.countClaimed(wanted, on: host.id)
            network.tell(change)
        }
    }

    /// Takes a server away: for a while where the cloud keeps deleted servers, and it has run.
    package func delete(_ id: ServerID, by caller: Caller) async throws {
        guard setAside.reclaim != nil, try await server(id, by: caller).launchedAt != nil else {
            return try await begin(.delete, on: id, by: caller)
        }
        try await begin(.softDelete, on: id, by: caller) { server, _, _ in
            let isDone = server.settled == .softDeleted || [.softDelete, .delete].contains(server.operation)
            return isDone ? nil : Beginning(input: OperationInput(operation: .softDelete))
        }
    }

    /// A server that was deleted for a while comes back, if its project's quota has room for it.
    package func restore(_ id: ServerID, by caller: Caller) async throws {
        try await begin(.restore, on: id, by: caller) { server, _, db in
            try SetAside.takeQuota(of: server, db)
            return Beginning(input: OperationInput(operation: .restore))
        }
    }

    /// What has been set aside for long enough leaves its host, or goes for good. One that changes meanwhile is passed
    /// over.
    package func endSettingAside() async throws {
        let now = clock.now()
        for (settled, seconds, operation) in [
            (SettledState.shelved, setAside.offload, ServerOperation.shelveOffload),
            (.softDeleted, setAside.reclaim, .delete),
        ] {
            guard let seconds else { continue }
            let due = try await database.read {
                try SetAsideServerQueries.resting(in: settled, since: now.advanced(seconds: -seconds), limit: 100, $0)
            }
            for server in due {
                do {
                    try await begin(
                        operation, on: server.id,
                        by: Caller(
                            userID: server.userID, scope: .project(server.projectID), roles: ["admin"],
                            requestID: "req-\(UUIDText.random())"))
                } catch let error as CloudError where [.conflict, .notFound].contains(error.kind) {
                    continue
                }
            }
        }
    }
}

enum SetAside {
    /// The server is as others are, or is no more: the image that it was kept in goes.
    static func end(of id: ServerID, now: Timestamp, _ db: any Connection) throws {
        guard let row = try db.find(SetAsideServer.self, key: .id(id)) else { return }
        if let image = row.imageID { try ImageCalls.remove(image, at: now, db) }
        try db.delete(SetAsideServer.self, key: .id(id))
    }

    static func giveBackQuota(of server: Server, _ db: any Connection) throws {
        for (resource, amount) in try counted(server) {
            try QuotaQueries.giveBack(amount, of: resource, for: server.projectID, db)
        }
    }

    static func takeQuota(of server: Server, _ db: any Connection) throws {
        for (resource, amount) in try counted(server) {
            if let full = try QuotaQueries.take(
                amount, of: resource, for: server.projectID,
                defaultLimit: QuotaQueries.defaultLimit(of: resource, db), db)
            {
                throw CreationPlan.overQuota(full, requested: amount)
            }
        }
    }

    private static func counted(_ server: Server) throws -> [(resource: String, amount: Int)] {
        let flavor = try server.flavor.value()
        return [("instances", 1), ("cores", flavor.vcpus), ("ram", flavor.ram)]
    }
}
