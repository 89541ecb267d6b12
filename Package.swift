// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// One room of the house: a target, the floor it stands on, and everything it may import.
func room(_ name: String, in floor: String, imports: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: imports, path: "Sources/\(floor)/\(name)", swiftSettings: settings)
}

/// The tests of a room stand in `Tests/<Room>Tests`.
func tests(_ name: String, imports: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.init(stringLiteral: name)] + imports, path: "Tests/\(name)Tests",
        swiftSettings: settings)
}

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let inMemoryLogging = Target.Dependency.product(name: "InMemoryLogging", package: "swift-log")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioWebSocket = Target.Dependency.product(name: "NIOWebSocket", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")

let package = Package(
    name: "novella",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        // Without its traits, which bring configuration files of its own.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // Foundations: no HTTP, no host.
        room("Model", in: "Foundations"),
        room("Files", in: "Foundations"),
        room("Threads", in: "Foundations"),
        room("Store", in: "Foundations", imports: ["Model"]),
        room("Telemetry", in: "Foundations"),
        .systemLibrary(name: "COpenSSL", path: "Sources/Foundations/COpenSSL"),
        room("Cryptography", in: "Foundations", imports: ["COpenSSL"]),
        .systemLibrary(name: "CSQLite", path: "Sources/Foundations/CSQLite"),
        room("StoreSQLite", in: "Foundations", imports: ["Model", "Store", "Telemetry", "CSQLite"]),
        .target(name: "CPostgres", path: "Sources/Foundations/CPostgres"),
        room("StorePostgres", in: "Foundations", imports: ["Model", "Store", "CPostgres"]),
        room("Workflow", in: "Foundations", imports: ["Model", "Store", logging]),
        room("HostProtocol", in: "Foundations", imports: ["Model"]),
        room("Wire", in: "Foundations", imports: ["Model"]),
        room("Attributes", in: "Foundations", imports: ["Model", "Store", "Wire"]),

        // Services: verbs and workflows.
        room(
            "Identity", in: "Services",
            imports: ["Model", "Threads", "Store", "Attributes", "Wire", "Cryptography"]),
        room(
            "Image", in: "Services",
            imports: ["Model", "Files", "Store", "Attributes", "Wire", "Cryptography", logging]),
        room(
            "Networking", in: "Services", imports: ["Model", "Store", "HostProtocol", "Attributes", "Wire"]),
        room("Placement", in: "Services", imports: ["Model", "Store"]),
        room(
            "Compute", in: "Services",
            imports: [
                "Model", "Store", "Workflow", "HostProtocol", "Networking", "Image", "Cryptography", logging,
            ]),
        room("Inspection", in: "Services", imports: ["Model", "Store", "Compute"]),

        // Host: what runs on a compute node.
        room("Hypervisor", in: "Host", imports: ["Model", "HostProtocol"]),
        .target(name: "CLibvirt", path: "Sources/Host/CLibvirt"),
        room(
            "LibvirtDriver", in: "Host",
            imports: [
                "Model", "Threads", "HostProtocol", "Hypervisor", "Tools", "CLibvirt", nioCore, nioPosix, logging,
            ]),
        room("Tools", in: "Host", imports: [subprocess]),
        .target(name: "CNamespace", path: "Sources/Host/CNamespace"),
        room(
            "Dataplane", in: "Host",
            imports: ["Model", "HostProtocol", "Tools", "CNamespace", nioCore, nioPosix, nioHTTP1, logging]),
        room(
            "HostStorage", in: "Host",
            imports: ["Model", "Files", "Threads", "HostProtocol", "Hypervisor", "Tools", "Cryptography"]),
        room(
            "Agent", in: "Host",
            imports: ["Model", "HostProtocol", "Hypervisor", "Dataplane", "HostStorage", logging]),

        room("Doctor", in: "Host", imports: ["HostProtocol", "Dataplane", "LibvirtDriver", "Tools"]),

        // Edge: HTTP in, answers out.
        room(
            "APIKit", in: "Edge",
            imports: [
                "Model", "Telemetry", "Wire", "Cryptography", "Identity", hummingbird, httpTypes, nioCore,
                nioWebSocket, logging,
            ]),
        room(
            "API", in: "Edge",
            imports: [
                "Model", "HostProtocol", "Wire", "Attributes", "APIKit", "Identity", "Image", "Networking",
                "Placement", "Compute", httpTypes,
            ]),
        room("Metadata", in: "Edge", imports: ["Model", "Wire", "HostProtocol", "Networking", "Compute"]),
        room(
            "HostLink", in: "Edge",
            imports: [
                "Model", "Telemetry", "HostProtocol", "Compute", "Image", "Networking", "Metadata", hummingbird,
                httpTypes, nioCore, nioPosix, nioHTTP1, lifecycle, logging,
            ]),

        // Binaries: wiring, and one file per verb.
        room(
            "Cloud", in: "Binaries",
            imports: [
                "Model", "Files", "Cryptography", "Store", "StoreSQLite", "Telemetry", "Workflow", "HostProtocol",
                "Identity",
                "Image", "Networking", "Placement", "Compute", "Agent", "APIKit", "API", "HostLink", hummingbird,
                hummingbirdCore, httpTypes, nioCore, logging,
            ]),
        .executableTarget(
            name: "novella",
            dependencies: [
                "Model", "Store", "StoreSQLite", "HostProtocol", "Networking", "Compute", "Inspection", "Cloud",
                "Hypervisor", "LibvirtDriver", "Dataplane", "HostStorage", "Agent", "Doctor", "HostLink", hummingbird,
                argumentParser, lifecycle, unixSignals, logging,
            ],
            path: "Sources/Binaries/novella", swiftSettings: settings),

        // Testing: what tests of several rooms share.
        room(
            "TestSupport", in: "Testing",
            imports: [
                "Model", "Store", "StoreSQLite", "StorePostgres", "Wire", "Workflow", "HostProtocol", "Cloud",
                "Identity", "Image", "Compute", "Networking", "Hypervisor", "HostStorage", "Dataplane", "Agent",
                "HostLink", "APIKit",
                hummingbird, httpTypes, nioCore, nioEmbedded, nioPosix, lifecycle, subprocess, logging,
            ]),

        .executableTarget(
            name: "bench-parts", dependencies: ["Model", "Identity", "Compute", "Cloud", logging],
            path: "Sources/Testing/BenchParts", swiftSettings: settings),

        .executableTarget(
            name: "crash-harness",
            dependencies: [
                "Model", "Store", "HostProtocol", "Cloud", "Compute", "Identity", "Image", "Networking", "Inspection",
                "Hypervisor", "HostStorage", "HostLink", "Dataplane", "Agent", "LibvirtDriver", "StoreSQLite",
                "Workflow", "Tools",
                argumentParser, logging,
            ],
            path: "Sources/Testing/CrashHarness", swiftSettings: settings),
        room("DriverConformance", in: "Testing", imports: ["Model", "HostProtocol", "Hypervisor"]),

        tests("Model", imports: ["TestSupport"]),
        tests("Telemetry"),
        tests("Files"),
        tests("Cryptography", imports: ["COpenSSL"]),
        tests("Identity", imports: ["Model"]),
        tests("Store", imports: ["Model", "TestSupport"]),
        tests(
            "Attributes",
            imports: ["Model", "Store", "Wire", "Identity", "Image", "Networking", "TestSupport"]),
        tests("Threads"),
        tests("StoreSQLite", imports: ["Model", "Store", "CSQLite"]),
        tests("StorePostgres", imports: ["Model", "Store", "TestSupport"]),
        tests("Workflow", imports: ["Model", "Store", "TestSupport", logging]),
        tests("Wire", imports: ["Model", "TestSupport"]),
        tests("APIKit", imports: ["Model", "Wire", httpTypes, nioCore, nioEmbedded, nioWebSocket]),
        tests("API", imports: ["Model", "TestSupport", httpTypes]),
        tests(
            "Cloud",
            imports: [
                "Model", "Wire", "Store", "Attributes", "Identity", "Image", "Compute", "Networking", "Inspection",
                "Hypervisor", "HostLink",
                "HostProtocol", "APIKit", "API", "Cryptography", "TestSupport", httpTypes, nioCore, logging,
                inMemoryLogging,
            ]),
        tests(
            "Compute",
            imports: [
                "Model", "Store", "Workflow", "TestSupport", "Cloud", "HostProtocol", "Hypervisor", "HostStorage",
                "Image", "Networking", "Dataplane", httpTypes, logging,
            ]),
        tests(
            "Agent",
            imports: ["Model", "HostProtocol", "Hypervisor", "HostStorage", "Dataplane", "TestSupport", logging]),
        tests(
            "Metadata",
            imports: [
                "Model", "HostProtocol", "HostLink", "Cloud", "Compute", "Networking", "TestSupport", "Wire", httpTypes,
            ]),
        tests(
            "HostLink",
            imports: [
                "Agent", "Cloud", "Compute", "Dataplane", "HostProtocol", "HostStorage", "Hypervisor", "Identity",
                "Image", "Inspection", "Model",
                "Networking", "Store", "TestSupport", hummingbird, httpTypes, lifecycle, logging, nioCore,
                nioHTTP1,
            ]),
        tests(
            "HostStorage",
            imports: ["Model", "HostProtocol", "Hypervisor", "TestSupport", "Cryptography", subprocess]),
        tests("Hypervisor", imports: ["Model", "HostProtocol", "DriverConformance"]),
        tests(
            "LibvirtDriver",
            imports: [
                "Model", "HostProtocol", "Hypervisor", "HostStorage", "Dataplane", "Agent", "DriverConformance",
                "Cryptography", "Tools", "Cloud", "HostLink", "Compute", "Identity", "Image", "Networking",
                "TestSupport", logging,
            ]),
        tests("Doctor"),
        tests("Dataplane", imports: ["Model", "HostProtocol"]),
        .testTarget(
            name: "DataplaneKernelTests",
            dependencies: [
                "Dataplane", "Model", "HostProtocol", "Hypervisor", "HostStorage", "Agent", "Tools", logging,
            ],
            path: "Tests/DataplaneKernelTests", swiftSettings: settings),
    ]
)
