import APIKit
import Compute
import HTTPTypes
import Model
import Wire

/// `/servers/{id}/novella-timeline`, beyond Nova: where the time of the newest start went, and how far what is under
/// way is.
struct ServerTimelinesAPI: Sendable {
    let compute: ComputeService

    var routes: [Route] { [Route(.get, "/servers/{id}/novella-timeline", .reader, handler: show)] }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let timeline = try await compute.timeline(of: request.id(), by: request.caller)
        let first = timeline.moments.first?.at
        return .json { writer in
            writer.object("timeline") { writer in
                writer.field("request_id", timeline.requestID)
                writer.array("moments") { writer in
                    for moment in timeline.moments {
                        writer.object { writer in
                            writer.field("moment", moment.name)
                            writer.field("at", moment.at, .microseconds)
                            writer.field("milliseconds", first.map { Int(moment.at.seconds(since: $0) * 1000) })
                        }
                    }
                }
                writer.field("task_state", timeline.server.state.taskState)
                writer.field("progress", timeline.server.progress)
            }
        }
    }
}
