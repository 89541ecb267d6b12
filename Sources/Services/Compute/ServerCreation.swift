import HostProtocol
package import Model
import Networking
import Store
import Workflow

/// What a client asks for, in the newest shape, checked for form but not for truth.
package struct ServerCreateRequest: Sendable {
    package var name: String
    package var description: String?
    package var hostname: String?
    package var flavorID: FlavorID
    package var imageID: ImageID?
    /// Of disks beside the first one.
    package var furtherImages: [ImageID] = []
    package var keyName: String?
    /// `nil`: choose; empty: none.
    package var nics: [RequestedNIC]?
    /// `networks: "auto"`.
    package var automaticNetwork = false
    package var securityGroups: [String]?
    package var userData: String?
    package var metadata: [String: String] = [:]
    package var tags: [String] = []
    package var availabilityZone: String?
    package var requestedHost: String?
    package var configDrive = false
    package var adminPassword: String
    package var accessIPv4: String?
    package var accessIPv6: String?
    package var diskConfig = "MANUAL"
    package var hints = "{}"
    package var files: [InjectedFile] = []
    package var trustedCertificates: [String]?
    package var minCount = 1
    package var maxCount = 1

    package init(name: String, flavorID: FlavorID, adminPassword: String) {
        self.name = name
        self.flavorID = flavorID
        self.adminPassword = adminPassword
    }
}

extension ComputeService {
    /// Writes the servers, what they use, their ports and documents, and the workflows that build them, all in one
    /// transaction; choosing hosts costs no query. Want of room is not refused here: the server is there, in ERROR, and
    /// says why. Nor are ports that cannot be had: they are left to the workflow, which fails of them.
    package func create(_ request: ServerCreateRequest, by caller: Caller) async throws -> [Server] {
        let plan = try await plan(request, by: caller)
        do {
            return try await create(plan, withPorts: bells.workflows.isOpen, by: caller)
        } catch is BuildServer.NoPorts {
            return try await create(plan, withPorts: false, by: caller)
        }
    }

    private func create(_ plan: CreationPlan, withPorts: Bool, by caller: Caller) async throws -> [Server] {
        let now = clock.now()
        let placing = Placing(plan.scheduling, plan.hints, among: capacity.all, now: now)
        let lease = bells.workflows.lease(from: now)
        let (made, change) = try await database.transaction { db in
            let count = try plan.takeQuota(db)
            let group = try plan.joinGroup(count, db)
            var placing = placing
            var change = NetworkChange()
            let made = try plan.servers(count, now).map { server in
                try insert(server, plan, &placing, in: group, withPorts, by: caller, lease, &change, db)
            }
            return (made, change)
        }
        for (server, _) in made {
            if let host = server.hostID { capacity.countClaimed(plan.scheduling, on: host) }
        }
        bells.workflows.started(made.map(\.workflow))
        network.tell(change)
        return made.map(\.server)
    }

    func plan(_ request: ServerCreateRequest, by caller: Caller) async throws -> CreationPlan {
        let named = try await database.read { try parts(of: request, by: caller, $0) }
        try await check(request.files, in: try caller.project())
        let groups = try await network.groups(request.securityGroups ?? [], by: caller)
        let hints = try SchedulerHints(request.hints)
        try await check(hints, by: caller)
        return try CreationPlan(
            request: request, project: try caller.project(), user: caller.userID, parts: named, groups: groups,
            hints: hints, zone: try zone(request.availabilityZone, by: caller))
    }

    /// What the request names, as it stands in the store.
    private func parts(
        of request: ServerCreateRequest, by caller: Caller, _ db: any Connection
    ) throws -> CreationPlan.Parts {
        let flavor = try bootableFlavor(request.flavorID, by: caller, db)
        guard let imageID = request.imageID else {
            throw CloudError.badRequest("Invalid imageRef provided: this cloud boots from images only.")
        }
        let (image, reference) = try self.image.bootable(imageID, rootGiB: flavor.disk, by: caller, db)
        try refuseFurtherDisks(request.furtherImages, flavor, by: caller, db)
        try CreationPlan.check(image, fits: (flavor.disk, flavor.memory), by: caller)
        let keys = try request.keyName.map { try publicKeys($0, of: caller.userID, db) }
        if let host = request.requestedHost, !capacity.all.contains(where: { $0.hostname == host }) {
            throw CloudError.badRequest("Compute host \(host.prefix(80)) could not be found.")
        }
        let nics = try network.resolve(request.nics, automatic: request.automaticNetwork, by: caller, db)
        return CreationPlan.Parts(flavor: flavor, image: image, reference: reference, keys: keys ?? [], nics: nics)
    }

    /// Whoever may not see an image does not learn that disks of it are not offered.
    private func refuseFurtherDisks(
        _ images: [ImageID], _ flavor: Flavor, by caller: Caller, _ db: any Connection
    ) throws {
        guard !images.isEmpty else { return }
        for id in images { _ = try image.bootable(id, rootGiB: flavor.disk, by: caller, db) }
        throw CloudError(.notImplemented, "A server has one disk of an image so far, not \(images.count + 1).")
    }

