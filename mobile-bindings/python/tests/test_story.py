"""The phone's story against running services: from an empty folder, by way of a lost phone, to a card that was revoked."""

import datetime

import pytest
from approved import approved_id, approved_licence
from conftest import PIN, NoNetwork
from huizheng_phone import HttpClient, huizheng
from services import checks
from steps import Steps

NEW_PIN = "a longer phrase"
# What the counter may ask for this purpose, as the chain says.
PURPOSE, CLAIMS = "company-service", {"name", "creditCode", "legalRepresentative"}


def asking(*claims):
    """A query for these claims of a business licence."""
    return {
        "credentials": [
            {
                "id": "licence",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": ["urn:huizheng:business-licence:1"]},
                "claims": [{"path": [claim]} for claim in claims],
            }
        ]
    }


async def test_the_phones_story(phone, other_phone, licensing, police, counter, offline_counter, licence):
    steps = Steps()
    wallet = await phone.create()
    assert wallet.protection() == huizheng.KeyProtection.SOFTWARE

    steps.next("receive")
    card = await receive(wallet, *licensing.offer(licence))
    steps.next("consent")
    request, consent = await review(wallet, counter)
    steps.next("present")
    await present(wallet, counter, request, consent)
    steps.next("refuse")
    await refuse_overreach(wallet, counter)
    steps.next("decline")
    await decline(wallet, counter)

    wallet.lock()
    phone.http = NoNetwork()
    wallet = await phone.open()
    steps.next("answer a code")
    await answer_a_code(wallet, offline_counter)
    steps.next("answer a printed code")
    await answer_a_printed_code(wallet, offline_counter)
    wallet.lock()
    phone.http = HttpClient()
    wallet = await phone.open()

    steps.next("log")
    await read_log(wallet)
    steps.next("back up")
    code, backup = await back_up(wallet)
    steps.next("restore")
    restored = await restore(other_phone, code, backup, wallet, card)
    wallet.lock()
    steps.next("collect again")
    licence = approved_licence(licensing)
    card = await collect_again(restored, *licensing.offer(licence))
    steps.next("say what links")
    await say_what_links(restored, counter, *police.offer(approved_id(police)))
    steps.next("show what was revoked")
    licensing.revoke(licence, "the company was dissolved")
    await present_revoked(restored, counter, card)

    steps.next("lock")
    await restored.change_pin(PIN, NEW_PIN)
    restored.lock()
    with pytest.raises(huizheng.WalletError.OpenWallet):
        await restored.cards()
    opened = await other_phone.open(NEW_PIN)
    assert [listed.id for listed in await opened.cards()] == [card]
    steps.end()


async def receive(wallet, link, tx_code):
    offer = await wallet.preview_offer(link)
    details = offer.details()
    formats = {huizheng.CredentialFormat.SD_JWT_VC, huizheng.CredentialFormat.LDP_VC}
    assert {offered.format for offered in details.credentials} == formats
    assert details.tx_code.digits_only and details.tx_code.length == len(tx_code)

    received = await wallet.receive(offer, tx_code)
    assert received.failed == []
    [card] = received.cards
    assert card.kind == "business-licence" and card.label.zh == "营业执照"
    assert set(card.formats) == formats
    assert card.holder_line == "合肥徽光软件有限公司"
    assert isinstance(card.state, huizheng.CardState.VALID)
    capital = next(claim for claim in card.claims if claim.name == "registeredCapital")
    assert (capital.text.en, capital.json) == ("CNY 5,000,000.00", "500000000")

    assert [listed.id for listed in await wallet.cards()] == [card.id]
    assert (await wallet.card(card.id)).claims == card.claims
    assert await wallet.card("another") is None
    return card.id


