import APIKit
import Compute
import HTTPTypes
import Model
import Wire

/// Actions that make another machine of a server: `rebuild`, `rescue`, `resize` and what undoes them.
struct MachineActions: Sendable {
    let compute: ComputeService

    var all: [String: ServerAction] {
        [
            "rebuild": ServerAction(run: rebuild),
            "rescue": ServerAction(run: rescue),
            "unrescue": ServerAction { request, _ in
                try await compute.unrescue(request.id(), by: request.caller)
                return .accepted
            },
            "resize": ServerAction(run: resize),
            "confirmResize": ServerAction { request, _ in
                try await compute.confirmResize(request.id(), by: request.caller)
                return .noContent
            },
            "revertResize": ServerAction { request, _ in
                try await compute.revertResize(request.id(), by: request.caller)
                return .accepted
            },
        ]
    }

    private func rebuild(_ request: APIRequest, _ body: JSONValue) async throws -> APIResponse {
        let (id, wanted): (ServerID, RebuildRequest) = (
            request.id(), try RebuildBody(body, at: request.version).request
        )
        try await compute.rebuild(id, wanted, by: request.caller)
        var answer = try await ServersAPI(compute: compute).render(
            id, ServerView.rebuild, plainAddresses: request.version < Microversion(2, 75),
            adminPassword: wanted.adminPassword, request)
        answer.status = .accepted
        return answer.header(.location, "\(request.baseURL)/servers/\(id)")
    }

    private func resize(_ request: APIRequest, _ body: JSONValue) async throws -> APIResponse {
        let (flavor, diskConfig) = try Self.resizeBody(body)
        try await compute.resize(request.id(), to: flavor, diskConfig: diskConfig, by: request.caller)
        return .accepted
    }

    static func resizeBody(_ body: JSONValue) throws -> (flavor: FlavorID, diskConfig: String?) {
        var fields = try Fields(body, at: "resize")
        try fields.refuseNulls()
        let flavor = try ServerCreateBody.flavor(&fields)
        let diskConfig = try fields.word("OS-DCF:diskConfig", of: ["AUTO", "MANUAL"])
        try fields.finish()
        return (flavor, diskConfig)
    }

    private func rescue(_ request: APIRequest, _ body: JSONValue) async throws -> APIResponse {
        var (image, password): (ImageID?, String?) = (nil, nil)
        if body != .null {
            var fields = try Fields(body, at: "rescue")
            try fields.refuseNulls()
            password = try fields.optionalString("adminPass", 0...65_535)
            image = try fields.optionalID("rescue_image_ref")
            try fields.finish()
        }
        let shown = password ?? ServerCreateBody.password()
        try await compute.rescue(request.id(), from: image, adminPassword: shown, by: request.caller)
        return .json { $0.field("adminPass", shown) }
    }
}
