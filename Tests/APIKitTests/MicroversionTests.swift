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

    /// `OpenStack-API-Version`, Nova's older header, and the version they mean or the kind of the refusal.
    @Test(
        arguments: [
            (nil, nil, "2.1"), ("compute 2.1", nil, "2.1"), ("compute 2.104", nil, "2.104"),
            ("compute latest", nil, "2.104"), ("Compute 2.90", nil, "2.90"), ("volume 3.5", nil, "2.1"),
            ("volume 3.5, compute 2.60", nil, "2.60"), ("compute 2.5,volume 3.60", nil, "2.5"),
            ("compute 2.5, compute 2.6", nil, "2.6"), ("compute  2.7", nil, "2.7"), ("compute", nil, "2.1"),
            (nil, "2.53", "2.53"), (nil, "latest", "2.104"), ("compute 2.60", "2.53", "2.60"),
            ("volume 3.5", "2.53", "2.53"), ("compute 2.105", nil, "notAcceptable"),
            ("compute 2.0", nil, "notAcceptable"), ("compute 3.1", nil, "notAcceptable"),
            ("compute 1.99", nil, "notAcceptable"), ("compute two", nil, "badRequest"),
            ("compute 2.01", nil, "badRequest"), (nil, "2", "badRequest"),
        ] as [(String?, String?, String)])
    func negotiates(current: String?, legacy: String?, answer: String) {
        var headers = HTTPFields()
        headers[.openStackAPIVersion] = current
        headers[.named("X-OpenStack-Nova-API-Version")] = legacy
        let found: String
        do { found = try VersionRange.compute.negotiate(headers).description } catch { found = error.kind.rawValue }
        #expect(found == answer)
    }

    @Test func placementHasNoOlderHeader() throws {
        var headers = HTTPFields()
        headers[.named("X-OpenStack-Nova-API-Version")] = "1.5"
        #expect(try VersionRange.placement.negotiate(headers) == Microversion(1, 0))
        headers[.openStackAPIVersion] = "placement 1.39"
        #expect(try VersionRange.placement.negotiate(headers) == Microversion(1, 39))
    }
}