    private func bootableFlavor(_ id: FlavorID, by caller: Caller, _ db: any Connection) throws -> Flavor {
        do {
            return try flavor(id, by: caller, db)
        } catch let error as CloudError where error.kind == .notFound {
            throw CloudError(.badRequest, "Flavor \(id) could not be found.", cause: error)
        }
    }

    func publicKeys(_ name: String, of user: UserID, _ db: any Connection) throws -> [PublicKey] {
        do {
            let pair = try Self.keypair(name, of: user, db)
            let keys = try pair.keys.value()
            return keys.isEmpty ? [try Self.key(certificate: pair.publicKey)] : keys
        } catch let error as CloudError where error.kind == .notFound {
            throw CloudError(.badRequest, "Invalid key_name provided: '\(name)' is no key pair of yours.", cause: error)
        }
    }

    /// `zone`, or for administrators `zone:host` and `zone:host:node`.
    func zone(_ text: String?, by caller: Caller) throws -> (name: String?, host: String?) {
        guard let text else { return (nil, nil) }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let hosts = capacity.all
        if parts.count > 1 {
            guard caller.isAdmin else {
                throw CloudError(
                    .forbidden, "Policy doesn't allow os_compute_api:servers:create:forced_host to be performed.")
            }
            guard parts.count <= 3, let wanted = parts.last(where: { !$0.isEmpty }), parts[1...].contains(wanted) else {
                throw CloudError.badRequest("Unable to parse availability_zone '\(text.prefix(80))'.")
            }
            guard hosts.contains(where: { $0.hostname == wanted }) else {
                throw CloudError.badRequest("No valid host was found: Compute host \(wanted) could not be found.")
            }
            return (parts[0].isEmpty ? nil : parts[0], wanted)
        }
        guard hosts.contains(where: { $0.availabilityZone == text && !$0.isDisabled }) else {
            throw CloudError.badRequest("The requested availability zone is not available")
        }
        return (text, nil)
    }

    /// What hints name must be there for the caller to see.
    private func check(_ hints: SchedulerHints, by caller: Caller) async throws {
        guard !hints.isEmpty else { return }
        try await database.read { db in
            do {
                if let group = hints.group { _ = try Self.serverGroup(group, by: caller, db) }
                for server in hints.sameHost + hints.differentHost { _ = try visible(server, by: caller, db) }
            } catch let error as CloudError where error.kind == .notFound {
                throw CloudError(.badRequest, error.message, cause: error)
            }
        }
    }

    private func insert(
        _ server: Server, _ plan: CreationPlan, _ placing: inout Placing, in group: ServerGroup?, _ withPorts: Bool,
        by caller: Caller, _ lease: Timestamp, _ change: inout NetworkChange, _ db: any Connection
    ) throws -> (server: Server, workflow: CarriedWorkflow) {
        let now = placing.now
        var server = server
        let isBound = plan.scheduling.forcedHost != nil || plan.scheduling.requestedHost != nil
        var workflow = OperationStart.workflow(
            ServerOperation.build.rule, on: server,
            input: try JSONText(BuildInput(isBoundToHost: isBound, byAdministrator: caller.isAdmin)).raw,
            by: server.userID, requestID: caller.requestID, now: now, lease)
        var request = try plan.request(of: server)
        switch try placing.place(server, in: group, db) {
        case .on(let host):
            server.hostID = host.id
            server.availabilityZone = host.availabilityZone
            server.operation = .build
            server.phase = BuildServer.Phase.networking.rawValue
            server.workflowID = workflow.id
            if withPorts {
                change.add(
                    try BuildServer.bindPorts(
                        of: &server, request, on: host.place, &workflow, by: caller, in: network, db))
            } else {
                try ServerPlacementQueries.begin(server.id, on: host.id, as: .current, claimedBy: server.id.text, db)
            }
        case .refused(let refusal):
            server.settled = .error
            request.adminPassword = nil
            server.fault = try JSONText(refusal.fault(at: now))
            try workflow.refuse(refusal, at: now)
        }
        try db.insert(server)
        if let group { try db.insert(ServerGroupMember(serverID: server.id, groupID: group.id)) }
        try db.insert(request)
        let done = workflow.step == BuildServer.guestStep ? [BuildServer.portsStep] : []
        let begun = try bells.workflows.begin(workflow, after: done, at: now, db)
        try db.insert(begun.record)
        return (server, begun)
    }
}

extension WorkflowRecord {
    fileprivate mutating func refuse(_ refusal: Refusal, at now: Timestamp) throws {
        outcome = .failed
        failure = refusal.message
        outputs = try JSONText([Self.detailsOutput: refusal.details])
        finishedAt = now
        leaseUntil = Timestamp(microseconds: 0)
    }
}
