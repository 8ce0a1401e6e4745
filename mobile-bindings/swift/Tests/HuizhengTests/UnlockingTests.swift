import Foundation
import Huizheng
@testable import HuizhengDevice
import XCTest

private enum Answer { case yes, no, never }

/// A question to the holder, and what was done with what she unlocked.
private final class Question: Unlockable, @unchecked Sendable {
    let asked = XCTestExpectation(description: "asked")
    private let answer: Answer
    private let lock = NSLock()
    private var ended = false

    var isEnded: Bool { lock.withLock { ended } }

    init(_ answer: Answer) { self.answer = answer }

    func ask() async throws {
        asked.fulfill()
        if answer == .yes { return try await Task.sleep(nanoseconds: 100_000_000) }
        while answer == .never, !isEnded { try await Task.sleep(nanoseconds: 1_000_000) }
        throw HolderKeyError.Declined
    }

    func end() { lock.withLock { ended = true } }
}

/// A holder whose answers the test knows, and the time.
private final class Holder: @unchecked Sendable {
    private let lock = NSLock()
    private var questions: [Question]
    private var next = 0
    private var time: TimeInterval = 1000

    init(_ answers: Answer...) { questions = answers.map(Question.init) }

    var asked: Int { lock.withLock { next } }

    subscript(_ index: Int) -> Question { lock.withLock { questions[index] } }

    func wait(_ seconds: TimeInterval) { lock.withLock { time += seconds } }

    func unlocking() -> Unlocking<Question> {
        Unlocking(lasting: 30, now: { self.lock.withLock { self.time } }) {
            self.lock.withLock {
                self.next += 1
                return self.questions[self.next - 1]
            }
        }
    }
}

/// How long one answer of the holder's serves, and whom: what `SecureEnclaveKeyStore` signs by.
final class UnlockingTests: XCTestCase {
    private let isDeclined: (Error) -> Bool = { ($0 as? HolderKeyError) == .Declined }

    func testOneAnswerServesAllThatWaitForIt() async throws {
        let holder = Holder(.yes, .yes)
        let unlocking = holder.unlocking()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0 ..< 8 { group.addTask { try await unlocking.use { $0 === holder[0] } } }
            for try await isFirst in group { XCTAssertTrue(isFirst) }
        }
        XCTAssertEqual(holder.asked, 1)
    }

    func testItServesHalfAMinute() async throws {
        let holder = Holder(.yes, .yes)
        let unlocking = holder.unlocking()
        for (wait, asked) in [(0, 1), (29, 1), (1, 2), (29, 2)] {
            holder.wait(TimeInterval(wait))
            try await unlocking.use { _ in }
            XCTAssertEqual(holder.asked, asked, "after \(wait) s")
        }
    }

    func testAfterANoSheIsAskedAgain() async throws {
        let holder = Holder(.no, .yes)
        let unlocking = holder.unlocking()
        try await fails(with: isDeclined) { try await unlocking.use { _ in } }
        try await unlocking.use { _ in }
        XCTAssertEqual(holder.asked, 2)
    }

    func testWhatFailsIsNotUsedAgain() async throws {
        let holder = Holder(.yes, .yes)
        let unlocking = holder.unlocking()
        try await fails(with: { ($0 as? HolderKeyError) == .Failed }) { try await unlocking.use { _ in throw HolderKeyError.Failed } }
        try await unlocking.use { XCTAssertTrue($0 === holder[1]) }
    }

    func testItEndsAtOnce() async throws {
        let holder = Holder(.yes, .never, .yes)
        let unlocking = holder.unlocking()
        try await unlocking.use { _ in }
        unlocking.end()
        XCTAssertTrue(holder[0].isEnded)

        let call = Task { try await unlocking.use { _ in } }
        await fulfillment(of: [holder[1].asked], timeout: 30)
        unlocking.end()
        try await fails(with: isDeclined) { try await call.value }

        try await unlocking.use { _ in }
        XCTAssertEqual(holder.asked, 3)
    }
}
