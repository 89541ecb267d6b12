package import Model
package import Wire

package enum BodyMoment: Sendable { case creation, change }

/// What a body asks for, checked and in the form in which it is kept.
package struct Wishes<Draft: Sendable>: Sendable {
    private let values: [(attribute: Attribute<Draft>, value: JSONValue)]
    private let extras: [JSONValue.Member]
    private let extra: Extras<Draft>?

    fileprivate init(
        _ values: [(attribute: Attribute<Draft>, value: JSONValue)], _ extras: [JSONValue.Member],
        _ extra: Extras<Draft>?
    ) {
        self.values = values
        self.extras = extras
        self.extra = extra
    }

    package subscript(name: String) -> JSONValue? {
        values.first { $0.attribute.name == name }?.value
    }

    /// What the body names.
    package var names: [String] { values.map(\.attribute.name) + extras.map(\.key) }

    package func apply(to draft: inout Draft) throws {
        for (attribute, value) in values { try attribute.set?(&draft, value) }
        for member in extras { try extra?.set(&draft, member.key, member.value) }
    }
}

extension AttributeTable {
    /// Reads the members of a body; whatever is not honoured is refused.
    package func wishes(
        _ body: JSONValue, at moment: BodyMoment, by caller: Caller
    ) throws(CloudError) -> Wishes<Draft> {
        guard case .object(let members) = body else {
            throw CloudError(
                .badRequest, "Invalid input for \(singular). It must be an object and is \(body.brief).",
                type: wording == .network ? "HTTPBadRequest" : nil)
        }
        let given = Dictionary(members.map { ($0.key, $0.value) }) { $1 }
        try refuse(given, at: moment)
        var values: [(attribute: Attribute<Draft>, value: JSONValue)] = []
        for attribute in attributes {
            guard let raw = given[attribute.name], let value = try read(raw, for: attribute, at: moment) else {
                continue
            }
            if (moment == .creation ? attribute.creation : attribute.change) == .admin, !caller.isAdmin,
                moment == .change || attribute.fallback != value
            {
                throw wording.notAllowed(attribute.name, moment, singular)
            }
            values.append((attribute, value))
        }
        return Wishes(values, try readExtras(members), extras)
    }

    private func refuse(_ given: [String: JSONValue], at moment: BodyMoment) throws(CloudError) {
        if moment == .creation {
            for attribute in attributes where attribute.isRequired && given[attribute.name] == nil {
                throw wording.missing(attribute.name)
            }
        }
        let names = given.keys.sorted()
        for name in names {
            guard let attribute = attribute(name) else { continue }
            if (moment == .creation ? attribute.creation : attribute.change) == .never {
                throw wording.readOnly(name, moment)
            }
        }
        let unknown = names.filter { attribute($0) == nil }
        if extras == nil, !unknown.isEmpty { throw wording.unknown(unknown) }
    }

    /// `nil` where the body says nothing by it.
    private func read(
        _ value: JSONValue, for attribute: Attribute<Draft>, at moment: BodyMoment
    ) throws(CloudError) -> JSONValue? {
        if value.isNull {
            switch attribute.null {
            case .none: return .null
            case .same(let other): return other
            case .absent: return nil
            case .refused: break
            }
        }
        do {
            return try attribute.type.converted(value, lenient: wording.isLenient)
        } catch {
            throw wording.invalid(attribute.name, error)
        }
    }

    private func readExtras(_ members: [JSONValue.Member]) throws(CloudError) -> [JSONValue.Member] {
        guard let extras else { return [] }
        var kept: [JSONValue.Member] = []
        for member in members where attribute(member.key) == nil {
            do {
                kept.append(.init(key: member.key, value: try extras.check(member.key, member.value)))
            } catch {
                throw wording.invalid(member.key, error)
            }
        }
        return kept
    }
}
