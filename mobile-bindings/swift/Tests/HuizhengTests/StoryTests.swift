import Foundation
import Huizheng
import HuizhengDevice
import XCTest

private let pin = "135790"
private let newPin = "a longer phrase"
/// What the counter may ask for this purpose, as the chain says.
private let purpose = "company-service"
private let claims: Set<String> = ["name", "creditCode", "legalRepresentative"]

/// A query for these claims of a business licence.
private func asking(_ claims: [String]) -> Json {
    ["credentials": [[
        "id": "licence", "format": "dc+sd-jwt", "meta": ["vct_values": ["urn:huizheng:business-licence:1"]],
        "claims": claims.map { ["path": [$0]] },
    ] as Json]]
}

/// The phone's story against running services: from an empty folder, by way of a lost phone, to a card that was revoked.
final class StoryTests: XCTestCase {
    private var services: Services!
    private var offlineCounter: OfflineCounter!

    override func setUpWithError() throws {
        services = try Services()
        offlineCounter = try OfflineCounter(services)
    }

    func testThePhonesStory() async throws {
        var steps = try Steps()
        let licence = try await services.approvedLicence()
        let phone = Phone(services)
        var wallet = try await phone.create(pin)
        XCTAssertEqual(try wallet.protection(), .software)

        try steps.next("receive")
        let card = try await receive(wallet, licence)
        try steps.next("consent")
        let (request, consent) = try await review(wallet)
        try steps.next("present")
        try await present(wallet, request, consent)
        try steps.next("refuse")
        try await refuseOverreach(wallet)
        try steps.next("decline")
        try await decline(wallet)

        wallet.lock()
        wallet = try await phone.open(pin, NoNetwork())
        try steps.next("answer a code")
        try await answerACode(wallet)
        try steps.next("answer a printed code")
        try await answerAPrintedCode(wallet)
        wallet.lock()
        wallet = try await phone.open(pin)

        try steps.next("log")
        try await readLog(wallet)
        try steps.next("back up")
        let (code, backup) = try await backUp(wallet)
        try steps.next("restore")
        let other = Phone(services)
        let restored = try await restore(other, code, backup, wallet, card)
        wallet.lock()
        try steps.next("collect again")
        let again = try await services.approvedLicence()
        let fresh = try await collectAgain(restored, again)
        try steps.next("say what links")
        try await sayWhatLinks(restored)
        try steps.next("show what was revoked")
        try await services.licensing.revoke(again.id, "the company was dissolved")
        try await presentRevoked(restored, fresh)

        try steps.next("lock")
        try await restored.changePin(old: pin, new: newPin)
        restored.lock()
        try await fails(with: { if case WalletError.OpenWallet = $0 { true } else { false } }) { _ = try await restored.cards() }
        let cards = try await other.open(newPin).cards()
        XCTAssertEqual(cards.map(\.id), [fresh])
        try steps.end()
    }

