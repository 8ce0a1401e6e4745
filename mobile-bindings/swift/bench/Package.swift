// swift-tools-version:5.9
import PackageDescription

let package = Package(
    name: "Bench",
    platforms: [.macOS(.v12)],
    dependencies: [.package(path: "..")],
    targets: [.executableTarget(name: "Bench", dependencies: [.product(name: "Huizheng", package: "swift")])],
    swiftLanguageVersions: [.v5]
)
