// swift-tools-version:5.9
import PackageDescription

// On Apple's platforms the library comes as an XCFramework, which `cargo xtask package-xcframework` makes. On Linux, and on a Mac where
// HUIZHENG_LIBRARY is set (`try` and `test` set it), it is the one that `mobile-bindings/generate` built: `swift build -Xlinker -L<its folder>`.
#if os(Linux)
let library: [Target] = [
    .systemLibrary(name: "HuizhengFFI"),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto"),
]
let software: [Target.Dependency] = ["Huizheng", "COpenSSL"]
#else
let library: [Target] = [
    Context.environment["HUIZHENG_LIBRARY"] == nil
        ? .binaryTarget(name: "HuizhengFFI", path: "HuizhengFFI.xcframework")
        : .systemLibrary(name: "HuizhengFFI"),
]
let software: [Target.Dependency] = ["Huizheng"]
#endif

let package = Package(
    name: "Huizheng",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [
        .library(name: "Huizheng", targets: ["Huizheng", "HuizhengDevice"]),
        // Keys in software, for trying things out: not for apps.
        .library(name: "HuizhengSoftware", targets: ["HuizhengSoftware"]),
    ],
    targets: library + [
        .target(name: "Huizheng", dependencies: ["HuizhengFFI"]),
        .target(name: "HuizhengDevice", dependencies: ["Huizheng"]),
        .target(name: "HuizhengSoftware", dependencies: software),
        .testTarget(name: "HuizhengTests", dependencies: ["Huizheng", "HuizhengDevice", "HuizhengSoftware"]),
    ],
    swiftLanguageVersions: [.v5]
)
