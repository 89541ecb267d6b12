import Foundation
import Testing

/// Needs root, a kernel with nftables and br_netfilter, the tools the data plane uses, and busybox. One test at a time:
/// some look at settings of the whole machine.
@Suite(
    .serialized, .enabled(if: ProcessInfo.processInfo.environment["NOVELLA_HOST_TESTS"] == "1"),
    .timeLimit(.minutes(3)))
enum KernelSuites {}
