import APIKit
import HTTPTypes
import Model

/// `/os-volumes_boot`: another name for `/servers`, with a few of its actions, until 2.102.
struct VolumesBootAPI: Sendable {
    static let path = "/os-volumes_boot"
    private static let last = 102
    private static let actions: Set<String> = [
        "confirmResize", "revertResize", "reboot", "resize", "rebuild", "createImage", "os-start", "os-stop",
        "trigger_crash_dump",
    ]

    /// The path of the route that stands under this other name too; every other path as it is.
    static func original(of path: String) -> String {
        guard path == Self.path || path.hasPrefix(Self.path + "/") else { return path }
        return "/servers" + path.dropFirst(Self.path.utf8.count)
    }

    let servers: ServersAPI
    let serverActions: ServerActionsAPI

    var routes: [Route] {
        let named = ["/servers", "/servers/detail", "/servers/{id}"]
        return (servers.routes.filter { named.contains($0.path) } + [serverActions.route(of: Self.actions)]).map {
            var route = $0
            route.path = Self.path + route.path.dropFirst("/servers".utf8.count)
            route.versions = Microversion(2, 1)...Microversion(2, Self.last)
            return route
        }
    }
}