async def review(wallet, counter):
    request = counter.ask(PURPOSE)
    consent = await wallet.review_request(request.link)
    assert consent.verifier.name.zh == "合肥市政务服务中心"
    assert consent.purpose == PURPOSE and consent.legal_basis == huizheng.LegalBasis.CONSENT
    assert consent.legal_text.en and consent.retention_days == 30
    [question] = consent.questions
    option = question.options[0]
    assert option.format == huizheng.CredentialFormat.SD_JWT_VC
    assert {claim.name for claim in option.leaves} == CLAIMS
    assert "address" in {claim.name for claim in option.stays}
    assert counter.read(request)["state"] == "open", "nothing left yet"
    return request, consent


async def present(wallet, counter, request, consent):
    [question] = consent.questions
    option = question.options[0]
    presented = await wallet.present(consent.id, {question.id: [option.id]})
    assert presented.log_entry
    read = counter.read(request)
    assert read["decision"] == "accepted", read
    assert {"issuer_signature", "issuer_accredited", "status", "holder_binding"} <= checks(read, "passed")
    [claims] = read["claims"].values()
    assert claims.keys() == CLAIMS and claims["name"] == option.holder_line

    with pytest.raises(huizheng.WalletError.GetNewRequest):
        await wallet.present(consent.id)


async def refuse_overreach(wallet, counter):
    request = counter.ask(PURPOSE, asking("name", "address"))
    with pytest.raises(huizheng.WalletError.ReportOverreach) as refused:
        await wallet.review_request(request.link)
    assert refused.value.claims == ["address"]
    assert [label.zh for label in refused.value.labels] == ["住所"]
    assert refused.value.credential_type == "business-licence"
    assert counter.read(request)["state"] == "declined"


async def decline(wallet, counter):
    request = counter.ask(PURPOSE)
    consent = await wallet.review_request(request.link)
    assert await wallet.decline(consent.id)
    assert not await wallet.decline(consent.id)
    assert counter.read(request)["state"] == "declined"


def scan(codes):
    """What a camera gathers of these codes; they come in any order, and some twice."""
    collector = huizheng.QrCollector()
    for code in [*reversed(codes), *codes]:
        seen = collector.add(code)
        if isinstance(seen, huizheng.QrSeen.WHOLE):
            return seen.message
        assert isinstance(seen, huizheng.QrSeen.PART), seen
    raise AssertionError("codes are missing")


async def answer_a_code(wallet, counter):
    ask = counter.ask(PURPOSE, asking(*sorted(CLAIMS)))
    consent = await wallet.review_offline(scan(ask.codes))
    assert consent.verifier.name.zh == "合肥市政务服务中心" and consent.purpose == PURPOSE
    [question] = consent.questions
    option = question.options[0]
    assert {claim.name for claim in option.leaves} == CLAIMS

    code = await wallet.present_offline(consent.id, {question.id: [option.id]})
    age = datetime.datetime.now(datetime.timezone.utc) - code.evidence_as_of
    assert age < datetime.timedelta(hours=1) and code.until and code.log_entry
    accepted, said = counter.decide(ask, code.frames)
    assert accepted and option.holder_line in said, said

    another = counter.ask(PURPOSE, asking(*sorted(CLAIMS)))
    accepted, said = counter.decide(another, code.frames)
    assert not accepted and option.holder_line not in said, said


async def answer_a_printed_code(wallet, counter):
    ask = counter.ask(PURPOSE, asking("name"), place="hall-3")
    consent = await wallet.review_offline(scan(ask.codes))
    code = await wallet.present_offline(consent.id, {}, coarse=True)
    # It lives a minute; the next one is another, and the same entry in the log.
    following = await wallet.present_offline(consent.id, {})
    assert following.frames != code.frames and following.log_entry == code.log_entry
    assert len(code.frames) > len(following.frames)
    for each in (code, following):
        accepted, said = counter.decide(ask, each.frames)
        assert accepted, said


async def back_up(wallet):
    with pytest.raises(huizheng.WalletError.ChooseAnotherPin):
        await wallet.back_up(PIN)
    code = huizheng.new_backup_code()
    assert len(code.replace("-", "")) == 24 and huizheng.new_backup_code() != code
    backup = await wallet.back_up(code)
    assert "合肥徽光".encode() not in backup
    return code, backup


