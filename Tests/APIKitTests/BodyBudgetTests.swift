import Model
import Testing

@testable import APIKit

@Suite struct BodyBudgetTests {
    @Test func aRequestThatDoesNotFitIsAskedToComeAgain() throws {
        let budget = BodyBudget(limit: 100)
        let first = BodyShare(budget, limit: 80)
        let second = BodyShare(budget, limit: 80)
        try first.take(60)
        let error = #expect(throws: CloudError.self) { try second.take(41) }
        #expect(error?.kind == .unavailable)
        try second.take(40)
        #expect(budget.used == 100)
        first.giveBack()
        first.giveBack()
        #expect(budget.used == 40)
    }

    @Test func aRequestHasALimitOfItsOwn() throws {
        let budget = BodyBudget(limit: 100)
        let share = BodyShare(budget, limit: 50)
        try share.take(30)
        let error = #expect(throws: CloudError.self) { try share.take(21) }
        #expect(error?.kind == .tooLarge)
        #expect(budget.used == 30)
    }
}
