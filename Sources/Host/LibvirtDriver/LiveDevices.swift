import CLibvirt
import HostProtocol
import Model

/// Devices that are put into guests that run, and taken out of them.
extension LibvirtDriver {
    /// For how long a guest is asked again: one that still boots does not see the request.
    static let unplugPatience = Duration.seconds(30)
    private static let askAgainAfter = Duration.seconds(5)

    func plug(_ xml: String, into server: ServerID, orElse message: String) async throws {
        let name = names.name(of: server)
        do {
            try await long.run { handle in
                try handle.call { novella_virt_attach(handle.pointer, name, xml, &$0) }
            }
        } catch let error as LibvirtError {
            throw error.failure(message)
        }
    }

    /// Returns when the guest has let go of it.
    func unplug(
        _ alias: String, from server: ServerID, patience: Duration, orElse message: String,
        isGone: () async throws -> Bool
    ) async throws {
        let clock = ContinuousClock()
        let end = clock.now + patience
        var refusal: LibvirtError?
        while clock.now < end {
            refusal = try await askToLetGo(of: alias, server)
            let nextAsk = min(end, clock.now + Self.askAgainAfter)
            while clock.now < nextAsk {
                if try await isGone() { return }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        throw HostFailure(
            message: message,
            detail: refusal.map { "libvirt error \($0.code): \($0.message)" } ?? "no answer to the unplug request")
    }

    /// Asks the guest to release the device; returns libvirt's refusal, which may be that the guest is busy with an
    /// earlier request.
    private func askToLetGo(of alias: String, _ server: ServerID) async throws -> LibvirtError? {
        let name = names.name(of: server)
        do {
            try await long.run { handle in
                try handle.call { novella_virt_detach(handle.pointer, name, alias, &$0) }
            }
            return nil
        } catch let error as LibvirtError {
            return error
        }
    }
}
