package import HostProtocol
package import Model
import Synchronization

/// What tests turn by hand.
extension SimulatedDriver {
    /// Makes a verb fail, for one server or (`nil`) for all; `times` calls, or until `mend`.
    package func fail(
        _ verb: Verb, server: ServerID? = nil, times: Int? = 1,
        with failure: HostFailure = HostFailure(message: "The simulated host refused.", detail: "injected")
    ) {
        state.withLock { state in
            state.faults[FaultKey(verb: verb, server: server)] = Fault(failure: failure, remaining: times)
        }
    }

    /// Takes every failure back.
    package func mend() {
        state.withLock { $0.faults = [:] }
    }

    /// How long a verb takes; `nil` sets all of them.
    package func setLatency(_ latency: Duration, of verb: Verb? = nil) {
        state.withLock { state in
            for each in verb.map({ [$0] }) ?? Verb.allCases { state.latency[each] = latency }
        }
    }

    /// Whether guests, those there and those to come, ignore the power button.
    package func setIgnoresACPI(_ ignores: Bool) {
        state.withLock { state in
            state.guestsIgnoreACPI = ignores
            for server in state.guests.keys { state.guests[server]?.ignoresACPI = ignores }
        }
    }

    /// A guest changes its power by itself, as seen from inside: `.shutdown` when it powers off.
    package func guestMoves(_ server: ServerID, to power: GuestPower, _ end: GuestEnd? = nil) {
        move(server, from: [.running, .paused, .shutdown, .crashed].filter { $0 != power }, to: power, end)
    }

    /// The host loses power and returns: every guest whose memory is in no file is down, and no event tells of it.
    package func hostRestarts() {
        state.withLock { state in
            for (server, guest) in state.guests where guest.power != .suspended {
                state.guests[server]?.power = .shutdown
            }
        }
    }

    package func spec(of server: ServerID) -> DomainSpec? {
        state.withLock { $0.guests[server]?.spec }
    }

    package func setDiskErrors(_ errors: [String: String], of server: ServerID) {
        state.withLock { $0.guests[server]?.diskErrors = errors }
    }

    package func keys(of user: String, in server: ServerID) -> [String] {
        state.withLock { $0.guests[server]?.keys[user] ?? [] }
    }

    package func password(of user: String, in server: ServerID) -> String? {
        state.withLock { $0.guests[server]?.passwords[user] }
    }

    package func interruptCount(of server: ServerID) -> Int {
        state.withLock { $0.guests[server]?.interrupts ?? 0 }
    }

    package func isFrozen(_ server: ServerID) -> Bool {
        state.withLock { ($0.guests[server]?.frozen ?? 0) > 0 }
    }

    package func pluggedAnew(_ server: ServerID) -> [String] {
        state.withLock { $0.guests[server]?.pluggedAnew ?? [] }
    }

    package func startCount(of server: ServerID) -> Int {
        state.withLock { $0.guests[server]?.starts ?? 0 }
    }

    package func softRebootCount(of server: ServerID) -> Int {
        state.withLock { $0.guests[server]?.reboots ?? 0 }
    }

    package func callCount(_ verb: Verb) -> Int {
        state.withLock { $0.calls[verb] ?? 0 }
    }
}
