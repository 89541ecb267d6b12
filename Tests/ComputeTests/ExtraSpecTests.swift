import Compute
import Testing

/// The operators of extra specs, and what aggregates say of hosts.
@Suite struct ExtraSpecTests {
    @Test(arguments: [
        ("12", "12", true), ("12", "13", false), ("4", "= 4", true), ("5", "= 4", true), ("3", "= 4", false),
        ("11.0", "== 11", true), ("x", "== 11", false), ("7", "!= 8", true), ("9", ">= 8", true), ("9", "<= 8", false),
        ("abc", "s== abc", true), ("abc", "s!= abc", false), ("abd", "s> abc", true), ("abc", "s>= abd", false),
        ("abb", "s< abc", true), ("abc", "s<= abc", true), ("the gpu", "<in> gpu", true), ("cpu", "<in> gpu", false),
        ("aes mmx sse", "<all-in> aes mmx", true), ("aes", "<all-in> aes mmx", false),
        ("b", "<or> a <or> b", true), ("<or>", "<or> a <or> b", false), ("c", "<or> a <or> b", false),
        ("a", "s==", false), ("", "", true), ("=", "= ", false),
    ])
    func compareAsNovasDo(value: String, wish: String, holds: Bool) {
        #expect(ExtraSpecOperator.matches(value, wish) == holds)
    }

    @Test func theValuesOfAllAggregatesCountTogether() throws {
        let said = try #require(
            HostAggregates([
                ["ssd": "true, yes", "filter_tenant_id": "a"], ["ssd": "no", "filter_tenant_id_2": "b , c"],
                ["trait:HW_A": "required", "trait:HW_B": "forbidden"],
            ]))
        #expect(said.values["ssd"] == ["true", "yes", "no"])
        #expect(said.projects == ["a", "b", "c"] && said.requiredTraits == ["HW_A"])
        #expect(HostAggregates([[:]]) == nil)
    }
}
