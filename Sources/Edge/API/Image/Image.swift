package import APIKit
import HTTPTypes
package import Image
import Model
import Wire

/// The image service, Glance v2.
package enum ImageAPI {
    package static func service(image: ImageService) -> APIService {
        APIService(
            name: "image", prefix: "/image/v2", style: .image,
            routes: ImagesAPI(image: image).routes + ImageDataAPI(image: image).routes
                + ImageMembersAPI(image: image).routes + ImageSchemasAPI().routes + MetadefsAPI().routes
                + MetadefSchemasAPI().routes + UnfinishedImageAPI.routes)
    }

    /// Versions without a token.
    package static var open: [Route] {
        [("/image", HTTPResponse.Status.multipleChoices), ("/image/versions", .ok)].map { path, status in
            Route(.get, path, .anyone) { request in
                .json(status) { writer in
                    writer.array("versions") { writer in
                        for (id, status) in [("v2.17", "CURRENT"), ("v2.16", "SUPPORTED"), ("v2.0", "SUPPORTED")] {
                            write(id, status, request, to: &writer)
                        }
                    }
                }
            }
        }
    }

    private static func write(_ id: String, _ status: String, _ request: APIRequest, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", id)
            writer.field("status", status)
            writer.array("links") { writer in
                writer.object {
                    $0.field("rel", "self")
                    $0.field("href", "\(request.rootURL)/image/v2/")
                }
            }
        }
    }
}
