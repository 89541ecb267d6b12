import Dispatch
import Foundation

/// Memory that is free and yet the process's own.
enum FreeMemory {
    private typealias Trim = @convention(c) (Int) -> Int32

    /// Looked up, because `malloc_trim(3)` is glibc's alone and not in Swift's map of it.
    private static let trim = dlsym(nil, "malloc_trim").map { unsafeBitCast($0, to: Trim.self) }

    /// Gives whole free pages back to the kernel; glibc does so by itself at the end of its heaps only. Nobody else
    /// gets memory meanwhile, which may take some tens of milliseconds.
    static func giveBack() {
        DispatchQueue.global(qos: .utility).async { _ = trim?(0) }
    }
}
