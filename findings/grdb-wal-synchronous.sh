#!/bin/bash
# GRDB 7.10.0: a connection opened with `journalMode = .wal` has `synchronous = NORMAL`, whatever `prepareDatabase` has
# set: the log is turned on, and NORMAL set, after it. A commit is then in the log and not on the disk.
#
# Tried with Swift 6.3, GRDB 7.10.0 and SQLite 3.40.1 (Debian 12). Expected by the documentation of `prepareDatabase`
# ("executed whenever a new connection is opened", for PRAGMAs): 2. Seen: 1 when asked for in `prepareDatabase`, 2 when
# asked for on the open connection. Whoever needs every commit on the disk asks there, and reads it back.
#
# Ends with 1 when something else is seen. Needs Swift, libsqlite3-dev and the
# package; works in a temporary folder.
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
    dependencies: [.package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0")],
    targets: [.executableTarget(name: "finding", dependencies: [.product(name: "GRDB", package: "GRDB.swift")])])
PACKAGE
cat > "$work/Sources/finding/main.swift" << 'MAIN'
import GRDB

var configuration = Configuration()
configuration.journalMode = .wal
configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
let queue = try DatabaseQueue(path: CommandLine.arguments[1], configuration: configuration)
func inForce() throws -> Int? { try queue.inDatabase { try Int.fetchOne($0, sql: "PRAGMA synchronous") } }
let prepared = try inForce()
try queue.inDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
let version = try queue.inDatabase { try String.fetchOne($0, sql: "SELECT sqlite_version()") }
print("SQLite \(version ?? "?"): prepared \(prepared ?? -1), open \(try inForce() ?? -1)")
MAIN
swift build --package-path "$work" > "$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 2
}
seen=$("$work/.build/debug/finding" "$work/test.db")
echo "seen:     $seen"
echo "expected: SQLite 3.40.1: prepared 1, open 2"
[[ $seen == *": prepared 1, open 2" ]]
