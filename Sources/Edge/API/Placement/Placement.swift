package import APIKit
import HTTPTypes
import Model
package import Placement
import Wire

/// Placement's read side; the scheduler is the one that writes.
package enum PlacementAPI {
    package static func service(placement: PlacementService) -> APIService {
        APIService(
            name: "placement", prefix: "/placement", style: .placement, versions: .placement,
            routes: [Route(.get, "/", .anyone) { _ in versions }] + ResourceProvidersAPI(placement: placement).routes
                + TraitsAPI(placement: placement).routes + unfinished)
    }

    /// Placement's routes that are known and not there yet: Compute's scheduler is the one that writes.
    private static let unfinished: [Route] = [
        .unfinished(.post, "/resource_providers"), .unfinished(.put, "/resource_providers/{id}"),
        .unfinished(.delete, "/resource_providers/{id}"), .unfinished(.put, "/resource_providers/{id}/inventories"),
        .unfinished(.post, "/resource_providers/{id}/inventories"),
        .unfinished(.delete, "/resource_providers/{id}/inventories"),
        .unfinished(.get, "/resource_providers/{id}/inventories/{class}"),
        .unfinished(.put, "/resource_providers/{id}/inventories/{class}"),
        .unfinished(.delete, "/resource_providers/{id}/inventories/{class}"),
        .unfinished(.get, "/resource_providers/{id}/aggregates"),
        .unfinished(.put, "/resource_providers/{id}/aggregates"), .unfinished(.post, "/allocations"),
        .unfinished(.put, "/allocations/{id}"), .unfinished(.delete, "/allocations/{id}"),
        .unfinished(.get, "/allocation_candidates"), .unfinished(.post, "/reshaper"),
        .unfinished(.get, "/resource_classes"), .unfinished(.post, "/resource_classes"),
        .unfinished(.get, "/resource_classes/{class}"), .unfinished(.put, "/resource_classes/{class}"),
        .unfinished(.delete, "/resource_classes/{class}"),
    ]

    private static var versions: APIResponse {
        .json { writer in
            writer.array("versions") { writer in
                writer.object { writer in
                    writer.field("id", "v1.0")
                    writer.field("status", "CURRENT")
                    writer.field("min_version", "\(VersionRange.placement.minimum)")
                    writer.field("max_version", "\(VersionRange.placement.maximum)")
                    writer.array("links") { writer in
                        writer.object {
                            $0.field("rel", "self")
                            $0.field("href", "")
                        }
                    }
                }
            }
        }
    }
}
