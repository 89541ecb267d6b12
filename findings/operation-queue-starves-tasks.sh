#!/bin/bash
# Swift on Linux: as many operations of an OperationQueue as there are cores, each of which computes, keep every Swift task
# of the usual priority waiting until they end: both get their threads from one pool of libdispatch, which has as many as
# there are cores. A serial DispatchQueue has a thread of its own, and the same work on serial queues keeps nobody waiting.
#
# Tried with Swift 6.3 (Foundation and libdispatch of the toolchain) on Debian 12 with 2 cores. Expected by the
# documentation of OperationQueue ("runs its operations on secondary threads") and of Swift's concurrency (tasks have a pool
# of their own, which nothing but tasks blocks): tasks go on in both cases. Seen: "operation queue: tasks wait" and
# "serial queues: tasks go on". A server that hashes passwords in an OperationQueue answers nothing meanwhile.
#
# Ends with 1 when something else is seen. Needs Swift; works in a temporary folder.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/main.swift" << 'MAIN'
import Foundation
import Synchronization

/// Computes until tasks have gone on, five seconds at most.
final class Spin: Sendable {
    let running = Atomic(0)
    let tasksWentOn = Atomic(false)

    func work() {
        running.add(1, ordering: .relaxed)
        let limit = ContinuousClock.now + .seconds(5)
        while !tasksWentOn.load(ordering: .relaxed), ContinuousClock.now < limit {}
    }
}

func verdict(_ name: String, _ start: (Spin, Int) -> Void) {
    let (spin, cores) = (Spin(), ProcessInfo.processInfo.activeProcessorCount)
    start(spin, cores)
    while spin.running.load(ordering: .relaxed) < cores { usleep(1000) }
    let (began, wait) = (ContinuousClock.now, DispatchSemaphore(value: 0))
    Task(priority: .medium) {
        spin.tasksWentOn.store(true, ordering: .relaxed)
        wait.signal()
    }
    wait.wait()
    print("\(name): tasks \(ContinuousClock.now - began < .seconds(4) ? "go on" : "wait")")
}

let operations = OperationQueue()
operations.maxConcurrentOperationCount = ProcessInfo.processInfo.activeProcessorCount
verdict("operation queue") { spin, cores in
    for _ in 0..<cores { operations.addOperation { spin.work() } }
}
let queues = (0..<ProcessInfo.processInfo.activeProcessorCount).map { DispatchQueue(label: "queue \($0)") }
verdict("serial queues") { spin, _ in
    for queue in queues { queue.async { spin.work() } }
}
MAIN
swiftc -O -swift-version 6 "$work/main.swift" -o "$work/finding"
swift --version 2>/dev/null | head -1
seen=$("$work/finding")
echo "$seen"
[ "$seen" = "operation queue: tasks wait
serial queues: tasks go on" ]
