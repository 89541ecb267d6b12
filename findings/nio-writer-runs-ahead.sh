#!/bin/bash
# SwiftNIO 2.101.2: `NIOAsyncChannelOutboundWriter.write` returns although the event loop has not taken the piece. It waits
# only where the channel has said that it is not writable, and a loop that is busy in the pipeline (TLS, a slow handler) does
# not come to say so: a writer that is quicker than the loop has everything accepted that it has, and memory holds it.
#
# Tried with Swift 6.3 and SwiftNIO 2.101.2. Expected by the documentation of `write` ("suspends if the underlying channel
# is not writable and will resume after the it becomes writable again", as back-pressure): some pieces near the high
# watermark of 64 KiB. Seen: all of 256 MiB accepted while the loop took none. A hop to the loop after each MiB, which returns
# when the loop has done what it was given before, keeps the writer at most one MiB ahead.
#
# Ends with 1 when something else is seen. Needs Swift and the package; works in a temporary folder.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/Sources/finding"
cat > "$work/Package.swift" << 'PACKAGE'
// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "finding",
    platforms: [.macOS(.v15)],
    dependencies: [.package(url: "https://github.com/apple/swift-nio", exact: "2.101.2")],
    targets: [
        .executableTarget(
            name: "finding",
            dependencies: [.product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio")])
    ])
PACKAGE
cat > "$work/Sources/finding/main.swift" << 'MAIN'
import Dispatch
import NIOCore
import NIOPosix
import Synchronization

/// Counts the pieces that the loop has taken; while it is shut, the loop stands in it.
final class Gate: ChannelOutboundHandler, Sendable {
    typealias OutboundIn = ByteBuffer
    let taken = Atomic(0)
    private let opened = DispatchSemaphore(value: 0)
    private let isShut = Atomic(true)

    func open() {
        isShut.store(false, ordering: .sequentiallyConsistent)
        opened.signal()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if isShut.load(ordering: .sequentiallyConsistent) { opened.wait() }
        taken.add(1, ordering: .sequentiallyConsistent)
        context.write(data, promise: promise)
    }
}

/// Reads all, so that the peer is never what the writer waits for.
final class Drain: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
}

let (group, pieces) = (MultiThreadedEventLoopGroup(numberOfThreads: 2), 256)
let server = try await ServerBootstrap(group: group)
    .childChannelInitializer { $0.pipeline.addHandler(Drain()) }
    .bind(host: "127.0.0.1", port: 0).get()

/// How many MiB the writer was ahead of the loop at most.
func lead(shut: Bool, hops: Bool) async throws -> Int {
    let gate = Gate()
    if !shut { gate.open() }
    let channel = try await ClientBootstrap(group: group).connect(to: server.localAddress!) { channel in
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(gate)
            return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
    }
    return try await channel.executeThenClose { _, outbound in
        let piece = ByteBuffer(repeating: 7, count: 1 << 20)
        var most = 0
        for number in 1...pieces {
            try await outbound.write(piece)
            most = max(most, number - gate.taken.load(ordering: .sequentiallyConsistent))
            if hops { try await channel.channel.eventLoop.submit {}.get() }
        }
        if shut { gate.open() }
        return most
    }
}

print("loop that stands: \(try await lead(shut: true, hops: false)) of \(pieces) MiB accepted")
print("hop after each MiB: \(try await lead(shut: false, hops: true)) MiB ahead at most")
MAIN
swift build --package-path "$work" > "$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 2
}
swift --version 2>/dev/null | head -1
seen=$("$work/.build/debug/finding")
echo "$seen"
[[ $seen == "loop that stands: 256 of 256 MiB accepted
hop after each MiB: "[01]" MiB ahead at most" ]]
