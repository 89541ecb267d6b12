package import Model

/// One value of a list that this side cannot read, because the other side is of a newer release: it is answered for its
/// server alone, and the rest goes on.
package struct Illegible: Sendable, Equatable {
    package var serverID: ServerID
    /// Of a document or an observation.
    package var epoch: Int64?
    /// Of a document.
    package var mark: String?
    /// Of a command.
    package var command: HostCommandID?
    package var requestID: String?
    /// What could not be read and why, for the operator.
    package var why: String
}

extension Illegible: Decodable {
    private enum CodingKeys: String, CodingKey { case serverID, epoch, mark, id, requestID }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        serverID = try values.decode(ServerID.self, forKey: .serverID)
        epoch = try values.decodeIfPresent(Int64.self, forKey: .epoch)
        mark = try values.decodeIfPresent(String.self, forKey: .mark)
        command = try values.decodeIfPresent(HostCommandID.self, forKey: .id)
        requestID = try values.decodeIfPresent(String.self, forKey: .requestID)
        why = ""
    }
}

/// A value, or as much of it as could be read.
private struct Legible<Value: Decodable>: Decodable {
    var value: Value?
    var illegible: Illegible?

    init(from decoder: any Decoder) throws {
        do {
            value = try Value(from: decoder)
        } catch let error as DecodingError {
            // Throws where even the server's id is missing: the answer would be nobody's.
            var rest = try Illegible(from: decoder)
            rest.why = error.words
            illegible = rest
        }
    }
}

extension KeyedDecodingContainer {
    /// A list whose values are read one by one; one that is missing is empty.
    func decodeLegible<Value: Decodable>(
        _ type: Value.Type, forKey key: Key
    ) throws -> (values: [Value], illegible: [Illegible]) {
        let found = try decodeIfPresent([Legible<Value>].self, forKey: key) ?? []
        return (found.compactMap(\.value), found.compactMap(\.illegible))
    }
}

extension DecodingError {
    fileprivate var words: String {
        func at(_ context: Context, _ more: [any CodingKey] = []) -> String {
            let path = (context.codingPath + more).map(\.stringValue).joined(separator: ".")
            return "\(path): \(context.debugDescription)"
        }
        return switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context): at(context)
        case .keyNotFound(let key, let context): at(context, [key])
        @unknown default: "\(self)"
        }
    }
}
