import Foundation

/// What a counter with no network asks.
struct Ask {
    let file: URL
    /// The texts of its QR codes.
    let codes: [String]
}

/// A counter with no network, by the command `huizheng`: it has its keys, the chain's anchor and a camera.
struct OfflineCounter {
    private let folder = URL(fileURLWithPath: NSTemporaryDirectory() + "huizheng-counter-" + UUID().uuidString)
    private let did: String

    init(_ services: Services) throws {
        did = services.counterDid
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try services.anchor.write(to: file("anchor.json"), atomically: true, encoding: .utf8)
    }

    /// Asks whoever stands there, or with a code printed for a place.
    func ask(_ purpose: String, _ query: Json, place: String? = nil) throws -> Ask {
        try JSONSerialization.data(withJSONObject: query).write(to: file("query.json"))
        let keys = try environment("HUIZHENG_DATA") + "/verifier/keys/counter"
        let forPlace = place.map { ["--place", $0] } ?? []
        let (code, said) = try huizheng(
            ["ask", "--keys", keys, "--did", did, "--purpose", purpose, "--query", file("query.json").path] + forPlace
        )
        guard code == 0 else { throw Failure(said) }
        let asked = file("ask-" + UUID().uuidString)
        try said.write(to: asked, atomically: true, encoding: .utf8)
        return Ask(file: asked, codes: said.split(separator: "\n").map(String.init))
    }

    /// Whether it accepts the answer in these codes, and what it says.
    func decide(_ ask: Ask, _ codes: [String]) throws -> (isAccepted: Bool, said: String) {
        try codes.joined(separator: "\n").write(to: file("answer"), atomically: true, encoding: .utf8)
        let (code, said) = try huizheng(
            ["--offline", file("answer").path, "--request", ask.file.path, "--anchor", file("anchor.json").path]
        )
        // Accepted, refused, cannot tell; anything else is no decision.
        guard [0, 3, 4].contains(code) else { throw Failure(said) }
        return (code == 0, said)
    }

    private func file(_ name: String) -> URL { folder.appendingPathComponent(name) }

    private func huizheng(_ arguments: [String]) throws -> (Int32, String) {
        let (process, said) = (Process(), Pipe())
        process.executableURL = try URL(fileURLWithPath: environment("HUIZHENG"))
        process.arguments = ["verify"] + arguments
        process.standardOutput = said
        process.standardError = said
        try process.run()
        let text = String(decoding: said.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }
}
