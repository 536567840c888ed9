// swift-tools-version: 6.1
import PackageDescription

let swiftSettings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "dh-sidecar",
  products: [
    .executable(name: "dh-sidecar", targets: ["dh-sidecar"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
  ],
  targets: [
    // MARK: JSON
    .target(name: "JSON", swiftSettings: swiftSettings),

    // MARK: YAML
    .target(name: "YAML", dependencies: ["JSON", "CYAML"], swiftSettings: swiftSettings),

    // MARK: JSONRPC
    .target(name: "JSONRPC", dependencies: ["JSON", "CLinux"], swiftSettings: swiftSettings),

    // MARK: Model
    .target(
      name: "Model",
      dependencies: ["JSON", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: swiftSettings
    ),

    // MARK: ParameterSchema
    .target(name: "ParameterSchema", dependencies: ["JSON", "Model"], swiftSettings: swiftSettings),

    // MARK: Platform
    .target(name: "Platform", dependencies: ["JSON", "Model"], swiftSettings: swiftSettings),

    // MARK: Settings
    .target(name: "Settings", dependencies: ["JSON", "Model", "YAML"], swiftSettings: swiftSettings),

    // MARK: HTTP
    .target(
      name: "HTTP",
      dependencies: [
        "JSON",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: swiftSettings
    ),

    // MARK: Sources
    .target(
      name: "Sources",
      dependencies: [
        "JSON", "Model", "HTTP", "CArchive",
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: swiftSettings
    ),

    // MARK: Build
    .target(name: "Build", dependencies: ["JSON", "Model"], swiftSettings: swiftSettings),

    // MARK: Catalog
    .target(name: "Catalog", dependencies: ["JSON", "Model", "CSQLite"], swiftSettings: swiftSettings),

    // MARK: EngineExecutor
    .target(
      name: "EngineExecutor",
      dependencies: ["JSON", "Model", "Platform", "HTTP", "Build", "Settings", "Sources"],
      swiftSettings: swiftSettings
    ),

    // MARK: KubernetesExecutor
    .target(
      name: "KubernetesExecutor",
      dependencies: [
        "JSON", "Model", "Platform", "HTTP", "Build", "Settings", "Sources", "YAML",
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: swiftSettings
    ),

    // MARK: EmbeddedPlatform
    .target(
      name: "EmbeddedPlatform",
      dependencies: ["JSON", "Model", "Platform", "Catalog", "Settings"],
      swiftSettings: swiftSettings
    ),

    // MARK: CorePlatform
    .target(
      name: "CorePlatform",
      dependencies: [
        "JSON", "Model", "Platform", "HTTP", "Build", "Sources", "Settings",
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: swiftSettings
    ),

    // MARK: Sidecar
    .target(
      name: "Sidecar",
      dependencies: [
        "JSON", "YAML", "Model", "Platform", "ParameterSchema", "JSONRPC", "Sources",
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: swiftSettings
    ),

    // MARK: dh-sidecar
    .executableTarget(
      name: "dh-sidecar",
      dependencies: [
        "CLinux", "JSON", "JSONRPC", "Model", "ParameterSchema", "Platform", "Settings", "Catalog", "HTTP",
        "EngineExecutor", "KubernetesExecutor", "EmbeddedPlatform", "CorePlatform", "Sidecar",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: swiftSettings
    ),

    // MARK: C and system libraries
    .target(name: "CLinux"),
    .systemLibrary(
      name: "CArchive",
      pkgConfig: "libarchive",
      providers: [.apt(["libarchive-dev", "nettle-dev", "zlib1g-dev", "libbz2-dev", "liblzma-dev", "libzstd-dev"])]
    ),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),

    // MARK: Tests
    .testTarget(name: "JSONTests", dependencies: ["JSON"], path: "Tests/JSON", swiftSettings: swiftSettings),
    .testTarget(name: "YAMLTests", dependencies: ["JSON", "YAML"], path: "Tests/YAML", swiftSettings: swiftSettings),
    .testTarget(
      name: "JSONRPCTests",
      dependencies: ["JSON", "JSONRPC", "CLinux"],
      path: "Tests/JSONRPC",
      swiftSettings: swiftSettings
    ),
    .testTarget(
      name: "ModelTests",
      dependencies: ["JSON", "Model"],
      path: "Tests/Model",
      swiftSettings: swiftSettings
    ),
    .testTarget(
      name: "ParameterSchemaTests",
      dependencies: ["JSON", "Model", "ParameterSchema"],
      path: "Tests/ParameterSchema",
      exclude: ["check_schemas.py"],
      swiftSettings: swiftSettings
    ),
    .testTarget(
      name: "SettingsTests",
      dependencies: ["JSON", "Model", "YAML", "Settings"],
      path: "Tests/Settings",
      swiftSettings: swiftSettings
    ),
    .testTarget(
      name: "HTTPTests",
      dependencies: [
        "JSON", "HTTP", .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      path: "Tests/HTTP",
      swiftSettings: swiftSettings
    ),
    .testTarget(
      name: "BuildTests",
      dependencies: ["JSON", "Model", "Build"],
      path: "Tests/Build",
      exclude: ["Golden"],
      swiftSettings: swiftSettings
    ),
    .testTarget(
      name: "CatalogTests",
      dependencies: ["JSON", "Model", "Catalog", "CSQLite"],
      path: "Tests/Catalog",
      swiftSettings: swiftSettings
    ),
    .testTarget(
      name: "EngineExecutorTests",
      dependencies: ["JSON", "Model", "Platform", "HTTP", "Build", "Settings", "Sources", "EngineExecutor"],
      path: "Tests/EngineExecutor",
      swiftSettings: swiftSettings
    ),
    .testTarget(
      name: "KubernetesExecutorTests",
      dependencies: ["JSON", "Model", "Platform", "HTTP", "Settings", "YAML", "KubernetesExecutor"],
      path: "Tests/KubernetesExecutor",
      exclude: ["Golden"],
      swiftSettings: swiftSettings
    ),
    .testTarget(
      name: "PlatformTests",
      dependencies: ["JSON", "Model", "Platform"],
      path: "Tests/Platform",
      swiftSettings: swiftSettings
    ),
    .testTarget(
      name: "EmbeddedPlatformTests",
      dependencies: ["JSON", "Model", "Platform", "Catalog", "Settings", "EmbeddedPlatform"],
      path: "Tests/EmbeddedPlatform",
      swiftSettings: swiftSettings
    ),
    .testTarget(
      name: "SourcesTests",
      dependencies: [
        "JSON", "Model", "HTTP", "Sources", .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      path: "Tests/Sources",
      exclude: ["s3_server.py", "sign.py"],
      swiftSettings: swiftSettings
    ),
    .testTarget(
      name: "CorePlatformTests",
      dependencies: [
        "JSON", "Model", "Platform", "HTTP", "Sources", "Settings", "CorePlatform", "CoreDouble",
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      path: "Tests/CorePlatform",
      exclude: ["Golden"],
      swiftSettings: swiftSettings
    ),
    // A DigitalHub Core to test against, over real HTTP: `swift run core-double` starts one by hand.
    .target(
      name: "CoreDouble",
      dependencies: [
        "JSON", .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      path: "Tests/CoreDouble",
      exclude: ["main"],
      swiftSettings: swiftSettings
    ),
    .executableTarget(
      name: "core-double",
      dependencies: ["CoreDouble"],
      path: "Tests/CoreDouble/main",
      swiftSettings: swiftSettings
    ),
    .testTarget(
      name: "SidecarTests",
      dependencies: ["JSON", "Model", "Platform", "ParameterSchema", "JSONRPC", "Sidecar"],
      path: "Tests/Sidecar",
      swiftSettings: swiftSettings
    ),
  ]
)
