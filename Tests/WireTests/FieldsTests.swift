import Model
import Testing
import Wire

@Suite struct FieldsTests {
    private func fields(_ text: String) throws -> Fields {
        try Fields(try JSONValue(parsing: Array(text.utf8)), at: "server")
    }

    /// Reads one field in one way.
    struct Reading: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var read: @Sendable (inout Fields) throws -> Void

        init(_ name: String, _ read: @escaping @Sendable (inout Fields) throws -> Void) {
            testDescription = name
            self.read = read
        }
    }

    private static let optional = [
        Reading("string") { _ = try $0.optionalString("field", 2...4) },
        Reading("int") { _ = try $0.optionalInt("field", 1...9) },
        Reading("bool") { _ = try $0.optionalBool("field") },
        Reading("id") { _ = try $0.optionalID("field") as ServerID? },
        Reading("word") { _ = try $0.word("field", of: ["AUTO", "MANUAL"]) },
        Reading("strings") { _ = try $0.strings("field") },
        Reading("array") { _ = try $0.optionalArray("field") },
        Reading("object") { _ = try $0.optionalObject("field") },
        Reading("stringMap") { _ = try $0.stringMap("field") },
    ]

    @Test(arguments: optional)
    func errorsNameTheFieldAndTheValue(reading: Reading) throws {
        // No way of reading takes a number with a fraction.
        var fields = try fields(#"{"field": 1.5}"#)
        let error = #expect(throws: CloudError.self) { try reading.read(&fields) }
        #expect(error?.kind == .badRequest)
        #expect(error?.message.contains("field/attribute field") == true, "\(error?.message ?? "")")
    }

    @Test(arguments: optional)
    func absentAndNullAreNothing(reading: Reading) throws {
        for text in ["{}", #"{"field": null}"#] {
            var fields = try fields(text)
            try reading.read(&fields)
            try fields.finish()
        }
    }

    @Test(arguments: [
        Reading("string") { _ = try $0.string("field") }, Reading("int") { _ = try $0.int("field", 0...1) },
        Reading("id") { _ = try $0.id("field") as ServerID }, Reading("array") { _ = try $0.array("field") },
        Reading("object") { _ = try $0.object("field") },
    ])
    func aMissingFieldIsNamedWithItsPlace(reading: Reading) throws {
        var fields = try fields("{}")
        let error = #expect(throws: CloudError.self) { try reading.read(&fields) }
        #expect(error?.message.contains("attribute server") == true)
        #expect(error?.message.contains("'field' is a required property") == true)
    }

    @Test func readsWhatNovaReads() throws {
        var fields = try fields(
            #"{"a":"7","b":-7,"c":"YES","d":"0","e":false,"f":"abc","g":"AUTO","h":{"k":"v"},"i":["x"]}"#)
        #expect(try fields.optionalInt("a") == 7)
        #expect(try fields.optionalInt("b") == -7)
        #expect(try fields.optionalBool("c") == true)
        #expect(try fields.optionalBool("d") == false)
        #expect(try fields.optionalBool("e") == false)
        #expect(try fields.string("f", 3...3) == "abc")
        #expect(try fields.word("g", of: ["AUTO"]) == "AUTO")
        #expect(try fields.stringMap("h") == ["k": "v"])
        #expect(try fields.strings("i") == ["x"])
        try fields.finish()
    }

    @Test(arguments: [
        (#"{"field":"x"}"#, "too short"), (#"{"field":"xxxxx"}"#, "too long"), (#"{"field":7}"#, "must be a string"),
    ])
    func textsHaveALength(text: String, why: String) throws {
        var fields = try fields(text)
        let error = #expect(throws: CloudError.self) { try fields.optionalString("field", 2...4) }
        #expect(error?.message.contains(why) == true)
    }

    @Test(arguments: [#"{"f":"seven"}"#, #"{"f":true}"#, #"{"f":10}"#, #"{"f":0}"#, #"{"f":"10"}"#, #"{"f":" 7"}"#])
    func integersHaveARange(text: String) throws {
        var fields = try fields(text)
        #expect(throws: CloudError.self) { try fields.optionalInt("f", 1...9) }
    }

    @Test(arguments: [#"{"k":7}"#, #"{"":"v"}"#, #"{"k":null}"#, "[]", #"{"k":["v"]}"#])
    func mapsHoldTextsOnly(text: String) throws {
        let value = try JSONValue(parsing: Array(text.utf8))
        #expect(throws: CloudError.self) { try Fields.stringMap(value, "metadata") }
    }

    @Test func refusesWhatNobodyRead() throws {
        var fields = try fields(#"{"name":"x","colour":"red","size":1}"#)
        _ = try fields.string("name")
        let error = #expect(throws: CloudError.self) { try fields.finish() }
        #expect(
            error?.message
                == "Additional properties are not allowed ('colour', 'size' were unexpected) in server.")
    }

    @Test(arguments: ["[]", "null", "1", #""text""#])
    func refusesWhatIsNoObject(text: String) {
        let error = #expect(throws: CloudError.self) { try fields(text) }
        #expect(error?.message.contains("attribute server") == true)
    }
}
