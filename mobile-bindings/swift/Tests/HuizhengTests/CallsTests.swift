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
    private func create(_ http: HttpClient) async throws -> Wallet {
        let services = try Services()
        let config = WalletConfig(anchor: services.anchor, node: services.node)
        let folder = NSTemporaryDirectory() + "huizheng-" + UUID().uuidString
        return try await Wallet.create(folder: folder, pin: "135790", config: config, keys: SoftwareKeyStore(), http: http)
    }

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
        final class Offline: HttpClient {
            func send(request _: HttpRequest) async throws -> HttpResponse { throw HttpError.Unreachable }
        }
        let wallet = try await create(Offline())
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
}
