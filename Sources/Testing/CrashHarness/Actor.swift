import Cloud
import Compute
import Foundation
import Identity
import Image
import Model
import Networking

/// A client of the cloud's verbs who takes nothing for done.
struct Actor: Sendable {
    let cloud: Cloud
    let points: CrashPoints

    func seed() async throws {
        var options = Seed.Options(adminPassword: "secret")
        options.defaultCIDR = "10.97.0.0/24"
        options.externalCIDR = "172.24.197.0/24"
        try await Seed(cloud, options).plant()
    }

    private func admin() async throws -> Caller {
        let projects = try await cloud.identity.list(Project.self)
        guard let project = projects.first(where: { $0.name == "admin" }) else {
            throw CloudError(.internal, "The cloud has no project 'admin'.")
        }
        return Caller(
            userID: UserID("harness"), scope: .project(project.id), roles: ["admin", "member", "reader"],
            requestID: "req-harness")
    }

    // MARK: Images

    func uploadImage(saying properties: [String: String] = [:]) async throws {
        let admin = try await admin()
        let now = cloud.image.clock.now()
        var image = try await cloud.image.images(named: "tiny", of: try admin.project()).first
        if image == nil {
            image = try await cloud.image.create(
                Model.Image(
                    id: .random(), projectID: try admin.project(), name: "tiny", visibility: .public,
                    diskFormat: "raw", containerFormat: "bare", properties: try JSONText(properties),
                    tags: try JSONText([]), createdAt: now, updatedAt: now), by: admin)
        }
        guard let image, image.status == .queued else { return }
        try await cloud.image.upload(image.id, by: admin) { [points] write in
            for piece in 0..<4 {
                try await points.around("piece") { try await write([UInt8](repeating: UInt8(piece), count: 16_384)) }
            }
        }
    }

    // MARK: Servers

    private func server() async throws -> Server? {
        var filter = ServerFilter()
        filter.deleted = .withSoftDeleted
        return try await cloud.compute.servers(
            filter, allProjects: false, marker: nil, limit: 10, by: try await admin()
        ).first
    }

    private func settled(_ states: SettledState...) async throws -> Server {
        var last: Server?
        try await until("the server rests in \(states)") {
            last = try await server()
            return last.map { $0.operation == nil && states.contains($0.settled) } ?? states.contains(.deleted)
        }
        guard let last else { throw CloudError(.internal, "The server is gone.") }
        return last
    }

    func boot() async throws {
        try await uploadImage()
        let admin = try await admin()
        if try await server() == nil {
            var request = ServerCreateRequest(name: "vm", flavorID: FlavorID("42"), adminPassword: "secret")
            request.imageID = try await cloud.image.images(named: "tiny", of: try admin.project()).first?.id
            _ = try await cloud.compute.create(request, by: admin)
        }
        _ = try await settled(.active)
    }

    func rebuild() async throws {
        let found = try await settled(.active)
        if found.name == "anew" { return }
        let admin = try await admin()
        guard let image = try await cloud.image.images(named: "tiny", of: try admin.project()).first else {
            throw CloudError(.internal, "The image is gone.")
        }
        try await cloud.compute.rebuild(
            found.id, RebuildRequest(imageID: image.id, adminPassword: "secret") { $0.name = "anew" }, by: admin)
        _ = try await settled(.active)
    }

    func resize() async throws {
        let found = try await settled(.active, .resized)
        if found.settled == .active {
            try await cloud.compute.resize(found.id, to: FlavorID("1"), by: try await admin())
        }
        _ = try await settled(.resized)
    }

    func decide(_ decision: (Cloud, ServerID, Caller) async throws -> Void) async throws {
        let found = try await settled(.active, .resized)
        if found.settled == .resized { try await decision(cloud, found.id, try await admin()) }
        _ = try await settled(.active)
    }

    func rescue() async throws {
        let found = try await settled(.active, .rescued)
        let admin = try await admin()
        let actions = try await cloud.compute.actions(of: found.id, by: admin)
        if found.settled == .rescued || actions.contains(where: { $0.action == "unrescue" }) { return }
        try await cloud.compute.rescue(found.id, from: nil, adminPassword: "secret", by: admin)
        _ = try await settled(.rescued)
    }

    func unrescue() async throws {
        let found = try await settled(.active, .rescued)
        if found.settled == .rescued { try await cloud.compute.unrescue(found.id, by: try await admin()) }
        _ = try await settled(.active)
    }

    /// Until there is an image with its data. One that failed leaves nothing, and is asked for again.
    private func snapshot(_ wanted: SnapshotRequest, of state: SettledState) async throws {
        let admin = try await admin()
        try await until("there is an image '\(wanted.name)'") {
            let found = try await settled(state)
            let images = try await cloud.image.images(named: wanted.name, of: try admin.project())
            if images.contains(where: { $0.status == .active }) { return true }
            guard images.isEmpty else {
                throw CloudError(.internal, "An image without its data is left: \(images.map(\.status)).")
            }
            _ = try await cloud.compute.snapshot(found.id, wanted, by: admin)
            return false
        }
    }

    func snapshot() async throws { try await snapshot(SnapshotRequest(name: "snapshot"), of: .active) }

    func backUp() async throws {
        try await snapshot(SnapshotRequest(name: "backup", backup: ("daily", 1)), of: .stopped)
    }

    func interrupt() async throws {
        let found = try await settled(.active)
        if try await changes("trigger_crash_dump", of: found).isEmpty {
            try await cloud.compute.triggerCrashDump(of: found.id, by: try await admin())
        }
        try await until("the guest was interrupted") {
            try await changes("trigger_crash_dump", of: found).allSatisfy { $0.finishedAt != nil }
        }
    }

