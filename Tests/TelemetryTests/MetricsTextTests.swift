import Telemetry
import Testing

@Suite struct MetricsTextTests {
    @Test func writesWhatPrometheusReads() {
        let sizes = Histogram(bounds: [1, 2.5])
        for value in [0.5, 1, 2, 100] { sizes.record(value) }
        var text = MetricsText()
        text.family("requests_total", .counter, "Requests.")
        text.sample("requests_total", 3, [("route", "/a\"b\\c\nd"), ("code", "200")])
        text.family("age_seconds", .gauge, "Age.")
        text.sample("age_seconds", 0.25)
        text.family("sizes", .histogram, "Sizes.")
        text.histogram("sizes", sizes.reading, [("of", "x")])
        #expect(
            text.text == #"""
                # HELP requests_total Requests.
                # TYPE requests_total counter
                requests_total{route="/a\"b\\c\nd",code="200"} 3
                # HELP age_seconds Age.
                # TYPE age_seconds gauge
                age_seconds 0.25
                # HELP sizes Sizes.
                # TYPE sizes histogram
                sizes_bucket{of="x",le="1"} 2
                sizes_bucket{of="x",le="2.5"} 3
                sizes_bucket{of="x",le="+Inf"} 4
                sizes_sum{of="x"} 103.5
                sizes_count{of="x"} 4

                """#)
    }

    @Test func countsEachKey() async {
        let counts = Counts<String>()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<100 { group.addTask { counts.add(number.isMultiple(of: 4) ? "a" : "b") } }
        }
        #expect(counts.all == ["a": 25, "b": 75])
    }
}
