import Foundation
import Model
import Testing

@testable import Cloud

/// Options of a verb that stand in a file.
struct ConfigurationFileTests {
    private func expand(_ text: String, _ arguments: [String]) throws -> [String] {
        let path = FileManager.default.temporaryDirectory.path + "/novella-\(UUIDText.random()).conf"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        defer { unlink(path) }
        return try ConfigurationFile.expand(arguments.map { $0.replacing("FILE", with: path) })
    }

    @Test func linesBecomeOptionsBeforeThoseOfTheCommandLine() throws {
        let text = """
            # comment
            state-dir = /var/lib/x

              port=1
            listen = a=b # c
            """
        let wanted = ["serve", "--state-dir=/var/lib/x", "--port=1", "--listen=a=b # c", "--port", "2"]
        #expect(try expand(text, ["serve", "--config", "FILE", "--port", "2"]) == wanted)
        #expect(try expand(text, ["serve", "--port", "2", "--config=FILE"]) == wanted)
    }

    /// A file of another system's editor says the same.
    @Test func linesMayEndWithCRLF() throws {
        #expect(
            try expand("# comment\r\nport = 1\r\n\r\nlisten = a\r\n", ["up", "--config", "FILE"])
                == ["up", "--port=1", "--listen=a"])
    }

    @Test func withoutAFileNothingChanges() throws {
        #expect(try ConfigurationFile.expand(["up", "--port", "2"]) == ["up", "--port", "2"])
        #expect(try ConfigurationFile.expand([]) == [])
    }

    @Test(arguments: ["port", "port =", "= 1", "--port = 1", "Port = 1", "config = /etc/other", "po rt = 1"])
    func aLineThatIsNoOptionIsRefusedWithItsNumber(_ line: String) {
        #expect {
            try expand("\n\(line)\n", ["serve", "--config", "FILE"])
        } throws: { error in
            (error as? CloudError)?.message.contains(", line 2: '\(line)'") == true
        }
    }

    @Test func aFileThatIsNotThereIsNamed() {
        #expect {
            try ConfigurationFile.expand(["serve", "--config", "/nowhere/x.conf"])
        } throws: { error in
            (error as? CloudError)?.message.contains("/nowhere/x.conf") == true
        }
        #expect(throws: CloudError.self) { try ConfigurationFile.expand(["serve", "--config"]) }
    }
}
