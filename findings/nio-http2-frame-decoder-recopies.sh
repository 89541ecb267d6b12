#!/bin/bash
# swift-nio-http2 1.46.0: the frame decoder appends each piece of input to what it has, and lets go of what it has read only
# where a piece ends at a frame's end. A peer whose pieces end elsewhere, say behind the next frame's header, makes it keep a
# connection's whole past, and copy that past with each piece.
#
# Tried with Swift 6.3, swift-nio-http2 1.46.0 and SwiftNIO 2.101.2: 8 MiB in DATA frames of 16 KiB, given in pieces of one
# frame's length. Expected: the storage behind a frame is of the order of a piece, as it is where each piece ends with its
# frame. Seen: with pieces that end 9 bytes later it grows to what the connection has carried, and 2.7 GiB of new storage are
# filled, whether the reader holds the last frame or lets it go. It needs no fault in the peer: TCP and TLS cut where they
# like, and an upload of some MiB on one stream is enough.
#
# Ends with 1 when something else is seen. Needs Swift and the packages; works in a temporary folder.
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
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", exact: "1.46.0"),
    ],
    targets: [
        .executableTarget(
            name: "finding",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
            ])
    ])
PACKAGE
cat > "$work/Sources/finding/main.swift" << 'MAIN'
import NIOCore
import NIOEmbedded
import NIOHTTP2

/// Holds the last DATA frame or lets it go, and looks at the storage that each one is a slice of.
final class Reader: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    private let holds: Bool
    private var last: ByteBuffer?
    private var place: UnsafeRawPointer?
    var read = 0
    var largest = 0
    /// Bytes of storage that was not the last frame's.
    var fresh = 0

    init(holds: Bool) { self.holds = holds }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .data(let frame) = unwrapInboundIn(data).payload, case .byteBuffer(let bytes) = frame.data else { return }
        read += bytes.readableBytes
        largest = max(largest, bytes.storageCapacity)
        let now = bytes.withVeryUnsafeBytes { $0.baseAddress }
        if now != place { fresh += bytes.storageCapacity }
        (last, place) = (holds ? bytes : nil, now)
    }
}

func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
    let length = payload.count
    return [UInt8(length >> 16), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags, 0, 0, 0, stream] + payload
}

func carry(cutBehindHeader: Bool, holds: Bool = true) throws -> Reader {
    let (channel, reader) = (EmbeddedChannel(), Reader(holds: holds))
    try channel.pipeline.syncOperations.addHandler(NIOHTTP2Handler(mode: .server))
    try channel.pipeline.syncOperations.addHandler(reader)
    try channel.connect(to: .init(ipAddress: "127.0.0.1", port: 1)).wait()
    // Preface, SETTINGS, its acknowledgement, and a POST; then windows as wide as they get.
    var start = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(4, 0, 0, []) + frame(4, 1, 0, [])
    start += frame(1, 4, 1, [0x83, 0x86, 0x84, 0x41, 0x01, 0x78])
    try channel.writeInbound(ByteBuffer(bytes: start))
    let update = HTTP2Frame(streamID: .rootStream, payload: .windowUpdate(windowSizeIncrement: 0x7fff_ffff - 65535))
    let own = HTTP2Frame(streamID: 1, payload: .windowUpdate(windowSizeIncrement: 0x7fff_ffff - 65535))
    for grant in [update, own] { try channel.writeOutbound(grant) }
    let data = frame(0, 0, 1, [UInt8](repeating: 7, count: 16384))
    if cutBehindHeader { try channel.writeInbound(ByteBuffer(bytes: data[..<9])) }
    let piece = cutBehindHeader ? Array(data[9...] + data[..<9]) : data
    for _ in 0..<512 {
        try channel.writeInbound(ByteBuffer(bytes: piece))
        channel.embeddedEventLoop.run()
        while try channel.readOutbound(as: ByteBuffer.self) != nil {}
    }
    return reader
}

let whole = try carry(cutBehindHeader: false)
let cut = try carry(cutBehindHeader: true)
let released = try carry(cutBehindHeader: true, holds: false)
for (name, reader) in [
    ("end with a frame", whole), ("end 9 bytes later", cut), ("end 9 bytes later, frames let go", released),
] {
    print("pieces that \(name): \(reader.read >> 20) MiB read, \(reader.largest >> 10) KiB behind a frame at most,",
        "\(reader.fresh >> 20) MiB of new storage")
}
let isBounded = whole.read == 512 << 14 && whole.largest <= 64 << 10 && whole.fresh <= 4 * whole.read
let keepsAll = [cut, released].allSatisfy {
    $0.read == 512 << 14 && $0.largest >= $0.read / 2 && $0.fresh >= 64 * $0.read
}
print(isBounded && keepsAll ? "as seen before" : "something else")
MAIN
swift build --package-path "$work" > "$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 2
}
swift --version 2>/dev/null | head -1
seen=$("$work/.build/debug/finding")
echo "$seen"
[[ $seen == *"as seen before" ]]
