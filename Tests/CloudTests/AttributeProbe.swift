import Attributes
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// Tries every attribute of a table through the front door: what is given at creation is shown; what is changed
/// changes; null does what the table says; what may not be given is refused; what filters finds, and what does not is
/// refused; what sorts, sorts.
struct AttributeProbe<Draft: Sendable>: Sendable {
    typealias Sample = AttributeSample

    let table: AttributeTable<Draft>
    /// Such as `/network/v2.0/networks`.
    let path: String
    /// The least that a creation needs.
    let least: [String: JSONValue]
    let samples: [String: Sample]
    let fixture: CloudFixture
    var changing = HTTPRequest.Method.put
    /// What must be said of a row before it can be deleted.
    var farewell: [String: JSONValue] = [:]
    /// Whether names that are no attribute's are kept at creation, and whether lists pass over them.
    var keepsUnknown = false
    var passesOverUnknown = false
    /// Whether a change may name them too.
    var changesUnknown = true

    func run() async throws {
        for attribute in table.attributes {
            try await creation(attribute)
            try await change(attribute)
            try await nulls(attribute)
            try await policy(attribute)
            try await filter(attribute)
            try await sort(attribute)
        }
        try await unknown()
    }

    private func sample(_ attribute: Attribute<Draft>) -> Sample {
        samples[attribute.name] ?? .usual(attribute.type)
    }

