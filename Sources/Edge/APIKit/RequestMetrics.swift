package import Telemetry
import Synchronization

/// What each route has answered, and how fast. A route's series is found when the routes are laid out, not per request.
package final class RequestMetrics: Sendable {
    private let series = Mutex<[RouteSeries]>([])

    package init() {}

    /// `path` is the route's template; empty for requests that found no route.
    func series(service: String, method: String, path: String, hidesPath: Bool = false) -> RouteSeries {
        series.withLock { all in
            if let known = all.first(where: { $0.service == service && $0.method == method && $0.path == path }) {
                return known
            }
            let made = RouteSeries(service: service, method: method, path: path, hidesPath: hidesPath)
            all.append(made)
            return made
        }
    }

    package func write(to text: inout MetricsText) {
        let used = series.withLock { $0 }.filter { !$0.codes.isEmpty }
        text.family("novella_http_requests_total", .counter, "Requests answered.")
        for one in used {
            for (code, count) in one.codes.sorted(by: { $0.key < $1.key }) {
                text.sample("novella_http_requests_total", count, one.labels + [("code", "\(code)")])
            }
        }
        let name = "novella_http_request_duration_seconds"
        text.family(name, .histogram, "Time until the answer began.")
        for one in used { text.histogram(name, one.latency.reading, one.labels) }
    }
}

/// The answers of one route.
final class RouteSeries: Sendable {
    let service: String
    let method: String
    let path: String
    /// Whether the paths of its requests are kept out of the log.
    let hidesPath: Bool
    let latency = Histogram.latency()
    private let counts = Mutex<[Int: Int]>([:])

    init(service: String, method: String, path: String, hidesPath: Bool) {
        self.service = service
        self.method = method
        self.path = path
        self.hidesPath = hidesPath
    }

    var codes: [Int: Int] { counts.withLock { $0 } }

    var labels: MetricsText.Labels { [("service", service), ("method", method), ("route", path)] }

    func record(code: Int, after duration: Duration) {
        counts.withLock { $0[code, default: 0] += 1 }
        latency.record(duration / .seconds(1))
    }
}
