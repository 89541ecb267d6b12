import Model
import Testing

@testable import Agent

@Suite struct TombstonesTests {
    private let start = ContinuousClock.now

    @Test func aTombstoneIsKeptForAnHour() {
        var tombstones = Tombstones()
        tombstones.add(ServerID("a"), at: start)
        tombstones.add(ServerID("b"), at: start + .seconds(10))
        #expect(tombstones.takeOld(at: start + .seconds(3600)).isEmpty)
        #expect(tombstones.takeOld(at: start + .seconds(3601)) == [ServerID("a")])
        #expect(tombstones.takeOld(at: start + .seconds(3601)).isEmpty)
        #expect(tombstones.takeOld(at: start + .seconds(9999)) == [ServerID("b")])
    }

    @Test func whatIsTooManyGoesAfterAMinute() {
        var tombstones = Tombstones()
        for number in 0..<10_003 { tombstones.add(ServerID("\(number)"), at: start) }
        #expect(tombstones.takeOld(at: start + .seconds(60)).isEmpty)
        #expect(tombstones.takeOld(at: start + .seconds(61)).map(\.text) == ["0", "1", "2"])
    }
}