    private func receive(_ wallet: Wallet, _ licence: (id: String, secret: String)) async throws -> String {
        let letter = try await services.licensing.offer(licence)
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

    private func review(_ wallet: Wallet) async throws -> (String, Consent) {
        let request = try await services.ask(purpose)
        let consent = try await wallet.reviewRequest(link: request.link)
        XCTAssertEqual(consent.verifier.name.zh, "合肥市政务服务中心")
        XCTAssertEqual(consent.purpose, purpose)
        XCTAssertEqual(consent.legalBasis, .consent)
        XCTAssertEqual(consent.retentionDays, 30)
        XCTAssertEqual(consent.questions.count, 1)
        let option = consent.questions[0].options[0]
        XCTAssertEqual(option.format, .sdJwtVc)
        XCTAssertEqual(Set(option.leaves.map(\.name)), claims)
        XCTAssertTrue(option.stays.contains { $0.name == "address" })
        let read = try await services.read(request.id)
        XCTAssertEqual(read["state"] as? String, "open", "nothing left yet")
        return (request.id, consent)
    }

    private func present(_ wallet: Wallet, _ request: String, _ consent: Consent) async throws {
        let (question, option) = (consent.questions[0], consent.questions[0].options[0])
        let presented = try await wallet.present(consentId: consent.id, choice: [question.id: [option.id]])
        XCTAssertFalse(presented.logEntry.isEmpty)
        let read = try await services.read(request)
        XCTAssertEqual(read["decision"] as? String, "accepted", "\(read)")
        XCTAssertTrue(checks(read, "passed").isSuperset(of: ["issuer_signature", "issuer_accredited", "status", "holder_binding"]))
        let shown = (read["claims"] as? [String: Json])?.values.first
        XCTAssertEqual(shown.map { Set($0.keys) }, claims)
        XCTAssertEqual(shown?["name"] as? String, option.holderLine)

        try await fails(with: { if case WalletError.GetNewRequest = $0 { true } else { false } }) {
            _ = try await wallet.present(consentId: consent.id)
        }
    }

    private func refuseOverreach(_ wallet: Wallet) async throws {
        let request = try await services.ask(purpose, dcql: asking(["name", "address"]))
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

    /// Two cards that don't say of whom the other is: shown together, they do.
    private func sayWhatLinks(_ wallet: Wallet) async throws {
        let letter = try await services.police.offer(services.approvedId())
        let received = try await wallet.receive(offer: wallet.previewOffer(link: letter.link), txCode: letter.txCode)
        let alone = try await wallet.reviewRequest(link: services.ask(purpose).link)
        XCTAssertEqual(try wallet.links(consentId: alone.id), [])
        let both = try await wallet.reviewRequest(link: services.ask("tax-registration").link)
        XCTAssertEqual(both.questions.count, 2)
        XCTAssertEqual(try wallet.links(consentId: both.id), [.together(questions: both.questions.map(\.id))])
        for consent in [alone, both] {
            let isOpen = try await wallet.decline(consentId: consent.id)
            XCTAssertTrue(isOpen)
        }
        XCTAssertEqual(try wallet.links(consentId: both.id), [], "it is answered")
        let isGone = try await wallet.deleteCard(id: received.cards[0].id)
        XCTAssertTrue(isGone)
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

    /// What a camera gathers of these codes; they come in any order, and some twice.
    private func scan(_ codes: [String]) throws -> Data {
        let collector = QrCollector()
        for code in codes.reversed() + codes {
            switch collector.add(text: code) {
            case let .whole(message): return message
            case .part: continue
            case let other: throw Failure("\(other)")
            }
        }
        throw Failure("codes are missing")
    }

    private func answerACode(_ wallet: Wallet) async throws {
        let ask = try offlineCounter.ask(purpose, asking(claims.sorted()))
        let consent = try await wallet.reviewOffline(message: scan(ask.codes))
        XCTAssertEqual(consent.verifier.name.zh, "合肥市政务服务中心")
        XCTAssertEqual(consent.purpose, purpose)
        let (question, option) = (consent.questions[0], consent.questions[0].options[0])
        XCTAssertEqual(Set(option.leaves.map(\.name)), claims)

        let code = try await wallet.presentOffline(consentId: consent.id, choice: [question.id: [option.id]])
        XCTAssertLessThan(Date().timeIntervalSince(try XCTUnwrap(code.evidenceAsOf)), 3600)
        let decision = try offlineCounter.decide(ask, code.frames)
        XCTAssertTrue(decision.isAccepted && decision.said.contains(option.holderLine), decision.said)

        let another = try offlineCounter.decide(offlineCounter.ask(purpose, asking(claims.sorted())), code.frames)
        XCTAssertFalse(another.isAccepted || another.said.contains(option.holderLine), another.said)
    }

    private func answerAPrintedCode(_ wallet: Wallet) async throws {
        let ask = try offlineCounter.ask(purpose, asking(["name"]), place: "hall-3")
        let consent = try await wallet.reviewOffline(message: scan(ask.codes))
        let code = try await wallet.presentOffline(consentId: consent.id, choice: [:], coarse: true)
        // It lives a minute; the next one is another, and the same entry in the log.
        let following = try await wallet.presentOffline(consentId: consent.id, choice: [:])
        XCTAssertNotEqual(code.frames, following.frames)
        XCTAssertEqual(code.logEntry, following.logEntry)
        XCTAssertGreaterThan(code.frames.count, following.frames.count)
        for each in [code, following] {
            let decision = try offlineCounter.decide(ask, each.frames)
            XCTAssertTrue(decision.isAccepted, decision.said)
        }
    }

    private func readLog(_ wallet: Wallet) async throws {
        let entries = try await wallet.log()
        let kinds: [String] = entries.map {
            switch $0.event {
            case .received: "received"
            case let .presented(_, shared, outcome): outcome == .shown ? "shown \(shared[0].claims.count)" : "presented"
            case .declined: "declined"
            case .refused: "refused"
            case .deleted: "deleted"
            }
        }
        XCTAssertEqual(kinds, ["shown 1", "shown 3", "declined", "refused", "presented", "received"])
        XCTAssertFalse("\(entries)".contains("程知夏"), "the log holds names of claims, never values")

        let page = try await wallet.log(before: entries[1].id, limit: 2)
        XCTAssertEqual(page.map(\.id), [entries[2].id, entries[3].id])
        let (found, nothing) = try await (wallet.searchLog(text: "政务服务中心"), wallet.searchLog(text: "nothing like it"))
        XCTAssertEqual(found.map(\.id), entries.prefix(5).map(\.id))
        XCTAssertTrue(nothing.isEmpty)
        let (draft, none) = try await (wallet.draftComplaint(entry: entries[3].id), wallet.draftComplaint(entry: entries[5].id))
        XCTAssertTrue(draft?.body.en.contains("address") == true && draft?.subject.zh.contains("合肥市政务服务中心") == true)
        XCTAssertNil(none)
        let (first, second) = (try await wallet.deleteLogEntry(id: entries[5].id), try await wallet.deleteLogEntry(id: entries[5].id))
        XCTAssertTrue(first)
        XCTAssertFalse(second)
        let left = try await wallet.log()
        XCTAssertEqual(left.count, 5)
    }

    private func backUp(_ wallet: Wallet) async throws -> (String, Data) {
        try await fails(with: { if case WalletError.ChooseAnotherPin = $0 { true } else { false } }) {
            _ = try await wallet.backUp(passphrase: pin)
        }
        let code = try newBackupCode()
        XCTAssertEqual(code.replacingOccurrences(of: "-", with: "").count, 24)
        XCTAssertNotEqual(code, try newBackupCode())
        let backup = try await wallet.backUp(passphrase: code)
        XCTAssertNil(backup.range(of: Data("合肥徽光".utf8)))
        return (code, backup)
    }

    private func restore(_ phone: Phone, _ code: String, _ backup: Data, _ before: Wallet, _ card: String) async throws -> Wallet {
        try await fails(with: { if case WalletError.EnterPinAgain = $0 { true } else { false } }) {
            _ = try await phone.restore(backup, "another passphrase", pin)
        }
        try await fails(with: { $0 is WalletError }) { _ = try await phone.restore(backup.dropLast(), code, pin) }
        XCTAssertFalse(walletExists(folder: phone.folder))

        let restored = try await phone.restore(backup, code, pin)
        let wallet = restored.wallet
        let (cards, log, expected) = try await (wallet.cards(), wallet.log(), before.log())
        XCTAssertTrue(cards.isEmpty, "no card without its key")
        XCTAssertEqual(restored.toCollect.map(\.id), [card])
        XCTAssertEqual(restored.toCollect.map(\.holderLine), ["合肥徽光软件有限公司"])
        XCTAssertNotNil(restored.toCollect[0].collectAt)
        XCTAssertTrue(restored.waiting.isEmpty)
        XCTAssertEqual(restored.logEntries, UInt64(expected.count))
        XCTAssertEqual(log, expected)
        return wallet
    }

    private func collectAgain(_ wallet: Wallet, _ licence: (id: String, secret: String)) async throws -> String {
        let letter = try await services.licensing.offer(licence)
        let received = try await wallet.receive(offer: wallet.previewOffer(link: letter.link), txCode: letter.txCode)
        let left = try await wallet.toCollect()
        XCTAssertTrue(left.isEmpty)
        return received.cards[0].id
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
