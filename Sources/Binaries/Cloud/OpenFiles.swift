import Foundation
package import Logging

/// How many files, and with them connections, this process may have open.
package enum OpenFiles {
    /// Ten thousand connections need as many; the shell's limit is often 1,024, and the machine's far higher.
    package static func raiseLimit(logger: Logger) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 {
            logger.warning("the limit of open files cannot be raised", metadata: ["errno": "\(errno)"])
        }
    }
}
