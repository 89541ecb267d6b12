import Cloud
import Compute
import HTTPTypes
import HostProtocol
import Model
import TestSupport
import Testing
import Wire

/// `/os-hypervisors` and `/os-hosts`.
@Suite(.timeLimit(.minutes(3)))
struct HypervisorTests {
    private func run(
        on kind: StoreKind, _ body: @Sendable (CloudFixture) async throws -> Void
    ) async throws {
        var options = CloudFixture.Options()
        options.hosts = 3
        options.database = try await ScratchStore(on: kind)
        try await CloudFixture.run(options, body)
    }

    private func ask(_ path: String, _ version: String, _ fixture: CloudFixture) async throws -> Answer {
        try await fixture.request(.get, "/compute/v2.1/\(path)", as: .admin, version: version)
    }

    private func names(_ value: JSONValue?) -> Set<String> { Set(value?.members.keys.map { $0 } ?? []) }

    private let summary: Set = ["id", "hypervisor_hostname", "state", "status"]
    private let figures: Set = [
        "vcpus", "memory_mb", "local_gb", "vcpus_used", "memory_mb_used", "local_gb_used", "free_ram_mb",
        "free_disk_gb", "current_workload", "running_vms", "disk_available_least",
    ]

    @Test(arguments: StoreKind.here) func eachVersionHasItsMembers(kind: StoreKind) async throws {
        try await run(on: kind) { fixture in
            let id = fixture.host.id
            let detail = summary.union(["hypervisor_type", "hypervisor_version", "host_ip", "service"])
            for (version, members) in [
                ("2.1", detail.union(figures).union(["cpu_info"])), ("2.53", detail.union(figures).union(["cpu_info"])),
                ("2.88", detail.union(["uptime"])),
            ] {
                let list = try await ask("os-hypervisors/detail", version, fixture)
                #expect(names(list.at("hypervisors.0")) == members, "\(version): \(list)")
                let shown = try await ask("os-hypervisors/\(version == "2.1" ? "3" : id.text)", version, fixture)
                #expect(names(shown.at("hypervisor")) == members, "\(version): \(shown)")
                let short = try await ask("os-hypervisors", version, fixture)
                #expect(names(short.at("hypervisors.0")) == summary, "\(version): \(short)")
            }
            let old = try await ask("os-hypervisors/3", "2.27", fixture)
            #expect(old.text("hypervisor.cpu_info") == #"{"arch": "x86_64"}"#)
            #expect(old.at("hypervisor.service.id") == .integer(3))
            let new = try await ask("os-hypervisors/\(id)", "2.53", fixture)
            #expect(new.text("hypervisor.cpu_info.arch") == "x86_64" && new.text("hypervisor.service.id") == id.text)
        }
    }

