import Cloud
import Compute
import Foundation
import Identity
import Logging
import Model

/// Times parts that have no route of their own, in this process, and prints them as JSON: microseconds.
@main
enum BenchParts {
    static func main() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/novella-bench-\(UUIDText.random())"
        let cloud = try Cloud(Cloud.Options(stateDirectory: folder), logger: Logger(label: "bench"))
        try await cloud.prepare()
        try await Seed(cloud, Seed.Options(adminPassword: "bench")).plant()
        var figures = try await tokens(cloud.identity)
        for count in [1_000, 10_000] { figures["decision_\(count)"] = decisions(among: count) }
        try FileManager.default.removeItem(atPath: folder)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        print(String(decoding: try encoder.encode(figures), as: UTF8.self))
    }

    /// A hash alone, the issue of a token by a password that was proved before, and the check of a token.
    private static func tokens(_ identity: IdentityService) async throws -> [String: Figure] {
        let passwords = Passwords()
        let request = AuthenticationRequest(
            proof: .password(user: .name("admin", domain: .id(Domain.defaultID)), password: "bench"),
            scope: .projectName("admin", domain: .id(Domain.defaultID)))
        var (hash, issue, check) = (Figure(), Figure(), Figure())
        _ = try await identity.authenticate(request)
        for _ in 0..<15 {
            try await hash.time { _ = try await passwords.hash("bench", .known("bench")) }
            try await issue.time { _ = try await identity.authenticate(request) }
        }
        let (token, _) = try await identity.authenticate(request)
        for _ in 0..<5_000 { try await check.time { _ = try await identity.caller(token: token, requestID: "req-1") } }
        return ["password_hash": hash, "token_issue": issue, "token_check": check]
    }

    /// Choosing among hosts of which each has been given a little by chance.
    private static func decisions(among count: Int) -> Figure {
        var generator = SystemRandomNumberGenerator()
        let hosts = (0..<count).map { number in
            func part(_ limit: Int) -> HostState.Capacity {
                .init(limit: limit, used: Int.random(in: 0...limit / 2, using: &generator), maxUnit: limit)
            }
            return HostState(
                id: .random(), hostname: "host-\(number)", availabilityZone: "nova", isUp: true, isDisabled: false,
                architecture: "x86_64", hypervisorType: "QEMU", traits: [], vcpus: part(256),
                memoryMiB: part(1 << 18), diskGiB: part(4_096))
        }
        var figure = Figure()
        let request = SchedulingRequest(vcpus: 2, memoryMiB: 2_048, diskGiB: 20)
        for _ in 0..<500 {
            figure.time { _ = Scheduler.choose(request, among: hosts, using: &generator) }
        }
        return figure
    }
}

/// Durations of one thing done many times.
private struct Figure: Encodable {
    private enum Key: String, CodingKey { case p50, p99 }
    private var taken: [Duration] = []

    mutating func time(_ body: () async throws -> Void) async rethrows {
        let began = ContinuousClock.now
        try await body()
        taken.append(ContinuousClock.now - began)
    }

    mutating func time(_ body: () -> Void) {
        let began = ContinuousClock.now
        body()
        taken.append(ContinuousClock.now - began)
    }

    func encode(to encoder: any Encoder) throws {
        let sorted = taken.sorted()
        func microseconds(_ percent: Int) -> Double {
            sorted.isEmpty ? 0 : sorted[sorted.count * percent / 100] / .microseconds(1)
        }
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(microseconds(50), forKey: .p50)
        try container.encode(microseconds(99), forKey: .p99)
    }
}
