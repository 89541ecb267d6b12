import HTTPTypes
import Model
import TestSupport
import Testing

/// What one project tries with what another one shares or owns.
@Suite(.timeLimit(.minutes(3)))
struct StrangerTests {
    private static let subnet = #""ip_version": 4, "cidr": "10.9.0.0/24""#

    /// A network of project `demo` that an administrator has shared.
    private static func shared(_ fixture: CloudFixture) async throws -> String {
        let network = try await fixture.made("network", #""name": "ours""#)
        let share = try await fixture.network(
            .put, "networks/\(network)", #"{"network": {"shared": true}}"#, as: .admin)
        #expect(share.status == 200, "\(share)")
        return network
    }

    /// Neutron answers 403 for what somebody sees and may not change, and 404 for what is not to be seen.
    @Test func whatIsSeenAndNotOwnedIsRefused() async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await Self.shared(fixture)
            let subnet = try await fixture.made("subnet", #""network_id": "\#(network)", \#(Self.subnet)"#)
            let hidden = try await fixture.madeNetwork([Self.subnet])
            let external = try await fixture.externalNetwork()
            for (path, kind, status) in [
                ("networks/\(network)", "network", 403), ("networks/\(external)", "network", 403),
                ("subnets/\(subnet)", "subnet", 403), ("networks/\(hidden)", "network", 404),
            ] {
                let shown = try await fixture.network(.get, path, as: .stranger)
                #expect(shown.status == (status == 403 ? 200 : 404), "\(path)")
                let tags = try await fixture.network(.get, path + "/tags", as: .stranger)
                #expect(tags.status == shown.status, "\(path)")
                for (method, path, body) in [
                    (.put, path, #"{"\#(kind)": {"name": "mine"}}"#), (.delete, path, nil),
                    (.put, path + "/tags", #"{"tags": ["mine"]}"#), (.put, path + "/tags/mine", nil),
                    (.delete, path + "/tags", nil),
                ] as [(HTTPRequest.Method, String, String?)] {
                    let answer = try await fixture.network(method, path, body, as: .stranger)
                    #expect(answer.status == status, "\(method) \(path): \(answer)")
                }
            }
            let fields = #""network_id": "\#(network)", "ip_version": 4, "cidr": "10.8.0.0/24""#
            let more = try await fixture.network(.post, "subnets", #"{"subnet": {\#(fields)}}"#, as: .stranger)
            #expect(more.status == 403, "\(more)")
        }
    }

    /// A port that only says it is the one for DHCP takes nobody's addresses away.
    @Test func aNameOfDHCPIsNoDHCP() async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await Self.shared(fixture)
            let fields = #""network_id": "\#(network)", "device_id": "dhcp-\#(network)""#
            let trap = try await fixture.made("port", fields, as: .stranger)
            _ = try await fixture.made("subnet", #""network_id": "\#(network)", \#(Self.subnet)"#)
            #expect(try await fixture.network(.get, "ports/\(trap)").text("port.fixed_ips.0.ip_address").isEmpty)
            let served = try await fixture.network(.get, "ports?network_id=\(network)&device_owner=network:dhcp")
            #expect(served.text("ports.0.fixed_ips.0.ip_address") == "10.9.0.2", "\(served)")
        }
    }

    @Test func whoSharesANetworkSeesWhoIsOnItAndHasItBack() async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await Self.shared(fixture)
            _ = try await fixture.made("subnet", #""network_id": "\#(network)", \#(Self.subnet)"#)
            let guest = try await fixture.made("port", #""network_id": "\#(network)""#, as: .stranger)
            let server = try await fixture.made(
                "port", #""network_id": "\#(network)", "device_owner": "compute:nova""#, as: .stranger)
            let own = try await fixture.made("port", #""network_id": "\#(network)""#)
            #expect(try await fixture.network(.get, "ports/\(guest)").status == 200)
            #expect(try await fixture.network(.get, "ports/\(guest)", as: .reader).status == 200)
            #expect(try await fixture.network(.get, "ports?id=\(guest)").text("ports.0.id") == guest)
            #expect(try await fixture.network(.get, "ports/\(own)", as: .stranger).status == 404)
            let rename = #"{"port": {"name": "mine"}}"#
            #expect(try await fixture.network(.put, "ports/\(guest)", rename).status == 403)
            #expect(try await fixture.network(.put, "ports/\(own)", rename, as: .stranger).status == 404)
            #expect(try await fixture.network(.delete, "ports/\(own)", as: .stranger).status == 404)
            #expect(try await fixture.network(.delete, "ports/\(server)").status == 403)
            #expect(try await fixture.network(.delete, "ports/\(guest)").status == 204)
            #expect(try await fixture.network(.delete, "ports/\(server)", as: .stranger).status == 204)
            #expect(try await fixture.network(.delete, "ports/\(own)").status == 204)
            #expect(try await fixture.network(.delete, "networks/\(network)").status == 204)
        }
    }

    @Test func addressesOnAnothersNetworkStayAsTheyAre() async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await Self.shared(fixture)
            let subnet = try await fixture.made("subnet", #""network_id": "\#(network)", \#(Self.subnet)"#)
            let port = try await fixture.made("port", #""network_id": "\#(network)""#, as: .stranger)
            for wish in ["[]", #"[{"subnet_id": "\#(subnet)"}]"#, #"[{"ip_address": "10.9.0.77"}]"#] {
                let body = #"{"port": {"fixed_ips": \#(wish)}}"#
                let answer = try await fixture.network(.put, "ports/\(port)", body, as: .stranger)
                #expect(answer.status == 403, "\(wish): \(answer)")
            }
        }
    }

    /// Of a subnet that it does not see, nobody learns whether it is there, nor of which network.
    @Test func subnetsOfOthersAreNotFound() async throws {
        try await CloudFixture.run { fixture async throws in
            let hidden = try await fixture.madeNetwork([Self.subnet])
            let subnet = try await fixture.network(.get, "subnets?network_id=\(hidden)").text("subnets.0.id")
            let own = try await fixture.madeNetwork([Self.subnet], as: .stranger)
            let port = try await fixture.made("port", #""network_id": "\#(own)""#, as: .stranger)
            let router = try await fixture.made("router", #""name": "r""#, as: .stranger)
            let external = try await fixture.externalNetwork()
            let wish = #""fixed_ips": [{"subnet_id": "\#(subnet)"}]"#
            let outside = #""external_fixed_ips": [{"subnet_id": "\#(subnet)"}]"#
            for (method, path, body) in [
                (.post, "ports", #"{"port": {"network_id": "\#(own)", \#(wish)}}"#),
                (.put, "ports/\(port)", #"{"port": {\#(wish)}}"#),
                (
                    .post, "floatingips",
                    #"{"floatingip": {"floating_network_id": "\#(external)", "subnet_id": "\#(subnet)"}}"#
                ),
                (
                    .put, "routers/\(router)",
                    #"{"router": {"external_gateway_info": {"network_id": "\#(external)", \#(outside)}}}"#
                ),
                (.put, "routers/\(router)/add_router_interface", #"{"subnet_id": "\#(subnet)"}"#),
            ] as [(HTTPRequest.Method, String, String)] {
                let answer = try await fixture.network(method, path, body, as: .stranger)
                #expect(answer.status == 404, "\(method) \(path): \(answer)")
                #expect(answer.text("NeutronError.message").contains(subnet), "\(answer)")
            }
        }
    }

    /// A port's hardware address is its owner's to choose, once.
    @Test func managersChangeHardwareAddresses() async throws {
        try await CloudFixture.run { fixture async throws in
            let lab = IdentityLab(fixture: fixture)
            let demo = fixture.people.demo
            let (_, manager) = try await lab.person(
                "boss", "manager", at: "/projects/\(demo)", scope: #""project": {"id": "\#(demo)"}"#)
            let network = try await fixture.madeNetwork([Self.subnet])
            let fields = #""network_id": "\#(network)", "mac_address": "fa:16:3e:00:00:01""#
            let path = "/network/v2.0/ports/\(try await fixture.made("port", fields))"
            let body = #"{"port": {"mac_address": "fa:16:3e:00:00:02"}}"#
            #expect(try await fixture.request(.put, path, json: body).status == 403)
            #expect(try await fixture.request(.put, path, token: manager, json: body).status == 200)
            #expect(try await fixture.request(.put, path, json: body).status == 200)
        }
    }

    /// What is not shown is not to be guessed either.
    @Test func hiddenAttributesDoNotFilter() async throws {
        try await CloudFixture.run { fixture async throws in
            let lists = [
                "ports?binding:host_id=sim-1", "networks?provider:segmentation_id=1",
                "networks?provider:network_type=vxlan",
            ]
            for list in lists {
                #expect(try await fixture.network(.get, list).status == 400, "\(list)")
                #expect(try await fixture.network(.get, list, as: .admin).status == 200, "\(list)")
            }
        }
    }

    /// A marker that the caller does not see would tell how it compares with what the caller has.
    @Test func imagesOfOthersMarkNoPage() async throws {
        try await CloudFixture.run { fixture async throws in
            let base = "/image/v2/images"
            func image(_ visibility: String) async throws -> String {
                let body = #"{"name": "secret", "visibility": "\#(visibility)"}"#
                return try await fixture.request(.post, base, json: body).text("id")
            }
            for (visibility, status) in [("private", 404), ("shared", 404), ("community", 200)] {
                let query = "?sort=name:asc&marker=\(try await image(visibility))"
                #expect(try await fixture.request(.get, base + query).status == 200)
                #expect(try await fixture.request(.get, base + query, as: .stranger).status == status, "\(visibility)")
            }
        }
    }

    /// Somebody who boots from a deleted image by its id must not get a stranger's.
    @Test func anImagesIDIsNeverAnothers() async throws {
        try await CloudFixture.run { fixture async throws in
            let base = "/image/v2/images"
            let made = try await fixture.request(.post, base, json: #"{"name": "x", "visibility": "community"}"#)
            let path = base + "/" + made.text("id")
            #expect(try await fixture.request(.delete, path).status == 204)
            for role in [People.Role.stranger, .member, .admin] {
                let again = try await fixture.request(.post, base, as: role, json: #"{"id": "\#(made.text("id"))"}"#)
                #expect(again.status == 409, "\(again)")
                #expect(try await fixture.request(.get, path, as: role).status == 404)
                #expect(try await fixture.request(.delete, path, as: role).status == 404)
                let list = try await fixture.request(.get, base + "?visibility=all&status=deleted", as: role)
                #expect(list.text("images.0.id").isEmpty, "\(list)")
            }
        }
    }

    /// The same in Identity, for whoever sees one domain, or only itself.
    @Test func rowsOfOthersMarkNoPage() async throws {
        try await CloudFixture.run { fixture async throws in
            let lab = IdentityLab(fixture: fixture)
            let people = fixture.people
            let north = try await lab.make("domain", #""name": "north""#)
            let there = #""domain_id": "\#(north)""#
            let scope = #""domain": {"id": "\#(north)"}"#
            let (_, reader) = try await lab.person("eye", "reader", at: "/domains/\(north)", scope: scope)
            for (list, own, other) in [
                ("users", try await lab.make("user", #""name": "m", \#(there)"#), people.member.userID.text),
                (
                    "groups", try await lab.make("group", #""name": "m", \#(there)"#),
                    try await lab.make("group", #""name": "g""#)
                ),
                ("projects", try await lab.make("project", #""name": "m", \#(there)"#), people.demo.text),
                ("domains", north, "default"),
            ] {
                #expect(try await lab.status(.get, "/\(list)?marker=\(own)", reader) == 200, "\(list)")
                #expect(try await lab.status(.get, "/\(list)?marker=\(other)", reader) == 404, "\(list)")
            }
            let member = people.tokens[.member] ?? ""
            let other = people.projects["other"]?.text ?? ""
            for list in ["auth/projects", "users/\(people.member.userID)/projects"] {
                #expect(try await lab.status(.get, "/\(list)?marker=\(people.demo)", member) == 200, "\(list)")
                #expect(try await lab.status(.get, "/\(list)?marker=\(other)", member) == 404, "\(list)")
            }
            let fields = #""type": "totp", "blob": "x", "user_id": "\#(people.admin.userID)""#
            let secret = try await lab.make("credential", fields)
            #expect(try await lab.status(.get, "/credentials?marker=\(secret)", member) == 404)
        }
    }
}
