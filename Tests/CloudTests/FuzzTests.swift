import APIKit
import Cloud
import Foundation
import HTTPTypes
import Inspection
import Model
import Store
import TestSupport
import Testing
import Wire

/// Requests that are good ones with a few things wrong, always the same ones: a thousand for each seed. How many seeds
/// there are `NOVELLA_FUZZ_SEEDS` says.
@Suite(.timeLimit(.minutes(60)))
struct FuzzTests {
    private static let seeds = ProcessInfo.processInfo.environment["NOVELLA_FUZZ_SEEDS"].flatMap { UInt64($0) } ?? 5

    @Test(arguments: 1...seeds)
    func noRequestBreaksTheCloud(seed: UInt64) async throws {
        try await World.run { world in
            let samples = Samples(world)
            let routes = world.routes
            var fuzzer = Fuzzer(seed: seed)
            var succeeded = 0
            for number in 0..<1000 {
                guard let entry = routes.randomElement(using: &fuzzer.generator) else { continue }
                let body = try samples[entry].map { try fuzzer.body(JSONValue(parsing: Array($0.utf8))) }
                let path = fuzzer.path(entry, world)
                let role = fuzzer.role()
                let version = fuzzer.version(entry)
                let answer = try await world.send(entry, as: role, path: path, json: body, version: version)
                // 501 says that something of OpenStack's is not offered.
                let isSound = answer.status < 500 || answer.status == 501
                #expect(isSound, "\(seed)/\(number): \(entry.route.method) \(path) \(body ?? ""): \(answer)")
                if (200..<300).contains(answer.status) { succeeded += 1 }
            }
            #expect(succeeded > 100)
            #expect(try await world.fixture.request(.get, "/healthz", as: nil).status == 200)
            let database = world.fixture.cloud.database
            try await eventually("every operation has come to rest") {
                try await database.read { try WorkflowQueries.unfinished($0).isEmpty }
            }
            #expect(try await StoreAudit.differences(in: database) == [])
        }
    }
}

private struct Fuzzer {
    var generator: SeededGenerator

    private static let texts = [
        "", " ", "a", "../../etc/passwd", "%00", "'; DROP TABLE servers; --", "\u{202e}\u{0}", "null", "-1", "1e308",
        "💥", "default", "00000000-0000-4000-8000-000000000000", "9223372036854775807", "0.0.0.0/0", "::/0",
        "255.255.255.255",
        String(repeating: "x", count: 300), "true", "2026-01-01T00:00:00Z",
    ]

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    private mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &generator) < percent
    }

    private mutating func text() -> String {
        Self.texts.randomElement(using: &generator) ?? ""
    }

    mutating func role() -> People.Role? {
        chance(50) ? .admin : chance(70) ? .member : [.reader, .stranger, nil].randomElement(using: &generator) ?? nil
    }

    mutating func version(_ entry: ServiceRoute) -> String? {
        guard let range = entry.service.versions else { return nil }
        if chance(40) { return entry.version }
        let minor = Int.random(in: range.minimum.minor...range.maximum.minor, using: &generator)
        return "\(range.service) \(range.maximum.major).\(minor)"
    }

    /// Identity keeps what it has, or the cloud would lock everybody out.
    mutating func path(_ entry: ServiceRoute, _ world: World) -> String {
        var path = world.path(entry)
        if entry.hasParameters, chance(30) {
            let wrong = text().addingPercentEncoding
            path = entry.service.prefix
            for segment in entry.route.path.split(separator: "/") {
                path += segment.hasPrefix("{") ? "/\(wrong)" : "/\(segment)"
            }
        }
        if chance(40) {
            let names = [
                "limit", "marker", "sort_key", "sort_dir", "name", "status", "changes-since", "tag", "fields",
                "all_tenants", "id", "project_id", "minRam", "is_public", "fixed_ips", "flavor", "ip", "user_id",
            ]
            path += "?\(names.randomElement(using: &generator) ?? "")=\(text().addingPercentEncoding)"
        }
        return path
    }

    mutating func body(_ sample: JSONValue) -> String {
        if chance(30) { return sample.jsonText }
        if chance(5) { return String(sample.jsonText.utf8.prefix(sample.jsonText.utf8.count / 2)) ?? "" }
        return mutate(sample, depth: 0).jsonText
    }

    private mutating func value() -> JSONValue {
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: .null
        case 1: .bool(true)
        case 2: .integer([0, -1, 1, Int.max, Int.min, 65_536].randomElement(using: &generator) ?? 0)
        case 3: .real(1.5e300)
        case 4: .array([.string(text())])
        case 5: .object([.init(key: text(), value: .string(text()))])
        default: .string(text())
        }
    }

    private mutating func mutate(_ tree: JSONValue, depth: Int) -> JSONValue {
        if depth > 0, chance(15) { return value() }
        switch tree {
        case .object(let members):
            var changed: [JSONValue.Member] = []
            for member in members where !(depth > 0 && chance(8)) {
                changed.append(.init(key: member.key, value: mutate(member.value, depth: depth + 1)))
            }
            if depth > 0, chance(8) { changed.append(.init(key: "new", value: value())) }
            return .object(changed)
        case .array(let items):
            var changed: [JSONValue] = []
            for item in items { changed.append(mutate(item, depth: depth + 1)) }
            if chance(10) { changed += changed }
            return .array(changed)
        default: return chance(20) ? value() : tree
        }
    }
}

extension String {
    fileprivate var addingPercentEncoding: String {
        utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            let isPlain = scalar.properties.isAlphabetic && scalar.isASCII || ("0"..."9").contains(scalar)
            return isPlain ? String(scalar) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}
