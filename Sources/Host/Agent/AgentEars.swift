import HostProtocol
import HostStorage
import Hypervisor
import Logging
import Model

/// What guests do by themselves.
extension Agent {
    /// Reports when the guest that was started has said something. A later start takes this one's place.
    func listen(to id: ServerID, _ watch: StartWatch) {
        listeners[id]?.cancel()
        listeners[id] = Task { [machine] in
            do {
                let moments = try await watch.firstByte(of: id, in: machine.storage, from: machine.driver)
                listeners[id] = nil
                guard let moments, servers[id] != nil else { return }
                servers[id]?.moments = moments
                if drains[id] == nil { await report(id) }
            } catch is CancellationError {
                return
            } catch {
                logger.info("a guest's first byte was missed", metadata: ["server": "\(id)", "error": "\(error)"])
            }
        }
    }

    /// A running guest that has lost a tap is brought to its document again, which puts its NIC in anew.
    func plugAnew() async {
        do {
            for (id, taps) in try await machine.cutOffGuests() where servers[id]?.isIdle == true {
                logger.warning(
                    "a running guest has lost taps, and their NICs are put in anew",
                    metadata: ["server": "\(id)", "taps": "\(taps.sorted().joined(separator: " "))"])
                accept(id) { $0.reachAgain() }
            }
        } catch is CancellationError {
            return
        } catch {
            logger.warning("it is not known whether guests have lost their taps", metadata: ["error": "\(error)"])
        }
    }

    /// A guest changed by itself. While something is done for it that is kept for its end.
    func noticed(_ event: PowerEvent) async {
        let id = event.serverID
        guard let server = servers[id], !server.record.tombstone else { return }
        if drains[id] != nil {
            servers[id]?.moved = event.power
        } else {
            await report(id)
        }
    }

    /// What events and deliveries have missed.
    func reportChanges() async {
        do {
            for (id, power) in try await machine.driver.list() where drains[id] == nil {
                if let server = servers[id], !server.record.tombstone, server.reported != power { await report(id) }
            }
        } catch {
            logger.warning("the guests cannot be listed", metadata: ["error": "\(error)"])
        }
    }
}
