import Foundation

/// What the holder unlocks by one answer. It ends with its last use, or at once by `end`.
protocol Unlockable: AnyObject, Sendable {
    /// Asks her; throws when she says no.
    func ask() async throws

    /// Ends what she unlocked, or the question while she is asked.
    func end()
}

/// One answer serves what one tap of the holder begins: several copies of a card, each with a key of its own. The time is kept here:
/// what the system unlocked, it leaves unlocked.
final class Unlocking<Unlocked: Unlockable>: @unchecked Sendable {
    private let lasting: TimeInterval
    private let now: @Sendable () -> TimeInterval
    private let make: @Sendable () -> Unlocked
    private let lock = NSLock()
    private var current: Round?

    /// A question, and when it was answered.
    private struct Round {
        let unlocked: Unlocked
        let answered: Task<TimeInterval, Error>
    }

    init(lasting: TimeInterval, now: @escaping @Sendable () -> TimeInterval, make: @escaping @Sendable () -> Unlocked) {
        self.lasting = lasting
        self.now = now
        self.make = make
    }

    /// Does this with what she unlocked, and asks her first where nothing is. Whoever comes while she is asked waits for the same answer,
    /// be it a no. What fails is not used again.
    func use<T>(_ work: (Unlocked) throws -> T) async throws -> T {
        let round = lock.withLock { current ?? begin() }
        do {
            let answered = try await round.answered.value
            if now() - answered < lasting { return try work(round.unlocked) }
        } catch {
            leave(round)
            throw error
        }
        leave(round)
        return try await use(work)
    }

    /// Ends what she unlocked, at once.
    func end() {
        let ended = lock.withLock { () -> Round? in
            defer { current = nil }
            return current
        }
        ended?.unlocked.end()
    }

    private func begin() -> Round {
        let unlocked = make()
        let answered = Task<TimeInterval, Error> { [now] in
            try await unlocked.ask()
            return now()
        }
        let round = Round(unlocked: unlocked, answered: answered)
        current = round
        return round
    }

    private func leave(_ round: Round) {
        lock.lock()
        defer { lock.unlock() }
        if current?.unlocked === round.unlocked { current = nil }
    }
}
