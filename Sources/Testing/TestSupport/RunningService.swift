import Logging
package import ServiceLifecycle

/// A service that works until it is stopped. It shuts down as in a real process: a server that is cancelled while it
/// accepts a connection ends the whole process (https://github.com/apple/swift-nio/issues/2637).
package struct RunningService: Sendable {
    private let group: ServiceGroup
    private let task: Task<Void, any Error>

    /// `whenEnded` is called however the service ends.
    package init(_ service: any Service, whenEnded: @escaping @Sendable () -> Void) {
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: service)], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        // Clients that hang must not keep it.
        configuration.maximumGracefulShutdownDuration = .seconds(20)
        let group = ServiceGroup(configuration: configuration)
        self.group = group
        task = Task {
            defer { whenEnded() }
            try await group.run()
        }
    }

    package func stop() async throws {
        await group.triggerGracefulShutdown()
        do {
            try await task.value
        } catch is CancellationError {
            return
        }
    }
}
