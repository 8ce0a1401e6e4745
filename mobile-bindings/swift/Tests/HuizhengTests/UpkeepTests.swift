import Foundation
import Huizheng
import HuizhengDevice
import XCTest

private let pin = "135790"
private let purpose = "company-service"

/// A query for the name on a card of this type.
private func query(_ id: String, _ type: String) -> Json {
    ["id": id, "format": "dc+sd-jwt", "meta": ["vct_values": ["urn:huizheng:\(type):1"]], "claims": [["path": ["name"]]]]
}

private extension Wallet {
    func take(_ letter: (link: String, txCode: String)) async throws {
        _ = try await receive(offer: previewOffer(link: letter.link), txCode: letter.txCode)
    }

    func found(_ query: LogQuery, before: String? = nil) async throws -> [String] {
        try await findInLog(query: query, before: before).map(\.id)
    }
}

private extension Phone {
    func withLicence(_ services: Services, _ http: HttpClient = UrlSessionHttpClient()) async throws -> Wallet {
        let wallet = try await create(pin, http)
        try await wallet.take(services.licensing.offer(services.approvedLicence()))
        return wallet
    }
}

/// The phone's own network, and what left by it.
private final class Recorder: HttpClient, @unchecked Sendable {
    private let phones = UrlSessionHttpClient()
    private let lock = NSLock()
    private var bodies: [String] = []

    var sent: [String] { lock.withLock { bodies } }

    func send(request: HttpRequest) async throws -> HttpResponse {
        let body = String(decoding: request.body, as: UTF8.self).removingPercentEncoding ?? ""
        lock.withLock { bodies.append(body) }
        return try await phones.send(request: request)
    }
}

/// A clock that the test puts forward.
private final class Watch: Huizheng.Clock, @unchecked Sendable {
    private let lock = NSLock()
    private var time = Date()

    func now() -> Date { lock.withLock { time } }

    func forward(_ seconds: TimeInterval) { lock.withLock { time += seconds } }
}

/// What an app tells its wallet, and what of optional sets leaves.
final class ToldTests: XCTestCase {
    func testAnIssuerHearsTheAppsOwnClientId() async throws {
        let (services, network) = (try Services(), Recorder())
        let own = WalletClient(clientId: "cn.example.wallet", redirectUri: "cn.example.wallet:/back")
        let wallet = try await Phone(services, client: own).create(pin, network)
        let offer = try await wallet.previewIssuer(issuer: services.licensing.url)
        // This issuer knows no such wallet.
        try await fails(with: { if case WalletError.UseAnotherWay = $0 { true } else { false } }) {
            _ = try await wallet.beginLogin(offer: offer, configurations: ["business-licence-sd-jwt"])
        }
        let pushed = network.sent.filter { $0.contains("client_id=") }
        XCTAssertEqual(pushed.count, 1)
        XCTAssertTrue(pushed.allSatisfy { $0.contains("client_id=\(own.clientId)") && $0.contains("redirect_uri=\(own.redirectUri)") })

        let unsafe = WalletClient(clientId: own.clientId, redirectUri: "http://example.com/back")
        try await fails(with: { if case WalletError.FixApp = $0 { true } else { false } }) {
            _ = try await Phone(services, client: unsafe).create(pin)
        }
    }

    func testWhatIsAuthorisedIsShownSignedAndLogged() async throws {
        let services = try Services()
        let transaction: Json = [
            "credential_ids": ["licence"], "title": ["zh": "开立对公账户", "en": "Open a business account"],
            "lines": [["label": ["zh": "类型", "en": "Kind"], "value": "基本户"] as Json],
        ]
        let ask = { try await services.ask(purpose, dcql: ["credentials": [query("licence", "business-licence")]], transactions: [transaction]) }
        let wallet = try await Phone(services, showsConfirmations: true).withLicence(services)
        let request = try await ask()
        let consent = try await wallet.reviewRequest(link: request.link)
        let title = LocalText(zh: "开立对公账户", en: "Open a business account")
        let line = ConfirmationLine(label: LocalText(zh: "类型", en: "Kind"), value: "基本户")
        XCTAssertEqual(consent.confirmations, [Confirmation(title: title, lines: [line])])
        _ = try await wallet.present(consentId: consent.id)
        let read = try await services.read(request.id)
        XCTAssertEqual(read["decision"] as? String, "accepted")
        XCTAssertTrue(checks(read, "passed").contains("transaction"))
        guard case let .presented(asked, _, _) = try await wallet.log(limit: 1).first?.event else { throw Failure("nothing left") }
        XCTAssertEqual(asked.confirmed, [title])

        // Nobody authorises what an app does not show.
        let other = try await Phone(services).withLicence(services)
        let another = try await ask()
        try await fails(with: { if case WalletError.GetNewRequest = $0 { true } else { false } }) {
            _ = try await other.reviewRequest(link: another.link)
        }
    }

