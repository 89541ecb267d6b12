import Testing

@testable import Dataplane

@Suite struct ConnectionCountTests {
    @Test func oneGuestLeavesRoomForOthers() throws {
        let count = ConnectionCount(limit: 5, perGuest: 3)
        for _ in 0..<3 { try count.enter("10.0.0.2") }
        #expect(throws: ConnectionCount.Full.self) { try count.enter("10.0.0.2") }
        for _ in 0..<2 { try count.enter("10.0.0.3") }
        #expect(throws: ConnectionCount.Full.self) { try count.enter("10.0.0.4") }
        count.leave("10.0.0.2")
        try count.enter("10.0.0.4")
    }
}
