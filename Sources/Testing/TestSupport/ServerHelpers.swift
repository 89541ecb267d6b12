import Cloud
import HTTPTypes
package import Compute
import HostStorage
import Hypervisor
package import Model
import Networking
import Store

/// All that servers of the cloud hold, wherever it is kept; zero everywhere when nothing was left behind.
package struct Holdings: Sendable, Equatable, CustomStringConvertible {
    /// Of servers; those of routers and floating IPs do not count.
    package var ports = 0
    package var allocations = 0
    /// What providers count as used, over all resource classes.
    package var inventoryUse = 0
    package var guests = 0
    package var disks = 0
    /// Documents that want something to be there.
    package var documents = 0
    package var instances = 0
    package var cores = 0
    package var ram = 0
    package var portQuota = 0

    package init() {}

    package static func + (one: Self, other: Self) -> Self {
        var sum = one
        for field in [
            \Self.ports, \.allocations, \.inventoryUse, \.guests, \.disks, \.documents, \.instances, \.cores, \.ram,
            \.portQuota,
        ] {
            sum[keyPath: field] += other[keyPath: field]
        }
        return sum
    }

    package var description: String {
        "ports \(ports), allocations \(allocations), inventory use \(inventoryUse), guests \(guests), disks \(disks), "
            + "documents \(documents), instances \(instances), cores \(cores), ram \(ram), port quota \(portQuota)"
    }
}

extension CloudFixture {
    /// What project `demo` and its servers hold now.
    package func holdings() async throws -> Holdings {
        let project = people.demo
        var held = try await cloud.database.read { db in
            var held = Holdings()
            func count(_ sql: String) throws -> Int { Int(try db.integer(sql, []) ?? 0) }
            held.ports = try count("SELECT count(*) FROM ports WHERE device_owner LIKE 'compute:%'")
            held.allocations = try count("SELECT count(*) FROM allocations")
            held.inventoryUse = try count("SELECT sum(used) FROM inventories")
            held.documents = try count(
                "SELECT count(*) FROM server_placements WHERE role = 'current' AND document IS NOT NULL")
            let quotas = try QuotaQueries.all(of: project, db)
            held.instances = quotas["instances"]?.used ?? 0
            held.cores = quotas["cores"]?.used ?? 0
            held.ram = quotas["ram"]?.used ?? 0
            held.portQuota = quotas["port"]?.used ?? 0
            return held
        }
        for host in hosts {
            held.guests += try await host.driver.list().count
            held.disks += try await host.storage.preparedServers().count
        }
        return held
    }

    /// Asks for servers of flavor `42` (1 vCPU, 256 MiB, 1 GiB) through Compute's verb.
    package func create(
        _ name: String = "vm", as role: People.Role = .member, count: Int = 1,
        _ change: @Sendable (inout ServerCreateRequest) -> Void = { _ in }
    ) async throws -> [Server] {
        var request = ServerCreateRequest(name: name, flavorID: FlavorID("42"), adminPassword: "secret")
        request.imageID = image
        request.minCount = count
        request.maxCount = count
        change(&request)
        return try await cloud.compute.create(request, by: people.caller(role))
    }

    /// A server that runs.
    package func boot(_ name: String = "vm", as role: People.Role = .member) async throws -> ServerID {
        guard let made = try await create(name, as: role).first else {
            throw CloudError(.internal, "No server was made.")
        }
        _ = try await server(made.id) { $0.settled == .active && $0.operation == nil }
        return made.id
    }

    /// What a client gets for an action.
    package func act(
        _ id: ServerID, _ body: String, as role: People.Role = .member, version: String = "2.100"
    ) async throws -> Answer {
        try await request(.post, "/compute/v2.1/servers/\(id)/action", as: role, version: version, json: body)
    }

    /// The server's row, deleted or not.
    package func server(_ id: ServerID) async throws -> Server {
        guard let found = try await cloud.database.read({ try $0.find(Server.self, key: .id(id)) }) else {
            throw CloudError.notFound("Server", id)
        }
        return found
    }

    /// The server's row as soon as it is as wanted.
    @discardableResult
    package func server(_ id: ServerID, until isReached: (Server) -> Bool) async throws -> Server {
        var last = try await server(id)
        do {
            try await eventually("the server is as wanted") {
                last = try await server(id)
                return isReached(last)
            }
        } catch let error as TimedOut {
            throw TimedOut(description: "\(error); it is \(last.state), fault \(last.fault?.raw ?? "none")")
        }
        return last
    }

    /// Where the server is, as soon as it is as wanted.
    @discardableResult
    package func placement(
        of id: ServerID, until isReached: (ServerPlacement) -> Bool = { _ in true }
    ) async throws -> ServerPlacement {
        var last: ServerPlacement?
        try await eventually("the server's placement is as wanted") {
            last = try await cloud.database.read { try ServerPlacementQueries.current(of: id, $0) }
            return last.map(isReached) ?? false
        }
        guard let last else { throw CloudError.notFound("Placement of server", id) }
        return last
    }

    /// The server's workflows, newest first.
    package func workflows(of id: ServerID) async throws -> [WorkflowRecord] {
        try await cloud.database.read { try WorkflowQueries.ofServer(id, $0) }
    }

    package func fault(of id: ServerID) async throws -> String {
        try await server(id).fault?.value().message ?? ""
    }
}
