import Foundation
import Model
import TestSupport
import Testing
import Wire

private func parsed(_ text: String) -> JSONValue? {
    try? JSONValue(parsing: Array(text.utf8))
}

@Suite struct JSONParserTests {
    @Test(arguments: [
        ("null", JSONValue.null), (" true\n", .bool(true)), ("false", .bool(false)), ("0", .integer(0)),
        ("-0", .integer(0)), ("-17", .integer(-17)), ("9223372036854775807", .integer(.max)),
        ("9223372036854775808", .real(9.223372036854775808e18)), ("1.0", .real(1)), ("-1.5e-3", .real(-0.0015)),
        ("1E+2", .real(100)), ("0.0", .real(0)), ("0e0", .real(0)), (#""""#, .string("")), ("[]", .array([])),
        ("{}", .object([])), ("[1,[2,{}]]", .array([.integer(1), .array([.integer(2), .object([])])])),
        (
            "{\"b\" : 1 ,\t\"a\":null}",
            .object([.init(key: "b", value: .integer(1)), .init(key: "a", value: .null)])
        ),
        (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{c}\n\r\t")), (#""\u0041\u00e9\u20AC""#, .string("Aé€")),
        (#""\ud83d\ude00 😀""#, .string("😀 😀")),
        (#"{"":1}"#, .object([.init(key: "", value: .integer(1))])),
    ])
    func reads(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: Array(text.utf8)) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "True", "tru", "+1", "01", "-01", "-", "1.", "1.e5", ".5", "1e", "1e+", "--1", "1-2",
        "1+2",
        "1.2.3", "0x10", "1e999", "NaN", "Infinity", "-Infinity", "1 2", "[1,]", "[,1]", "[1 2]", "[", "]", "[1", "{",
        "}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:2}", "{\"a\":1 \"b\":2}", "{'a':1}", "'a'", "\"", "\"a",
        "\"\\\"", #""\u0000""#, #""\x41""#, #""\u12""#, #""\u12g4""#, #""\u+123""#, #""\u 123""#, "\"\n\"", "\"\t\"",
        "\"\u{0}\"",
        #""\ud83d""#, #""\ude00""#, #""\ud83d\u0041""#, #""\ud83dx""#, #""\ud83d\ud83d""#, "\u{feff}1", "1;", "// 1\n1",
        "[1]]", "\u{a0}1",
    ])
    func refuses(text: String) {
        #expect(parsed(text) == nil)
    }

    @Test(
        arguments: [
            [0x22, 0xff, 0x22], [0x22, 0xc3, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0xff],
            [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22],
        ] as [[UInt8]])
    func refusesWhatIsNotUTF8(bytes: [UInt8]) {
        #expect(throws: CloudError.self) { try JSONValue(parsing: bytes) }
    }

    @Test func refusesAKeyThatStandsTwice() {
        let error = #expect(throws: CloudError.self) { try JSONValue(parsing: Array(#"{"a":1,"\u0061":2}"#.utf8)) }
        #expect(error?.kind == .badRequest && error?.message.contains("'a' stands twice") == true)
        #expect(parsed(#"[{"a":1},{"a":2}]"#) != nil)
    }

    @Test func refusesKeysThatReadTheSame() {
        // One scalar, and a letter with a combining accent: a lookup by name would find either.
        #expect(parsed("{\"\u{e9}\":1,\"e\u{301}\":2}") == nil)
        #expect(parsed("{\"\u{e9}\":1,\"e\":2}") != nil)
    }

    @Test(arguments: [("[", "]"), ("{\"a\":", "}")])
    func refusesDeepNesting(open: String, close: String) {
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        #expect(parsed(nested(64)) != nil)
        #expect(parsed(nested(65)) == nil)
        #expect(parsed(String(repeating: open, count: 200_000)) == nil)
    }

    @Test func saysWhere() {
        let error = #expect(throws: CloudError.self) { try JSONValue(parsing: Array("[1, x]".utf8)) }
        #expect(error?.kind == .badRequest && error?.message.contains("at byte 4") == true)
    }

    /// Foundation reads what this parser refuses on purpose, or keeps in another form.
    private func isDocumentedDifference(_ bytes: [UInt8], _ foundation: Any?) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        // Keys that stand twice, commas before a closing sign, byte order marks, and other encodings than UTF-8.
        return text.contains(/,[ \n]*[\]}]/) || text.hasPrefix("\u{feff}") || bytes.contains(0)
            || text.contains("\u{fffd}")
            || foundation != nil && hasDuplicateKeys(text)
    }

    private func hasDuplicateKeys(_ text: String) -> Bool {
        var counts: [String: Int] = [:]
        for part in text.split(separator: "\"", omittingEmptySubsequences: false) {
            counts[String(part), default: 0] += 1
        }
        return counts.contains { $0.key != "" && $0.value > 1 } || text.contains("\"\"")
    }

    @Test func acceptsWhatFoundationAcceptsOnMutatedTexts() {
        var random = SeededGenerator(seed: 6)
        let seeds = [
            #"{"server":{"name":"vm","n":[1,-2.5e3,true,null],"u":"\u00e9\ud83d\ude00"}}"#,
            #"[[],{},"",0,-1,1e5,"a\n\"\\b",{"k":{"l":[false]}}]"#, #"{"a":[{"b":"é€😀"},12345678901234567890,0.1]}"#,
        ]
        let alphabet = Array(#"{}[]:,"\0123456789eE+-.truefalsn /dDuU "#.utf8) + [0x0a, 0x80, 0xc3, 0xff]
        var accepted = 0
        for round in 0..<60_000 {
            var bytes = Array(seeds[round % seeds.count].utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                let byte = alphabet.randomElement(using: &random) ?? 0x20
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes.insert(byte, at: at)
                case 1: if bytes.count > 1 { bytes.remove(at: at) }
                case 2: bytes[at] = byte
                default: bytes.swapAt(at, Int.random(in: 0..<bytes.count, using: &random))
                }
            }
            let own = try? JSONValue(parsing: bytes)
            let theirs = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            if own != nil { accepted += 1 }
            if (own != nil) != (theirs != nil), !isDocumentedDifference(bytes, theirs) {
                Issue.record("\(String(decoding: bytes, as: UTF8.self)): \(own == nil ? "refused" : "accepted")")
            }
        }
        // Else the mutations were all broken, and the comparison said little.
        #expect(accepted > 5000)
    }
}
