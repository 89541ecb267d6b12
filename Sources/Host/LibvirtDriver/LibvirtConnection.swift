import CLibvirt
import Foundation
import HostProtocol
import Synchronization
import Threads

/// What libvirt said went wrong.
struct LibvirtError: Error {
    var code: Int32
    var message: String

    init(_ error: novella_virt_error) {
        code = error.code
        message = withUnsafeBytes(of: error.message) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    var isNoDomain: Bool { code == NOVELLA_VIRT_NO_DOMAIN }
    /// The domain is not in a state that allows the call: already running, or already off.
    var isInvalidOperation: Bool { code == NOVELLA_VIRT_INVALID_OPERATION }

    /// The agent in the guest does not answer, or libvirt believes so.
    var isAgentSilent: Bool { code == NOVELLA_VIRT_AGENT_SILENT }

    func failure(_ message: String) -> HostFailure {
        HostFailure(message: message, detail: "libvirt error \(code): \(self.message)")
    }
}

/// A connection to libvirt with threads of its own, opened when it is needed and again when it was lost.
final class LibvirtConnection: Sendable {
    /// `@unchecked Sendable`: libvirt's connections may be used from any thread.
    struct Handle: @unchecked Sendable {
        let pointer: UnsafeMutableRawPointer

        func call(_ body: (inout novella_virt_error) -> Int32) throws(LibvirtError) {
            var error = novella_virt_error()
            if body(&error) < 0 { throw LibvirtError(error) }
        }
    }

    private let uri: String
    private let calls: BlockingThreads
    private let current = Mutex<Handle?>(nil)
    /// How often a connection was opened.
    private let openings = Mutex(0)
    private let onOpen: @Sendable (Handle) throws -> Void

    /// - Parameters:
    ///   - threads: also the most calls in flight; libvirtd serves five of one client, and keep-alive needs one.
    ///   - onOpen: called with each new connection before anyone else uses it.
    init(uri: String, threads: Int, name: String, onOpen: @escaping @Sendable (Handle) throws -> Void = { _ in }) {
        self.uri = uri
        self.onOpen = onOpen
        calls = BlockingThreads(count: threads, name: "novella.libvirt.\(name)")
    }

    deinit {
        if let handle = current.withLock({ $0 }) { novella_virt_close(handle.pointer) }
    }

    /// Runs blocking calls off Swift's own threads. Cancellation returns at once; a call that has begun runs out.
    func run<Value: Sendable>(_ body: @escaping @Sendable (Handle) throws -> Value) async throws -> Value {
        let answer = OneAnswer<Value>()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard answer.wait(with: continuation) else { return }
                calls.start { [self] in
                    guard answer.isAwaited else { return }
                    answer.give(Result { try withHandle(body) })
                }
            }
        } onCancel: {
            answer.give(.failure(CancellationError()))
        }
    }

    /// Opens the connection if it is not there; `true` when it was opened anew.
    func ensureOpen() async throws -> Bool {
        let before = openings.withLock { $0 }
        try await run { _ in }
        return openings.withLock { $0 } != before
    }

    private func withHandle<Value>(_ body: (Handle) throws -> Value) throws -> Value {
        let handle = try current.withLock { current in
            if let handle = current, novella_virt_is_alive(handle.pointer) == 0 {
                novella_virt_close(handle.pointer)
                current = nil
            }
            let handle = try current ?? open()
            current = handle
            guard novella_virt_ref(handle.pointer) == 0 else {
                throw HostFailure(message: "The hypervisor does not answer.", detail: "virConnectRef failed")
            }
            return handle
        }
        defer { novella_virt_close(handle.pointer) }
        return try body(handle)
    }

    private func open() throws -> Handle {
        var error = novella_virt_error()
        guard novella_virt_load(&error) == 0 else {
            throw LibvirtError(error).failure("The hypervisor is not installed on the host.")
        }
        LibvirtEventLoop.start()
        guard let pointer = novella_virt_open(uri, &error) else {
            throw LibvirtError(error).failure("The hypervisor does not answer.")
        }
        let handle = Handle(pointer: pointer)
        do {
            try onOpen(handle)
        } catch {
            novella_virt_close(pointer)
            throw error
        }
        openings.withLock { $0 += 1 }
        return handle
    }
}

/// The one thread that libvirt's events and keep-alive need; it lives as long as the process.
private enum LibvirtEventLoop {
    private static let started: Bool = {
        let thread = Thread {
            while true {
                // An error comes from one source; the others are still to be served, but not in a tight loop.
                if novella_virt_run_events() < 0 { Thread.sleep(forTimeInterval: 0.1) }
            }
        }
        thread.name = "libvirt-events"
        thread.start()
        return true
    }()

    static func start() {
        _ = started
    }
}

/// Resumes a continuation once, with whichever comes first: the answer or the cancellation.
private final class OneAnswer<Value: Sendable>: Sendable {
    private enum State {
        case idle
        case waiting(CheckedContinuation<Value, any Error>)
        case given(Result<Value, any Error>)
        case done
    }

    private let state = Mutex(State.idle)

    /// `false` when the answer had come before, and was passed on.
    func wait(with continuation: CheckedContinuation<Value, any Error>) -> Bool {
        let early: Result<Value, any Error>? = state.withLock { state in
            if case .given(let result) = state {
                state = .done
                return result
            }
            state = .waiting(continuation)
            return nil
        }
        if let early { continuation.resume(with: early) }
        return early == nil
    }

    var isAwaited: Bool {
        state.withLock { if case .waiting = $0 { true } else { false } }
    }

    func give(_ result: Result<Value, any Error>) {
        let waiter: CheckedContinuation<Value, any Error>? = state.withLock { state in
            switch state {
            case .idle:
                state = .given(result)
                return nil
            case .waiting(let continuation):
                state = .done
                return continuation
            case .given, .done: return nil
            }
        }
        waiter?.resume(with: result)
    }
}
