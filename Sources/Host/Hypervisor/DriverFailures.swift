package import HostProtocol
package import Model

extension HostFailure {
    /// A console needs a guest that runs.
    package static func isOff(_ server: ServerID) -> Self {
        Self(message: "The server is off, and so are its consoles.", detail: "no running domain of server \(server)")
    }

    /// A verb needs a guest that was never defined here, or was taken away.
    package static func notDefined(_ server: ServerID) -> Self {
        Self(message: "The server does not exist on its host.", detail: "no domain for server \(server)")
    }
}