    @Test(arguments: StoreKind.here) func whatIsUsedIsCounted(kind: StoreKind) async throws {
        try await run(on: kind) { fixture in
            let made = try await fixture.create(as: .admin) { $0.availabilityZone = "nova:sim-1" }
            try await fixture.server(try #require(made.first).id) { $0.settled == .active && $0.operation == nil }
            let shown = try await ask("os-hypervisors/3", "2.1", fixture)
            for (name, value) in [
                ("vcpus", 64), ("vcpus_used", 1), ("memory_mb", 262_144), ("memory_mb_used", 512 + 256),
                ("free_ram_mb", 262_144 - 768), ("local_gb", 2000), ("local_gb_used", 1), ("free_disk_gb", 1999),
                ("running_vms", 1), ("current_workload", 0),
            ] {
                #expect(shown.at("hypervisor.\(name)") == .integer(value), "\(name): \(shown)")
            }
            let second = fixture.hosts[1].id
            _ = try await fixture.cloud.compute.changeService(of: second, .init(isDisabled: true))
            let sums = try await ask("os-hypervisors/statistics", "2.87", fixture)
            #expect(names(sums.at("hypervisor_statistics")) == figures.union(["count"]))
            #expect(sums.at("hypervisor_statistics.count") == .integer(2))
            #expect(sums.at("hypervisor_statistics.vcpus") == .integer(128))
            #expect(sums.at("hypervisor_statistics.running_vms") == .integer(1))
            #expect(try await ask("os-hypervisors/statistics", "2.88", fixture).status == 404)
        }
    }

    @Test(arguments: StoreKind.here) func serversAndNamesAreFound(kind: StoreKind) async throws {
        try await run(on: kind) { fixture in
            let id = try #require(
                try await fixture.create("vm", as: .admin) { $0.availabilityZone = "nova:sim-1" }.first
            ).id
            for (path, version) in [
                ("os-hypervisors/SIM-1/servers", "2.52"),
                ("os-hypervisors?with_servers=true&hypervisor_hostname_pattern=m-1", "2.53"),
                ("os-hypervisors/detail?with_servers=1&limit=1", "2.75"),
            ] {
                let found = try await ask(path, version, fixture)
                #expect(found.count("hypervisors") == 1, "\(path): \(found)")
                #expect(found.text("hypervisors.0.servers.0.uuid") == id.text, "\(path): \(found)")
                #expect(found.text("hypervisors.0.servers.0.name") == "vm", "\(path): \(found)")
            }
            let second = "os-hypervisors/\(fixture.hosts[1].id)?with_servers=true"
            #expect(try await ask(second, "2.74", fixture).at("hypervisor.servers") == nil)
            #expect(try await ask(second, "2.75", fixture).count("hypervisor.servers") == 0)
            #expect(try await ask(second, "2.75", fixture).at("hypervisor.servers") == .array([]))
            let found = try await ask("os-hypervisors/sim-/search", "2.52", fixture)
            #expect(found.count("hypervisors") == 3 && names(found.at("hypervisors.2")) == summary)
        }
    }

    @Test(arguments: StoreKind.here) func pagesFollowOneAnother(kind: StoreKind) async throws {
        try await run(on: kind) { fixture in
            for (version, marker) in [("2.33", "3"), ("2.53", fixture.host.id.text)] {
                let first = try await ask("os-hypervisors?limit=1", version, fixture)
                #expect(first.text("hypervisors.0.hypervisor_hostname") == "sim-1")
                let link = first.text("hypervisors_links.0.href")
                #expect(link == "http://cloud.test/compute/v2.1/os-hypervisors?limit=1&marker=\(marker)")
                let rest = try await ask("os-hypervisors?marker=\(marker)", version, fixture)
                #expect(rest.count("hypervisors") == 2 && rest.at("hypervisors_links") == nil)
                #expect(try await ask("os-hypervisors?marker=mars", version, fixture).status == 400)
            }
            #expect(try await ask("os-hypervisors?limit=1", "2.32", fixture).count("hypervisors") == 3)
        }
    }

    @Test(arguments: StoreKind.here) func whatNovaRefusesIsRefused(kind: StoreKind) async throws {
        try await run(on: kind) { fixture in
            let id = UUIDText.random()
            for (path, version, status) in [
                ("os-hypervisors/one", "2.52", 404), ("os-hypervisors/99", "2.52", 404),
                ("os-hypervisors/3", "2.53", 400), ("os-hypervisors/\(id)", "2.53", 404),
                ("os-hypervisors/mars/search", "2.52", 404),
                ("os-hypervisors/mars/servers", "2.52", 404), ("os-hypervisors/sim/search", "2.53", 404),
                ("os-hypervisors?hypervisor_hostname_pattern=mars", "2.53", 404),
                ("os-hypervisors?hypervisor_hostname_pattern=a%2Fb", "2.53", 400),
                ("os-hypervisors?hypervisor_hostname_pattern=sim&limit=1", "2.53", 400),
                ("os-hypervisors?hypervisor_hostname_pattern=mars", "2.52", 200),
                ("os-hypervisors?with_servers=perhaps", "2.53", 400), ("os-hypervisors?colour=red", "2.53", 400),
                ("os-hypervisors?colour=red", "2.52", 200), ("os-hypervisors/\(id)?with_servers=x", "2.53", 400),
                ("os-hypervisors?limit=-1", "2.33", 400), ("os-hypervisors/3/uptime", "2.88", 404),
            ] {
                let answer = try await ask(path, version, fixture)
                #expect(answer.status == status, "\(path) at \(version): \(answer)")
            }
            for path in ["os-hypervisors", "os-hypervisors/detail", "os-hypervisors/3"] {
                #expect(try await fixture.request(.get, "/compute/v2.1/\(path)", version: "2.1").status == 403)
            }
        }
    }

