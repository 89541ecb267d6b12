import HostProtocol
import HostStorage
import Model
import Testing

@testable import Agent

@Suite struct ServerWorkTests {
    private let bench = Bench()
    private let failure = HostFailure(message: "It failed.", detail: "")
    private let host = HostID("host")

    private func work(_ epochs: Int64..., appliedEpoch: Int64 = -1) -> ServerWork {
        var work = ServerWork(ServerRecord(serverID: bench.server, appliedEpoch: appliedEpoch))
        for epoch in epochs { _ = work.accept(bench.document(epoch: epoch)) }
        return work
    }

    private func epoch(_ step: ServerWork.Step?) -> Int64? {
        guard case .attempt(let attempt)? = step else { return nil }
        return attempt.document.epoch
    }

    @Test func ofSeveralDocumentsTheNewestIsCarriedOut() {
        var work = work(1, 3, 2)
        let (first, second) = (work.next(), work.next())
        #expect(epoch(first) == 3)
        #expect(second == nil, "one attempt at a time")
        work.reached(inBoot: "boot", nil)
        #expect(work.isIdle)
    }

    @Test func onlyARemovalEndsTheAttemptUnderWay() {
        var work = work(1)
        _ = work.next()
        let newer = work.accept(bench.document(epoch: 2))
        let removal = work.accept(bench.document(epoch: 3, presence: .absent))
        #expect(!newer && removal)
    }

    @Test func aFailureIsReportedOnce() {
        var work = work(1)
        _ = work.next()
        let answer = work.failed(failure, isUnreachable: false)
        #expect(answer?.failure == failure)
        #expect(work.isIdle)
    }

    /// Nobody waits for these, or no answer could arrive.
    @Test func aFailureIsTriedAgainWhereNoAnswerIsOfUse() {
        var unreachable = work(1)
        _ = unreachable.next()
        let toUnreachable = unreachable.failed(failure, isUnreachable: true)
        #expect(toUnreachable == nil)
        unreachable.again()
        let again = unreachable.next()
        #expect(epoch(again) == 1)

        var removal = work(1)
        _ = removal.accept(bench.document(epoch: 2, presence: .absent))
        _ = removal.next()
        let toRemoval = removal.failed(failure, isUnreachable: false)
        #expect(toRemoval == nil)

        var reached = work(1, appliedEpoch: 1)
        _ = reached.next()
        let toReached = reached.failed(failure, isUnreachable: false)
        #expect(toReached == nil)
    }

    @Test func anAnswerThatDidNotArriveIsRepeatedUntilItDoes() {
        var work = work(1)
        _ = work.next()
        work.undelivered = work.failed(failure, isUnreachable: false)
        let repeated = work.completed(ServerWork.Answer())
        #expect(repeated.failure == failure)
        #expect(work.completed(ServerWork.Answer(requestID: "req-2")).failure == nil, "a newer answer takes its place")
        work.delivered(work.observation(.shutdown, nil, repeated, on: host), of: work.record)
        #expect(work.completed(ServerWork.Answer()).failure == nil)
        #expect(work.reported == .shutdown)
    }

    @Test func whatIsLeftOfAServerThatIsGoneCountsAsNothingUnlessItRuns() {
        var work = work(1)
        _ = work.accept(bench.document(epoch: 2, presence: .absent))
        _ = work.next()
        #expect(work.shown(.shutdown) == .absent)
        #expect(work.shown(.running) == .running)
        work.delivered(work.observation(.absent, nil, ServerWork.Answer(), on: host), of: work.record)
        #expect(work.reported == nil)
    }
}
