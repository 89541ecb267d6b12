import Foundation
import Model
import TestSupport
import Testing
import Wire

@Suite struct JSONWriterTests {
    private func written(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func putsCommasBetweenMembersOnly() {
        let text = written { writer in
            writer.object { writer in
                writer.field("a", 1)
                writer.object("b") { _ in }
                writer.array("c") { writer in
                    writer.value(1)
                    writer.array { _ in }
                    writer.object { $0.field("d", true) }
                    writer.value("x")
                }
                writer.null("e")
                writer.field("f", nil as String?)
                writer.field("g", strings: ["h", "i"])
                writer.field("j", raw: "[0]")
                writer.key(text: "k\"")
                writer.value(ServerID("id"))
            }
        }
        #expect(
            text == #"{"a":1,"b":{},"c":[1,[],{"d":true},"x"],"e":null,"f":null,"g":["h","i"],"j":[0],"k\"":"id"}"#)
    }

    @Test func everyTextComesBack() throws {
        var random = SeededGenerator(seed: 7)
        let scalars = (1..<0x80).compactMap { Unicode.Scalar($0) } + ["é", "€", "😀", "\u{2028}", "\u{301}", "\u{ffff}"]
        var texts = scalars.map { String(Character($0)) }
        for _ in 0..<2000 {
            var view = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...20, using: &random) {
                view.append(scalars.randomElement(using: &random) ?? "x")
            }
            texts.append(String(view))
        }
        for text in texts {
            let bytes = Array(written { $0.value(text) }.utf8)
            let own = try JSONValue(parsing: bytes)
            guard case .string(let read) = own else {
                Issue.record("no string")
                continue
            }
            #expect(Array(read.utf8) == Array(text.utf8))
            let theirs = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed) as? String
            #expect(theirs.map { Array($0.utf8) } == Array(text.utf8))
        }
    }

    @Test(arguments: [
        #"{"a":[1,2.5,"x",null,true,false,{"b":{}}],"c":"\"\\"}"#, "[]", "-9223372036854775808", #"{"é":"\n"}"#,
    ])
    func aTreeComesBack(text: String) throws {
        let tree = try JSONValue(parsing: Array(text.utf8))
        #expect(tree.jsonText == text)
        #expect(try JSONValue(parsing: Array(tree.jsonText.utf8)) == tree)
    }
}

/// Memory of somebody else's is used as long as it is enough.
@Suite struct JSONWriterMemoryTests {
    @Test(arguments: [1, 8, 63, 64, 100, 4096])
    func theSameIsWrittenInMemoryOfAnySize(size: Int) {
        let text = String(repeating: "ab\"", count: 20)
        func write(_ writer: inout JSONWriter) {
            writer.array { writer in
                writer.value(text)
                writer.value(1)
            }
        }
        var own = JSONWriter()
        write(&own)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 1)
        defer { memory.deallocate() }
        switch JSONWriter.fill(memory, write) {
        case .inPlace(let count):
            #expect(Array(memory.prefix(count)) == own.bytes)
            #expect(size == 4096)
        case .elsewhere(let bytes):
            #expect(bytes == own.bytes)
            #expect(size < 4096)
        }
    }
}
