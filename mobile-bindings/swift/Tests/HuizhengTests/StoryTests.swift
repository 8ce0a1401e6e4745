import Foundation
import Huizheng
import HuizhengDevice
import XCTest

private let pin = "135790"
private let newPin = "a longer phrase"
/// What the counter may ask for this purpose, as the chain says.
private let purpose = "company-service"
private let claims: Set<String> = ["name", "creditCode", "legalRepresentative"]
private let tooMuch: Json = ["credentials": [[
    "id": "licence", "format": "dc+sd-jwt", "meta": ["vct_values": ["urn:huizheng:business-licence:1"]],
    "claims": [["path": ["name"]], ["path": ["address"]]],
] as Json]]

/// The phone's story, from an empty folder to a refusal, against running services.
final class StoryTests: XCTestCase {
    private let keys = SoftwareKeyStore()
    private let folder = NSTemporaryDirectory() + "huizheng-" + UUID().uuidString
    private var services: Services!

    override func setUpWithError() throws { services = try Services() }

    func testThePhonesStory() async throws {
        let licence = try await approvedLicence()
        let http = UrlSessionHttpClient()
        let config = WalletConfig(anchor: services.anchor, node: services.node)
        let wallet = try await Wallet.create(folder: folder, pin: pin, config: config, keys: keys, http: http)
        XCTAssertEqual(try wallet.protection(), .software)

        let card = try await receive(wallet, licence)
        try await present(wallet)
        try await refuseOverreach(wallet)
        try await decline(wallet)
        try await services.revoke(licence.id, "the company was dissolved")
        try await presentRevoked(wallet, card)

        try await readLog(wallet)
        try await wallet.changePin(old: pin, new: newPin)
        wallet.lock()
        try await fails(with: { if case WalletError.OpenWallet = $0 { true } else { false } }) { _ = try await wallet.cards() }
        let opened = try await Wallet.open(folder: folder, pin: newPin, config: config, keys: keys, http: http)
        let (cards, entries) = try await (opened.cards(), opened.log())
        XCTAssertEqual(cards.map(\.id), [card])
        XCTAssertEqual(entries.count, 4)
    }

    private func receive(_ wallet: Wallet, _ licence: (id: String, secret: String)) async throws -> String {
        let letter = try await services.offer(licence)
        let offer = try await wallet.previewOffer(link: letter.link)
        let details = offer.details()
        XCTAssertEqual(Set(details.credentials.map(\.format)), [.sdJwtVc, .ldpVc])
        XCTAssertTrue(details.takesCode)
        XCTAssertEqual(details.txCode?.length, UInt32(letter.txCode.count))

        let received = try await wallet.receive(offer: offer, txCode: letter.txCode)
        XCTAssertTrue(received.failed.isEmpty)
        XCTAssertEqual(received.cards.count, 1)
        let card = received.cards[0]
        XCTAssertEqual(card.kind, "business-licence")
        XCTAssertEqual(card.label.zh, "营业执照")
        XCTAssertEqual(card.holderLine, "合肥徽光软件有限公司")
        guard case .valid = card.state else { throw Failure("\(card.state)") }
        let capital = card.claims.first { $0.name == "registeredCapital" }
        XCTAssertEqual(capital?.text.en, "CNY 5,000,000.00")
        let (kept, none) = try await (wallet.card(id: card.id), wallet.card(id: "another"))
        XCTAssertEqual(kept?.claims, card.claims)
        XCTAssertNil(none)
        return card.id
    }

