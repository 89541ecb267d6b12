/// The FNV-1a hash: short, and the same in every process. Stores and running hosts keep what was made of it, so it must
/// not change. Whoever chooses a text can make its hash equal another's.
package enum FNV1a {
    package static func hash32(_ text: String) -> UInt32 { hash(text, from: 0x811c_9dc5, times: 0x0100_0193) }

    package static func hash64(_ text: String) -> UInt64 {
        hash(text, from: 0xcbf2_9ce4_8422_2325, times: 0x100_0000_01b3)
    }

    private static func hash<Number: FixedWidthInteger>(_ text: String, from basis: Number, times prime: Number)
        -> Number
    {
        text.utf8.reduce(basis) { ($0 ^ Number($1)) &* prime }
    }
}
