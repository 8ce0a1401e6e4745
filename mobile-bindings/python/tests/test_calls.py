"""What calls through the bindings promise beside their answers: they run together, and can be given up."""

import asyncio

import pytest
from conftest import Phone
from huizheng_phone import HttpClient, huizheng

REFERENCE = "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fissuer.example%2Foffers%2F1"


class Slow(HttpClient):
    """Answers when the test says so, and notices when nobody waits any more."""

    def __init__(self):
        super().__init__()
        self.asked, self.answer, self.given_up = asyncio.Event(), asyncio.Event(), False

    async def send(self, request):
        self.asked.set()
        try:
            await self.answer.wait()
        except asyncio.CancelledError:
            self.given_up = True
            raise
        return huizheng.HttpResponse(status=404, headers=[], body=b"")


async def test_a_call_that_waits_holds_up_no_other(phone):
    phone.http = Slow()
    wallet = await phone.create()
    waiting = asyncio.create_task(wallet.preview_offer(REFERENCE))
    await phone.http.asked.wait()
    assert await wallet.cards() == []
    assert not waiting.done()
    phone.http.answer.set()
    with pytest.raises(huizheng.WalletError.GetNewOffer):
        await waiting


async def test_a_cancelled_call_ends_its_request_and_leaves_the_wallet_usable(phone):
    phone.http = Slow()
    wallet = await phone.create()
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(wallet.preview_offer(REFERENCE), 0.2)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert phone.http.given_up
    assert await wallet.log() == []


async def test_two_wallets_at_once(phone, tmp_path, urls):
    (tmp_path / "second").mkdir()
    wallets = await asyncio.gather(phone.create(), Phone(tmp_path / "second", urls).create())
    assert await asyncio.gather(*(wallet.cards() for wallet in wallets)) == [[], []]


async def test_a_cancel_handle_ends_its_calls_and_leaves_the_wallet_usable(phone):
    phone.http = Slow()
    wallet = await phone.create()
    handle = huizheng.CancelHandle()
    waiting = asyncio.create_task(wallet.until(handle).preview_offer(REFERENCE))
    await phone.http.asked.wait()
    handle.cancel()
    with pytest.raises(huizheng.WalletError.Cancelled):
        await waiting
    assert handle.is_cancelled()
    # Nothing is begun with a handle that was cancelled; the wallet itself goes on.
    with pytest.raises(huizheng.WalletError.Cancelled):
        await wallet.until(handle).present("none")
    with pytest.raises(huizheng.WalletError.GetNewRequest):
        await wallet.present("none")
