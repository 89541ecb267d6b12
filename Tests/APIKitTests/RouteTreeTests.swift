import HTTPTypes
import Model
import Testing
import Wire

@testable import APIKit

@Suite struct RouteTreeTests {
    private static func route(
        _ method: HTTPRequest.Method, _ path: String, versions: ClosedRange<Microversion>? = nil
    ) -> Route {
        Route(method, path, .reader, versions: versions) { _ in .noContent }
    }

    private let tree = RouteTree([
        route(.get, "/"), route(.get, "/servers"), route(.post, "/servers"), route(.get, "/servers/detail"),
        route(.get, "/servers/{id}"), route(.delete, "/servers/{id}"), route(.get, "/servers/{id}/metadata/{key}"),
        route(.get, "/servers/{id}/action"), route(.get, "/servers/detail/special"),
        route(.get, "/os-old", versions: Microversion(2, 1)...Microversion(2, 35)),
    ])

    private func paths(_ path: String) -> [String] {
        tree.routes(RouteTree.segments(path)).map { "\($0.method) \($0.path)" }
    }

    @Test(arguments: [
        ("/", ["GET /"]), ("", ["GET /"]), ("/servers", ["GET /servers", "POST /servers"]),
        ("/servers/", ["GET /servers", "POST /servers"]), ("//servers", ["GET /servers", "POST /servers"]),
        ("/servers/detail", ["GET /servers/detail"]),
        ("/servers/123", ["GET /servers/{id}", "DELETE /servers/{id}"]),
        ("/servers/123/metadata/detail", ["GET /servers/{id}/metadata/{key}"]),
        // A literal that leads nowhere gives way to the parameter.
        ("/servers/detail/action", ["GET /servers/{id}/action"]),
        ("/servers/detail/special", ["GET /servers/detail/special"]), ("/servers/123/special", []),
        ("/servers/123/metadata", []), ("/Servers", []), ("/servers/1/2/3/4", []), ("/os-old", ["GET /os-old"]),
    ])
    func finds(path: String, routes: [String]) {
        #expect(paths(path) == routes)
    }

    @Test func keepsTheVersionsOfARoute() throws {
        let versions = try #require(tree.routes(["os-old"]).first?.versions)
        #expect(versions.contains(Microversion(2, 35)) && !versions.contains(Microversion(2, 36)))
        #expect(tree.routes(["servers"]).allSatisfy { $0.versions == nil })
    }

    @Test func takesParametersApart() throws {
        let segments = RouteTree.segments("/servers/12/metadata/a%20b%2Fc")
        let route = try #require(tree.routes(segments).first)
        #expect(RouteTree.parameters(route, segments) == ["id": "12", "key": "a b/c"])
    }
}

@Suite struct FieldPlanTests {
    private struct Thing: Sendable {
        var name = "x"
    }

    private let fields: [Field<FieldWriter<Thing>>] = [
        Field { thing, writer in writer.field("name", thing.name) },
        Field(since: 19) { _, writer in writer.field("description", nil as String?) },
        Field(until: 25) { _, writer in writer.field("old", 1) },
        Field(since: 10, until: 20, adminOnly: true) { _, writer in writer.field("host", "h") },
    ]

    private func text(_ minor: Int, admin: Bool = false) -> String {
        var writer = JSONWriter()
        FieldPlan(fields, at: Microversion(2, minor), admin: admin).write(Thing(), to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test(arguments: [
        (1, false, #"{"name":"x","old":1}"#), (18, false, #"{"name":"x","old":1}"#),
        (19, false, #"{"name":"x","description":null,"old":1}"#),
        (25, false, #"{"name":"x","description":null,"old":1}"#), (26, false, #"{"name":"x","description":null}"#),
        (9, true, #"{"name":"x","old":1}"#), (10, true, #"{"name":"x","old":1,"host":"h"}"#),
        (20, true, #"{"name":"x","description":null,"old":1,"host":"h"}"#),
        (21, true, #"{"name":"x","description":null,"old":1}"#), (10, false, #"{"name":"x","old":1}"#),
    ])
    func writesTheFieldsOfAVersionInTheirOrder(minor: Int, admin: Bool, expected: String) {
        #expect(text(minor, admin: admin) == expected)
    }

    private let members = [Field(since: 32, until: 36, "tag"), Field(since: 42, "tag"), Field(until: 40, "old")]

    private func body(_ minor: Int) throws -> Fields {
        let json = JSONValue.object([.init(key: "tag", value: .string("t")), .init(key: "name", value: .string("n"))])
        return try Fields(json).knowing(members, at: Microversion(2, minor))
    }

    @Test(arguments: [(31, nil), (32, "t"), (36, "t"), (37, nil), (41, nil), (42, "t")] as [(Int, String?)])
    func aMemberOfABodyIsReadAtItsVersionsOnly(minor: Int, tag: String?) throws {
        var fields = try body(minor)
        #expect(fields.has("tag") == (tag != nil))
        #expect(try fields.optionalString("tag") == tag)
        #expect(try fields.string("name") == "n")
        guard tag == nil else { return try fields.finish() }
        let error = #expect(throws: CloudError.self) { try fields.finish() }
        #expect(error?.message.contains("('tag' was unexpected)") == true)
    }

    @Test(arguments: [(9, true, true), (10, false, true), (74, false, true), (75, false, false)])
    func aParameterOfOtherVersionsIsIgnoredOrRefused(minor: Int, isIgnored: Bool, takesOthers: Bool) {
        let rule = QueryRule(strictFrom: 75, ["limit"], [Field(since: 10, "user_id"), Field(since: 100, "late")])
        let version = Microversion(2, minor)
        #expect(rule.ignored(at: version).contains("user_id") == isIgnored)
        #expect(throws: Never.self) { try rule.check(["limit"], at: version) }
        #expect((try? rule.check(["user_id"], at: version)) != nil)
        for name in ["late", "other"] { #expect(((try? rule.check([name], at: version)) != nil) == takesOthers) }
    }
}
