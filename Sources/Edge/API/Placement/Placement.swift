package import APIKit
import HTTPTypes
import Model
package import Placement
import Wire

/// Placement, but for claims: the scheduler is the one that makes them.
package enum PlacementAPI {
    package static func service(placement: PlacementService) -> APIService {
        APIService(
            name: "placement", prefix: "/placement", style: .placement, versions: .placement,
            routes: [Route(.get, "/", .anyone) { _ in versions }] + ResourceProvidersAPI(placement: placement).routes
                + InventoriesAPI(placement: placement).routes + UsagesAPI(placement: placement).routes
                + TraitsAPI(placement: placement).routes + ResourceClassesAPI(placement: placement).routes
                + AggregatesAPI(placement: placement).routes + AllocationCandidatesAPI(placement: placement).routes
                + unfinished)
    }

    /// Placement's routes that are known and not there yet: Compute's scheduler is the one that claims.
    private static let unfinished: [Route] = [
        .unfinished(.post, "/allocations"), .unfinished(.put, "/allocations/{id}"),
        .unfinished(.delete, "/allocations/{id}"), .unfinished(.post, "/reshaper"),
    ]

    /// From a minor version on.
    static func since(_ minor: Int) -> ClosedRange<Microversion> { Microversion(1, minor)...Microversion(1, 9999) }

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
