import APIKit
import Compute
import Model
import Wire

/// Actions on the guest alone: `changePassword` and `trigger_crash_dump`.
struct GuestActions: Sendable {
    let compute: ComputeService

    var all: [String: ServerAction] {
        [
            "changePassword": ServerAction { request, body in
                var fields = try Fields(body, at: "changePassword")
                let password = try fields.string("adminPass", 0...255)
                try fields.finish()
                try await compute.changePassword(of: request.id(), to: password, by: request.caller)
                return .accepted
            },
            "trigger_crash_dump": ServerAction(first: Microversion(2, 17)) { request, body in
                guard body == .null else {
                    throw CloudError.badRequest(
                        "Invalid input for field/attribute trigger_crash_dump. It is not of type 'null'.")
                }
                try await compute.triggerCrashDump(of: request.id(), by: request.caller)
                return .accepted
            },
        ]
    }
}
