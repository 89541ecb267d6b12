import Attributes
import Cloud
import HTTPTypes
import Inspection
import Model
import TestSupport
import Testing
import Wire

/// What Nova's schemas refuse in the bodies of Compute.
@Suite(.timeLimit(.minutes(3)))
struct ComputeTextTests {
    private static let base = "/compute/v2.1"

    private func refused(
        _ fixture: CloudFixture, _ method: HTTPRequest.Method, _ path: String, _ json: String,
        as role: People.Role = .admin, version: String = "2.1"
    ) async throws {
        let answer = try await fixture.request(
            method, "\(Self.base)/\(path)", as: role, version: version, json: json)
        #expect(answer.status == 400, "\(method) \(path) \(json): \(answer)")
    }

    private func server(_ fixture: CloudFixture, _ more: String, _ hints: String = "") -> String {
        #"{"server": {"name": "s", "imageRef": "\#(fixture.image)", "flavorRef": "42"\#(more)}\#(hints)}"#
    }

    @Test func nullIsNoValueOfAServer() async throws {
        try await CloudFixture.run { fixture async throws in
            for name in [
                "imageRef", "adminPass", "metadata", "networks", "OS-DCF:diskConfig", "accessIPv4", "accessIPv6",
                "availability_zone", "block_device_mapping", "block_device_mapping_v2", "config_drive", "key_name",
                "min_count", "max_count", "return_reservation_id", "security_groups", "user_data", "name", "flavorRef",
            ] {
                try await refused(fixture, .post, "servers", server(fixture, #", "\#(name)": null"#))
            }
            for name in ["tags", "host", "hypervisor_hostname", "hostname"] {
                try await refused(
                    fixture, .post, "servers", server(fixture, #", "networks": "none", "\#(name)": null"#),
                    version: "2.94")
            }
            let described = try await fixture.request(
                .post, "\(Self.base)/servers", version: "2.94",
                json: server(fixture, #", "networks": "none", "description": null"#))
            #expect(described.status == 202, "\(described)")
        }
    }

    @Test func nullIsNoValueOfSmallerThings() async throws {
        try await CloudFixture.run { fixture async throws in
            let made = try await fixture.request(.post, "\(Self.base)/servers", json: server(fixture, ""))
            let id = made.text("server.id")
            for body in [#"{"net_id": null}"#, #"{"port_id": null}"#, #"{"fixed_ips": null}"#] {
                try await refused(
                    fixture, .post, "servers/\(id)/os-interface", #"{"interfaceAttachment": \#(body)}"#, as: .member)
            }
            try await refused(fixture, .put, "servers/\(id)", #"{"server": {"name": null}}"#, as: .member)
            for action in [#"{"os-getConsoleOutput": null}"#, #"{"lock": {"locked_reason": null}}"#] {
                try await refused(fixture, .post, "servers/\(id)/action", action, as: .member, version: "2.73")
            }
            try await refused(
                fixture, .put, "os-quota-sets/\(fixture.people.demo)", #"{"quota_set": {"cores": null}}"#)
            for name in ["swap", "OS-FLV-EXT-DATA:ephemeral", "os-flavor-access:is_public"] {
                try await refused(
                    fixture, .post, "flavors",
                    #"{"flavor": {"name": "f", "ram": 1, "vcpus": 1, "disk": 0, "\#(name)": null}}"#)
            }
            for name in ["type", "user_id"] {
                try await refused(
                    fixture, .post, "os-keypairs", #"{"keypair": {"name": "k", "\#(name)": null}}"#, version: "2.10")
            }
        }
    }

    @Test func whatIsTooLongIsSaidInFull() async throws {
        try await CloudFixture.run { fixture async throws in
            let name = String(repeating: "v", count: 256)
            let answer = try await fixture.request(
                .post, "/compute/v2.1/os-server-groups",
                json: #"{"server_group": {"name": "\#(name)", "policies": ["affinity"]}}"#)
            #expect(answer.text("badRequest.message").hasSuffix("Value: \(name). '\(name)' is too long"), "\(answer)")
        }
    }

    @Test func textsAreNovas() async throws {
        try await CloudFixture.run { fixture async throws in
            for more in [
                #", "metadata": {"a/b": "x"}"#, #", "metadata": {"é": "x"}"#, #", "metadata": {"*": "x"}"#,
                #", "metadata": {"a\nb": "x"}"#, #", "name": "a\nb""#, #", "name": " a""#, #", "name": "a ""#,
                #", "imageRef": "http://x/\#(fixture.image)""#,
            ] {
                var body = server(fixture, more)
                if more.contains("name") { body.replace(#""name": "s", "#, with: "") }
                if more.contains("imageRef") { body.replace(#""imageRef": "\#(fixture.image)", "#, with: "") }
                try await refused(fixture, .post, "servers", body)
            }
            try await refused(
                fixture, .post, "servers", server(fixture, #", "networks": "none", "description": "a\nb""#),
                version: "2.63")
            try await refused(
                fixture, .post, "servers",
                server(fixture, #", "networks": "none", "trusted_image_certificates": []"#), version: "2.63")
            for hint in [
                #""group": null"#, #""build_near_host_ip": "x""#, #""cidr": "x""#, #""target_cell": 1"#,
                #""query": ["x"]"#, #""same_host": {}"#,
            ] {
                try await refused(
                    fixture, .post, "servers", server(fixture, "", #", "os:scheduler_hints": {\#(hint)}"#))
            }
            for id in [" lead", "\\t", "２", "a/b"] {
                try await refused(
                    fixture, .post, "flavors",
                    #"{"flavor": {"name": "f", "id": "\#(id)", "ram": 1, "vcpus": 1, "disk": 0}}"#)
            }
            try await refused(
                fixture, .post, "os-server-groups", #"{"server_group": {"name": "a\nb", "policies": ["affinity"]}}"#,
                as: .member)
            let xml = try await fixture.request(
                .post, "\(Self.base)/servers", json: server(fixture, ""), headers: ["Content-Type": "application/xml"])
            #expect(xml.status == 415, "\(xml)")
        }
    }

    /// What a server is to be joined to is looked at before it is accepted.
    @Test func networksAreLookedAtFirst() async throws {
        try await CloudFixture.run { fixture async throws in
            let bare = try await fixture.made("network", #""name": "bare""#)
            let lane = try await PortOwnerTests.Lane(fixture)
            let network = try await fixture.network(.get, "ports/\(lane.port)").text("port.network_id")
            let address = try await fixture.network(.get, "ports/\(lane.port)").text("port.fixed_ips.0.ip_address")
            let none = try await fixture.made("port", #""network_id": "\#(network)", "fixed_ips": []"#)
            for nics in [
                #"{"port": "\#(lane.port)", "fixed_ip": "10.9.0.55"}"#, #"{"port": "\#(none)"}"#,
                #"{"uuid": "\#(network)", "fixed_ip": "\#(address)"}"#, #"{"uuid": "\#(bare)"}"#,
                #"{"port": "\#(lane.port)"}, {"port": "\#(lane.port)"}"#,
            ] {
                try await refused(
                    fixture, .post, "servers", server(fixture, #", "networks": [\#(nics)]"#), as: .member)
            }
            try await refused(
                fixture, .post, "servers",
                server(fixture, #", "networks": "none", "hypervisor_hostname": "nowhere""#), version: "2.74")
            let made = try await fixture.request(
                .post, "\(Self.base)/servers",
                json: server(fixture, #", "networks": [{"uuid": "\#(network)"}]"#))
            try await fixture.server(ServerID(made.text("server.id"))) { $0.settled == .active && $0.operation == nil }
            try await refused(
                fixture, .post, "servers/\(made.text("server.id"))/os-interface",
                #"{"interfaceAttachment": {"net_id": "\#(bare)"}}"#, as: .member)
        }
    }

    @Test func formerQuotasAreKept() async throws {
        try await CloudFixture.run { fixture async throws in
            let path = "\(Self.base)/os-quota-sets/\(fixture.people.demo)"
            let body = #"{"quota_set": {"floating_ips": 9, "injected_files": 7}}"#
            let set = try await fixture.request(.put, path, as: .admin, version: "2.1", json: body)
            #expect(set.at("quota_set.floating_ips") == 9 && set.at("quota_set.injected_files") == 7, "\(set)")
            let shown = try await fixture.request(.get, path, version: "2.1")
            #expect(shown.at("quota_set.floating_ips") == 9 && shown.at("quota_set.cores") == 20, "\(shown)")
            try await refused(
                fixture, .put, "os-quota-sets/\(fixture.people.demo)", #"{"quota_set": {"floating_ips": 9}}"#,
                version: "2.36")
            try await refused(fixture, .put, "os-quota-sets/nope", #"{"quota_set": {"cores": 9}}"#)
            try await refused(
                fixture, .put, "os-quota-sets/\(fixture.people.demo)", #"{"quota_set": {"tenant_id": "x"}}"#)
        }
    }

    /// A flavor without a root disk bounds nothing.
    @Test func onlyAdministratorsBootWithoutARootDisk() async throws {
        try await CloudFixture.run { fixture async throws in
            let flavor = #"{"flavor": {"name": "f", "id": "bare", "ram": 64, "vcpus": 1, "disk": 0}}"#
            #expect(try await fixture.request(.post, "\(Self.base)/flavors", as: .admin, json: flavor).status == 200)
            let body = server(fixture, "").replacing(#""42""#, with: #""bare""#)
            #expect(try await fixture.request(.post, "\(Self.base)/servers", json: body).status == 403)
            let made = try await fixture.request(.post, "\(Self.base)/servers", as: .admin, json: body)
            #expect(made.status == 202)
            // The disk is as large as the image, and its host has so much less.
            let held = try await fixture.request(
                .get, "/placement/allocations/\(made.text("server.id"))", as: .admin)
            let resources = held.json["allocations"]?.members.values.first?["resources"]
            #expect(resources?["DISK_GB"] == 1, "\(held)")
            let id = ServerID(made.text("server.id"))
            try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
            #expect(try await StoreAudit.differences(in: fixture.cloud.database) == [])
        }
    }

    @Test func imagesOfOthersMakeNoDisk() async throws {
        try await CloudFixture.run { fixture async throws in
            let foreign = try await fixture.request(
                .post, "/image/v2/images", as: .stranger,
                json: #"{"name": "x", "visibility": "private", "disk_format": "raw", "container_format": "bare"}"#
            ).text("id")
            let device =
                #"{"source_type": "image", "destination_type": "local", "boot_index": 1, "uuid": "\#(foreign)"}"#
            try await refused(
                fixture, .post, "servers", server(fixture, #", "block_device_mapping_v2": [\#(device)]"#), as: .member)
        }
    }
}
