import Attributes
import Cloud
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// Projects below projects, tags, what keeps a record as it is, and the catalog.
@Suite(.timeLimit(.minutes(3)))
struct ProjectTreeTests {
    @Test func projectsStandBelowProjects() async throws {
        try await CloudFixture.run { fixture in
            let lab = IdentityLab(fixture: fixture)
            let top = try await lab.make("project", #""name": "top""#)
            let middle = try await lab.make("project", #""name": "middle", "parent_id": "\#(top)""#)
            let leaf = try await lab.make("project", #""name": "leaf", "parent_id": "\#(middle)""#)
            let shown = try await lab.admin(.get, "/projects/\(middle)?parents_as_ids&subtree_as_ids", is: 200)
            #expect(shown.text("project.parent_id") == top)
            #expect(shown.json["project"]?["parents"]?[top]?["default"] == .null, "\(shown)")
            #expect(shown.json["project"]?["subtree"]?[leaf] == .null, "\(shown)")
            let lists = try await lab.admin(.get, "/projects/\(middle)?parents_as_list&subtree_as_list", is: 200)
            #expect(lists.at("project.parents") == .array([]) && lists.at("project.subtree") == .array([]))
            _ = try await lab.admin(
                .put, "/projects/\(leaf)/users/\(fixture.people.admin.userID)/roles/\(lab.role("reader"))", is: 204)
            let seen = try await lab.admin(.get, "/projects/\(middle)?subtree_as_list", is: 200)
            #expect(seen.text("project.subtree.0.project.id") == leaf, "\(seen)")
            _ = try await lab.admin(.get, "/projects/\(middle)?subtree_as_list&subtree_as_ids", is: 400)
            let below = try await lab.admin(.get, "/projects?parent_id=\(top)", is: 200)
            #expect(below.count("projects") == 1 && below.text("projects.0.id") == middle)
            _ = try await lab.admin(.delete, "/projects/\(middle)", is: 403)
            _ = try await lab.admin(.patch, "/projects/\(middle)", #"{"project": {"enabled": false}}"#, is: 403)
            _ = try await lab.admin(.patch, "/projects/\(top)", #"{"project": {"parent_id": "\#(leaf)"}}"#, is: 403)
            _ = try await lab.admin(.patch, "/projects/\(leaf)", #"{"project": {"enabled": false}}"#, is: 200)
            _ = try await lab.admin(.patch, "/projects/\(middle)", #"{"project": {"enabled": false}}"#, is: 200)
            _ = try await lab.admin(.patch, "/projects/\(leaf)", #"{"project": {"enabled": true}}"#, is: 403)
            let late = #"{"project": {"name": "late", "parent_id": "\#(leaf)"}}"#
            _ = try await lab.admin(.post, "/projects", late, is: 400)
            for id in [leaf, middle, top] { _ = try await lab.admin(.delete, "/projects/\(id)", is: 204) }
        }
    }

    @Test func treesHaveAnEndAndStayInTheirDomain() async throws {
        try await CloudFixture.run { fixture in
            let lab = IdentityLab(fixture: fixture)
            var parent = "default"
            for level in 1...5 {
                parent = try await lab.make("project", #""name": "level \#(level)", "parent_id": "\#(parent)""#)
            }
            let deep = #"{"project": {"name": "deep", "parent_id": "\#(parent)"}}"#
            _ = try await lab.admin(.post, "/projects", deep, is: 403)
            let north = try await lab.make("domain", #""name": "north""#)
            for fields in [
                #""domain_id": "\#(north)", "parent_id": "\#(parent)""#, #""parent_id": "\#(north)""#,
                #""is_domain": true, "parent_id": "default""#, #""is_domain": true, "domain_id": "default""#,
            ] {
                _ = try await lab.admin(.post, "/projects", #"{"project": {"name": "x", \#(fields)}}"#, is: 400)
            }
            for fields in [#""domain_id": "nothing""#, #""parent_id": "nothing""#] {
                _ = try await lab.admin(.post, "/projects", #"{"project": {"name": "x", \#(fields)}}"#, is: 400)
            }
            for noun in ["user", "group"] {
                let body = #"{"\#(noun)": {"name": "x", "domain_id": "nothing"}}"#
                _ = try await lab.admin(.post, "/\(noun)s", body, is: 404)
            }
            let acting = try await lab.make("project", #""name": "south", "is_domain": true"#)
            _ = try await lab.admin(.get, "/domains/\(acting)", is: 200)
            let domains = try await lab.admin(.get, "/projects?is_domain=true", is: 200)
            #expect(domains.count("projects") == 3 && domains.at("projects.0.parent_id") == .null, "\(domains)")
            #expect(try await lab.admin(.get, "/projects?name=south", is: 200).count("projects") == 0)
        }
    }

    @Test func tagsAreKeptAndFound() async throws {
        try await CloudFixture.run { fixture in
            let lab = IdentityLab(fixture: fixture)
            let one = try await lab.make("project", #""name": "one", "tags": ["a", "b"]"#)
            let two = try await lab.make("project", #""name": "two", "tags": ["b", "C"]"#)
            for (query, wanted) in [
                ("tags=a,b", [one]), ("tags-any=a,C", [one, two]), ("tags=c", []), ("tags=b&not-tags=a", [two]),
                ("tags-any=a,C&not-tags-any=C", [one]),
            ] as [(String, [String])] {
                let found = try await lab.admin(.get, "/projects?\(query)", is: 200)
                #expect(found.json["projects"]?.items.map { $0["id"]?.text ?? "" } == wanted, "\(query): \(found)")
            }
            let put = try await lab.admin(.put, "/projects/\(one)/tags/d", is: 201)
            #expect(put.header("Location").hasSuffix("/projects/\(one)/tags/d"))
            _ = try await lab.admin(.put, "/projects/\(one)/tags/d", is: 400)
            _ = try await lab.admin(.get, "/projects/\(one)/tags/d", is: 204)
            _ = try await lab.admin(.delete, "/projects/\(one)/tags/d", is: 204)
            _ = try await lab.admin(.delete, "/projects/\(one)/tags/d", is: 404)
            _ = try await lab.admin(.put, "/projects/\(one)/tags", #"{"tags": ["x", "x"]}"#, is: 400)
            _ = try await lab.admin(.put, "/projects/\(one)/tags", #"{"tags": ["x,y"]}"#, is: 400)
            #expect(
                try await lab.admin(.put, "/projects/\(one)/tags", #"{"tags": ["x"]}"#, is: 200).text("tags.0") == "x")
            _ = try await lab.admin(.delete, "/projects/\(one)/tags", is: 204)
            #expect(try await lab.admin(.get, "/projects/\(one)/tags", is: 200).at("tags") == .array([]))
        }
    }

    @Test(arguments: ["project", "domain", "role"])
    func whatIsImmutableStays(_ noun: String) async throws {
        try await CloudFixture.run { fixture in
            let lab = IdentityLab(fixture: fixture)
            let id = try await lab.make(noun, #""name": "rock", "options": {"immutable": true}"#)
            let path = "/\(noun)s/\(id)"
            _ = try await lab.admin(.delete, path, is: 403)
            for fields in [#""name": "sand""#, #""name": "sand", "options": {"immutable": false}"#, #""x": 1"#] {
                _ = try await lab.admin(.patch, path, #"{"\#(noun)": {\#(fields)}}"#, is: 403)
            }
            if noun == "domain" {
                _ = try await lab.admin(.patch, "/projects/\(id)", #"{"project": {"enabled": false}}"#, is: 403)
            }
            if noun == "project" { _ = try await lab.admin(.put, "\(path)/tags/x", is: 403) }
            let soft = try await lab.admin(.patch, path, #"{"\#(noun)": {"options": {"immutable": null}}}"#, is: 200)
            #expect(soft.at("\(noun).options") == .object([]), "\(soft)")
            _ = try await lab.admin(.patch, path, #"{"\#(noun)": {"name": "sand"}}"#, is: 200)
        }
    }

    @Test func regionsAreMadeWhereEndpointsNameThem() async throws {
        try await CloudFixture.run { fixture in
            let lab = IdentityLab(fixture: fixture)
            let service = try await lab.make("service", #""type": "x""#)
            func body(_ fields: String) -> String {
                #"{"endpoint": {"service_id": "\#(service)", "interface": "public", "url": "http://x", \#(fields)}}"#
            }
            let made = try await lab.admin(.post, "/endpoints", body(#""region": "North""#), is: 201)
            #expect(made.text("endpoint.region_id") == "North")
            _ = try await lab.admin(.get, "/regions/North", is: 200)
            _ = try await lab.admin(.post, "/endpoints", body(#""region_id": "South""#), is: 400)
            let none = try await lab.admin(.post, "/endpoints", body(#""x": 1"#), is: 201)
            #expect(none.at("endpoint.region") == .null && none.at("endpoint.x") == 1)
            #expect(try await lab.admin(.get, "/endpoints?region_id=North", is: 200).count("endpoints") == 1)
            _ = try await lab.admin(.delete, "/regions/North", is: 403)
            let child = try await lab.make("region", #""id": "child", "parent_region_id": "North""#)
            _ = try await lab.admin(
                .patch, "/regions/North", #"{"region": {"parent_region_id": "\#(child)"}}"#, is: 400)
            _ = try await lab.admin(.post, "/regions", #"{"region": {"parent_region_id": "nothing"}}"#, is: 404)
            #expect(try await lab.admin(.get, "/regions?parent_region_id=North", is: 200).count("regions") == 1)
            #expect(try await lab.admin(.get, "/regions", is: 200).count("regions") == 3)
            _ = try await lab.admin(.delete, "/endpoints/\(made.text("endpoint.id"))", is: 204)
            _ = try await lab.admin(.delete, "/regions/North", is: 204)
            _ = try await lab.admin(.get, "/regions/child", is: 404)
        }
    }
}
