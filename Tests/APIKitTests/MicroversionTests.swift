import HTTPTypes
import Model
import Testing

@testable import APIKit

@Suite struct MicroversionTests {
    @Test(arguments: [
        ("2.1", Microversion(2, 1)), ("2.104", Microversion(2, 104)), ("1.0", Microversion(1, 0)),
        ("0.9", Microversion(0, 9)), ("9999.9999", Microversion(9999, 9999)),
    ])
    func reads(text: String, version: Microversion) throws {
        #expect(Microversion(text) == version)
        #expect(version.description == text)
    }

    @Test(arguments: [
        "", "2", "2.", ".1", "2.1.1", "2.01", "02.1", "2.1 ", " 2.1", "+2.1", "2.-1", "2.1a", "latest", "２.1",
        "2.10000",
        "v2.1", "2,1",
    ])
    func refuses(text: String) {
        #expect(Microversion(text) == nil)
    }

    @Test func ordersByNumberNotByText() {
        #expect(Microversion(2, 9) < Microversion(2, 10))
        #expect(Microversion(1, 99) < Microversion(2, 0))
    }

    /// Header lines and the version they mean for compute; `nil` where the request is refused.
    struct Asking: Sendable, CustomTestStringConvertible {
        var current: String?
        var legacy: String?
        var answer: Result<Microversion, CloudError.Kind>
        var testDescription: String { "\(current ?? "-") / \(legacy ?? "-")" }
    }

    private static func ask(_ current: String?, _ legacy: String? = nil, _ minor: Int) -> Asking {
        Asking(current: current, legacy: legacy, answer: .success(Microversion(2, minor)))
    }

    private static func ask(_ current: String?, _ legacy: String? = nil, refused kind: CloudError.Kind) -> Asking {
        Asking(current: current, legacy: legacy, answer: .failure(kind))
    }

    @Test(arguments: [
        ask(nil, 1), ask("compute 2.1", 1), ask("compute 2.104", 104), ask("compute latest", 104),
        ask("Compute 2.90", 90), ask("volume 3.5", 1), ask("volume 3.5, compute 2.60", 60),
        ask("compute 2.5,volume 3.60", 5), ask("compute 2.5, compute 2.6", 6), ask("compute  2.7", 7),
        ask("compute", 1), ask(nil, "2.53", 53), ask(nil, "latest", 104), ask("compute 2.60", "2.53", 60),
        ask("volume 3.5", "2.53", 53), ask("compute 2.105", refused: .notAcceptable),
        ask("compute 2.0", refused: .notAcceptable), ask("compute 3.1", refused: .notAcceptable),
        ask("compute 1.99", refused: .notAcceptable), ask("compute two", refused: .badRequest),
        ask("compute 2.01", refused: .badRequest), ask(nil, "2", refused: .badRequest),
    ])
    func negotiates(asking: Asking) throws {
        var headers = HTTPFields()
        headers[.openStackAPIVersion] = asking.current
        headers[.named("X-OpenStack-Nova-API-Version")] = asking.legacy
        let found = Result { () throws(CloudError) in try VersionRange.compute.negotiate(headers) }
        #expect(found.mapError(\.kind) == asking.answer)
    }

    @Test func placementHasNoOlderHeader() throws {
        var headers = HTTPFields()
        headers[.named("X-OpenStack-Nova-API-Version")] = "1.5"
        #expect(try VersionRange.placement.negotiate(headers) == Microversion(1, 0))
        headers[.openStackAPIVersion] = "placement 1.39"
        #expect(try VersionRange.placement.negotiate(headers) == Microversion(1, 39))
    }
}

extension CloudError.Kind: @retroactive Error {}
