import Foundation

package enum StoreKind: Sendable, CaseIterable {
    case sqlite, postgresql

    /// Those on which tests run here: all, or SQLite alone where PostgreSQL is neither installed nor demanded by
    /// `NOVELLA_REQUIRE_POSTGRES=1`.
    package static let here: [StoreKind] = {
        let isRequired = ProcessInfo.processInfo.environment["NOVELLA_REQUIRE_POSTGRES"] == "1"
        if isRequired || ScratchCluster.programs != nil { return allCases }
        let notice = "LEFT OUT: every test on PostgreSQL, which is not installed (Debian: postgresql-15).\n"
        FileHandle.standardError.write(Data(notice.utf8))
        return [.sqlite]
    }()

    package static var hasPostgreSQL: Bool { here.contains(.postgresql) }
}
