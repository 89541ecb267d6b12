/// What a server does before it says that a commit is made.
struct PostgresDurability: Equatable {
    static let question = """
        SELECT current_setting('synchronous_commit'), current_setting('fsync'), current_setting('full_page_writes')
        """

    var synchronousCommit: String
    var fsync: String
    var fullPageWrites: String

    /// What is less than what a store needs; empty when nothing is. Every `synchronous_commit` but `off` waits for the
    /// server's own disk.
    var shortcomings: [String] {
        var found: [String] = []
        if synchronousCommit == "off" { found.append("synchronous_commit is off, needed is local or more") }
        if fsync != "on" { found.append("fsync is \(fsync), needed is on") }
        // A page that was half written when the power went is mended from its whole copy in the log.
        if fullPageWrites != "on" { found.append("full_page_writes is \(fullPageWrites), needed is on") }
        return found
    }
}
