import APIKit
import Foundation
import Cloud
import HTTPTypes
import Model
import TestSupport
import Testing

/// Nova's own list of routes against ours: none is a plain 404, and each is there from Nova's first version to the
/// last.
@Suite(.timeLimit(.minutes(3)))
struct NovaRoutesTests {
    private struct Listed {
        var method: String
        var path: String
        var action: String
        var first: Microversion
        var last: Microversion
        var isRemoved: Bool

        var name: String { "\(method) \(path)" }
    }

    private func listed() throws -> [Listed] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Conformance/lists/nova-routes.tsv")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst().map { line in
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            try #require(cells.count >= 6)
            return Listed(
                method: cells[0], path: Self.plain(cells[1]), action: cells[2],
                first: try #require(Microversion(cells[3])), last: try #require(Microversion(cells[4])),
                isRemoved: !cells[5].isEmpty)
        }
    }

    /// Whatever its parameters are called.
    private static func plain(_ path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("{") ? "{}" : String($0) }.joined(separator: "/")
    }

    @Test func everyRouteOfNovaIsKnown() async throws {
        try await CloudFixture.run { fixture async throws in
            let compute = try #require(fixture.cloud.services.first { $0.name == "compute" })
            var ours: [String: [Route]] = [:]
            for route in compute.routes { ours["\(route.method) \(Self.plain(route.path))", default: []].append(route) }
            let listed = try listed()
            #expect(listed.count > 200)
            for row in listed {
                let routes = ours[row.name] ?? []
                func isThere(_ version: Microversion) -> Bool {
                    routes.contains { $0.versions?.contains(version) ?? true }
                }
                let first =
                    row.action.isEmpty ? row.first : routes.compactMap(\.versions?.lowerBound).min() ?? row.first
                #expect(!routes.isEmpty, "\(row.name) is not known")
                #expect(isThere(first) && isThere(row.last), "\(row.name), 2.1 to \(row.last)")
                if row.last < VersionRange.compute.maximum, row.action.isEmpty {
                    #expect(!isThere(Microversion(2, row.last.minor + 1)), "\(row.name) after \(row.last)")
                }
            }
        }
    }

    @Test func everyActionOfNovaIsKnown() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = UUIDText.random()
            for row in try listed() where row.path == "/servers/{}/action" {
                let answer = try await fixture.request(
                    .post, "/compute/v2.1/servers/\(id)/action", as: .admin, version: "\(row.first)",
                    json: #"{"\#(row.action)": null}"#)
                let text = String(decoding: answer.body, as: UTF8.self)
                #expect(!text.contains("no such action"), "\(row.action): \(answer)")
                #expect(row.isRemoved == (answer.status == 410), "\(row.action): \(answer)")
            }
        }
    }

    @Test func whatNovaHasRemovedSaysSo() async throws {
        try await CloudFixture.run { fixture async throws in
            for row in try listed() where row.isRemoved && row.path != "/servers/{}/action" {
                let method = try #require(HTTPRequest.Method(row.method))
                let path = "/compute/v2.1" + row.path.replacing("{}", with: UUIDText.random())
                let answer = try await fixture.request(method, path, as: .admin, version: "\(row.first)", json: "{}")
                #expect(answer.status == 410, "\(row.name): \(answer)")
                let words = "This resource is no longer available.  No forwarding address is given."
                #expect(answer.text("computeFault.message") == words, "\(row.name): \(answer)")
            }
        }
    }
}