    private func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: [String: JSONValue], as role: People.Role = .admin
    ) async throws -> Answer {
        let inner = JSONValue.object(body.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: $0.value) })
        let json = JSONValue.object([.init(key: table.singular, value: inner)]).jsonText
        return try await fixture.request(method, path, as: role, json: json)
    }

    /// Makes one, runs `body` with its id, and takes it away.
    private func withOne(
        _ members: [String: JSONValue] = [:], _ body: (Answer, String) async throws -> Void
    ) async throws {
        let made = try await send(.post, path, least.merging(members) { $1 })
        let id = made.text("\(table.singular).id")
        try await body(made, id)
        if made.status == 201 {
            if !farewell.isEmpty { _ = try await send(changing, "\(path)/\(id)", farewell) }
            let gone = try await fixture.request(.delete, "\(path)/\(id)", as: .admin)
            #expect(gone.status == 204, "\(path): \(gone)")
        }
    }

    private func value(_ answer: Answer, _ name: String) -> JSONValue? { answer.json[table.singular]?[name] }

    private func creation(_ attribute: Attribute<Draft>) async throws {
        let sample = sample(attribute)
        guard let given = sample.created else { return }
        try await withOne([attribute.name: given]) { made, _ in
            if attribute.creation == .never || sample.isRefused {
                #expect(made.status == 400, "\(path) takes \(attribute.name) at creation: \(made)")
            } else {
                #expect(made.status == 201, "\(path) refuses \(attribute.name) at creation: \(made)")
                if !attribute.isHidden { expect(made, attribute, given, sample) }
            }
        }
    }

    private func change(_ attribute: Attribute<Draft>) async throws {
        let sample = sample(attribute)
        guard let wanted = sample.changed ?? sample.created else { return }
        try await withOne { _, id in
            let answer = try await send(changing, "\(path)/\(id)", [attribute.name: wanted])
            guard attribute.change != .never, !sample.isRefused else {
                #expect(answer.status == 400, "\(path) takes \(attribute.name) at a change: \(answer)")
                return
            }
            #expect(answer.status == 200, "\(path) refuses \(attribute.name) at a change: \(answer)")
            let shown = try await fixture.request(.get, "\(path)/\(id)", as: .admin)
            if !attribute.isHidden {
                expect(answer, attribute, wanted, sample)
                expect(shown, attribute, wanted, sample)
            }
        }
    }

    private func expect(_ answer: Answer, _ attribute: Attribute<Draft>, _ wanted: JSONValue, _ sample: Sample) {
        let found = value(answer, attribute.name)
        if let members = sample.shownMembers {
            for name in members {
                #expect(found?[name] == wanted[name], "\(path): \(attribute.name).\(name) is not as given: \(answer)")
            }
        } else {
            #expect(found?.sorted == wanted.sorted, "\(path): \(attribute.name) is not as given: \(answer)")
        }
    }

    private func nulls(_ attribute: Attribute<Draft>) async throws {
        let sample = sample(attribute)
        guard !sample.isSkipped, !sample.isRefused else { return }
        if attribute.change != .never {
            try await withOne(sample.created.map { [attribute.name: $0] } ?? [:]) { made, id in
                guard made.status == 201 else { return }
                let answer = try await send(changing, "\(path)/\(id)", [attribute.name: .null])
                expectNull(answer, attribute, before: value(made, attribute.name), good: 200)
            }
        }
        if attribute.creation != .never {
            try await withOne([attribute.name: .null]) { made, _ in
                if sample.nullIsBad {
                    #expect(made.status == 400, "\(path) takes null for \(attribute.name): \(made)")
                } else {
                    expectNull(made, attribute, before: nil, good: 201)
                }
            }
        }
    }

    private func expectNull(_ answer: Answer, _ attribute: Attribute<Draft>, before: JSONValue?, good: Int) {
        switch attribute.null {
        case .refused:
            #expect(answer.status == 400, "\(path) takes null for \(attribute.name): \(answer)")
        case .none:
            let shown = value(answer, attribute.name)
            let isNull = shown == .null || (shown == nil && attribute.mayBeAbsent)
            #expect(answer.status == good && isNull, "\(attribute.name): \(answer)")
        case .same(let other):
            #expect(answer.status == good && value(answer, attribute.name) == other, "\(attribute.name): \(answer)")
        case .absent:
            #expect(answer.status == good, "\(path) refuses null for \(attribute.name): \(answer)")
            if let before { #expect(value(answer, attribute.name) == before, "\(attribute.name): \(answer)") }
        }
    }

    /// What only administrators give, members do not.
    private func policy(_ attribute: Attribute<Draft>) async throws {
        let sample = sample(attribute)
        guard let given = sample.changed ?? sample.created, !sample.isRefused else { return }
        if attribute.creation == .admin, attribute.fallback != given {
            let answer = try await send(.post, path, least.merging([attribute.name: given]) { $1 }, as: .member)
            #expect(answer.status == 403, "\(path) takes \(attribute.name) of a member: \(answer)")
        }
        if attribute.change == .admin {
            try await withOne { _, id in
                let answer = try await send(changing, "\(path)/\(id)", [attribute.name: given], as: .member)
                #expect(answer.status == 403, "\(path) lets a member change \(attribute.name): \(answer)")
            }
        }
    }

    private func filter(_ attribute: Attribute<Draft>) async throws {
        let sample = sample(attribute)
        guard case .equal = attribute.filter else {
            if case .none = attribute.filter, !["tags"].contains(attribute.name) {
                let answer = try await fixture.request(.get, "\(path)?\(attribute.name)=x", as: .admin)
                #expect(answer.status == 400, "\(path) passes over the filter \(attribute.name): \(answer)")
            }
            return
        }
        let settable = attribute.creation != .never ? sample.created : nil
        try await withOne(settable.map { [attribute.name: $0] } ?? [:]) { made, id in
            guard !attribute.isHidden, made.status == 201, let own = value(made, attribute.name)?.queryText else {
                return
            }
            let found = try await fixture.request(.get, "\(path)?\(attribute.name)=\(own.encoded)", as: .admin)
            let rows = found.json[table.plural]?.items ?? []
            #expect(rows.contains { $0["id"]?.text == id }, "\(path)?\(attribute.name)=\(own) finds nothing: \(found)")
            #expect(rows.allSatisfy { $0[attribute.name]?.queryText == own }, "\(attribute.name)=\(own): \(found)")
            let other = attribute.type.kind == .text ? "no-such-value" : own == "true" ? "false" : "4711"
            guard attribute.type.kind != .boolean, !attribute.isChecked else { return }
            let none = try await fixture.request(.get, "\(path)?\(attribute.name)=\(other)", as: .admin)
            #expect(none.count(table.plural) == 0, "\(path)?\(attribute.name)=\(other) finds: \(none)")
        }
    }

    private func sort(_ attribute: Attribute<Draft>) async throws {
        for direction in ["asc", "desc"] {
            let answer = try await fixture.request(
                .get, "\(path)?sort_key=\(attribute.name)&sort_dir=\(direction)", as: .admin)
            guard attribute.isSortKey else {
                #expect(answer.status == 400, "\(path) passes over sort_key=\(attribute.name): \(answer)")
                continue
            }
            let keys = (answer.json[table.plural]?.items ?? []).map { $0[attribute.name]?.sortText ?? "" }
            let sorted = direction == "asc" ? keys.sorted() : keys.sorted(by: >)
            #expect(answer.status == 200 && keys == sorted, "\(path) sorts \(attribute.name) \(direction): \(keys)")
        }
    }

    private func unknown() async throws {
        try await withOne(["no_such_attribute": .array(["x", 1])]) { made, id in
            #expect(made.status == (keepsUnknown ? 201 : 400), "\(path) and an unknown attribute: \(made)")
            guard keepsUnknown else { return }
            #expect(value(made, "no_such_attribute") == .array(["x", 1]), "\(made)")
            let changed = try await send(changing, "\(path)/\(id)", ["no_such_attribute": false, "other": .null])
            guard changesUnknown else {
                #expect(changed.status == 400, "\(path) and a change of an unknown attribute: \(changed)")
                return
            }
            #expect(value(changed, "no_such_attribute") == false && value(changed, "other") == .null, "\(changed)")
        }
        let listed = try await fixture.request(.get, "\(path)?no_such_attribute=x", as: .admin)
        #expect(listed.status == (passesOverUnknown ? 200 : 400), "\(path) and an unknown filter: \(listed)")
        guard !keepsUnknown else { return }
        let fields = try await fixture.request(.get, "\(path)?fields=id", as: .admin)
        for row in fields.json[table.plural]?.items ?? [] { #expect(row.members.keys.sorted() == ["id"], "\(fields)") }
    }
}

/// A value to try an attribute with.
struct AttributeSample: Sendable {
    var created: JSONValue?
    var changed: JSONValue?
    /// The members of an object that are shown as they were given.
    var shownMembers: [String]?
    /// Whether the cloud has no use for any value.
    var isRefused = false
    var isSkipped = false

    /// Whether null is no value beside the others of a creation.
    var nullIsBad = false

    init(
        _ created: JSONValue?, _ changed: JSONValue? = nil, shown: [String]? = nil, nullIsBad: Bool = false
    ) {
        self.created = created
        self.changed = changed
        shownMembers = shown
        self.nullIsBad = nullIsBad
    }

    static func refused(_ value: JSONValue) -> Self {
        var sample = Self(value)
        sample.isRefused = true
        return sample
    }

    /// Not tried, for the reason given.
    static func skipped(_ reason: String) -> Self {
        var sample = Self(nil)
        sample.isSkipped = !reason.isEmpty
        return sample
    }

    static func usual(_ type: AttributeType) -> Self {
        switch type {
        case .text: Self("one", "two")
        case .word(let words): Self(words.first.map { .string($0) }, words.last.map { .string($0) })
        case .uuid: Self("4f1d3a52-0000-4000-8000-000000000000")
        case .integer(let range): Self(.integer(max(range.lowerBound, 1)), .integer(max(range.lowerBound, 2)))
        case .boolean: Self(true, false)
        case .time: Self("2026-01-01T00:00:00Z")
        case .list: Self(.array([]))
        case .object: Self(.object([]))
        case .checked(let type, _): usual(type)
        case .anyOf, .number: Self(nil)
        }
    }
}

extension Attribute {
    fileprivate var isHidden: Bool {
        if case .never = shown { true } else { false }
    }

    /// Whether a row without a value does not show it.
    fileprivate var mayBeAbsent: Bool {
        switch shown {
        case .whereSet, .never: true
        case .toAll, .toAdmins: false
        }
    }

    fileprivate var isChecked: Bool {
        switch type {
        case .checked, .anyOf, .number: true
        default: false
        }
    }
}

extension JSONValue {
    var members: [String: JSONValue] {
        guard case .object(let members) = self else { return [:] }
        return Dictionary(members.map { ($0.key, $0.value) }) { $1 }
    }

    /// The same whatever the order of members.
    var sorted: JSONValue {
        switch self {
        case .object(let members):
            .object(members.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: $0.value.sorted) })
        case .array(let items): .array(items.map(\.sorted))
        default: self
        }
    }

    /// As a query has it; `nil` for lists, objects and null.
    fileprivate var queryText: String? {
        switch self {
        case .string(let text): text
        case .integer(let number): String(number)
        case .bool(let flag): flag ? "true" : "false"
        default: nil
        }
    }

    fileprivate var sortText: String {
        switch self {
        case .integer(let number): String(repeating: "0", count: max(0, 20 - String(number).count)) + String(number)
        case .bool(let flag): flag ? "1" : "0"
        default: optionalText ?? ""
        }
    }
}

extension String {
    fileprivate var encoded: String {
        utf8.map { byte in
            Character(UnicodeScalar(byte)).isLetter || Character(UnicodeScalar(byte)).isNumber
                ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
