import Foundation

/// Holds a story to `story.txt`: the same steps, in the same order, and all of them.
struct Steps {
    private var left: [String]

    init() throws {
        let text = try String(contentsOfFile: environment("HUIZHENG_STORY"), encoding: .utf8)
        left = text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
    }

    mutating func next(_ step: String) throws {
        guard left.first == step else { throw Failure("story.txt goes on with \(left.first ?? "nothing"), not with \(step)") }
        left.removeFirst()
    }

    func end() throws {
        guard left.isEmpty else { throw Failure("story.txt has more steps: \(left)") }
    }
}

func environment(_ name: String) throws -> String {
    guard let value = ProcessInfo.processInfo.environment[name] else { throw Failure("\(name) is not set") }
    return value
}
