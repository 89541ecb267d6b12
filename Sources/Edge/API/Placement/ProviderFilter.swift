import APIKit
import Model
import Placement

/// The query of a list of resource providers, by what its microversion knows.
struct ProviderFilter {
    private static let parameters = [
        Field("name"), Field("uuid"), Field(since: 3, "member_of"), Field(since: 4, "resources"),
        Field(since: 14, "in_tree"), Field(since: 18, "required"),
    ]

    private let name: String?
    private let id: String?
    let group: RequestGroup

    init(_ request: APIRequest) throws {
        try Self.refuseUnknown(request, Self.parameters.shown(at: request.version))
        name = request.query("name")
        id = try request.query("uuid").map { text in
            guard UUIDText.isValid(text) else {
                throw CloudError.badRequest(
                    "Invalid query string parameters: uuid: '\(text.prefix(80))' is not a 'uuid'")
            }
            return UUIDText.dashed(text)
        }
        group = try RequestGroup(request)
    }

    static func refuseUnknown(_ request: APIRequest, _ known: [String]) throws {
        guard let unknown = request.queryNames.subtracting(known).sorted().first else { return }
        throw CloudError.badRequest(
            "Invalid query string parameters: Additional properties are not allowed ('\(unknown.prefix(80))' was "
                + "unexpected)")
    }

    func accepts(_ state: ProviderState) -> Bool {
        name.map { $0 == state.provider.name } ?? true && id.map { $0 == state.provider.id.text } ?? true
            && group.suits(state) && state.hasRoom(for: group.resources)
    }
}
