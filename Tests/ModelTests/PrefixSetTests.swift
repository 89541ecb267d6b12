import Model
import Testing

@Suite struct PrefixSetTests {
    private func set(_ texts: String..., version: Int = 4) -> PrefixSet {
        PrefixSet(texts.compactMap { CIDR($0) }, version: version)
    }

    @Test func prefixesAreAsFewAsCanBe() {
        for (given, few) in [
            (["10.0.1.0/24", "10.0.0.0/24"], ["10.0.0.0/23"]),
            (["10.0.0.0/8", "10.1.0.0/16"], ["10.0.0.0/8"]),
            (["10.0.1.0/24", "10.0.2.0/24"], ["10.0.1.0/24", "10.0.2.0/24"]),
            (["0.0.0.0/1", "128.0.0.0/1"], ["0.0.0.0/0"]), ([], []),
            (["255.255.255.255/32", "255.255.255.254/32"], ["255.255.255.254/31"]),
        ] {
            let found = PrefixSet(given.compactMap { CIDR($0) }, version: 4).prefixes.map(\.description)
            #expect(found == few, "\(given)")
        }
        let whole = set("8000::/1", "::/1", version: 6)
        #expect(whole.prefixes.map(\.description) == ["::/0"])
    }

    @Test func whatIsTakenIsNotThere() {
        let left = set("10.0.0.0/24").subtracting(set("10.0.0.64/26", "10.0.0.255/32"))
        #expect(
            left.prefixes.map(\.description) == [
                "10.0.0.0/26", "10.0.0.128/26", "10.0.0.192/27", "10.0.0.224/28", "10.0.0.240/29", "10.0.0.248/30",
                "10.0.0.252/31", "10.0.0.254/32",
            ])
        #expect(set("10.0.0.0/24").subtracting(set("10.0.0.0/8")).prefixes.isEmpty)
        #expect(
            set("::/0", version: 6).subtracting(set("::/1", version: 6)).prefixes.map(\.description) == ["8000::/1"])
    }

    @Test func setsContainAndOverlap() {
        #expect(set("10.0.0.0/24", "10.0.1.0/24").isSuperset(of: set("10.0.0.0/23")))
        #expect(!set("10.0.0.0/24").isSuperset(of: set("10.0.0.0/23")))
        #expect(set("10.0.0.0/8").overlaps(set("10.255.255.255/32")))
        #expect(!set("10.0.0.0/8").overlaps(set("11.0.0.0/8")))
        #expect(!set().overlaps(set("::/0", version: 6)))
    }
}
