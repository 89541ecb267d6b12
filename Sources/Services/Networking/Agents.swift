import Attributes
package import Model
import Store

extension NetworkingService {
    package func update(agent id: HostID, _ draft: AgentDraft) async throws {
        try await database.transaction { db in
            let isThere =
                if let text = draft.description {
                    try HostQueries.describeAgent(id, text, db)
                } else {
                    try db.find(Host.self, key: .id(id)) != nil
                }
            guard isThere else { throw AgentAttributes.table(at: Timestamp(microseconds: 0)).notFound(id) }
        }
    }

    /// An agent is there as long as its host is.
    package func deleteAgent(_ id: HostID) async throws {
        guard try await database.read({ try $0.find(Host.self, key: .id(id)) }) != nil else {
            throw AgentAttributes.table(at: Timestamp(microseconds: 0)).notFound(id)
        }
        throw CloudError(
            .conflict, "Agent \(id) is the one of a host of this cloud, and is there as long as the host is.",
            type: "Conflict")
    }
}
