import Model
import Synchronization

/// How many bytes of request bodies this process holds at most: many clients with large bodies must not take its
/// memory. What does not fit is refused, and the client asked to come again.
package final class BodyBudget: Sendable {
    private let limit: Int
    private let held = Mutex(0)

    package init(limit: Int = 64 << 20) {
        self.limit = limit
    }

    /// A smaller budget for requests without a token, so that these cannot use up that of the others.
    func withoutToken() -> BodyBudget { BodyBudget(limit: limit / 4) }

    /// How many bytes are held now.
    package var used: Int { held.withLock { $0 } }

    fileprivate func take(_ count: Int) throws(CloudError) {
        let fits = held.withLock { held in
            guard held + count <= limit else { return false }
            held += count
            return true
        }
        guard fits else {
            throw CloudError(.unavailable, "Too many large requests are being answered; send yours again in a moment.")
        }
    }

    fileprivate func giveBack(_ count: Int) {
        held.withLock { $0 -= count }
    }
}

/// What one request holds of the budget, until it has been answered.
final class BodyShare: Sendable {
    /// The largest body of this request.
    let limit: Int
    private let budget: BodyBudget
    private let taken = Mutex(0)

    init(_ budget: BodyBudget, limit: Int) {
        self.budget = budget
        self.limit = limit
    }

    func take(_ count: Int) throws(CloudError) {
        guard taken.withLock({ $0 }) + count <= limit else {
            throw CloudError(.tooLarge, "The request body is larger than \(limit) bytes.")
        }
        try budget.take(count)
        taken.withLock { $0 += count }
    }

    func giveBack() {
        budget.giveBack(
            taken.withLock { taken in
                defer { taken = 0 }
                return taken
            })
    }
}
