import Foundation
package import Model

/// One of the hints that this cloud's scheduler follows.
package enum SchedulerHint: String, Sendable, CaseIterable {
    case group
    case sameHost = "same_host"
    case differentHost = "different_host"
}

/// The hints of a request. Others may stand beside them and do nothing.
package struct SchedulerHints: Sendable, Equatable {
    package var group: ServerGroupID?
    package var sameHost: [ServerID]
    package var differentHost: [ServerID]

    package var isEmpty: Bool { group == nil && sameHost.isEmpty && differentHost.isEmpty }

    /// Reads the JSON object of the request; each hint is one id or a list of ids.
    package init(_ text: String) throws {
        guard text != "{}" else {
            (group, sameHost, differentHost) = (nil, [], [])
            return
        }
        let known = try JSONDecoder().decode(Known.self, from: Data(text.utf8))
        let groups = try Self.ids(known.group, .group)
        guard groups.count <= 1 else {
            throw CloudError.badRequest(
                "Invalid input for field/attribute group. A server is a member of one group, not of \(groups.count).")
        }
        group = groups.first.map { ServerGroupID($0) }
        sameHost = try Self.ids(known.same_host, .sameHost).map { ServerID($0) }
        differentHost = try Self.ids(known.different_host, .differentHost).map { ServerID($0) }
    }

    private static func ids(_ value: Ids?, _ hint: SchedulerHint) throws -> [String] {
        func invalid(_ why: String) -> CloudError {
            CloudError.badRequest("Invalid input for field/attribute \(hint.rawValue). \(why)")
        }
        switch value {
        case nil: return []
        case .other: throw invalid("It must be a UUID or a list of UUIDs.")
        case .texts(let texts):
            return try texts.map { text in
                guard UUIDText.isValid(text) else { throw invalid("Value: '\(text.prefix(80))' is not a 'uuid'.") }
                return text.lowercased()
            }
        }
    }

    private struct Known: Decodable {
        var group: Ids?
        var same_host: Ids?
        var different_host: Ids?
    }

    private enum Ids: Decodable {
        case texts([String])
        case other

        init(from decoder: any Decoder) {
            if let list = try? [String](from: decoder) {
                self = .texts(list)
            } else if let one = try? String(from: decoder) {
                self = .texts([one])
            } else {
                self = .other
            }
        }
    }
}
