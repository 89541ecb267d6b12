import Agent
import HostProtocol
import HostStorage
import Hypervisor
import Model
import TestSupport
import Testing

/// What a host makes of a snapshot, and that it leaves no guest frozen and no copy behind.
@Suite(.timeLimit(.minutes(3)))
struct SnapshotTests {
    private func document(_ bench: Bench, _ power: DesiredPower = .running, agent: Bool = true) -> DesiredServer {
        var document = bench.document(epoch: 1, power: power)
        document.hardware.imageProperties = agent ? ["hw_qemu_guest_agent": "yes"] : [:]
        return document
    }

    private func snapshot(_ bench: Bench, wanting consistency: SnapshotConsistency? = nil) -> DesiredCommand {
        var command = bench.command("c1", .snapshot)
        command.arguments[DesiredCommand.imageArgument] = "image"
        command.arguments[DesiredCommand.consistencyArgument] = consistency?.rawValue
        return command
    }

    private func expectNothingLeft(_ bench: Bench) async throws {
        try await eventually("nothing is left of it") {
            let copy = try await bench.storage.copy(for: HostCommandID("c1"), of: bench.server, boot: "first")
            let freezes = try await bench.storage.notedFreezes()
            return copy == nil && freezes.isEmpty
        }
        #expect(!bench.driver.isFrozen(bench.server))
    }

    @Test func aGuestIsFrozenWhileItsCopyBegins() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(document(bench), snapshot(bench))
            let end = try await bench.end(of: "c1")
            let report = try #require(SnapshotReport(result: end.result))
            #expect(end.state == .done && report.consistency == .filesystem && report.disks == ["root"])
            #expect(report.frozenMilliseconds != nil)
            #expect(bench.channel.uploads["image"]?.count == 4 << 16)
            try await expectNothingLeft(bench)
        }
        let stages = bench.channel.reports.flatMap(\.commands).compactMap { SnapshotReport(result: $0.result)?.stage }
        #expect(stages.first == .copying && stages.last == .uploading && stages.contains(.copied))
    }

    @Test(arguments: [
        (false, DesiredPower.running, SnapshotConsistency.crash), (true, .paused, .crash), (true, .suspended, .crash),
    ])
    func whatCannotBeFrozenSaysSo(
        _ agent: Bool, _ power: DesiredPower, _ consistency: SnapshotConsistency
    ) async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(document(bench, agent: agent))
            try await bench.report(of: 1)
            var next = document(bench, power, agent: agent)
            next.epoch = 2
            bench.channel.send(next)
            try await bench.report(of: 2)
            bench.channel.send(nil, snapshot(bench))
            let report = try #require(SnapshotReport(result: try await bench.end(of: "c1").result))
            #expect(report.consistency == consistency && report.reason != nil)
            #expect(bench.driver.callCount(.freeze) == 0)
        }
    }

    @Test func aGuestThatShutItselfDownIsWholeWithItsApplications() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(document(bench))
            try await bench.report(of: 1)
            bench.driver.guestMoves(bench.server, to: .shutdown, .poweredOff)
            bench.channel.send(nil, snapshot(bench, wanting: .application))
            let report = try #require(SnapshotReport(result: try await bench.end(of: "c1").result))
            #expect(report.consistency == .application && report.frozenMilliseconds == nil)
        }
    }

    @Test func lessThanWhatIsAskedForIsAFailureAndGoesNowhere() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.driver.fail(.freeze)
            bench.channel.send(document(bench), snapshot(bench, wanting: .filesystem))
            let end = try await bench.end(of: "c1")
            #expect(end.state == .failed && end.failure?.message == "The simulated host refused.")
            #expect(bench.channel.uploads.isEmpty && bench.driver.callCount(.beginCopy) == 0)
            try await expectNothingLeft(bench)
        }
    }

    /// A freeze that has failed may still come.
    @Test func aFreezeThatFailedIsThawedUntilAThawReturns() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.driver.fail(.freeze)
            bench.driver.fail(.thaw, times: 2)
            bench.channel.send(document(bench), snapshot(bench))
            let report = try #require(SnapshotReport(result: try await bench.end(of: "c1").result))
            #expect(report.consistency == .crash && report.frozenMilliseconds == nil)
            #expect(report.reason == "The simulated host refused.")
            try await expectNothingLeft(bench)
            #expect(bench.driver.callCount(.thaw) == 3)
        }
    }

    /// Nobody knows then for how long it held.
    @Test(arguments: [nil, SnapshotConsistency.filesystem])
    func aThawThatFailsIsRepeated(_ wanted: SnapshotConsistency?) async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.driver.fail(.thaw)
            bench.channel.send(document(bench), snapshot(bench, wanting: wanted))
            let end = try await bench.end(of: "c1")
            #expect(end.state == (wanted == nil ? .done : .failed))
            if wanted == nil { #expect(SnapshotReport(result: end.result)?.consistency == .crash) }
            #expect(bench.channel.uploads.isEmpty == (wanted != nil))
            try await expectNothingLeft(bench)
        }
    }

    @Test func aGuestThatAnEarlierProcessLeftFrozenIsThawed() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(document(bench))
            try await bench.report(of: 1)
        }
        try await bench.storage.noteFreeze(of: bench.server, true)
        _ = try await bench.driver.freeze(bench.server)
        try await bench.withAgent { try await expectNothingLeft(bench) }
    }

    @Test func aGuestThatGoesOffIsCopiedAtRest() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(document(bench))
            try await bench.report(of: 1)
            bench.driver.setLatency(.milliseconds(200), of: .awaitCopy)
            bench.channel.send(nil, snapshot(bench))
            try await eventually("the copy begins") { bench.driver.callCount(.beginCopy) == 1 }
            bench.driver.guestMoves(bench.server, to: .shutdown, .poweredOff)
            let report = try #require(SnapshotReport(result: try await bench.end(of: "c1").result))
            #expect(report.consistency == .application)
        }
    }

    /// Bytes that were copied once are not copied again because the way is broken.
    @Test func theSameCopyGoesUpWhenTheCloudIsBack() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(document(bench))
            try await bench.report(of: 1)
            bench.channel.loseUploads(1)
            bench.channel.send(nil, snapshot(bench))
            #expect(try await bench.end(of: "c1").state == .done)
            #expect(bench.driver.callCount(.beginCopy) == 1)
            #expect(bench.channel.uploads["image"]?.count == 4 << 16)
            try await expectNothingLeft(bench)
        }
    }

    @Test func oneThatNobodyWantsAnyMoreEnds() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(document(bench))
            try await bench.report(of: 1)
            bench.driver.setLatency(.seconds(3600), of: .awaitCopy)
            bench.channel.send(nil, snapshot(bench))
            try await eventually("the copy begins") { bench.driver.callCount(.beginCopy) == 1 }
            var cancelled = snapshot(bench)
            cancelled.isCancelled = true
            bench.channel.send(nil, cancelled)
            #expect(try await bench.end(of: "c1").state == .failed)
            try await eventually("the copy is ended") { bench.driver.callCount(.endCopy) == 2 }
            try await expectNothingLeft(bench)
        }
    }
}
