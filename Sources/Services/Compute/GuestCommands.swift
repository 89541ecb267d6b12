import HostProtocol
package import Model
import Store
import Workflow

/// What is done to a guest once.
extension ComputeService {
    /// Gives the guest's administrator another password. Returns when the guest's agent has done so; what takes longer
    /// than a minute goes on.
    ///
    /// - Throws: also what it failed of, as Nova does.
    package func changePassword(of id: ServerID, to password: String, by caller: Caller) async throws {
        guard let begun = try await beginChangingPassword(of: id, to: password, by: caller) else { return }
        let ended = try await awaitEnd(of: begun)
        if ended.outcome == .failed {
            throw CloudError(.conflict, ended.failure ?? "The password of instance \(id) could not be set.")
        }
    }

    /// The same without waiting; returns the workflow that does it.
    package func beginChangingPassword(
        of id: ServerID, to password: String, by caller: Caller
    ) async throws -> WorkflowID? {
        try await begin(.changePassword, on: id, by: caller) { server, _, db in
            let hardware = GuestHardware(
                name: "", vcpus: 0, memoryMiB: 0, imageProperties: try server.imageProperties.value())
            guard hardware.wantsGuestAgent else {
                throw CloudError(
                    .conflict,
                    "QEMU guest agent is not enabled in instance \(server.id): its image does not say "
                        + "hw_qemu_guest_agent=yes.")
            }
            guard var request = try db.find(ServerRequest.self, key: .id(server.id)) else {
                throw CloudError(.internal, "What was asked for server \(server.id) is not kept.")
            }
            request.adminPassword = password
            try db.update(request)
            return Beginning(input: OperationInput(operation: .changePassword))
        }
    }

    /// Interrupts the guest, so that its kernel makes a crash dump where it is set up for that.
    package func triggerCrashDump(of id: ServerID, by caller: Caller) async throws {
        _ = try await queue(
            .triggerCrashDump, on: id, input: try JSONText(OperationInput(operation: .triggerCrashDump)).raw,
            by: caller)
    }
}

extension GuestHardware {
    /// Nova's rule for whose password is changed (virt/libvirt/driver.py, `set_admin_password`).
    var administrator: String {
        imageProperties["os_admin_user"] ?? (imageProperties["os_type"] == "windows" ? "Administrator" : "root")
    }
}
