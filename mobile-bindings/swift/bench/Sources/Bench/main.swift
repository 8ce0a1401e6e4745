import Foundation
import Huizheng

// What one call through the Swift binding costs, in µs: the middle of many rounds, as a line of JSON. Its floor: a call of the C library's
// `toupper`.
let (rounds, calls) = (25, 20_000)

func callUs(_ call: () -> Void) -> Double {
    func round() -> Double {
        let began = DispatchTime.now().uptimeNanoseconds
        for _ in 0 ..< calls { call() }
        return Double(DispatchTime.now().uptimeNanoseconds - began) / 1e3 / Double(calls)
    }
    return (0 ..< rounds).map { _ in round() }.sorted()[rounds / 2]
}

// It answers from memory and takes no lock that anybody else holds: what is measured is the crossing.
let handle = CancelHandle()
let floor = callUs { _ = toupper(97) }
let value = callUs { _ = handle.isCancelled() }
print(String(format: #"{"name": "call/swift_us", "value": %.3f, "unit": "us", "floor": %.3f, "ratio": %.3f}"#, value, floor, value / floor))
