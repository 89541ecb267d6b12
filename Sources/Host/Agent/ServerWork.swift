import HostProtocol
import HostStorage
import Model

/// What a host has to do for one server, and what it has still to say: decisions only, without a clock or a call.
///
/// Of several documents only the newest is reached. Commands are carried out in order, each once.
struct ServerWork {
    /// What a report tells beside what is seen: the failure, and the request that is answered.
    struct Answer {
        var failure: HostFailure?
        var requestID: String?
    }

    struct Attempt {
        var document: DesiredServer
        /// It has not been tried before.
        var isNew: Bool
        var command: DesiredCommand?

        var requestID: String? { command?.requestID ?? document.requestID }
        /// What it is for, in a word.
        var wish: String { command?.action.rawValue ?? document.wish }
    }

    enum Step {
        case attempt(Attempt)
        case tell(Answer)
    }

    var record: ServerRecord
    private(set) var underWay: Attempt?
    /// The power last delivered.
    private(set) var reported: GuestPower?
    /// A report that did not arrive.
    var undelivered: Answer?
    /// What the guest did by itself during the attempt under way.
    var moved: GuestPower?
    /// Of a start, not told yet.
    var moments: StartMoments?
    private var document: DesiredServer?
    private var isDue = false
    /// Something is to be told without anything to do.
    private var toTell: Answer?
    private var commands: [DesiredCommand] = []

    init(_ record: ServerRecord) {
        self.record = record
    }

    /// Whether a command has begun and not ended, or waits.
    var isAtCommand: Bool { !commands.isEmpty || record.commands.contains { !$0.state.isEnd } }

    var isIdle: Bool { underWay == nil && !isDue && toTell == nil && commands.isEmpty }

    /// Whether the attempt under way should be ended: a document that takes the server away does not wait for an image
    /// to arrive or a guest to power off.
    mutating func accept(_ news: DesiredServer) -> Bool {
        let newest = max(record.highestEpoch, isDue ? document?.epoch ?? -1 : -1)
        guard news.epoch >= newest else { return false }
        if record.tombstone, news.presence == .present, news.epoch <= newest { return false }
        if let document, document.epoch == news.epoch, document.mark == news.mark {
            toTell = toTell ?? Answer()
            return false
        }
        document = news
        isDue = true
        return news.presence == .absent
    }

    /// The document that was reached does not hold any more. It ends no attempt.
    mutating func reachAgain() -> Bool {
        if document != nil { isDue = true }
        return false
    }

    /// Whether the attempt under way should be ended.
    mutating func accept(_ command: DesiredCommand) -> Bool {
        if underWay?.command?.id == command.id { return command.isCancelled }
        if record.commands.contains(where: { $0.id == command.id && $0.state.isEnd }) {
            toTell = toTell ?? Answer()
        } else if let place = commands.firstIndex(where: { $0.id == command.id }) {
            commands[place] = command
        } else {
            commands.append(command)
        }
        return false
    }

    /// What this agent cannot read is answered, and what was read before it stays in force.
    mutating func accept(_ item: Illegible) {
        let why = HostFailure(
            message: "The server's host does not understand what is asked of it; upgrade its agent.", detail: item.why)
        if let command = item.command {
            record.note(CommandReport(id: command, state: .failed, failure: why))
            toTell = toTell ?? Answer()
        } else if let epoch = item.epoch, epoch >= record.highestEpoch, epoch >= document?.epoch ?? -1 {
            record.highestEpoch = epoch
            record.mark = item.mark ?? ""
            toTell = Answer(failure: why, requestID: item.requestID)
        }
    }

    /// What to do now; nothing while something is under way.
    mutating func next() -> Step? {
        guard underWay == nil else { return nil }
        let command = nextCommand()
        if let document, isDue || command != nil {
            let attempt = Attempt(document: document, isNew: isDue, command: command)
            isDue = false
            begin(attempt)
            return .attempt(attempt)
        }
        defer { toTell = nil }
        return toTell.map(Step.tell)
    }

    /// Commands of which nothing can come are answered on the way.
    private mutating func nextCommand() -> DesiredCommand? {
        while let command = commands.first {
            if let why = reasonAgainst(command) {
                commands.removeFirst()
                record.note(CommandReport(id: command.id, state: .failed, failure: why))
                toTell = toTell ?? Answer()
            } else if document?.presence == .absent {
                // It is answered when the server is gone.
                return nil
            } else {
                return commands.removeFirst()
            }
        }
        return nil
    }

