// swift-tools-version:5.9
import PackageDescription

// On Apple's platforms the library comes as an XCFramework, which `cargo xtask package-xcframework` makes. On Linux, for
// tests, it is the one that `mobile-bindings/generate` built: `swift build -Xlinker -L<its folder>`.
#if os(Linux)
let library: [Target] = [
    .systemLibrary(name: "HuizhengFFI"),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto"),
]
let testing: [Target.Dependency] = ["Huizheng", "HuizhengDevice", "COpenSSL"]
#else
let library: [Target] = [.binaryTarget(name: "HuizhengFFI", path: "HuizhengFFI.xcframework")]
let testing: [Target.Dependency] = ["Huizheng", "HuizhengDevice"]
#endif

let package = Package(
    name: "Huizheng",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.library(name: "Huizheng", targets: ["Huizheng", "HuizhengDevice"])],
    targets: library + [
        .target(name: "Huizheng", dependencies: ["HuizhengFFI"]),
        .target(name: "HuizhengDevice", dependencies: ["Huizheng"]),
        .testTarget(name: "HuizhengTests", dependencies: testing),
    ],
    swiftLanguageVersions: [.v5]
)
