/// Writes Prometheus' text form, version 0.0.4.
package struct MetricsText {
    package enum Kind: String { case counter, gauge, histogram }
    package typealias Labels = [(name: String, value: String)]

    package private(set) var text = ""

    package init() {}

    /// Comes once, before the samples of its name.
    package mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    package mutating func sample(_ name: String, _ value: Int, _ labels: Labels = []) {
        write(name, labels, "\(value)")
    }

    package mutating func sample(_ name: String, _ value: Double, _ labels: Labels = []) {
        write(name, labels, Self.number(value))
    }

    package mutating func histogram(_ name: String, _ reading: Histogram.Reading, _ labels: Labels = []) {
        var total = 0
        for (at, count) in reading.counts.enumerated() {
            total += count
            let bound = at < reading.bounds.count ? Self.number(reading.bounds[at]) : "+Inf"
            write("\(name)_bucket", labels + [("le", bound)], "\(total)")
        }
        write("\(name)_sum", labels, Self.number(reading.sum))
        write("\(name)_count", labels, "\(total)")
    }

    private mutating func write(_ name: String, _ labels: Labels, _ value: String) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",") + "}"
        }
        text += " \(value)\n"
    }

    private static func number(_ value: Double) -> String {
        Int(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
