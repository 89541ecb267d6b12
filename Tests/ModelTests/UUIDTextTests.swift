import Model
import Testing

@Suite struct UUIDTextTests {
    @Test func randomOnesHaveTheFormOfVersion4() {
        let all = (0..<1000).map { _ in UUIDText.random() }
        #expect(Set(all).count == all.count)
        for text in all {
            let marks = text.enumerated().filter { $0.element == "-" }.map(\.offset)
            #expect(marks == [8, 13, 18, 23] && text.utf8.count == 36)
            #expect(text == text.lowercased() && UUIDText.isValid(text))
            #expect(Array(text)[14] == "4" && "89ab".contains(Array(text)[19]), "\(text)")
        }
    }

    @Test func orderedOnesHaveTheFormOfVersion7AndSortByTime() {
        // Of RFC 9562, appendix A.6: the first digits are the milliseconds.
        let base: Int64 = 0x017f_22e2_79b0
        let times = [base * 1000, base * 1000 + 1, base * 1000 + 999, (base + 1) * 1000, (base + 70_000) * 1000]
        let all = times.map { UUIDText.ordered(at: Timestamp(microseconds: $0)) }
        #expect(all == all.sorted() && Set(all).count == all.count)
        #expect(all[0].hasPrefix("017f22e2-79b0-7000-"))
        for text in all {
            #expect(UUIDText.isValid(text))
            #expect(Array(text)[14] == "7" && "89ab".contains(Array(text)[19]), "\(text)")
        }
        let twins = (0..<1000).map { _ in UUIDText.ordered(at: Timestamp(microseconds: times[0])) }
        #expect(Set(twins).count == twins.count)
    }

    @Test func writesBothWords() {
        #expect(
            UUIDText.text(high: 0x0123_4567_89ab_cdef, low: 0xfedc_ba98_7654_3210)
                == "01234567-89ab-cdef-fedc-ba9876543210")
        #expect(UUIDText.text(high: 0, low: 1) == "00000000-0000-0000-0000-000000000001")
    }

    @Test(arguments: [
        ("01234567-89ab-cdef-fedc-ba9876543210", true),
        ("0123456789ABCDEFfedcba9876543210", true),
        ("01234567-89ab-cdef-fedc-ba987654321", false),
        ("01234567-89ab-cdef-fedc-ba98765432100", false),
        ("01234567-89ab-cdef-fedc-ba987654321g", false),
        ("01234567_89ab_cdef_fedc_ba9876543210", false),
        ("", false),
        ("--------------------------------", false),
    ])
    func tellsUUIDsFromOtherTexts(text: String, isValid: Bool) {
        #expect(UUIDText.isValid(text) == isValid)
    }

    @Test func undashedIdentifiersHave32Digits() {
        let id = ProjectID.randomUndashed()
        #expect(id.text.utf8.count == 32 && UUIDText.isValid(id.text))
    }
}
