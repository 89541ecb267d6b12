import APIKit
import Cloud
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// Bodies that are almost right.
@Suite(.timeLimit(.minutes(3)))
struct BodyMutationTests {
    /// Members that take any kind of value, or whose wrong value is answered without naming them.
    private static let tolerant: Set<String> = ["unlock", "value", "scope"]

    @Test func wrongTypesAreRefusedByName() async throws {
        try await World.run { world in
            let samples = Samples(world)
            for entry in world.routes {
                guard let sample = samples[entry], !entry.name.hasSuffix("/password") else { continue }
                let tree = try JSONValue(parsing: Array(sample.utf8))
                for wrong in [JSONValue.array([.integer(1)]), .object([.init(key: "x", value: .integer(1))])] {
                    for (name, body) in tree.leaves(replacedBy: wrong) where !Self.tolerant.contains(name) {
                        let answer = try await world.send(entry, json: body.jsonText)
                        #expect(answer.status == 400, "\(entry.name) with a wrong \(name): \(answer)")
                        #expect(
                            String(decoding: answer.body, as: UTF8.self).contains(name),
                            "\(entry.name) does not name \(name): \(answer)")
                    }
                }
            }
        }
    }

    /// Nova reads these as it read them in its first API.
    private static let patient = ["os-security-groups", "os-security-group-rules", "os-floating-ips"]

    /// Identity keeps members it does not know, and those of an image are its properties.
    @Test func unknownKeysAreRefused() async throws {
        try await World.run { world in
            let samples = Samples(world)
            for entry in world.routes where ["compute", "network"].contains(entry.service.name) {
                guard let sample = samples[entry], !Self.patient.contains(where: entry.name.contains) else { continue }
                let tree = try JSONValue(parsing: Array(sample.utf8))
                for body in tree.objects(with: .init(key: "zzz unknown", value: .bool(true))) {
                    let answer = try await world.send(entry, json: body.jsonText)
                    #expect(answer.status == 400, "\(entry.name) with \(body.jsonText): \(answer)")
                }
            }
        }
    }
}

extension JSONValue {
    /// The tree once for each value that is neither object nor list, with that value changed; and its key.
    func leaves(replacedBy wrong: JSONValue, key: String = "") -> [(String, JSONValue)] {
        switch self {
        case .object(let members):
            members.indices.flatMap { index in
                members[index].value.leaves(replacedBy: wrong, key: members[index].key).map { name, changed in
                    var copy = members
                    copy[index].value = changed
                    return (name, .object(copy))
                }
            }
        case .array(let items):
            items.indices.flatMap { index in
                items[index].leaves(replacedBy: wrong, key: key).map { name, changed in
                    var copy = items
                    copy[index] = changed
                    return (name, .array(copy))
                }
            }
        default: [(key, wrong)]
        }
    }

    /// The tree once for each object in it, with a member more.
    func objects(with member: Member) -> [JSONValue] {
        guard case .object(let members) = self else { return [] }
        let inner = members.indices.flatMap { index in
            members[index].value.objects(with: member).map { changed in
                var copy = members
                copy[index].value = changed
                return JSONValue.object(copy)
            }
        }
        return [.object(members + [member])] + inner
    }
}
