"""The phone's story, from an empty folder to a refusal, against running services."""

import pytest
from conftest import PIN
from huizheng_phone import huizheng
from services import checks

NEW_PIN = "a longer phrase"
# What the counter may ask for this purpose, as the chain says.
PURPOSE, CLAIMS = "company-service", {"name", "creditCode", "legalRepresentative"}
TOO_MUCH = {
    "credentials": [
        {
            "id": "licence",
            "format": "dc+sd-jwt",
            "meta": {"vct_values": ["urn:huizheng:business-licence:1"]},
            "claims": [{"path": ["name"]}, {"path": ["address"]}],
        }
    ]
}


async def test_the_phones_story(phone, licensing, counter, licence):
    wallet = await phone.create()
    assert wallet.protection() == huizheng.KeyProtection.SOFTWARE

    card = await receive(wallet, *licensing.offer(licence))
    await present(wallet, counter)
    await refuse_overreach(wallet, counter)
    await decline(wallet, counter)

    licensing.revoke(licence, "the company was dissolved")
    await present_revoked(wallet, counter, card)

    await read_log(wallet)
    await wallet.change_pin(PIN, NEW_PIN)
    wallet.lock()
    with pytest.raises(huizheng.WalletError.OpenWallet):
        await wallet.cards()
    opened = await phone.open(NEW_PIN)
    assert [listed.id for listed in await opened.cards()] == [card]
    assert len(await opened.log()) == 4


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


async def present(wallet, counter):
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
    assert counter.read(request)["state"] == "open"

    presented = await wallet.present(consent.id, {question.id: option.id})
    assert presented.log_entry
    read = counter.read(request)
    assert read["decision"] == "accepted", read
    assert {"issuer_signature", "issuer_accredited", "status", "holder_binding"} <= checks(read, "passed")
    [claims] = read["claims"].values()
    assert claims.keys() == CLAIMS and claims["name"] == option.holder_line

    with pytest.raises(huizheng.WalletError.GetNewRequest):
        await wallet.present(consent.id)


async def refuse_overreach(wallet, counter):
    request = counter.ask(PURPOSE, TOO_MUCH)
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


async def read_log(wallet):
    entries = await wallet.log()
    kinds = [type(entry.event) for entry in entries]
    event = huizheng.LogEvent
    assert kinds == [event.PRESENTED, event.DECLINED, event.REFUSED, event.PRESENTED, event.RECEIVED]
    assert [entry.at for entry in entries] == sorted((entry.at for entry in entries), reverse=True)

    last, refused, first = entries[0].event, entries[2].event, entries[3].event
    assert isinstance(last.outcome, huizheng.PresentationOutcome.DELIVERED)
    assert (refused.code, refused.claims) == ("asks-too-much", ["address"])
    assert set(first.shared[0].claims) == CLAIMS
    assert "程知夏" not in repr(entries), "the log holds names of claims, never values"

    page = await wallet.log(before=entries[1].id, limit=2)
    assert [entry.id for entry in page] == [entries[2].id, entries[3].id]
    assert await wallet.delete_log_entry(entries[4].id)
    assert len(await wallet.log()) == 4