async def restore(phone, code, backup, before, card):
    with pytest.raises(huizheng.WalletError.EnterPinAgain):
        await phone.restore(backup, "another passphrase")
    with pytest.raises(huizheng.WalletError):
        await phone.restore(backup[:-1], code)
    assert not huizheng.wallet_exists(phone.folder)

    restored = await phone.restore(backup, code)
    wallet = restored.wallet
    assert await wallet.cards() == [], "no card without its key"
    [waits] = restored.to_collect
    assert (waits.id, waits.kind, waits.holder_line) == (card, "business-licence", "合肥徽光软件有限公司")
    assert waits.collect_at and restored.waiting == []
    assert restored.log_entries == len(await before.log())
    assert await wallet.log() == await before.log()
    return wallet


async def collect_again(wallet, link, tx_code):
    received = await wallet.receive(await wallet.preview_offer(link), tx_code)
    assert await wallet.to_collect() == []
    [card] = received.cards
    return card.id


async def read_log(wallet):
    entries = await wallet.log()
    kinds = [type(entry.event) for entry in entries]
    event = huizheng.LogEvent
    assert kinds == [event.PRESENTED, event.PRESENTED, event.DECLINED, event.REFUSED, event.PRESENTED, event.RECEIVED]
    assert [entry.at for entry in entries] == sorted((entry.at for entry in entries), reverse=True)

    printed, code, refused, first = (entries[at].event for at in (0, 1, 3, 4))
    assert isinstance(first.outcome, huizheng.PresentationOutcome.DELIVERED)
    assert all(isinstance(shown.outcome, huizheng.PresentationOutcome.SHOWN) for shown in (printed, code))
    assert set(first.shared[0].claims) == set(code.shared[0].claims) == CLAIMS
    assert printed.shared[0].claims == ["name"]
    assert (refused.code, refused.claims) == ("asks-too-much", ["address"])
    assert "程知夏" not in repr(entries), "the log holds names of claims, never values"

    page = await wallet.log(before=entries[1].id, limit=2)
    assert [entry.id for entry in page] == [entries[2].id, entries[3].id]
    found = await wallet.search_log("政务服务中心")
    assert [entry.id for entry in found] == [entry.id for entry in entries[:5]]
    assert await wallet.search_log("nothing like it") == []
    draft = await wallet.draft_complaint(entries[3].id)
    assert "address" in draft.body.en and "合肥市政务服务中心" in draft.subject.zh
    assert await wallet.draft_complaint(entries[5].id) is None
    assert await wallet.delete_log_entry(entries[5].id)
    assert not await wallet.delete_log_entry(entries[5].id)
    assert len(await wallet.log()) == 5


async def say_what_links(wallet, counter, link, tx_code):
    """Two cards that don't say of whom the other is: shown together, they do."""
    received = await wallet.receive(await wallet.preview_offer(link), tx_code)
    [identity] = received.cards
    alone = await wallet.review_request(counter.ask(PURPOSE).link)
    assert wallet.links(alone.id) == []
    both = await wallet.review_request(counter.ask("tax-registration").link)
    assert len(both.questions) == 2
    assert wallet.links(both.id) == [huizheng.HolderLink.TOGETHER([question.id for question in both.questions])]
    for consent in (alone, both):
        assert await wallet.decline(consent.id)
    assert wallet.links(both.id) == [], "it is answered"
    assert await wallet.delete_card(identity.id)


async def present_revoked(wallet, counter, card):
    await wallet.refresh()
    assert isinstance((await wallet.card(card)).state, huizheng.CardState.REVOKED)

    request = counter.ask(PURPOSE)
    consent = await wallet.review_request(request.link)
    assert huizheng.ConsentWarning.NOT_IN_FORCE in consent.questions[0].options[0].warnings
    await wallet.present(consent.id)
    read = counter.read(request)
    assert read["decision"] == "refused", read
    assert "status" in checks(read, "failed")
