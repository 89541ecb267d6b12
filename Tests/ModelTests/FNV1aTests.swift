import Model
import Testing

@Suite struct FNV1aTests {
    /// From the authors' list (draft-eastlake-fnv, appendix C).
    @Test(
        arguments: [
            ("", 0x811c_9dc5, 0xcbf2_9ce4_8422_2325), ("a", 0xe40c_292c, 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0xbf9c_f968, 0x8594_4171_f739_67e8),
        ] as [(String, UInt32, UInt64)])
    func isThePublishedOne(text: String, short: UInt32, long: UInt64) {
        #expect(FNV1a.hash32(text) == short)
        #expect(FNV1a.hash64(text) == long)
    }
}
