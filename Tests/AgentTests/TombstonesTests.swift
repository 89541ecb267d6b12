import Model
import Testing

@testable import Agent

@Suite struct TombstonesTests {
    private let start = ContinuousClock.now

    @Test func aTombstoneOutlivesACall() {
        var tombstones = Tombstones()
        tombstones.add(ServerID("a"), at: start)
        tombstones.add(ServerID("b"), at: start + .seconds(10))
        #expect(tombstones.takeOld(at: start + .seconds(40)).isEmpty)
        #expect(tombstones.takeOld(at: start + .seconds(41)) == [ServerID("a")])
        #expect(tombstones.takeOld(at: start + .seconds(41)).isEmpty)
        #expect(tombstones.takeOld(at: start + .seconds(9999)) == [ServerID("b")])
    }
}
