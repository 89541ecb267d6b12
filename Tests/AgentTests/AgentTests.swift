import Agent
import HostProtocol
import HostStorage
import Hypervisor
import Model
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3)))
struct AgentTests {
    @Test func aDocumentIsMadeAndReported() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 1))
            let first = try await bench.report(of: 1)
            #expect(first.power == .running)
            #expect(bench.driver.spec(of: bench.server)?.hardware.memoryMiB == 256)
        }
    }

    /// What was taken away stays away, whatever comes late.
    @Test func aTombstoneRefusesWhatIsOlder() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 1))
            try await bench.report(of: 1)
            bench.channel.send(bench.document(epoch: 3, presence: .absent))
            let third = try await bench.report(of: 3)
            #expect(third.power == .absent)
            bench.channel.send(bench.document(epoch: 2))
            bench.channel.send(bench.document(epoch: 3))
            bench.channel.send(bench.document(epoch: 4, presence: .absent))
            let fourth = try await bench.report(of: 4)
            #expect(fourth.power == .absent)
        }
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 3))
            bench.channel.send(bench.document(epoch: 5, presence: .absent))
            let fifth = try await bench.report(of: 5)
            #expect(fifth.power == .absent)
        }
        #expect(bench.driver.callCount(.start) == 1)
        #expect(try await bench.storage.preparedServers().isEmpty)
    }

    @Test func aReportThatDidNotArriveIsSentAgain() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.driver.fail(.start)
            bench.channel.loseCalls(2)  // The image, and with it the first try; then the report.
            bench.channel.send(bench.document(epoch: 1))
            try await eventually("both calls are lost") { bench.channel.lostCalls == 0 }
            #expect(bench.channel.reports.isEmpty)
            try await eventually("the report arrives") {
                bench.channel.nudge()
                return !bench.channel.reports.isEmpty
            }
            #expect(bench.channel.reports.map(\.failure?.message) == ["The simulated host refused."])
        }
        #expect(bench.driver.callCount(.start) == 1)
    }

    @Test func theNewerEpochWins() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 5, power: .stopped))
            try await bench.report(of: 5)
            bench.channel.send(bench.document(epoch: 4, power: .running))
            bench.channel.send(bench.document(epoch: 6, power: .stopped))
            let sixth = try await bench.report(of: 6)
            #expect(sixth.power == .shutdown)
        }
        #expect(bench.driver.callCount(.start) == 0)
        #expect(!bench.channel.reports.contains { $0.epoch == 4 })
    }

    /// Delivered twice, and again to an agent that has forgotten everything but its records.
    @Test func aCommandIsCarriedOutOnce() async throws {
        let bench = Bench()
        let reboot = bench.command("reboot-1", .rebootSoft)
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 1))
            try await bench.report(of: 1)
            bench.channel.send(bench.document(epoch: 2), reboot)
            let end = try await bench.end(of: "reboot-1")
            #expect(end.state == .done)
            bench.channel.send(nil, reboot)
            bench.channel.send(bench.document(epoch: 3), reboot)
            try await bench.report(of: 3)
        }
        let heard = bench.channel.reports.count
        try await bench.withAgent {
            let end = try await bench.end(of: "reboot-1", after: heard)
            #expect(end.state == .done)
        }
        #expect(bench.driver.softRebootCount(of: bench.server) == 1)
        #expect(bench.driver.startCount(of: bench.server) == 1)
    }

    @Test func aCommandNeedsNoNewDocument() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 1))
            try await bench.report(of: 1)
            bench.channel.send(nil, bench.command("a", .rebootHard))
            bench.channel.send(nil, bench.command("b", .rebootHard))
            let first = try await bench.end(of: "a")
            let second = try await bench.end(of: "b")
            #expect(first.state == .done && second.state == .done)
        }
        #expect(bench.driver.startCount(of: bench.server) == 3)
    }

    /// The failure is the command's; the document held before, and is left alone.
    @Test func aCommandThatFailsSaysWhy() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 1))
            try await bench.report(of: 1)
            bench.driver.fail(.stop, times: 1)
            bench.channel.send(nil, bench.command("a", .rebootHard))
            let end = try await bench.end(of: "a")
            #expect(end.state == .failed && end.failure?.message == "The simulated host refused.")
            #expect(bench.channel.reports.last?.failure == nil)
        }
    }

    @Test func aCommandForNobodyIsAnswered() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(nil, bench.command("early", .rebootHard))
            let early = try await bench.end(of: "early")
            #expect(early.failure?.message == "The server is not on this host.")
            bench.channel.send(bench.document(epoch: 1))
            try await bench.report(of: 1)
            bench.channel.send(nil, bench.command("unwanted", .rebootHard, isCancelled: true))
            let end = try await bench.end(of: "unwanted")
            #expect(end.failure?.message == "It was cancelled before it began.")
        }
        #expect(bench.driver.startCount(of: bench.server) == 1)
    }

    /// A command that comes again after the server was taken away makes nothing.
    @Test func aTombstoneRefusesACommand() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 1), bench.command("reboot-1", .rebootHard))
            try await bench.end(of: "reboot-1")
            bench.channel.send(bench.document(epoch: 3, presence: .absent))
            try await bench.report(of: 3)
            bench.channel.send(nil, bench.command("reboot-2", .rebootHard))
            let end = try await bench.end(of: "reboot-2")
            #expect(end.failure?.message == "The server was taken away.")
            bench.channel.send(bench.document(epoch: 4, presence: .absent))
            let last = try await bench.report(of: 4)
            #expect(last.power == .absent)
        }
        #expect(bench.driver.callCount(.start) == 1)
        #expect(try await bench.driver.power(of: bench.server) == .absent)
    }

    @Test func aSoftRebootOfADeafGuestBecomesHard() async throws {
        let bench = Bench()
        bench.driver.setIgnoresACPI(true)
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 1))
            try await bench.report(of: 1)
            bench.channel.send(bench.document(epoch: 2), bench.command("r", .rebootSoft))
            let end = try await bench.end(of: "r")
            #expect(end.state == .done)
        }
        #expect(bench.driver.startCount(of: bench.server) == 2)
    }

    @Test func aNewAgentTakesRunningGuestsAsTheyAre() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 1))
            try await bench.report(of: 1)
        }
        let heard = bench.channel.reports.count
        try await bench.withAgent {
            let first = try await bench.report(of: 1, after: heard)
            #expect(first.power == .running)
        }
        #expect(bench.driver.startCount(of: bench.server) == 1)
        #expect(bench.driver.callCount(.stop) == 0)
    }

    /// Off while no agent looked: by itself in the same boot, with the machine in another.
    @Test(arguments: [("first", GuestPower.shutdown, 1), ("second", .running, 2)])
    func aGuestThatIsFoundOff(boot: String, power: GuestPower, starts: Int) async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 1))
            try await bench.report(of: 1)
        }
        bench.driver.hostRestarts()
        let heard = bench.channel.reports.count
        try await bench.withAgent(boot: boot) {
            let first = try await bench.report(of: 1, after: heard)
            #expect(first.power == power)
        }
        #expect(bench.driver.startCount(of: bench.server) == starts)
    }

    /// After a start of the machine a trouble that passes must not leave guests off.
    @Test func whatHeldBeforeIsTriedUntilItHoldsAgain() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 1))
            try await bench.report(of: 1)
        }
        bench.driver.hostRestarts()
        bench.driver.fail(.start, times: 1)
        let heard = bench.channel.reports.count
        try await bench.withAgent(boot: "second") {
            let first = try await bench.report(of: 1, after: heard)
            #expect(first.power == .running && first.failure == nil)
        }
        #expect(bench.driver.startCount(of: bench.server) == 2)
    }

    /// A removal is a debt.
    @Test func aFailedRemovalIsTriedUntilItIsPaid() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 1))
            try await bench.report(of: 1)
            bench.driver.fail(.undefine, times: 1)
            bench.channel.send(bench.document(epoch: 2, presence: .absent))
            let second = try await bench.report(of: 2)
            #expect(second.power == .absent)
        }
        #expect(bench.driver.callCount(.undefine) == 2)
        #expect(try await bench.storage.preparedServers().isEmpty)
    }

    @Test func aFailureIsReportedWithItsReason() async throws {
        let bench = Bench()
        bench.storage.failPrepare(with: HostFailure(message: "The disk is full.", detail: "ENOSPC"))
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 1))
            let first = try await bench.report(of: 1)
            #expect(first.failure?.message == "The disk is full.")
        }
    }

    /// Whether the agent hears of it while it still says that the guest runs, or afterwards.
    @Test func aGuestThatMovesDuringItsReportIsReportedAgain() async throws {
        let bench = Bench()
        bench.channel.whileReporting {
            bench.driver.guestMoves(bench.server, to: .shutdown)
            for _ in 0..<8 { await Task.yield() }
        }
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 1))
            try await eventually("a report that it is off") {
                bench.channel.reports.last?.power == .shutdown
            }
        }
        #expect(bench.channel.reports.map(\.power) == [.running, .shutdown])
    }

    @Test func aGuestThatPowersItselfOffIsReported() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 1))
            try await bench.report(of: 1)
            let heard = bench.channel.reports.count
            bench.driver.guestMoves(bench.server, to: .shutdown)
            let first = try await bench.report(of: 1, after: heard)
            #expect(first.power == .shutdown)
        }
    }

    @Test func anImageLeavesTheCacheAfterTheLastServerThatNeedsIt() async throws {
        let bench = Bench(storage: SimulatedStorage(readsContent: true))
        try await bench.withAgent(imageInterval: .milliseconds(1)) {
            bench.channel.send(bench.document(epoch: 1))
            try await bench.report(of: 1)
            let sweeps = bench.storage.sweepCount
            try await eventually("two more looks through the cache") { bench.storage.sweepCount > sweeps + 1 }
            #expect(bench.storage.cachedImages == ["ab"])
            bench.channel.send(bench.document(epoch: 2, presence: .absent))
            try await eventually("an empty cache") { bench.storage.cachedImages.isEmpty }
        }
    }

    /// The line has opened again: the cloud may be another one, or an older one that was restored.
    @Test func saysWhatItHoldsWhenTheLineOpensAgain() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 7, mark: "m"))
            try await bench.report(of: 7)
            let heard = bench.channel.reports.count
            bench.channel.nudge(.registration)
            try await eventually("the agent registers again") { bench.channel.registrations.count == 2 }
            #expect(
                bench.channel.registrations.last?.holdings
                    == [HeldDocument(serverID: bench.server, epoch: 7, mark: "m", isGone: false)])
            // It is told again, and not done again.
            try await bench.report(of: 7, after: heard)
        }
        #expect(bench.driver.startCount(of: bench.server) == 1)
    }

    /// What the agent cannot read is answered for that server alone, and what it had read stays in force.
    @Test func whatCannotBeReadIsAnswered() async throws {
        let bench = Bench()
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 1))
            try await bench.report(of: 1)
            let text = #"{"serverID": "\#(bench.server)", "epoch": 2, "mark": "m"}"#
            try bench.channel.sendIllegible(text)
            let answer = try await bench.report(of: 2)
            #expect(answer.failure?.message.contains("upgrade its agent") == true && answer.power == .running)
            #expect(try await bench.storage.loadRecords().map(\.mark) == ["m"])
            bench.channel.send(bench.document(epoch: 3, power: .stopped))
            let last = try await bench.report(of: 3)
            #expect(last.power == .shutdown && last.failure == nil)
        }
    }

    @Test func aRunningGuestGetsAndLosesADisk() async throws {
        let bench = Bench()
        var more = bench.document(epoch: 2)
        more.disks.append(
            GuestDisk(id: "data-1", role: .ephemeral, source: .blank(.none), sizeBytes: 1 << 20, serial: "data-1"))
        let document = more
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 1))
            try await bench.report(of: 1)
            bench.channel.send(document)
            try await bench.report(of: 2)
            #expect(try await bench.driver.disks(of: bench.server) == ["root", "data-1"])
            bench.channel.send(bench.document(epoch: 3))
            try await bench.report(of: 3)
            #expect(try await bench.driver.disks(of: bench.server) == ["root"])
        }
        #expect(bench.driver.startCount(of: bench.server) == 1)
    }

    @Test func aHostSaysWhatDoesNotWork() async throws {
        let bench = Bench()
        try await bench.withAgent(beat: .milliseconds(5)) {
            try await eventually("a sign of life") { bench.channel.health == HostHealth() }
            bench.storage.failPrepare(with: HostFailure(message: "The disk is full.", detail: "ENOSPC"))
            try await eventually("the trouble is told") {
                bench.channel.health == HostHealth(troubles: ["storage": "ENOSPC"])
            }
            bench.storage.failPrepare(with: nil)
            try await eventually("it is well again") { bench.channel.health == HostHealth() }
        }
    }
}
