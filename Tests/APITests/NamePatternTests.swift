import Foundation
import Model
import TestSupport
import Testing

@testable import API

@Suite struct NamePatternTests {
    @Test(arguments: [
        ("web", "my-WEB-1", true), ("^web", "my-web", false), ("^web", "Web-1", true), ("web$", "web-1", false),
        ("web-[0-9]+$", "web-12", true), ("web-[0-9]+$", "web-x", false), ("a.c", "xxabcxx", true),
        ("a\\.c", "abc", false),
        ("a\\.c", "a.c", true), ("(ab)+c", "ababc", true), ("^(ab|cd)*$", "abcdab", true), ("^(ab|cd)*$", "abc", false),
        ("^$", "", true), ("^$", "x", false), ("", "anything", true), ("x?y", "y", true), ("[^a-c]", "abc", false),
        ("[^a-c]", "abcd", true), ("[]x]", "]", true), ("[a-]", "-", true), ("\\d\\d", "a42", true),
        ("\\w+\\s\\w+", "a b", true),
        ("É", "é", true), ("a*?b", "aab", true), ("a|", "zzz", true),
    ])
    func matches(pattern: String, text: String, isMatch: Bool) throws {
        #expect(try NamePattern(pattern).matches(text) == isMatch)
    }

    @Test(arguments: ["*", "a|*", "(", ")", "a)", "(a", "[", "[a", "[z-a]", "\\", "\\b", "(?:a)", "(?=a)", "+a", "a**"])
    func refusesWhatItDoesNotKnow(pattern: String) {
        let error = #expect(throws: CloudError.self) { try NamePattern(pattern) }
        #expect(error?.kind == .badRequest)
    }

    @Test func refusesLongAndDeepPatterns() {
        #expect(throws: CloudError.self) { try NamePattern(String(repeating: "a", count: 256)) }
        #expect(throws: CloudError.self) {
            try NamePattern(String(repeating: "(", count: 17) + String(repeating: ")", count: 17))
        }
    }

    /// A pattern of the supported subset, by chance.
    private func pattern(_ depth: Int, _ random: inout SeededGenerator) -> String {
        func atom(_ random: inout SeededGenerator) -> String {
            switch Int.random(in: 0..<9, using: &random) {
            case 0: "."
            case 1: ["[ab]", "[^a]", "[a-c]", "[^b-c1]", "[-a]"].randomElement(using: &random) ?? "a"
            case 2: ["\\d", "\\w", "\\s", "\\.", "\\-"].randomElement(using: &random) ?? "a"
            case 3 where depth > 0: "(" + pattern(depth - 1, &random) + ")"
            default: ["a", "b", "B", "c", "1", "-"].randomElement(using: &random) ?? "a"
            }
        }
        var text = Int.random(in: 0..<8, using: &random) == 0 ? "^" : ""
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            text += atom(&random)
            text += ["", "", "", "*", "+", "?"].randomElement(using: &random) ?? ""
        }
        if Int.random(in: 0..<8, using: &random) == 0 { text += "$" }
        return Int.random(in: 0..<4, using: &random) == 0 ? text + "|" + pattern(0, &random) : text
    }

    @Test func agreesWithFoundationOnRandomPatterns() throws {
        var random = SeededGenerator(seed: 8)
        let letters = Array("aAbBcC1.- z")
        var matched = 0
        for _ in 0..<3000 {
            let pattern = pattern(2, &random)
            let own = try NamePattern(pattern)
            let theirs = try NSRegularExpression(pattern: pattern, options: .caseInsensitive)
            for _ in 0..<8 {
                let count = Int.random(in: 0...7, using: &random)
                let text = String((0..<count).map { _ in letters.randomElement(using: &random) ?? "a" })
                let expected = theirs.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
                if expected { matched += 1 }
                #expect(own.matches(text) == expected, "\(pattern) on '\(text)'")
            }
        }
        #expect((4000..<23_000).contains(matched))
    }

    /// A matcher that goes back and forth would not end on these within anyone's lifetime.
    @Test(.timeLimit(.minutes(3)), arguments: ["(a*)*b", "(a+)+b", "(a|a)*b", "(a?)*b", "((a*)*)*b", "a*a*a*a*a*a*b"])
    func endsSoonOnPatternsThatExplode(pattern: String) throws {
        let compiled = try NamePattern(pattern)
        let long = String(repeating: "a", count: 4000)
        #expect(!compiled.matches(long))
        #expect(compiled.matches(long + "b"))
    }

    /// Time and room of a match are those of the program, so it must not grow faster than the pattern.
    @Test(arguments: ["+", "*", "?"])
    func nestingDoesNotMultiplyThePattern(sign: String) throws {
        let dots = String(repeating: ".", count: 200)
        let nested = String(repeating: "(", count: 15) + dots + String(repeating: ")\(sign)", count: 15)
        #expect(try NamePattern(nested).size <= 2 * nested.count + 1)
        #expect(try NamePattern(nested).matches(String(repeating: "a", count: 400)))
    }
}
