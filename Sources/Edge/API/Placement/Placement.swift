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
                + TraitsAPI(placement: placement).routes)
    }

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
