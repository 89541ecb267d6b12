import Cloud
import Compute
import HTTPTypes
import Model
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3)))
struct KeypairTests {
    @Test func theProjectsLimitCountsForEachUser() async throws {
        try await CloudFixture.run { fixture async throws in
            try await fixture.cloud.compute.setQuotas(["key_pairs": 1], of: fixture.people.demo, force: true)
            func create(_ name: String) async throws -> Int {
                try await fixture.request(
                    .post, "/compute/v2.1/os-keypairs", as: .member, json: #"{"keypair": {"name": "\#(name)"}}"#
                ).status
            }
            #expect(try await create("one") == 200)
            #expect(try await create("two") == 403)
            try await fixture.cloud.compute.setQuotas(["key_pairs": -1], of: fixture.people.demo, force: true)
            #expect(try await create("two") == 200)
            #expect(try await create("two") == 409)
        }
    }

    /// Making keys is dear: one at a time, and no more than a few wait.
    @Test func aStormOfKeysIsBounded() async throws {
        try await CloudFixture.run { fixture async throws in
            let (compute, member) = (fixture.cloud.compute, fixture.people.member)
            let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<80 {
                    group.addTask {
                        do {
                            _ = try await compute.generateKeypair("k\(number)", for: member.userID, by: member)
                            return false
                        } catch let error as CloudError where error.kind == .unavailable {
                            return true
                        }
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(refused > 0 && refused < 80)
            _ = try await compute.generateKeypair("after", for: member.userID, by: member)
        }
    }
}
