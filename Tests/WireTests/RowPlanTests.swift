import Model
import Testing
import Wire

/// Rows from memory of the test's own.
@Suite struct RowPlanTests {
    private func written(_ plan: RowPlan, _ values: [String?], other: (Int, inout JSONWriter) -> Void = { _, _ in })
        -> String
    {
        let buffer = SQLRowBuffer(columns: values.count)
        let texts = values.map { $0.map { Array($0.utf8) } }
        var writer = JSONWriter()
        func fill(_ place: Int) {
            guard place < texts.count else { return plan.write(buffer.row, to: &writer, other: other) }
            guard let text = texts[place] else { return fill(place + 1) }
            text.withUnsafeBufferPointer {
                buffer.cells[place] = .text($0)
                fill(place + 1)
            }
        }
        fill(0)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func membersComeInTheirOrder() {
        var plan = RowPlan()
        plan.add("text", .text(0))
        plan.add("empty", .textOrEmpty(1))
        plan.add("null", .text(1))
        plan.add("json", .json(2))
        plan.add("number", .integer(3))
        plan.add("flag", .boolean(3))
        plan.add("time", .time(3, .seconds))
        plan.add("same", json: "[]")
        plan.add("other", .other(5))
        plan.add(whole: 6)
        let text = written(plan, ["a\"b", nil, "{}", "1"]) { number, writer in
            if number == 5 { writer.value(number) } else { writer.field("whole", true) }
        }
        #expect(
            text == #"{"text":"a\"b","empty":"","null":null,"json":{},"number":1,"flag":true,"#
                + #""time":"1970-01-01T00:00:00Z","same":[],"other":5,"whole":true}"#)
    }

    @Test func piecesAreEscapedWhereTheyAreText() {
        var plan = RowPlan()
        plan.add("a", json: "1", .whereNull(0))
        plan.add(
            "link",
            pasting: [
                .literal(#"{"href":""#), .text("/\"/"), .column(0), .literal(#"","p":"#), .json(1), .literal("}"),
            ], .whereSet(0))
        plan.add("z", .json(1))
        #expect(written(plan, ["x\"y", "[2]"]) == #"{"link":{"href":"/\"/x\"y","p":[2]},"z":[2]}"#)
        #expect(written(plan, ["x", nil]) == #"{"link":{"href":"/\"/x","p":null},"z":null}"#)
        #expect(written(plan, [nil, "[2]"]) == #"{"a":1,"z":[2]}"#)
    }

    @Test func whatIsReadAsWhatItIsNotIsNoted() {
        let buffer = SQLRowBuffer(columns: 2)
        buffer.cells[0] = .integer(7)
        #expect(buffer.row.text(0) == "7")
        #expect(buffer.misread == nil)
        #expect(buffer.row.isNull(2))
        #expect(buffer.row.text(1) == "")
        #expect(buffer.misread == "column 1 is NULL, not a text")
    }
}
