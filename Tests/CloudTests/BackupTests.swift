import Cloud
import Compute
import Foundation
import HTTPTypes
import Identity
import Image
import Inspection
import Logging
import Model
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3)))
struct BackupTests {
    @Test func aCopyMadeWhileTheCloudWorksIsAWholeCloud() async throws {
        try await CloudFixture.run { fixture async throws in
            let copy = fixture.stateDirectory + "-copy"
            defer { discard(copy) }
            let id = try await fixture.boot("kept")
            let summary = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for number in 0..<9 { _ = try await fixture.create("beside-\(number)") } }
                let summary = try await StateBackup(of: fixture.stateDirectory).write(to: copy)
                try await group.waitForAll()
                return summary
            }
            #expect(summary.images == 1 && summary.bytes == 65_536)
            let restored = try Cloud(Cloud.Options(stateDirectory: copy), logger: Logger(label: "test"))
            try await restored.prepare()
            let admin = fixture.people.admin
            #expect(try await restored.compute.server(id, by: admin).name == "kept")
            #expect(try await StoreAudit.differences(in: restored.database) == [])
            // A token of the first cloud is one of the second: the keys are the same.
            let token = try #require(fixture.people.tokens[.admin])
            #expect(try await restored.identity.caller(token: token, requestID: "req-1").userID == admin.userID)
            let content = try await restored.image.content(of: fixture.image)
            #expect(try await content()?.count == 65_536)
        }
    }

    @Test func aBackupOverwritesNothing() async throws {
        try await CloudFixture.run { fixture async throws in
            let backup = StateBackup(of: fixture.stateDirectory)
            await #expect(throws: CloudError.self) { try await backup.write(to: fixture.stateDirectory) }
            await #expect(throws: CloudError.self) {
                try await StateBackup(of: fixture.stateDirectory + "/images").write(
                    to: "/tmp/nowhere-\(UUIDText.random())")
            }
        }
    }

    private func discard(_ folder: String) {
        do { try FileManager.default.removeItem(atPath: folder) } catch { return }
    }
}
