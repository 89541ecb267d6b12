import Cloud
import HTTPTypes
import Model
import Networking
import TestSupport
import Testing

extension CloudFixture {
    /// Asks the network service; `path` begins behind its version.
    func network(
        _ method: HTTPRequest.Method, _ path: String, _ json: String? = nil, as role: People.Role = .member
    ) async throws -> Answer {
        try await request(method, "/network/v2.0/\(path)", as: role, json: json)
    }

    /// Makes one of a kind and gives its id.
    func made(_ kind: String, _ fields: String, as role: People.Role = .member) async throws -> String {
        let path = kind.split(separator: "_").joined(separator: "-") + "s"
        let answer = try await network(.post, path, #"{"\#(kind)": {\#(fields)}}"#, as: role)
        #expect(answer.status == 201, "\(kind): \(answer)")
        return answer.text("\(kind).id")
    }

    /// A network of project `demo`, with the subnets whose fields are given.
    func madeNetwork(_ subnets: [String], as role: People.Role = .member) async throws -> String {
        let id = try await made("network", #""name": "n""#, as: role)
        for fields in subnets {
            _ = try await made("subnet", #""network_id": "\#(id)", \#(fields)"#, as: role)
        }
        return id
    }

    func externalNetwork() async throws -> String {
        try await network(.get, "networks?router:external=true").text("networks.0.id")
    }

    /// What project `demo` uses of a network quota.
    func used(_ resource: String) async throws -> Int {
        try await cloud.networking.quotas(of: people.demo).first { $0.resource == resource }?.used ?? 0
    }
}
