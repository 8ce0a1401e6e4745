import Foundation
import Huizheng
import HuizhengDevice
import XCTest

private let reference = "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fissuer.example%2Foffers%2F1"

/// Never answers, and notices when it is asked.
private final class Silent: HttpClient, @unchecked Sendable {
    let asked = XCTestExpectation(description: "asked")
    let givenUp = XCTestExpectation(description: "given up")

    func send(request _: HttpRequest) async throws -> HttpResponse {
        asked.fulfill()
        do {
            try await Task.sleep(nanoseconds: 60_000_000_000)
        } catch {
            givenUp.fulfill()
            throw HttpError.Cancelled
        }
        throw HttpError.Unreachable
    }
}

/// What calls through the bindings promise beside their answers: they can be given up, and failures keep their kind.
final class CallsTests: XCTestCase {
    private func create(_ http: HttpClient) async throws -> Wallet { try await Phone(Services()).create("135790", http) }

    func testACancelledTaskEndsItsCallAndItsRequest() async throws {
        let silent = Silent()
        let wallet = try await create(silent)
        let call = Task { try await cancellable(wallet) { try await $0.previewOffer(link: reference) } }
        await fulfillment(of: [silent.asked], timeout: 30)
        call.cancel()
        try await fails(with: { if case WalletError.Cancelled = $0 { true } else { false } }) { _ = try await call.value }
        await fulfillment(of: [silent.givenUp], timeout: 30)
        let entries = try await wallet.log()
        XCTAssertTrue(entries.isEmpty)
    }

    func testWhatTheDeviceThrowsArrives() async throws {
        let wallet = try await create(NoNetwork())
        try await fails(with: { if case WalletError.GoOnline = $0 { true } else { false } }) {
            _ = try await wallet.previewOffer(link: reference)
        }
    }

    func testNoServerAndTooLargeAnAnswer() async throws {
        let http = UrlSessionHttpClient()
        let nobody = HttpRequest(method: .get, url: "http://127.0.0.1:9/", headers: [], body: Data(), answerLimit: 100)
        try await fails(with: { if case HttpError.Unreachable = $0 { true } else { false } }) { _ = try await http.send(request: nobody) }
        let node = try Services().node
        let anchor = HttpRequest(method: .get, url: node + "/v1/anchor", headers: [], body: Data(), answerLimit: 10)
        try await fails(with: { if case HttpError.TooLarge = $0 { true } else { false } }) { _ = try await http.send(request: anchor) }
    }

    func testAClientGoesWithItsLastUse() async throws {
        weak var gone: UrlSessionHttpClient?
        do {
            let http = UrlSessionHttpClient()
            gone = http
            let anchor = try HttpRequest(method: .get, url: Services().node + "/v1/anchor", headers: [], body: Data(), answerLimit: 1 << 20)
            let answer = try await http.send(request: anchor)
            XCTAssertEqual(answer.status, 200)
        }
        XCTAssertNil(gone)
    }

    /// All kinds of hostile frames, made byte by byte, are in the Python tests: here, that each answer arrives and none is thrown.
    func testWhatAHostileScreenShowsEndsInAnAnswer() async throws {
        let collector = QrCollector()
        for other in ["", "openid4vp://authorize?client_id=x"] { XCTAssertEqual(collector.add(text: other), .notOurs) }
        let zeros = { (count: Int) in String(repeating: "0", count: count) }
        for wrong in ["HZ1:", "HZ1:惠.", "HZ1:" + zeros(5000) + ".", "HZ1:" + zeros(10_000_000), "HZ1:BB8A."] {
            guard case .misread = collector.add(text: wrong) else { throw Failure("a frame that is none was taken") }
        }
        let wallet = try await create(NoNetwork())
        for message in [Data(), Data([1, 1]), Data([2, 1]), Data(count: 65536), Data(repeating: 255, count: 65536)] {
            try await fails(with: { if case WalletError.GetNewRequest = $0 { true } else { false } }) {
                _ = try await wallet.reviewOffline(message: message)
            }
        }
    }

    func testAFingerOpensWhatThePinSwitchedOn() async throws {
        let (phone, sensor) = (Phone(try Services()), Sensor())
        let wallet = try await phone.create("135790", NoNetwork(), sensor)
        try await wallet.enrolBiometrics(pin: "135790")
        let isOn = try await wallet.hasBiometrics()
        XCTAssertTrue(isOn)
        wallet.lock()
        try await phone.open(by: sensor).lock()
        sensor.isOwner = false
        try await fails(with: { if case WalletError.Cancelled = $0 { true } else { false } }) { _ = try await phone.open(by: sensor) }
        XCTAssertTrue(isProtected(screen: .consent))
        XCTAssertFalse(isProtected(screen: .scan))
    }
}

/// A sensor, and whether its owner touches it.
private final class Sensor: Biometrics, @unchecked Sendable {
    var isOwner = true

    func protect(secret: Data) async throws -> Data { Data(secret.reversed()) }

    func release(guarded: Data) async throws -> Data {
        guard isOwner else { throw HolderKeyError.Declined }
        return Data(guarded.reversed())
    }

    func forget() async throws {}
}
