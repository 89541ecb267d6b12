import APIKit
import HTTPTypes
import Model
import Wire

/// The version documents of compute: which APIs there are, and where.
enum ComputeVersion: String, CaseIterable, Sendable {
    /// Nova's first API: 2.1 with patience for what bodies hold, and without microversions.
    case legacy = "v2.0"
    case current = "v2.1"

    var prefix: String { self == .current ? "/compute/v2.1" : "/compute/v2" }

    /// `/` and `/versions/{id}` of the API.
    var routes: [Route] {
        [
            Route(.get, "/", .anyone) { request in
                .json { write(request, to: &$0) }
            },
            Route(.get, "/versions/{id}", .authenticated) { request in
                guard let wanted = Self(rawValue: request.parameter("id")) else {
                    throw CloudError(.notFound, "The resource could not be found.")
                }
                return .json { wanted.write(request, to: &$0) }
            },
        ]
    }

    /// `/compute`: all of them, without a token, the oldest first.
    static var list: Route {
        Route(.get, "/compute", .anyone) { request in
            .json { writer in
                writer.array("versions") { writer in
                    for version in allCases {
                        writer.object { writer in
                            version.writeSummary(to: &writer)
                            writer.array("links") { version.writeLink(request, to: &$0) }
                        }
                    }
                }
            }
        }
    }

    private func writeSummary(to writer: inout JSONWriter) {
        let range = VersionRange.compute
        writer.field("id", rawValue)
        writer.field("status", self == .current ? "CURRENT" : "DEPRECATED")
        writer.field("version", self == .current ? "\(range.maximum)" : "")
        writer.field("min_version", self == .current ? "\(range.minimum)" : "")
        writer.field("updated", self == .current ? "2013-07-23T11:33:21Z" : "2025-07-04T12:00:00Z")
    }

    private func writeLink(_ request: APIRequest, to writer: inout JSONWriter) {
        writer.object {
            $0.field("rel", "self")
            $0.field("href", "\(request.rootURL)\(prefix)/")
        }
    }

    private func write(_ request: APIRequest, to writer: inout JSONWriter) {
        writer.object("version") { writer in
            writeSummary(to: &writer)
            writer.array("links") { writer in
                writeLink(request, to: &writer)
                writer.object {
                    $0.field("rel", "describedby")
                    $0.field("type", "text/html")
                    $0.field("href", "http://docs.openstack.org/")
                }
            }
            writer.array("media-types") { writer in
                writer.object {
                    $0.field("base", "application/json")
                    $0.field(
                        "type", "application/vnd.openstack.compute+json;version=\(self == .current ? "2.1" : "2")")
                }
            }
        }
    }
}
