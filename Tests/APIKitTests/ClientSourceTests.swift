import Testing

@testable import APIKit

@Suite struct ClientSourceTests {
    @Test(arguments: [
        ("203.0.113.7", nil, "203.0.113.7"),
        ("::ffff:203.0.113.7", nil, "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", nil, "2001:db8:1:2::"),
        // Only a proxy on this machine is believed, and of it the last entry: clients write the others.
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("::1", "2001:db8::1", "2001:db8::"),
        ("127.0.0.1", nil, "127.0.0.1"),
        ("", nil, ""),
    ])
    func isWhatAClientCannotChoose(address: String, forwarded: String?, source: String) {
        #expect(ClientSource.of(address, forwarded: forwarded) == source)
    }
}
