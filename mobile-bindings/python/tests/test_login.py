"""Collecting by logging in at the issuer's, and what comes after."""

import pytest
from browser import log_in
from huizheng_phone import huizheng

FORM = "business-licence-sd-jwt"


async def test_a_card_is_collected_by_logging_in_and_renewed(phone, licensing, licence):
    wallet = await phone.create()
    offer = await wallet.preview_issuer(licensing.url)
    details = offer.details()
    assert details.takes_login and not details.takes_code
    assert FORM in {offered.configuration for offered in details.credentials}

    address = await wallet.begin_login(offer, [FORM])
    # The app may be closed while its browser is open.
    wallet.lock()
    wallet = await phone.open()
    back = log_in(address)
    assert back.startswith("cn.huizheng.wallet:/authorized?")
    mixed_up = back.replace("iss=", "iss=https%3A%2F%2Fevil.example&x=")
    with pytest.raises(huizheng.WalletError.DoNotTrust) as refused:
        await wallet.finish_login(mixed_up)
    assert refused.value.code == "login-answer"

    received = await wallet.finish_login(back)
    [card] = received.cards
    assert card.kind == "business-licence" and card.formats == [huizheng.CredentialFormat.SD_JWT_VC]
    with pytest.raises(huizheng.WalletError.TryAgain):
        await wallet.finish_login(back)
    assert await wallet.pick_up() == []

    assert await wallet.is_renewable(card.id)
    renewed = await wallet.renew(card.id)
    [fresh] = renewed.cards
    assert fresh.id != card.id
    assert [listed.id for listed in await wallet.cards()] == [fresh.id]


async def test_an_issuer_without_an_address(phone):
    wallet = await phone.create()
    with pytest.raises(huizheng.WalletError.FixApp):
        await wallet.preview_issuer("no address")
