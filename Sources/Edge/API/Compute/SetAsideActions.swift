import APIKit
import Compute
import Model
import Wire

/// Actions on servers that are set aside: `shelve`, `shelveOffload`, `unshelve`, `restore` and `forceDelete`.
struct SetAsideActions: Sendable {
    private static let zoneLength = 1...255

    let compute: ComputeService

    /// Nova passes over what the bodies hold, but for that of `unshelve` from 2.77 on.
    var all: [String: ServerAction] {
        [
            "shelve": ServerAction { request, _ in
                try await compute.shelve(request.id(), by: request.caller)
                return .accepted
            },
            "shelveOffload": ServerAction(access: ServerOperation.shelveOffload.rule.access) { request, _ in
                try await compute.shelveOffload(request.id(), by: request.caller)
                return .accepted
            },
            "unshelve": ServerAction { request, body in
                try await compute.unshelve(
                    request.id(), to: try Self.place(body, request.version), by: request.caller)
                return .accepted
            },
            "restore": ServerAction { request, _ in
                try await compute.restore(request.id(), by: request.caller)
                return .accepted
            },
            "forceDelete": ServerAction { request, _ in
                try await compute.begin(.delete, on: request.id(), by: request.caller)
                return .accepted
            },
        ]
    }

    static func place(
        _ body: JSONValue, _ version: Microversion
    ) throws -> ComputeService.UnshelvePlace {
        var place = ComputeService.UnshelvePlace()
        guard version >= Microversion(2, 77), body != .null else { return place }
        var fields = try Fields(body, at: "unshelve")
        if version < Microversion(2, 91) {
            place.zone = .some(try NovaText.name(try fields.string("availability_zone", zoneLength), of: "zone"))
        } else {
            if fields.has("availability_zone") {
                place.zone = .some(try fields.optionalString("availability_zone", zoneLength))
            }
            if fields.has("host") { place.hostname = try fields.string("host", 1...255) }
        }
        try fields.finish()
        return place
    }
}
