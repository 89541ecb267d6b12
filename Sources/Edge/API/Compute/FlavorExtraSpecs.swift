import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/flavors/{id}/os-extra_specs`.
struct FlavorExtraSpecsAPI: Sendable {
    let compute: ComputeService

    var routes: [Route] {
        [
            Route(.get, "/flavors/{id}/os-extra_specs", .reader) { request in
                let flavor = try await compute.flavor(request.id(), by: request.caller)
                return .json { $0.field("extra_specs", flavor.extraSpecs) }
            },
            Route(.post, "/flavors/{id}/os-extra_specs", .admin) { request in
                var outer = try Fields(try await request.json())
                try outer.require("extra_specs")
                let given = try Self.specs(outer.value("extra_specs") ?? .null, request)
                try outer.finish()
                let flavor = try await setSpecs(request) { $0.merging(given) { $1 } }
                return .json { $0.field("extra_specs", flavor.extraSpecs) }
            },
            Route(.get, "/flavors/{id}/os-extra_specs/{key}", .reader) { request in
                let key = request.parameter("key")
                let flavor = try await compute.flavor(request.id(), by: request.caller)
                guard let value = try flavor.extraSpecs.value()[key] else { throw absent(request) }
                return one(key, value)
            },
            Route(.put, "/flavors/{id}/os-extra_specs/{key}", .admin) { request in
                let key = request.parameter("key")
                let given = try Self.specs(try await request.json(), request)
                guard given.count == 1, let value = given[key] else {
                    throw CloudError.badRequest("Request body and URI mismatch")
                }
                _ = try await setSpecs(request) { $0.merging(given) { $1 } }
                return one(key, value)
            },
            Route(.delete, "/flavors/{id}/os-extra_specs/{key}", .admin) { request in
                let key = request.parameter("key")
                let error = absent(request)
                _ = try await setSpecs(request) { specs in
                    guard specs[key] != nil else { throw error }
                    return specs.filter { $0.key != key }
                }
                return APIResponse(.ok)
            },
        ]
    }

    /// Values are texts or numbers; a number is kept as its text. From 2.86 on Nova's rules hold for those it knows.
    private static func specs(_ value: JSONValue, _ request: APIRequest) throws -> [String: String] {
        guard case .object(let members) = value else { return try Fields.stringMap(value, "extra_specs") }
        let texts = members.map { member -> JSONValue.Member in
            switch member.value {
            case .integer(let number): .init(key: member.key, value: .string(String(number)))
            case .real(let number): .init(key: member.key, value: .string(String(number)))
            default: member
            }
        }
        let specs = try Fields.stringMap(.object(texts), "extra_specs")
        if request.version >= Microversion(2, 86) {
            for (name, text) in specs.sorted(by: { $0.key < $1.key }) { try ExtraSpecRules.check(name, text) }
        }
        return specs
    }

    private func absent(_ request: APIRequest) -> CloudError {
        CloudError(
            .notFound, "Flavor \(request.parameter("id")) has no extra specs with key \(request.parameter("key")).")
    }

    private func one(_ key: String, _ value: String) -> APIResponse {
        .json { writer in
            writer.key(text: key)
            writer.value(value)
        }
    }

    private func setSpecs(
        _ request: APIRequest, _ change: @escaping @Sendable ([String: String]) throws -> [String: String]
    ) async throws -> Flavor {
        try await compute.changeFlavor(request.id()) { flavor in
            let changed = try change(try flavor.extraSpecs.value())
            for key in changed.keys where !key.unicodeScalars.allSatisfy(Self.isSpecCharacter) {
                throw CloudError.badRequest(
                    "Invalid input for field/attribute extra_specs. Bad key '\(key.prefix(80))'.")
            }
            flavor.extraSpecs = try JSONText(changed)
        }
    }

    private static func isSpecCharacter(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII
            && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                || " -_:.".unicodeScalars.contains(scalar))
    }
}
