import Dataplane
package import HostProtocol
import HostStorage
import Hypervisor
package import Logging
package import Model

/// Makes one host what its desired documents say, and says what is. Documents may come late, twice or out of order.
package actor Agent {
    /// Between two signs of life.
    package static let beatInterval = Duration.seconds(10)

    private let channel: any HostChannel
    let machine: HostMachine
    private let network: NetworkKeeper
    private let images: ImageCacheKeeper
    private let health: HealthKeeper
    private let consoles: ConsoleKeeper
    let logger: Logger
    private let beatInterval: Duration
    private var hostID: HostID?
    private var sequence: Int64 = 0
    private var isPulling = false
    /// Somebody wanted to pull meanwhile.
    private var pullsAgain = false
    var servers: [ServerID: ServerWork] = [:]
    /// One for each server that something is done for.
    var drains: [ServerID: Task<Void, Never>] = [:]
    private var attempts: [ServerID: Task<Void, Never>] = [:]
    private var tombstones = Tombstones()
    /// Those who wait for a guest's first byte.
    var listeners: [ServerID: Task<Void, Never>] = [:]
    /// The servers of which a report did not arrive.
    private var undelivered: Set<ServerID> = []

    /// - Parameters:
    ///   - imageInterval: between two looks for images that no server needs.
    ///   - imageMinimumAge: how long such an image stays.
    package init(
        channel: any HostChannel, machine: HostMachine, logger: Logger, beatInterval: Duration = Agent.beatInterval,
        imageInterval: Duration = ImageCacheKeeper.interval, imageMinimumAge: Duration = ImageCacheKeeper.minimumAge
    ) {
        self.channel = channel
        self.machine = machine
        self.logger = logger
        self.beatInterval = beatInterval
        network = NetworkKeeper(channel: channel, dataplane: machine.dataplane, logger: logger)
        health = HealthKeeper(machine, network)
        consoles = ConsoleKeeper(machine)
        images = ImageCacheKeeper(
            storage: machine.storage, interval: imageInterval, minimumAge: imageMinimumAge, logger: logger)
    }

    /// Announces the host; to be called before `run`.
    @discardableResult
    package func register() async throws -> HostID {
        if hostID == nil { try await loadRecords() }
        var inventory = try await machine.driver.describe()
        inventory.bootedAt = SystemClock.bootedAt
        let holdings = servers.values.map(\.record).filter { $0.highestEpoch >= 0 }.map {
            HeldDocument(serverID: $0.serverID, epoch: $0.highestEpoch, mark: $0.mark, isGone: $0.tombstone)
        }
        let registered = try await channel.register(HostRegistration(inventory: inventory, holdings: holdings))
        hostID = registered.host
        channel.connect(consoles.connected)
        return registered.host
    }

    private func loadRecords() async throws {
        for record in try await machine.storage.loadRecords() {
            servers[record.serverID] = ServerWork(record)
            if record.tombstone { tombstones.add(record.serverID) }
            if servers[record.serverID]?.isAtCommand == false {
                try await machine.storage.removeCopies(of: record.serverID)
            }
        }
    }

    /// The line is open again. All documents are asked for: those of another history may have the numbers of these.
    private func registerAgain() async {
        while !Task.isCancelled {
            do {
                try await register()
                break
            } catch let error as CloudError where [.conflict, .forbidden].contains(error.kind) {
                logger.error("the control plane does not take this host", metadata: ["error": "\(error)"])
                return
            } catch {
                logger.warning("the host cannot be announced", metadata: ["error": "\(error)"])
            }
            do {
                try await Task.sleep(for: .seconds(1))
            } catch {
                return
            }
        }
        sequence = 0
        await pull()
        await reportUndelivered()
        await network.follow()
    }

    /// Works until cancelled. Guests, disks and rules stay.
    package func run() async throws {
        let nudges = channel.nudges()
        let events = machine.driver.events()
        await pull()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                for await nudge in nudges {
                    switch nudge {
                    case .servers:
                        await pull()
                        await reportUndelivered()
                    case .network: await network.follow()
                    case .registration: await registerAgain()
                    }
                }
            }
            group.addTask { [self] in
                for await event in events { await noticed(event) }
            }
            group.addTask { [self] in await beat() }
            group.addTask { [self] in await network.keepMending { [self] in await plugAnew() } }
            group.addTask { [images] in await images.run() }
            group.addTask { [machine, logger] in await machine.freezes.resume(logger) }
            await group.waitForAll()
        }
        let left = Array(drains.values)
        for task in left { task.cancel() }
        for task in left { await task.value }
    }

    /// A sign of life, and a look at what nudges may have missed.
    private func beat() async {
        // Hosts that started together need not speak together.
        var pause = beatInterval * Double.random(in: 0.1...1)
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: pause)
                pause = beatInterval
                try await channel.report(HostReport(health: await health.look()))
            } catch is CancellationError {
                return
            } catch {
                logger.warning("the control plane does not answer", metadata: ["error": "\(error)"])
            }
            await pull()
            await reportUndelivered()
            await reportChanges()
            await forget()
        }
    }

    /// Servers that are gone for so long that nobody speaks of them any more.
    private func forget() async {
        for id in tombstones.takeOld() {
            guard let server = servers[id], server.record.tombstone else { continue }
            guard server.isIdle, server.undelivered == nil else {
                tombstones.add(id)
                continue
            }
            servers[id] = nil
            do {
                try await machine.storage.removeRecord(id)
            } catch {
                logger.warning("a record cannot be removed", metadata: ["server": "\(id)", "error": "\(error)"])
            }
        }
    }

    /// One at a time, or a document would be fetched twice.
    private func pull() async {
        pullsAgain = true
        guard !isPulling else { return }
        isPulling = true
        while pullsAgain, !Task.isCancelled {
            pullsAgain = false
            await fetchDocuments()
        }
        isPulling = false
    }

    private func fetchDocuments() async {
        do {
            while true {
                let batch = try await channel.desired(after: sequence)
                sequence = max(sequence, batch.sequence)
                for document in batch.servers {
                    accept(document.serverID) { $0.accept(document) }
                }
                for command in batch.commands {
                    accept(command.serverID) { $0.accept(command) }
                }
                for item in batch.illegible { refuse(item) }
                if batch.isLast { return }
            }
        } catch {
            logger.warning("documents cannot be fetched", metadata: ["error": "\(error)"])
        }
    }

    func accept(_ id: ServerID, _ news: (inout ServerWork) -> Bool) {
        if news(&servers[id, default: ServerWork(ServerRecord(serverID: id))]) { attempts[id]?.cancel() }
        if drains[id] == nil { drains[id] = Task { await drain(id) } }
    }

    private func refuse(_ item: Illegible) {
        logger.warning(
            "the control plane asks for what this agent does not understand",
            metadata: ["request": "\(item.requestID ?? "")", "server": "\(item.serverID)", "why": "\(item.why)"])
        accept(item.serverID) {
            $0.accept(item)
            return false
        }
    }

    private func drain(_ id: ServerID) async {
        while !Task.isCancelled, let step = servers[id]?.next() {
            switch step {
            case .tell(let answer): await tell(answer, of: id)
            case .attempt(let attempt):
                let task = Task { await make(attempt, of: id) }
                attempts[id] = task
                await withTaskCancellationHandler {
                    await task.value
                } onCancel: {
                    task.cancel()
                }
                attempts[id] = nil
                // One that was cancelled is told of later.
                if task.isCancelled, !Task.isCancelled { await tidy(after: attempt, of: id) }
            }
        }
        drains[id] = nil
        let moved = servers[id]?.moved
        servers[id]?.moved = nil
        if let moved, moved != servers[id]?.reported { await report(id) }
    }

    /// What a command that has ended, and will not be tried again, has left.
    private func tidy(after attempt: ServerWork.Attempt, of id: ServerID) async {
        guard attempt.command?.action == .snapshot, servers[id]?.isAtCommand == false else { return }
        do {
            try await machine.driver.endCopy(of: id)
            try await machine.storage.removeCopies(of: id)
        } catch {
            logger.warning(
                "a copy of a disk is left behind until the next one",
                metadata: ["server": "\(id)", "error": "\(error)"])
        }
    }

    private func tell(_ answer: ServerWork.Answer, of id: ServerID) async {
        await write(id)
        await report(id, answer)
    }

    private func make(_ attempt: ServerWork.Attempt, of id: ServerID) async {
        let (started, watch) = (ContinuousClock.now, StartWatch(at: SystemClock().now()))
        trace("a document is carried out", attempt)
        do {
            guard let record = servers[id]?.record else { return }
            try await machine.storage.saveRecord(record)
            var result: [String: String]?
            if attempt.document.presence == .absent {
                try await machine.remove(id)
            } else {
                result = try await machine.make(
                    attempt.document, attempt.command, record, channel: channel, network: network,
                    watch: watch
                ) { [self] in await came(id, to: $0, $1) }
            }
            servers[id]?.reached(inBoot: machine.bootID, result)
            if let moments = watch.moments { servers[id]?.moments = moments }
            try await save(id)
            await tidy(after: attempt, of: id)
            if record.tombstone { tombstones.add(id) }
            trace("a document is reached", attempt, ["took": "\(ContinuousClock.now - started)"])
            await report(id, ServerWork.Answer(requestID: attempt.requestID))
            if watch.hasLog { listen(to: id, watch) }
        } catch is CancellationError {
            servers[id]?.cancelled()
        } catch {
            await gaveUp(attempt, of: id, error)
        }
    }

    /// A command under way has come so far.
    private func came(_ id: ServerID, to percent: Int, _ result: [String: String]) async {
        servers[id]?.came(to: percent, result)
        await report(id)
    }

    private func save(_ id: ServerID) async throws {
        if let record = servers[id]?.record { try await machine.storage.saveRecord(record) }
    }

    /// As far as it goes: what cannot be written down is reported all the same, and asked for again after a start.
    private func write(_ id: ServerID) async {
        do {
            try await save(id)
        } catch {
            logger.warning("a record cannot be written", metadata: ["server": "\(id)", "error": "\(error)"])
        }
    }

    private func gaveUp(_ attempt: ServerWork.Attempt, of id: ServerID, _ error: any Error) async {
        let failure =
            error as? HostFailure
            ?? HostFailure(
                message: (error as? CloudError)?.message ?? "The host failed unexpectedly.", detail: "\(error)")
        logger.warning(
            "a document was not reached",
            metadata: [
                "request": "\(attempt.requestID ?? "")", "server": "\(id)",
                "error": "\(failure.message)", "detail": "\(failure.detail)",
            ])
        if let answer = servers[id]?.failed(failure, isUnreachable: error is ControlPlaneUnreachable) {
            await write(id)
            await tidy(after: attempt, of: id)
            return await report(id, answer)
        }
        do {
            try await Task.sleep(for: .seconds(2))
            servers[id]?.again()
        } catch {
            servers[id]?.cancelled()
        }
    }

    private func trace(_ event: Logger.Message, _ attempt: ServerWork.Attempt, _ more: Logger.Metadata = [:]) {
        guard let request = attempt.requestID else { return }
        let metadata: Logger.Metadata = [
            "request": "\(request)", "server": "\(attempt.document.serverID)", "epoch": "\(attempt.document.epoch)",
            "wants": "\(attempt.wish)",
        ]
        logger.info(event, metadata: metadata.merging(more) { $1 })
    }

    func report(_ id: ServerID, _ answer: ServerWork.Answer = ServerWork.Answer()) async {
        guard let hostID, let server = servers[id] else {
            undelivered.remove(id)
            return
        }
        let answer = server.completed(answer)
        do {
            let power = server.shown(try await machine.driver.power(of: id))
            let isOff = power == .shutdown || power == .crashed
            let end = isOff ? try await machine.driver.end(of: id) : nil
            let observation = server.observation(power, end, answer, on: hostID)
            try await channel.report(HostReport([observation]))
            servers[id]?.delivered(observation, of: server.record)
            undelivered.remove(id)
        } catch {
            servers[id]?.undelivered = answer
            undelivered.insert(id)
            logger.warning(
                "an observation was not delivered",
                metadata: ["request": "\(answer.requestID ?? "")", "server": "\(id)", "error": "\(error)"])
        }
    }

    private func reportUndelivered() async {
        for id in undelivered where drains[id] == nil { await report(id) }
    }
}