    private func reasonAgainst(_ command: DesiredCommand) -> HostFailure? {
        if command.isCancelled {
            return HostFailure(message: "It was cancelled before it began.", detail: "\(command.id)")
        }
        if record.tombstone, !isDue || document == nil || document?.presence == .absent {
            return HostFailure(message: "The server was taken away.", detail: "\(command.serverID) has a tombstone")
        }
        if document == nil {
            return HostFailure(message: "The server is not on this host.", detail: "\(command.serverID)")
        }
        return nil
    }

    private mutating func begin(_ attempt: Attempt) {
        underWay = attempt
        record.highestEpoch = attempt.document.epoch
        record.mark = attempt.document.mark
        record.tombstone = attempt.document.presence == .absent
        if let command = attempt.command { record.note(CommandReport(id: command.id, state: .running)) }
    }

    /// The command under way has come so far.
    mutating func came(to percent: Int, _ result: [String: String]) {
        guard let command = underWay?.command else { return }
        record.note(CommandReport(id: command.id, state: .running, progress: percent, result: result))
    }

    /// The document of the attempt under way is reached, and its command carried out with that result.
    mutating func reached(inBoot boot: String, _ result: [String: String]?) {
        guard let attempt = underWay else { return }
        if attempt.document.presence == .present {
            record.appliedEpoch = attempt.document.epoch
            record.appliedBoot = boot
            record.machine = attempt.document.machine
        }
        if let command = attempt.command {
            record.note(CommandReport(id: command.id, state: .done, progress: 100, result: result))
        }
        underWay = nil
    }

    /// The attempt under way is over without success.
    private mutating func ended(_ failure: HostFailure) {
        if let command = underWay?.command {
            record.note(CommandReport(id: command.id, state: .failed, failure: failure))
        }
        underWay = nil
    }

    /// The attempt under way failed. Returns what to report; `nil` where it is to be tried again after a pause instead,
    /// because nobody waits for it or no answer can arrive: a removal, a document that was reached before, and an
    /// attempt that needed the control plane and could not reach it.
    mutating func failed(_ failure: HostFailure, isUnreachable: Bool) -> Answer? {
        guard let attempt = underWay else { return nil }
        let wasReached = attempt.command == nil && record.appliedEpoch == attempt.document.epoch
        if attempt.document.presence == .absent || isUnreachable || wasReached { return nil }
        ended(failure)
        return Answer(failure: attempt.isNew ? failure : nil, requestID: attempt.requestID)
    }

    /// The attempt under way was cancelled before its end.
    mutating func cancelled() {
        if underWay?.command != nil { toTell = toTell ?? Answer() }
        ended(HostFailure(message: "It was cancelled.", detail: "\(record.serverID)"))
    }

    /// The attempt under way comes again, unless something newer has taken its place.
    mutating func again() {
        guard let attempt = underWay else { return }
        underWay = nil
        if let command = attempt.command { commands.insert(command, at: 0) }
        if attempt.isNew || attempt.command == nil { isDue = true }
    }
}

/// What is reported, and what of it was delivered.
extension ServerWork {
    /// A report that answers nothing repeats the answer that did not arrive.
    func completed(_ answer: Answer) -> Answer {
        answer.failure == nil && answer.requestID == nil ? undelivered ?? answer : answer
    }

    /// What is left of a server that was taken away counts as nothing, unless it runs.
    func shown(_ power: GuestPower) -> GuestPower { record.tombstone && power != .running ? .absent : power }

    func observation(_ power: GuestPower, _ end: GuestEnd?, _ answer: Answer, on host: HostID) -> ServerObservation {
        ServerObservation(
            hostID: host, serverID: record.serverID, epoch: record.highestEpoch, power: power, end: end,
            commands: record.commands, failure: answer.failure, requestID: answer.requestID, moments: moments)
    }

    /// - Parameter told: the record of which the observation was made.
    mutating func delivered(_ observation: ServerObservation, of told: ServerRecord) {
        reported = told.tombstone ? nil : observation.power
        undelivered = nil
        if moments == observation.moments { moments = nil }
        record.forgetTold(observation.commands)
    }
}
