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

    /// Gives whole free pages back to the kernel; glibc does so by itself at the end of its heaps only. Nobody else
    /// gets memory meanwhile, which may take some tens of milliseconds.
    static func giveBack() {
        DispatchQueue.global(qos: .utility).async { _ = trim?(0) }
    }
}
