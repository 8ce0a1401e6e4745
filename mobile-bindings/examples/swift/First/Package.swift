// swift-tools-version:5.9
import PackageDescription

let package = Package(
    name: "First",
    platforms: [.macOS(.v12)],
    dependencies: [.package(path: "../../../swift")],
    targets: [
        .executableTarget(name: "First", dependencies: [
            .product(name: "Huizheng", package: "swift"), .product(name: "HuizhengSoftware", package: "swift"),
        ]),
    ],
    swiftLanguageVersions: [.v5]
)
