"""What keeps a wallet in order: looking through the log and shortening it, fresh evidence, and an end to what can't be opened."""

import datetime

import pytest
from conftest import PIN
from huizheng_phone import huizheng
from test_choice import PURPOSE, with_cards
from test_errors import Clock

WalletError = huizheng.WalletError
DAY = datetime.timedelta(days=1)


async def ids(wallet, before=None, **query):
    return [entry.id for entry in await wallet.find_in_log(huizheng.LogQuery(**query), before)]


async def test_the_log_is_searched_by_who_what_and_when(phone, licensing, counter, licence, urls):
    wallet = await with_cards(phone, licensing.offer(licence))
    [card] = await wallet.cards()
    consent = await wallet.review_request(counter.ask(PURPOSE).link)
    await wallet.present(consent.id)
    await wallet.decline((await wallet.review_request(counter.ask(PURPOSE).link)).id)
    declined, presented, received = await wallet.log()

    assert await ids(wallet) == [declined.id, presented.id, received.id], "nothing is asked of it"
    assert await ids(wallet, declined.id) == [presented.id, received.id]
    assert await ids(wallet, verifier=urls["verifier"]["did"]) == [declined.id, presented.id]
    assert await ids(wallet, verifier=card.issuer) == []
    assert await ids(wallet, card=card.id) == [presented.id, received.id]
    assert await ids(wallet, shared_only=True) == [presented.id]
    assert await ids(wallet, text=received.event.issuer_name.zh) == [received.id]
    assert await ids(wallet, text=received.event.issuer_name.zh, shared_only=True) == []
    assert await ids(wallet, since=received.at, until=received.at + datetime.timedelta(milliseconds=1)) == [received.id]
    assert await ids(wallet, until=received.at) == []
    with pytest.raises(WalletError.FixApp):
        await ids(wallet, verifier="no DID")


async def test_what_is_old_leaves_the_log(phone, counter):
    phone.clock = Clock()
    wallet = await phone.create()

    async def refused():
        with pytest.raises(WalletError.GetCard):
            await wallet.review_request(counter.ask(PURPOSE).link)

    await refused()
    [old] = await wallet.log()
    assert await wallet.delete_log_before(old.at) == 0, "what is from then stays"
    phone.clock.time += datetime.timedelta(seconds=1)
    await refused()
    assert await wallet.delete_log_before(old.at + datetime.timedelta(milliseconds=1)) == 1
    [young] = await wallet.log()
    assert young.id > old.id


async def test_only_old_evidence_is_fetched_anew(phone, licensing, licence):
    wallet = await with_cards(phone, licensing.offer(licence))
    assert await wallet.refresh_older_than(DAY) == 0
    assert await wallet.refresh_older_than(datetime.timedelta()) == 1
    [card] = await wallet.cards()
    assert isinstance(card.state, huizheng.CardState.VALID)
    assert await wallet.unreadable_cards() == []


async def test_a_wallet_whose_pin_is_forgotten_can_be_erased_and_made_anew(phone, licensing, licence):
    (await with_cards(phone, licensing.offer(licence))).lock()
    with pytest.raises(WalletError.EnterPinAgain):
        await phone.open("246802")
    await huizheng.erase_locked_wallet(phone.folder)
    assert not huizheng.wallet_exists(phone.folder)
    with pytest.raises(WalletError.CreateWallet):
        await phone.open(PIN)
    await huizheng.erase_locked_wallet(phone.folder)
    wallet = await phone.create("a longer phrase")
    assert await wallet.cards() == [] and await wallet.log() == []
