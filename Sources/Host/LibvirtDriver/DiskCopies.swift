import CLibvirt
import HostProtocol
import Hypervisor
package import Model

/// Copies of disks of guests that are on, by QEMU's backup jobs.
extension LibvirtDriver {
    private static let askAgainAfter = Duration.seconds(1)

    package func beginCopy(of disk: String, of server: ServerID, to path: String) async throws {
        let live = try await description(of: server)
        guard let target = live.targets[disk] else {
            throw HostFailure(
                message: "The server's disk cannot be copied before the server has been stopped and started.",
                detail: "the domain of \(server) has no disk named \(disk); it has \(live.targets.keys.sorted())")
        }
        let xml = DomainXML.backup(of: target, besides: live.diskTargets, to: path)
        let name = names.name(of: server)
        do {
            try await long.run { handle in
                try handle.call { novella_virt_begin_backup(handle.pointer, name, xml, &$0) }
            }
        } catch let error as LibvirtError {
            throw error.failure("The hypervisor could not begin to copy the server's disk.")
        }
    }

    package func awaitCopy(
        of server: ServerID, progress: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let ends = heard.jobs.stream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await ended in ends where ended == server { return }
                throw CancellationError()
            }
            group.addTask { [self] in
                while let percent = try await percentOfJob(of: server) {
                    await progress(percent)
                    try await Task.sleep(for: Self.askAgainAfter)
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
        let type = try await job(of: server) { handle, name throws(LibvirtError) in
            var type: Int32 = 0
            try handle.call { novella_virt_ended_job(handle.pointer, name, &type, &$0) }
            return type
        }
        guard type == JobType.completed else {
            throw HostFailure(
                message: "The copy of the server's disk was not finished.",
                detail: "the backup job of \(server) ended with virDomainJobType \(type)")
        }
    }

    package func endCopy(of server: ServerID) async throws {
        let name = names.name(of: server)
        do {
            try await long.run { handle in
                try handle.call { novella_virt_abort_job(handle.pointer, name, &$0) }
            }
        } catch let error as LibvirtError {
            guard error.isInvalidOperation || error.isNoDomain else {
                throw error.failure("The hypervisor could not end the copy of the server's disk.")
            }
        }
    }

    /// `virDomainJobType`
    private enum JobType {
        static let none: Int32 = 0
        static let completed: Int32 = 3
    }

    /// `nil` when there is no job.
    private func percentOfJob(of server: ServerID) async throws -> Int? {
        let (type, total, processed) = try await job(of: server) { handle, name throws(LibvirtError) in
            var (type, total, processed): (Int32, UInt64, UInt64) = (0, 0, 0)
            try handle.call { novella_virt_job(handle.pointer, name, &type, &total, &processed, &$0) }
            return (type, total, processed)
        }
        if type == JobType.none { return nil }
        return total > 0 ? Int(min(processed, total) / (total / 100 + 1)) : 0
    }

    private func job<Answer: Sendable>(
        of server: ServerID,
        _ ask: @escaping @Sendable (LibvirtConnection.Handle, String) throws(LibvirtError) -> Answer
    ) async throws -> Answer {
        let name = names.name(of: server)
        return try await short.run { handle in
            do throws(LibvirtError) {
                return try ask(handle, name)
            } catch {
                throw error.failure("The hypervisor does not tell how far the copy of the server's disk is.")
            }
        }
    }
}

extension DomainXML {
    /// A backup job that pushes one disk into a new file.
    static func backup(of target: String, besides others: Set<String>, to path: String) -> String {
        var xml = XMLText()
        xml.element("domainbackup", ["mode": "push"]) { xml in
            xml.element("disks") { xml in
                xml.element("disk", ["name": target, "backup": "yes", "type": "file"]) { xml in
                    xml.element("driver", ["type": "qcow2"])
                    xml.element("target", ["file": path])
                }
                for other in others.subtracting([target]).sorted() {
                    xml.element("disk", ["name": other, "backup": "no"])
                }
            }
        }
        return xml.text
    }
}