    @Test(arguments: StoreKind.here) func aHostThatIsUpSaysForHowLong(kind: StoreKind) async throws {
        try await run(on: kind) { fixture in
            let text = try await ask("os-hypervisors/3/uptime", "2.1", fixture).text("hypervisor.uptime")
            #expect(text.contains(#/^ \d\d:\d\d:\d\d up (\d+ days?, )?[ \d]\d:\d\d$/#), "\(text)")
            let id = fixture.host.id
            #expect(try await !ask("os-hypervisors/\(id)", "2.88", fixture).text("hypervisor.uptime").isEmpty)
            // An agent of before does not tell.
            _ = try await fixture.cloud.compute.register(HostRegistration(inventory: SimulatedHost.inventory(1)))
            #expect(try await ask("os-hypervisors/4/uptime", "2.1", fixture).status == 501)
            _ = try await fixture.cloud.compute.changeService(of: id, .init(isForcedDown: true))
            let down = try await ask("os-hypervisors/3/uptime", "2.1", fixture)
            #expect(
                down.text("badRequest.message") == "Compute service of sim-1 is unavailable at this time.", "\(down)")
            #expect(try await ask("os-hypervisors/\(id)", "2.88", fixture).at("hypervisor.uptime") == .null)
        }
    }

    @Test(arguments: StoreKind.here) func oldClientsAskForHosts(kind: StoreKind) async throws {
        try await run(on: kind) { fixture in
            let made = try await fixture.create(as: .admin) { $0.availabilityZone = "nova:sim-1" }
            try await fixture.server(try #require(made.first).id) { $0.operation == nil }
            _ = try await fixture.cloud.compute.changeService(of: fixture.hosts[2].id, .init(isDisabled: true))
            let list = try await ask("os-hosts", "2.42", fixture)
            let services = (0..<4).map { list.text("hosts.\($0).service") }
            #expect(services == ["conductor", "scheduler", "compute", "compute"])
            #expect(list.text("hosts.2.host_name") == "sim-1" && list.text("hosts.0.zone") == "internal")
            #expect(try await ask("os-hosts?zone=nova", "2.1", fixture).count("hosts") == 2)
            let shown = try await ask("os-hosts/sim-1", "2.1", fixture)
            let project = try fixture.people.admin.project().text
            #expect(
                (0..<4).map { shown.text("host.\($0).resource.project") } == [
                    "(total)", "(used_now)", "(used_max)", project,
                ])
            #expect(shown.at("host.1.resource.memory_mb") == .integer(768))
            for place in [2, 3] { #expect(shown.at("host.\(place).resource.memory_mb") == .integer(256)) }
            #expect(try await ask("os-hosts/mars", "2.1", fixture).status == 404)
            #expect(try await ask("os-hosts", "2.43", fixture).status == 404)
            for (body, status) in [
                (#"{"status": "enable"}"#, 501), (#"{"maintenance_mode": "DISABLE"}"#, 501), ("{}", 400),
                (#"{"status": "perhaps"}"#, 400), (#"{"status": "enable", "colour": "red"}"#, 400),
            ] {
                let path = "/compute/v2.1/os-hosts/sim-1"
                let answer = try await fixture.request(.put, path, as: .admin, version: "2.1", json: body)
                #expect(answer.status == status, "\(body): \(answer)")
            }
            for action in ["reboot", "shutdown", "startup"] {
                #expect(try await ask("os-hosts/sim-1/\(action)", "2.1", fixture).status == 501)
                #expect(try await ask("os-hosts/mars/\(action)", "2.1", fixture).status == 404)
            }
        }
    }
}
