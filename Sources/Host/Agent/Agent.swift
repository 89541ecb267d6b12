import Dataplane
package import HostProtocol
import HostStorage
import Hypervisor
package import Logging
package import Model

/// Makes one host what its desired documents say, and says what is. Documents may come late, twice or out of order.
package actor Agent {
    /// What a report tells beside what is seen: the failure, and the request that is answered.
    private struct Answer {
        var failure: HostFailure?
        var requestID: String?
    }

    private struct Work {
        var pending: DesiredServer?
        var task: Task<Void, Never>?
        /// The document being carried out.
        var current: Task<Void, Never>?
        /// What the guest did by itself meanwhile.
        var moved: GuestPower?
    }

    private let channel: any HostChannel
    private let machine: HostMachine
    private let network: NetworkKeeper
    private let images: ImageCacheKeeper
    private let logger: Logger
    private var hostID: HostID?
    private var sequence: Int64 = 0
    private var isPulling = false
    /// Somebody wanted to pull meanwhile.
    private var pullsAgain = false
    private var records: [ServerID: ServerRecord] = [:]
    private var work: [ServerID: Work] = [:]
    private var tombstones = Tombstones()
    /// The power last delivered.
    private var reported: [ServerID: GuestPower] = [:]
    /// Reports that did not arrive.
    private var undelivered: [ServerID: Answer] = [:]

    /// - Parameters:
    ///   - imageInterval: between two looks for images that no server needs.
    ///   - imageMinimumAge: how long such an image stays.
    package init(
        channel: any HostChannel, machine: HostMachine, logger: Logger,
        imageInterval: Duration = ImageCacheKeeper.interval, imageMinimumAge: Duration = ImageCacheKeeper.minimumAge
    ) {
        self.channel = channel
        self.machine = machine
        self.logger = logger
        network = NetworkKeeper(channel: channel, dataplane: machine.dataplane, logger: logger)
        images = ImageCacheKeeper(
            storage: machine.storage, interval: imageInterval, minimumAge: imageMinimumAge, logger: logger)
    }

    /// Announces the host; to be called before `run`.
    @discardableResult
    package func register() async throws -> HostID {
        let id = try await channel.register(try await machine.driver.describe())
        hostID = id
        channel.connectConsole { [storage = machine.storage] in try await storage.consoleTail($0, maxBytes: $1) }
        return id
    }

    /// Works until cancelled. Guests, disks and rules stay.
    package func run() async throws {
        for record in try await machine.storage.loadRecords() {
            records[record.serverID] = record
            if record.tombstone { tombstones.add(record.serverID) }
        }
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
                    }
                }
            }
            group.addTask { [self] in
                for await event in events { await noticed(event) }
            }
            group.addTask { [self] in await beat() }
            group.addTask { [network] in await network.keepMending() }
            group.addTask { [images] in await images.run() }
            await group.waitForAll()
        }
        let left = work.values.compactMap(\.task)
        for task in left { task.cancel() }
        for task in left { await task.value }
    }

    /// Every ten seconds: a sign of life, and a look at what nudges may have missed.
    private func beat() async {
        // Hosts that started together need not speak together.
        var pause = Double.random(in: 1...10)
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: .seconds(pause))
                pause = 10
                try await channel.report([])
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
        for id in tombstones.takeOld() where records[id]?.tombstone == true {
            guard work[id] == nil, undelivered[id] == nil else {
                tombstones.add(id)
                continue
            }
            records[id] = nil
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
                for document in batch.servers { accept(document) }
                if batch.isLast || batch.servers.isEmpty { return }
            }
        } catch {
            logger.warning("documents cannot be fetched", metadata: ["error": "\(error)"])
        }
    }

    /// Queues a document; of several for one server only the newest is carried out. One that takes the server away does
    /// not wait for an image to arrive or a guest to power off.
    private func accept(_ document: DesiredServer) {
        let id = document.serverID
        let newest = max(records[id]?.highestEpoch ?? -1, work[id]?.pending?.epoch ?? -1)
        guard document.epoch >= newest else { return }
        if records[id]?.tombstone == true, document.presence == .present, document.epoch <= newest { return }
        work[id, default: Work()].pending = document
        if document.presence == .absent { work[id]?.current?.cancel() }
        if work[id]?.task == nil { work[id]?.task = Task { await drain(id) } }
    }

    private func drain(_ id: ServerID) async {
        while let document = work[id]?.pending, !Task.isCancelled {
            work[id]?.pending = nil
            let current = Task { await reach(document) }
            work[id]?.current = current
            await withTaskCancellationHandler {
                await current.value
            } onCancel: {
                current.cancel()
            }
        }
        let moved = work[id]?.moved
        work[id] = nil
        if let moved, moved != reported[id] { await report(id) }
    }

    private func reach(_ document: DesiredServer) async {
        let id = document.serverID
        let started = ContinuousClock.now
        trace("a document is carried out", document)
        var record =
            records[id]
            ?? ServerRecord(serverID: id, highestEpoch: document.epoch, tombstone: false, lastCommand: nil)
        record.highestEpoch = document.epoch
        record.tombstone = document.presence == .absent
        do {
            records[id] = record
            try await machine.storage.saveRecord(record)
            let known = record
            record =
                try await document.presence == .absent
                ? machine.remove(id, known) : machine.make(document, known, channel: channel, network: network)
            records[id] = record
            try await machine.storage.saveRecord(record)
            if record.tombstone { tombstones.add(id) }
            trace("a document is reached", document, ["took": "\(ContinuousClock.now - started)"])
            await report(id, Answer(requestID: document.requestID))
        } catch is CancellationError {
            return
        } catch {
            await gaveUp(document, error)
        }
    }

    /// A failed wish is reported, and the control plane decides. A failed removal is a debt: it is tried until paid.
    /// So is a wish for which the control plane could not be asked, and one that held before: nobody waits for it.
    private func gaveUp(_ document: DesiredServer, _ error: any Error) async {
        let failure =
            error as? HostFailure
            ?? HostFailure(
                message: (error as? CloudError)?.message ?? "The host failed unexpectedly.", detail: "\(error)")
        logger.warning(
            "a document was not reached",
            metadata: [
                "request": "\(document.requestID ?? "")", "server": "\(document.serverID)",
                "error": "\(failure.message)", "detail": "\(failure.detail)",
            ])
        let heldBefore = records[document.serverID]?.appliedEpoch == document.epoch
        guard document.presence == .absent || error is ControlPlaneUnreachable || heldBefore else {
            return await report(document.serverID, Answer(failure: failure, requestID: document.requestID))
        }
        do {
            try await Task.sleep(for: .seconds(2))
        } catch {
            return
        }
        if work[document.serverID]?.pending == nil { work[document.serverID]?.pending = document }
    }

    private func trace(_ event: Logger.Message, _ document: DesiredServer, _ more: Logger.Metadata = [:]) {
        guard let request = document.requestID else { return }
        let metadata: Logger.Metadata = [
            "request": "\(request)", "server": "\(document.serverID)", "epoch": "\(document.epoch)",
            "wants": "\(document.wish)",
        ]
        logger.info(event, metadata: metadata.merging(more) { $1 })
    }

    private func report(_ id: ServerID, _ answer: Answer = Answer()) async {
        guard let hostID, let record = records[id] else {
            undelivered[id] = nil
            return
        }
        // What could not be told is told before anything newer.
        let answer = answer.failure == nil && answer.requestID == nil ? undelivered[id] ?? answer : answer
        do {
            let seen = try await machine.driver.power(of: id)
            let power = record.tombstone && seen != .running ? .absent : seen
            let isOff = power == .shutdown || power == .crashed
            let end = isOff ? try await machine.driver.end(of: id) : nil
            try await channel.report([
                ServerObservation(
                    hostID: hostID, serverID: id, epoch: record.highestEpoch, power: power, end: end,
                    completedCommand: record.lastCommand, failure: answer.failure, requestID: answer.requestID)
            ])
            reported[id] = record.tombstone ? nil : power
            undelivered[id] = nil
        } catch {
            undelivered[id] = answer
            logger.warning(
                "an observation was not delivered",
                metadata: ["request": "\(answer.requestID ?? "")", "server": "\(id)", "error": "\(error)"])
        }
    }

    private func reportUndelivered() async {
        for (id, answer) in undelivered where work[id] == nil { await report(id, answer) }
    }

    /// A guest changed by itself. While a document is being carried out that is kept for its end.
    private func noticed(_ event: PowerEvent) async {
        let id = event.serverID
        guard let record = records[id], !record.tombstone else { return }
        if work[id] != nil {
            work[id]?.moved = event.power
        } else {
            await report(id)
        }
    }

    /// What events and deliveries have missed.
    private func reportChanges() async {
        do {
            for (id, power) in try await machine.driver.list() where work[id] == nil && records[id]?.tombstone == false
            {
                if reported[id] != power { await report(id) }
            }
        } catch {
            logger.warning("the guests cannot be listed", metadata: ["error": "\(error)"])
        }
    }
}
