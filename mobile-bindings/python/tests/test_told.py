"""What an app tells its wallet: who it is to issuers, and that it shows what is authorised."""

import urllib.parse

import pytest
from huizheng_phone import HttpClient, huizheng
from test_choice import PURPOSE, asking, with_cards

WalletError = huizheng.WalletError
OWN = huizheng.WalletClient(client_id="cn.example.wallet", redirect_uri="cn.example.wallet:/back")


class Recorder(HttpClient):
    """The phone's own network, and what forms left by it."""

    def __init__(self):
        super().__init__()
        self.forms = []

    async def send(self, request):
        self.forms.append(urllib.parse.parse_qs(bytes(request.body).decode(errors="replace")))
        return await super().send(request)


async def test_an_issuer_hears_the_apps_own_client_id(phone, licensing):
    phone.http = Recorder()
    wallet = await phone.told(client=OWN).create()
    offer = await wallet.preview_issuer(licensing.url)
    # This issuer knows no such wallet.
    with pytest.raises(WalletError.UseAnotherWay):
        await wallet.begin_login(offer, ["business-licence-sd-jwt"])
    said = [form for form in phone.http.forms if "client_id" in form]
    assert [form["client_id"] for form in said] == [[OWN.client_id]]
    assert [form["redirect_uri"] for form in said] == [[OWN.redirect_uri]]


@pytest.mark.parametrize("client_id, redirect_uri", [("", OWN.redirect_uri), (OWN.client_id, "http://example.com/back")])
async def test_a_client_that_is_none(phone, client_id, redirect_uri):
    client = huizheng.WalletClient(client_id=client_id, redirect_uri=redirect_uri)
    with pytest.raises(WalletError.FixApp):
        await phone.told(client=client).create()


TITLE = {"zh": "开立对公账户", "en": "Open a business account"}
LINE = {"label": {"zh": "类型", "en": "Kind"}, "value": "基本户"}


def to_authorise(counter):
    query = asking("name")
    transaction = {"credential_ids": ["licence"], "title": TITLE, "lines": [LINE]}
    return counter.ask(PURPOSE, query, transaction_data=[transaction])


async def test_what_is_authorised_is_shown_signed_and_logged(phone, licensing, counter, licence):
    wallet = await with_cards(phone.told(shows_confirmations=True), licensing.offer(licence))
    request = to_authorise(counter)
    consent = await wallet.review_request(request.link)
    line = huizheng.ConfirmationLine(label=huizheng.LocalText(**LINE["label"]), value=LINE["value"])
    assert consent.confirmations == [huizheng.Confirmation(title=huizheng.LocalText(**TITLE), lines=[line])]
    await wallet.present(consent.id)
    read = counter.read(request)
    assert read["decision"] == "accepted", read
    assert [check["outcome"] for check in read["checks"] if check["id"] == "transaction"] == ["passed"]
    [entry] = await wallet.log(limit=1)
    assert entry.event.asked.confirmed == [huizheng.LocalText(**TITLE)]

    plain = await wallet.review_request(counter.ask(PURPOSE).link)
    assert plain.confirmations == []


async def test_nobody_authorises_what_an_app_does_not_show(phone, licensing, counter, licence):
    wallet = await with_cards(phone, licensing.offer(licence))
    request = to_authorise(counter)
    with pytest.raises(WalletError.GetNewRequest):
        await wallet.review_request(request.link)
    assert "decision" not in counter.read(request), "nothing left"
