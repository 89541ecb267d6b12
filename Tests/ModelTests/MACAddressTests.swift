import Model
import Testing

@Suite struct MACAddressTests {
    @Test func isWrittenInLowerCaseWithColons() {
        #expect(MACAddress("FA:16:3e:00:00:0A")?.description == "fa:16:3e:00:00:0a")
    }

    @Test(arguments: [
        "", "fa:16:3e:00:00", "fa:16:3e:00:00:01:02", "fa:16:3e:00:00:0g", "fa:16:3e:00:00:+1", "fa-16-3e-00-00-01",
        "fa:16:3e:00:00:", "fa:16:3e:00:00:01,set:x", "fa16:3e:00:00:01",
    ])
    func refusesWhatIsNone(text: String) {
        #expect(MACAddress(text) == nil)
    }

    @Test func givesTheAddressThatAGuestMakesOfIt() throws {
        let mac = try #require(MACAddress("fa:16:3e:00:00:01"))
        #expect(mac.linkLocal.description == "fe80::f816:3eff:fe00:1")
        #expect(mac.address(in: try #require(CIDR("2001:db8:1::/56"))).description == "2001:db8:1:0:f816:3eff:fe00:1")
    }
}
