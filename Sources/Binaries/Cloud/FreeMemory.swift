import Dispatch
import Foundation

/// Memory that is free and yet the process's own. Its functions are glibc's alone and not in Swift's map of it, so they
/// are looked up.
package enum FreeMemory {
    private typealias Trim = @convention(c) (Int) -> Int32
    private typealias SetOption = @convention(c) (Int32, Int32) -> Int32

    private static let trim = dlsym(nil, "malloc_trim").map { unsafeBitCast($0, to: Trim.self) }

    /// One heap for each core; glibc makes eight of them, and what is free in one is of no use to the others
    /// (mallopt(3), `M_ARENA_MAX`). Answers of a few MB are made in them too, and what such an answer leaves stays for
    /// the next until it is given back (`M_MMAP_THRESHOLD`, `M_TRIM_THRESHOLD`): new memory comes page by page. To be
    /// called while there is one thread.
    package static func keepTogether() {
        let setOption = dlsym(nil, "mallopt").map { unsafeBitCast($0, to: SetOption.self) }
        _ = setOption?(-8, Int32(max(2, ProcessInfo.processInfo.activeProcessorCount)))
        _ = setOption?(-3, 8 << 20)
        _ = setOption?(-1, 16 << 20)
    }

    /// Begins the process again, once, with the count of small pieces that each thread keeps for itself raised: glibc
    /// reads it from the environment alone (`glibc.malloc.tcache_count`). Of its seven for each size a request needs
    /// many times more, for which threads then wait for each other. What the operator has set in `GLIBC_TUNABLES`
    /// holds, and programs that are started get nothing of it. To be called first of all.
    package static func keepSmallPieces() {
        let name = "GLIBC_TUNABLES"
        let own = "glibc.malloc.tcache_count=64"
        if let found = getenv(name) {
            if String(cString: found) == own { unsetenv(name) }
            return
        }
        guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else { return }
        setenv(name, own, 1)
        execv(path, CommandLine.unsafeArgv)
        // It goes on as it is.
        unsetenv(name)
    }

    /// Gives whole free pages back to the kernel; glibc does so by itself at the end of its heaps only. Nobody else
    /// gets memory meanwhile, which may take some tens of milliseconds.
    static func giveBack() {
        DispatchQueue.global(qos: .utility).async { _ = trim?(0) }
    }
}
