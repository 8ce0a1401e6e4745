"""What goes wrong, by the kind that says what can be done about it."""

import datetime
import json

import pytest
from conftest import PIN
from huizheng_phone import SoftwareKeyStore, huizheng

WalletError = huizheng.WalletError


class Clock(huizheng.Clock):
    """A clock that the test puts forward."""

    def __init__(self):
        self.time = datetime.datetime.now(datetime.timezone.utc)

    def now(self):
        return self.time


class Network(huizheng.HttpClient):
    """A network that answers every request alike."""

    def __init__(self, outcome):
        self.outcome = outcome

    async def send(self, request):
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def answer(status, body=b""):
    return huizheng.HttpResponse(status=status, headers=[], body=body)


REFERENCE = "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fissuer.example%2Foffers%2F1"


async def test_a_weak_pin(phone):
    for pin in ["", "12345", "111111"]:
        with pytest.raises(WalletError.ChooseAnotherPin):
            await phone.create(pin)


async def test_no_wallet_and_a_wallet_already(phone):
    assert not huizheng.wallet_exists(phone.folder)
    with pytest.raises(WalletError.CreateWallet):
        await phone.open()
    await phone.create()
    assert huizheng.wallet_exists(phone.folder)
    with pytest.raises(WalletError.OpenWallet):
        await phone.create()


async def test_a_wallet_that_is_open_already(phone):
    wallet = await phone.create()
    with pytest.raises(WalletError.TryAgain):
        await phone.open()
    wallet.lock()
    await phone.open()


async def test_wrong_pins_are_counted_and_delayed(phone):
    phone.clock = Clock()
    await phone.create()
    for failed in [1, 2]:
        with pytest.raises(WalletError.EnterPinAgain) as wrong:
            await phone.open("246802")
        assert wrong.value.failed == failed and not wrong.value.wait
    with pytest.raises(WalletError.EnterPinAgain) as third:
        await phone.open("246802")
    assert third.value.wait == datetime.timedelta(seconds=30)
    with pytest.raises(WalletError.WaitForPin) as early:
        await phone.open()
    assert datetime.timedelta(0) < early.value.wait <= third.value.wait
    phone.clock.time += third.value.wait
    await phone.open()


@pytest.mark.parametrize("anchor, node", [("{}", None), ("no JSON", None), (None, "http://node.example"), (None, "node")])
async def test_a_config_that_is_none(phone, anchor, node):
    phone.config = huizheng.WalletConfig(anchor=anchor or phone.config.anchor, node=node or phone.config.node)
    with pytest.raises(WalletError.FixApp):
        await phone.create()


async def test_the_wallet_of_another_chain(phone):
    await phone.create()
    anchor = json.loads(phone.config.anchor)
    digits = anchor["chainId"]
    anchor["chainId"] = digits[:-1] + ("1" if digits[-1] != "1" else "2")
    phone.config = huizheng.WalletConfig(anchor=json.dumps(anchor), node=phone.config.node)
    with pytest.raises(WalletError.FixApp):
        await phone.open()


async def test_the_folder_on_another_device(phone, tmp_path):
    await phone.create()
    phone.keys = SoftwareKeyStore(tmp_path / "other-keys.json")
    with pytest.raises(WalletError.RestoreWallet):
        await phone.open()


@pytest.mark.parametrize(
    "link",
    [
        "",
        "hello",
        "openid-credential-offer://",
        "openid-credential-offer://?credential_offer=%7B",
        "openid-credential-offer://?credential_offer_uri=http%3A%2F%2Fissuer.example%2Foffers%2F1",
        "openid4vp://authorize?client_id=x",
        REFERENCE + "&credential_offer=%7B%7D",
        "openid-credential-offer://?credential_offer=" + "[" * 10_000,
    ],
)
async def test_a_malformed_offer(phone, link):
    wallet = await phone.create()
    with pytest.raises(WalletError.GetNewOffer) as refused:
        await wallet.preview_offer(link)
    assert refused.value.reason


@pytest.mark.parametrize("link", ["", "hello", "openid4vp://authorize", "openid4vp://authorize?client_id=x", REFERENCE])
async def test_a_malformed_request(phone, link):
    wallet = await phone.create()
    with pytest.raises(WalletError.GetNewRequest):
        await wallet.review_request(link)


@pytest.mark.parametrize(
    "outcome, kind",
    [
        (huizheng.HttpError.Unreachable(), WalletError.GoOnline),
        (huizheng.HttpError.TooLarge(), WalletError.TryAgain),
        (huizheng.HttpError.Cancelled(), WalletError.Cancelled),
        (RuntimeError("not one of the kinds"), WalletError.GoOnline),
        (answer(404), WalletError.GetNewOffer),
        (answer(503), WalletError.TryAgain),
        (answer(302), WalletError.TryAgain),
        (answer(200, b"<html>"), WalletError.GetNewOffer),
        (answer(200, b"x" * 10_000_000), WalletError.TryAgain),
    ],
)
async def test_what_the_network_does(phone, outcome, kind):
    phone.http = Network(outcome)
    wallet = await phone.create()
    with pytest.raises(kind):
        await wallet.preview_offer(REFERENCE)


