import CLibvirt
import HostProtocol
import Hypervisor
package import Model

extension LibvirtDriver {
    package func diskErrors(of server: ServerID) async throws -> [String: String] {
        let name = names.name(of: server)
        return try await short.run { handle in
            final class Found { var errors: [String: String] = [:] }
            let found = Found()
            do throws(LibvirtError) {
                try handle.call { error in
                    novella_virt_disk_errors(
                        handle.pointer, name,
                        { context, target, code in
                            guard let context, let target else { return }
                            Unmanaged<Found>.fromOpaque(context).takeUnretainedValue()
                                .errors[String(cString: target)] = DiskError.words(code)
                        }, Unmanaged.passUnretained(found).toOpaque(), &error)
                }
            } catch {
                guard error.isNoDomain else { throw error.failure("The hypervisor could not tell of disk errors.") }
            }
            return withExtendedLifetime(found) { found.errors }
        }
    }
}

/// `virDomainDiskErrorCode`
private enum DiskError {
    static func words(_ code: Int32) -> String {
        switch code {
        case 1: "an input/output error"
        case 2: "no space left"
        default: "error \(code)"
        }
    }
}