    private func present(_ wallet: Wallet) async throws {
        let request = try await services.ask(purpose)
        let consent = try await wallet.reviewRequest(link: request.link)
        XCTAssertEqual(consent.verifier.name.zh, "合肥市政务服务中心")
        XCTAssertEqual(consent.legalBasis, .consent)
        XCTAssertEqual(consent.questions.count, 1)
        let question = consent.questions[0]
        XCTAssertEqual(Set(question.options[0].leaves.map(\.name)), claims)
        XCTAssertTrue(question.options[0].stays.contains { $0.name == "address" })
        let before = try await services.read(request.id)
        XCTAssertEqual(before["state"] as? String, "open")

        let presented = try await wallet.present(consentId: consent.id, choice: [question.id: question.options[0].id])
        XCTAssertFalse(presented.logEntry.isEmpty)
        let read = try await services.read(request.id)
        XCTAssertEqual(read["decision"] as? String, "accepted", "\(read)")
        XCTAssertTrue(checks(read, "passed").isSuperset(of: ["issuer_signature", "issuer_accredited", "status", "holder_binding"]))
        try await fails(with: { if case WalletError.GetNewRequest = $0 { true } else { false } }) {
            _ = try await wallet.present(consentId: consent.id)
        }
    }

    private func refuseOverreach(_ wallet: Wallet) async throws {
        let request = try await services.ask(purpose, dcql: tooMuch)
        try await fails(with: { if case let WalletError.ReportOverreach(_, _, claims, labels) = $0 { claims == ["address"] && labels[0].zh == "住所" } else { false } }) {
            _ = try await wallet.reviewRequest(link: request.link)
        }
        let read = try await services.read(request.id)
        XCTAssertEqual(read["state"] as? String, "declined")
    }

    private func decline(_ wallet: Wallet) async throws {
        let request = try await services.ask(purpose)
        let consent = try await wallet.reviewRequest(link: request.link)
        let (first, second) = (try await wallet.decline(consentId: consent.id), try await wallet.decline(consentId: consent.id))
        XCTAssertTrue(first)
        XCTAssertFalse(second)
    }

    private func presentRevoked(_ wallet: Wallet, _ card: String) async throws {
        try await wallet.refresh()
        let shown = try await wallet.card(id: card)
        guard case .revoked = shown?.state else { throw Failure("\(String(describing: shown?.state))") }
        let request = try await services.ask(purpose)
        let consent = try await wallet.reviewRequest(link: request.link)
        XCTAssertTrue(consent.questions[0].options[0].warnings.contains(.notInForce))
        _ = try await wallet.present(consentId: consent.id)
        let read = try await services.read(request.id)
        XCTAssertEqual(read["decision"] as? String, "refused")
        XCTAssertTrue(checks(read, "failed").contains("status"))
    }

    private func readLog(_ wallet: Wallet) async throws {
        let entries = try await wallet.log()
        let kinds: [String] = entries.map {
            switch $0.event {
            case .received: "received"
            case .presented: "presented"
            case .declined: "declined"
            case .refused: "refused"
            case .deleted: "deleted"
            }
        }
        XCTAssertEqual(kinds, ["presented", "declined", "refused", "presented", "received"])
        XCTAssertFalse("\(entries)".contains("程知夏"), "the log holds names of claims, never values")
        let page = try await wallet.log(before: entries[1].id, limit: 2)
        XCTAssertEqual(page.map(\.id), [entries[2].id, entries[3].id])
        let deleted = try await wallet.deleteLogEntry(id: entries[4].id)
        XCTAssertTrue(deleted)
    }

    /// An approved application for a business licence. Everything in it is invented.
    private func approvedLicence() async throws -> (id: String, secret: String) {
        let application = try await services.apply("business-licence", [
            "name": "合肥徽光软件有限公司", "creditCode": "91340100MA8HUE6K0R", "companyType": "有限责任公司（自然人投资或控股）",
            "legalRepresentative": "程知夏", "registeredCapital": 500_000_000, "established": "2021-06-18",
            "address": "安徽省合肥市高新区示例大道100号创新园B座9层", "businessScope": "软件开发；信息系统集成服务", "term": "long-term",
            "registrationAuthority": "合肥市市场监督管理局",
            "licenceIdentifier": "1.2.156.3005.2.11100000MB0143028R001.11340100MB1HUE0MXJ.2026AH01000086.001.C",
        ])
        try await services.approve(application.id)
        return application
    }
}

/// A call that must fail so.
func fails(with expected: (Error) -> Bool, _ call: () async throws -> Void) async throws {
    do {
        try await call()
    } catch {
        guard expected(error) else { throw error }
        return
    }
    throw Failure("it did not fail")
}