    func shelve() async throws {
        try await until("the server is shelved") {
            let found = try await settled(.active, .shelvedOffloaded)
            if found.settled == .shelvedOffloaded { return true }
            try await cloud.compute.shelve(found.id, by: try await admin())
            return false
        }
    }

    func unshelve() async throws {
        let found = try await settled(.active, .shelvedOffloaded)
        if found.settled == .shelvedOffloaded {
            try await cloud.compute.unshelve(found.id, to: .init(), by: try await admin())
        }
        _ = try await settled(.active)
    }

    func softDelete() async throws { try await move(.softDelete, from: .active, to: .softDeleted) }

    func restore() async throws {
        let found = try await settled(.active, .softDeleted)
        if found.settled == .softDeleted { try await cloud.compute.restore(found.id, by: try await admin()) }
        _ = try await settled(.active)
    }

    func delete() async throws {
        if let found = try await server() {
            do {
                try await cloud.compute.begin(.delete, on: found.id, by: try await admin())
            } catch let error as CloudError where error.kind == .notFound {
                return  // An earlier life's delete came to its end meanwhile.
            }
        }
        try await until("the server is gone") { try await server() == nil }
    }

    /// Brings the server from one rest to another.
    func move(_ operation: ServerOperation, from: SettledState, to: SettledState) async throws {
        if let found = try await server(), found.settled == from, found.operation == nil {
            try await cloud.compute.begin(operation, on: found.id, by: try await admin())
        }
        _ = try await settled(to)
    }

    func stop() async throws { try await move(.stop, from: .active, to: .stopped) }
    func pause() async throws { try await move(.pause, from: .active, to: .paused) }
    func suspend() async throws { try await move(.suspend, from: .active, to: .suspended) }

    func reboot() async throws {
        let admin = try await admin()
        let found = try await settled(.active, .stopped)
        let asked = try await cloud.compute.actions(of: found.id, by: admin).contains { $0.action == "reboot" }
        if !asked { try await cloud.compute.begin(.rebootHard, on: found.id, by: admin) }
        _ = try await settled(.active)
    }

    private func interfaces(of server: Server) async throws -> [ServerInterface] {
        try await cloud.compute.attachments(of: server.id, by: try await admin())
    }

    /// What was asked for in an earlier life is looked for, as it is after an answer that never came.
    private func changes(_ action: String, of server: Server) async throws -> [WorkflowRecord] {
        try await cloud.compute.actions(of: server.id, by: try await admin()).filter { $0.action == action }
    }

    func attach() async throws {
        let found = try await settled(.active)
        if try await changes("attach_interface", of: found).isEmpty {
            _ = try await cloud.compute.beginAttaching(nil, to: found.id, by: try await admin())
        }
        try await until("the server has a second interface") {
            try await changes("attach_interface", of: found).allSatisfy { $0.finishedAt != nil }
        }
    }

    func detach() async throws {
        let found = try await settled(.active)
        if try await changes("detach_interface", of: found).isEmpty,
            let last = try await interfaces(of: found).last?.port.id
        {
            try await cloud.compute.detach(last, from: found.id, by: try await admin())
        }
        try await until("the server has one interface") {
            try await changes("detach_interface", of: found).allSatisfy { $0.finishedAt != nil }
        }
    }

    /// Until the server has one of two keys, and its guest too.
    func changeKeys() async throws {
        let found = try await settled(.active)
        let (kept, dropped) = (Self.key(1), Self.key(2))
        if try await changes("add_keys", of: found).isEmpty {
            _ = try await cloud.compute.change(
                ServerKeyChange(.text("\(kept)\n\(dropped)")), of: found.id, by: try await admin())
        }
        try await until("the keys are added") {
            try await changes("add_keys", of: found).allSatisfy { $0.finishedAt != nil }
        }
        let known = try await cloud.compute.keys(of: found.id, by: try await admin())
        if try await changes("remove_keys", of: found).isEmpty, let last = known.first(where: { $0.line == dropped }) {
            _ = try await cloud.compute.change(
                ServerKeyChange(.fingerprint(last.fingerprint)), of: found.id, by: try await admin())
        }
        try await until("a key is removed") {
            try await changes("remove_keys", of: found).allSatisfy { $0.finishedAt != nil }
        }
    }

    private static func key(_ number: UInt8) -> String {
        let type: [UInt8] = [0, 0, 0, 11] + Array("ssh-ed25519".utf8)
        let blob = Data(type + [0, 0, 0, 32] + [UInt8](repeating: number, count: 32))
        return "ssh-ed25519 \(blob.base64EncodedString()) key\(number)"
    }

    func associate() async throws {
        let admin = try await admin()
        let networking = cloud.networking
        let found = try await settled(.active)
        let port = try await cloud.compute.attachments(of: found.id, by: admin).first?.port.id
        var floating = try await networking.records(FloatingIP.self, by: admin).first
        if floating == nil {
            guard let external = try await networking.networks(by: admin).first(where: \.isExternal) else {
                throw CloudError(.internal, "There is no external network.")
            }
            let now = networking.clock.now()
            let draft = FloatingIPDraft(
                FloatingIP(
                    id: .random(), projectID: try admin.project(), networkID: external.id, address: "",
                    holderPortID: PortID(""), tags: try JSONText([]), createdAt: now, updatedAt: now))
            floating = try await networking.create([draft], by: admin).first
        }
        if let floating, floating.portID == nil {
            _ = try await networking.update(floating.id, by: admin) { $0.port = .some(port) }
        }
        try await until("the server shows its floating IP") {
            try await server()?.addresses.contains("floating") == true
        }
    }
}

/// Asks until `condition` holds; a minute at most.
func until(_ what: String, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            throw CloudError(.internal, "Not within a minute: \(what).")
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
