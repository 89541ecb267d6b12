import APIKit
import Compute
import Model
import Wire

/// One member of a server's answer: how it is written, and by that the columns it is written of.
enum ServerMember: Sendable {
    typealias Write = @Sendable (ServerRow, ServerContext, inout JSONWriter) -> Void

    case text(String, ServerColumn)
    /// `""` for NULL.
    case textOrEmpty(String, ServerColumn)
    case integer(String, ServerColumn)
    case boolean(String, ServerColumn)
    case time(String, ServerColumn, Timestamp.Style)
    case json(String, ServerColumn)
    /// JSON that is the same for every server that has it.
    case constant(String, String, Presence = .always)
    case pasted(String, [ServerPiece], Presence = .always)
    case written([ServerColumn], Write)

    enum Presence: Sendable {
        case always
        case whereSet(ServerColumn)
        case whereNull(ServerColumn)
    }

    /// Of the server's state, and these columns.
    static func state(_ others: [ServerColumn] = [], _ write: @escaping Write) -> Self {
        .written(ServerPlan.stateColumns + others, write)
    }

    /// Of the host that the server is on.
    static func host(_ write: @escaping Write) -> Self {
        .written([.hostID, .projectID], write)
    }
}

/// What a member is pasted of, one piece after the other.
enum ServerPiece: Sendable {
    /// JSON, as it is.
    case literal(String)
    case baseURL
    case rootURL
    /// A text that stands inside quotes.
    case text(ServerColumn)
    case json(ServerColumn)
}

/// What of a server's row an answer shows at one version to one kind of reader.
struct ServerPlan: Sendable {
    /// An array of bare closures would wrap each in another closure.
    private struct Writer {
        let write: ServerMember.Write
    }

    static let stateColumns: [ServerColumn] = [.settled, .operation, .phase, .power]

    /// What is to be read; the id comes first.
    private(set) var columns: [ServerColumn] = [.id]
    private var plan = RowPlan()
    private var writers: [Writer] = []
    private var showsState: Bool { columns.contains(.settled) }
    private var showsHost: Bool { columns.contains(.hostID) }

    init(_ fields: [Field<ServerMember>], _ request: APIRequest) {
        for member in fields.shown(at: request.version, admin: request.caller.isAdmin) { add(member, request) }
    }

    private mutating func add(_ member: ServerMember, _ request: APIRequest) {
        switch member {
        case .text(let name, let column): plan.add(name, .text(place(column)))
        case .textOrEmpty(let name, let column): plan.add(name, .textOrEmpty(place(column)))
        case .integer(let name, let column): plan.add(name, .integer(place(column)))
        case .boolean(let name, let column): plan.add(name, .boolean(place(column)))
        case .time(let name, let column, let style): plan.add(name, .time(place(column), style))
        case .json(let name, let column): plan.add(name, .json(place(column)))
        case .constant(let name, let json, let rows): plan.add(name, json: json, presence(rows))
        case .pasted(let name, let pieces, let rows):
            plan.add(name, pasting: pieces.map { piece($0, request) }, presence(rows))
        case .written(let columns, let write):
            for column in columns { _ = place(column) }
            plan.add(whole: writers.count)
            writers.append(Writer(write: write))
        }
    }

    private mutating func piece(_ piece: ServerPiece, _ request: APIRequest) -> RowPlan.Piece {
        switch piece {
        case .literal(let json): .literal(json)
        case .baseURL: .text(request.baseURL)
        case .rootURL: .text(request.rootURL)
        case .text(let column): .column(place(column))
        case .json(let column): .json(place(column))
        }
    }

    private mutating func presence(_ rows: ServerMember.Presence) -> RowPlan.Presence {
        switch rows {
        case .always: .always
        case .whereSet(let column): .whereSet(place(column))
        case .whereNull(let column): .whereNull(place(column))
        }
    }

    private mutating func place(_ column: ServerColumn) -> Int {
        if let known = columns.firstIndex(of: column) { return known }
        columns.append(column)
        return columns.count - 1
    }

    func write(_ row: ServerRow, in context: ServerContext, to writer: inout JSONWriter) throws {
        try context.turn(to: row, withState: showsState, withHost: showsHost)
        plan.write(row.row, to: &writer) { number, writer in writers[number].write(row, context, &writer) }
    }
}

/// What the servers of one answer share, and what is known of the one that is being written; used by one task.
final class ServerContext {
    let isForAdmin: Bool
    /// Whether `addresses` is written in its short form (`PlainAddresses`).
    var showsPlainAddresses = false
    /// Of a server that was just given one.
    var adminPassword: String?
    /// The server group, where it is shown.
    var group: ServerGroupID?
    private(set) var state = ServerState(settled: .building, operation: nil, phase: 0, power: 0)
    private(set) var host: KnownHost?
    private(set) var hostDigest = ""
    /// `addresses` in its short form, where the answer has that.
    private(set) var plainAddresses: String?
    private let hosts: [String: KnownHost]

    init(_ request: APIRequest, hosts: [HostState], _ digests: HostDigests) {
        isForAdmin = request.caller.isAdmin
        self.hosts = Dictionary(hosts.map { ($0.id.text, KnownHost($0, digests)) }) { $1 }
    }

    var hostname: String? { host?.hostname }

    /// Without the state and the host where the answer shows none.
    func turn(to row: ServerRow, withState: Bool, withHost: Bool) throws {
        if withState { state = try row.state() }
        if withHost {
            host = row.optionalText(.hostID).flatMap { hosts[$0] }
            hostDigest = try host.map { try $0.digest(forProject: row.utf8(.projectID)) } ?? ""
        }
        if showsPlainAddresses { plainAddresses = try PlainAddresses(row.text(.addresses)).json }
    }
}

/// A host, and what projects may know of it.
final class KnownHost {
    let hostname: String
    /// Nova's words for a host's service.
    let status: String
    private let digests: HostDigests
    private var last = (project: [UInt8](), digest: "")

    init(_ host: HostState, _ digests: HostDigests) {
        self.digests = digests
        hostname = host.hostname
        status = host.isDisabled ? "MAINTENANCE" : host.isUp ? "UP" : "DOWN"
    }

    func digest(forProject id: UnsafeBufferPointer<UInt8>?) throws -> String {
        guard let id, !last.project.elementsEqual(id) else { return last.digest }
        last = (Array(id), try digests.digest(of: hostname, for: String(decoding: id, as: UTF8.self)))
        return last.digest
    }
}