class Keys(SoftwareKeyStore):
    """A key store of which one operation does something else."""

    def __init__(self, path, **instead):
        super().__init__(path)
        for name, does in instead.items():
            setattr(self, name, does)


def raising(error):
    async def operation(*_args):
        raise error

    return operation


@pytest.mark.parametrize(
    "error, kind",
    [
        (huizheng.HolderKeyError.Declined(), WalletError.Cancelled),
        (huizheng.HolderKeyError.Unsupported(), WalletError.UseAnotherWay),
        (huizheng.HolderKeyError.Failed(), WalletError.TryAgain),
        (RuntimeError("not one of the kinds"), WalletError.TryAgain),
    ],
)
async def test_what_the_key_store_does(phone, tmp_path, error, kind):
    phone.keys = Keys(tmp_path / "keys.json", wrap=raising(error))
    with pytest.raises(kind):
        await phone.create()
    phone.keys = SoftwareKeyStore(tmp_path / "keys.json")
    await phone.create()


async def test_the_transaction_code(phone, licensing, licence):
    link, code = licensing.offer(licence)
    wrong = code[:-1] + ("1" if code[-1] != "1" else "2")
    wallet = await phone.create()
    offer = await wallet.preview_offer(link)
    for none in [None, "", "12", "abcdef"]:
        with pytest.raises(WalletError.EnterTxCode) as asked:
            await wallet.receive(offer, none)
        assert asked.value.attempts_left is None, none
    with pytest.raises(WalletError.EnterTxCode) as asked:
        await wallet.receive(offer, wrong)
    assert asked.value.attempts_left == 4
    assert await wallet.cards() == []
    assert len((await wallet.receive(offer, code)).cards) == 1


async def test_an_offer_is_used_once(phone, licensing, licence):
    link, code = licensing.offer(licence)
    wallet = await phone.create()
    offer = await wallet.preview_offer(link)
    await wallet.receive(offer, code)
    with pytest.raises(WalletError.GetNewOffer):
        await wallet.receive(offer, code)


async def test_signatures_that_are_not_raw(phone, tmp_path, licensing, licence):
    async def der(*_args):
        return bytes.fromhex("3006020101020101").ljust(70, b"\0")

    phone.keys = Keys(tmp_path / "keys.json", sign=der)
    wallet = await phone.create()
    offer = await wallet.preview_offer(licensing.offer(licence)[0])
    with pytest.raises(WalletError.TryAgain):
        await wallet.receive(offer, licensing.offer(licence)[1])
    assert await wallet.cards() == []


async def test_a_key_that_is_gone(phone, licensing, licence, counter):
    wallet = await received(phone, licensing, licence)
    request = counter.ask("company-service")
    consent = await wallet.review_request(request.link)
    phone.keys.sign = raising(huizheng.HolderKeyError.Gone())
    with pytest.raises(WalletError.RenewCard):
        await wallet.present(consent.id)
    assert counter.read(request)["state"] == "open", "nothing left"


async def test_a_choice_that_was_not_offered(phone, licensing, licence, counter):
    wallet = await received(phone, licensing, licence)
    consent = await wallet.review_request(counter.ask("company-service").link)
    [question] = consent.questions
    assert not question.multiple
    first = question.options[0].id
    # What is no option, what stands twice, and nothing at all, which must not become the first option.
    for wrong in (["another"], [first, "another"], [first, first], []):
        with pytest.raises(WalletError.FixApp):
            await wallet.present(consent.id, {question.id: wrong})
    with pytest.raises(WalletError.FixApp):
        wallet.links(consent.id, {question.id: []})
    await wallet.present(consent.id)


async def test_no_card(phone, counter):
    wallet = await phone.create()
    with pytest.raises(WalletError.GetCard) as nothing:
        await wallet.review_request(counter.ask("company-service").link)
    [missing] = nothing.value.missing
    assert missing.label.en == "Business licence"
    assert isinstance(missing.reason, huizheng.MissingReason.NO_CARD)


async def test_an_answer_that_is_lost_on_its_way(phone, licensing, licence, counter):
    wallet = await received(phone, licensing, licence)
    consent = await wallet.review_request(counter.ask("company-service").link)
    phone.http.send = raising(huizheng.HttpError.Unreachable())
    with pytest.raises(WalletError.AskVerifier) as sent:
        await wallet.present(consent.id)
    assert sent.value.status is None
    [entry, _] = await wallet.log()
    assert isinstance(entry.event.outcome, huizheng.PresentationOutcome.SENT)


async def test_errors_tell_nothing_personal(phone, licensing, licence):
    link, code = licensing.offer(licence)
    wallet = await phone.create()
    offer = await wallet.preview_offer(link)
    await wallet.receive(offer, code)
    with pytest.raises(WalletError.GetNewOffer) as used:
        await wallet.receive(offer, code)
    assert code not in repr(used.value)
    with pytest.raises(WalletError.TryAgain) as busy:
        await phone.open(PIN)
    assert PIN not in repr(busy.value)


async def received(phone, licensing, licence):
    wallet = await phone.create()
    link, code = licensing.offer(licence)
    await wallet.receive(await wallet.preview_offer(link), code)
    return wallet
