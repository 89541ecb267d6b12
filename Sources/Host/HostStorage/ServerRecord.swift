package import HostProtocol
package import Model

/// What an agent keeps of each server it has been told about, so that nothing older is carried out.
package struct ServerRecord: Codable, Sendable, Equatable {
    package var serverID: ServerID
    /// -1 before the first document.
    package var highestEpoch: Int64
    /// Of the document of that epoch.
    package var mark: String
    /// The server was taken away: documents of this epoch or lower make nothing.
    package var tombstone: Bool
    /// Those that have begun and whose end was not delivered, and the one that began last.
    package var commands: [CommandReport]
    /// The epoch of the last document that was reached, and the boot of the machine in which it was: a guest found off
    /// in the same boot has powered itself off, one found off in another is started again.
    package var appliedEpoch: Int64
    package var appliedBoot: String
    /// The machine of that document.
    package var machine: Int

    package init(
        serverID: ServerID, highestEpoch: Int64 = -1, mark: String = "", tombstone: Bool = false,
        commands: [CommandReport] = [], appliedEpoch: Int64 = -1, appliedBoot: String = "",
        machine: Int = 0
    ) {
        self.serverID = serverID
        self.highestEpoch = highestEpoch
        self.mark = mark
        self.tombstone = tombstone
        self.commands = commands
        self.appliedEpoch = appliedEpoch
        self.appliedBoot = appliedBoot
        self.machine = machine
    }

    private enum CodingKeys: String, CodingKey {
        case serverID, highestEpoch, mark, tombstone, commands, appliedEpoch, appliedBoot, machine
        /// Of releases in which a document had a slot for one command: the id of the last that was carried out.
        case lastCommand
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let last = try values.decodeIfPresent(HostCommandID.self, forKey: .lastCommand)
        self.init(
            serverID: try values.decode(ServerID.self, forKey: .serverID),
            highestEpoch: try values.decode(Int64.self, forKey: .highestEpoch),
            mark: try values.decodeIfPresent(String.self, forKey: .mark) ?? "",
            tombstone: try values.decode(Bool.self, forKey: .tombstone),
            commands: try values.decodeIfPresent([CommandReport].self, forKey: .commands)
                ?? last.map { [CommandReport(id: $0, state: .done)] } ?? [],
            appliedEpoch: try values.decode(Int64.self, forKey: .appliedEpoch),
            appliedBoot: try values.decode(String.self, forKey: .appliedBoot),
            machine: try values.decodeIfPresent(Int.self, forKey: .machine) ?? 0)
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(serverID, forKey: .serverID)
        try values.encode(highestEpoch, forKey: .highestEpoch)
        try values.encode(mark, forKey: .mark)
        try values.encode(tombstone, forKey: .tombstone)
        try values.encode(commands, forKey: .commands)
        try values.encode(appliedEpoch, forKey: .appliedEpoch)
        try values.encode(appliedBoot, forKey: .appliedBoot)
        try values.encode(machine, forKey: .machine)
    }
}

extension ServerRecord {
    /// Writes down how far a command is.
    package mutating func note(_ report: CommandReport) {
        if let place = commands.firstIndex(where: { $0.id == report.id }) {
            commands[place] = report
        } else {
            commands.append(report)
        }
    }

    /// The ends that were told are forgotten; the newest stays, for it may be asked for again.
    package mutating func forgetTold(_ told: [CommandReport]) {
        let newest = commands.last?.id
        commands.removeAll { $0.state.isEnd && told.contains($0) && $0.id != newest }
    }
}