    func testOfAnOptionalSetAllLeavesOrNothing() async throws {
        let services = try Services()
        let wallet = try await Phone(services).withLicence(services)
        try await wallet.take(services.police.offer(services.approvedId()))
        let asked: Json = [
            "credentials": [query("licence", "business-licence"), query("who", "digital-id"), query("firm", "business-licence")],
            "credential_sets": [["options": [["licence"]]] as Json, ["options": [["who", "firm"]], "required": false] as Json],
        ]
        let consent = try await wallet.reviewRequest(link: services.ask("tax-registration", dcql: asked).link)
        XCTAssertEqual(consent.questions.count, 3)
        let (demanded, first, second) = (consent.questions[0], consent.questions[1], consent.questions[2])
        XCTAssertNil(demanded.set)
        XCTAssertNotNil(first.set)
        XCTAssertEqual(first.set, second.set)
        XCTAssertEqual(try wallet.links(consentId: consent.id), [])
        // One of the set is named: the other leaves with it, and what that tells is said.
        let choice = [second.id: [second.options[0].id]]
        XCTAssertEqual(try wallet.links(consentId: consent.id, choice: choice), [.together(questions: consent.questions.map(\.id))])
        _ = try await wallet.present(consentId: consent.id, choice: choice)
        guard case let .presented(_, shared, _) = try await wallet.log(limit: 1).first?.event else { throw Failure("nothing left") }
        XCTAssertEqual(shared.count, 3)
    }
}

/// What keeps a wallet in order.
final class UpkeepTests: XCTestCase {
    func testTheLogIsSearchedByWhoWhatAndWhen() async throws {
        let services = try Services()
        let wallet = try await Phone(services).withLicence(services)
        let card = try await wallet.cards()[0]
        let answered = try await wallet.reviewRequest(link: services.ask(purpose).link)
        _ = try await wallet.present(consentId: answered.id)
        let refused = try await wallet.reviewRequest(link: services.ask(purpose).link)
        _ = try await wallet.decline(consentId: refused.id)
        let entries = try await wallet.log()
        XCTAssertEqual(entries.count, 3)
        let (declined, presented, received) = (entries[0].id, entries[1].id, entries[2].id)
        let came = entries[2].at

        let cases: [(LogQuery, [String])] = [
            (LogQuery(), [declined, presented, received]),
            (LogQuery(verifier: services.counterDid), [declined, presented]),
            (LogQuery(card: card.id), [presented, received]),
            (LogQuery(sharedOnly: true), [presented]),
            (LogQuery(text: card.issuerName.zh), [received]),
            (LogQuery(since: came, until: came + 0.002), [received]),
            (LogQuery(until: came - 0.002), []),
        ]
        for (query, expected) in cases {
            let found = try await wallet.found(query)
            XCTAssertEqual(found, expected, "\(query)")
        }
        let before = try await wallet.found(LogQuery(), before: declined)
        XCTAssertEqual(before, [presented, received])
        try await fails(with: { if case WalletError.FixApp = $0 { true } else { false } }) {
            _ = try await wallet.found(LogQuery(verifier: "no DID"))
        }
    }

    func testWhatIsOldLeavesTheLog() async throws {
        let (services, watch) = (try Services(), Watch())
        let wallet = try await Phone(services).create(pin, clock: watch)
        let refused = {
            let link = try await services.ask(purpose).link
            try await fails(with: { if case WalletError.GetCard = $0 { true } else { false } }) {
                _ = try await wallet.reviewRequest(link: link)
            }
        }
        try await refused()
        let old = try await wallet.log()[0]
        let none = try await wallet.deleteLogBefore(time: old.at - 0.002)
        XCTAssertEqual(none, 0)
        watch.forward(1)
        try await refused()
        let one = try await wallet.deleteLogBefore(time: old.at + 0.5)
        XCTAssertEqual(one, 1)
        let left = try await wallet.log()
        XCTAssertEqual(left.count, 1)
        XCTAssertGreaterThan(left[0].id, old.id)
    }

    func testOnlyOldEvidenceIsFetchedAnew() async throws {
        let services = try Services()
        let wallet = try await Phone(services).withLicence(services)
        let none = try await wallet.refreshOlderThan(age: 86400)
        let one = try await wallet.refreshOlderThan(age: 0)
        XCTAssertEqual([none, one], [0, 1])
        let (cards, unreadable) = try await (wallet.cards(), wallet.unreadableCards())
        guard case .valid = cards[0].state else { throw Failure("it is not valid") }
        XCTAssertEqual(unreadable, [])
    }

    func testAWalletWhosePinIsForgottenCanBeErasedAndMadeAnew() async throws {
        let services = try Services()
        let phone = Phone(services)
        try await phone.withLicence(services).lock()
        try await fails(with: { if case WalletError.EnterPinAgain = $0 { true } else { false } }) { _ = try await phone.open("246802") }
        try await eraseLockedWallet(folder: phone.folder)
        XCTAssertFalse(walletExists(folder: phone.folder))
        try await fails(with: { if case WalletError.CreateWallet = $0 { true } else { false } }) { _ = try await phone.open(pin) }
        try await eraseLockedWallet(folder: phone.folder)
        let cards = try await phone.create("a longer phrase").cards()
        XCTAssertTrue(cards.isEmpty)
    }
}
