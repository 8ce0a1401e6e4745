"""What the holder chooses: what may be left out, and several cards for one question."""

import pytest
from approved import approved_id, approved_licence
from huizheng_phone import huizheng
from test_story import asking, scan

PURPOSE = "company-service"


async def with_cards(phone, *letters):
    wallet = await phone.create()
    for link, tx_code in letters:
        await wallet.receive(await wallet.preview_offer(link), tx_code)
    return wallet


async def shared(wallet):
    """Of which cards something left last."""
    [entry] = await wallet.log(limit=1)
    return [one.card for one in entry.event.shared]


def who():
    """A query for the name on an identity card."""
    meta = {"vct_values": ["urn:huizheng:digital-id:1"]}
    return {"id": "who", "format": "dc+sd-jwt", "meta": meta, "claims": [{"path": ["name"]}]}


def several():
    query = asking("name")
    query["credentials"][0]["multiple"] = True
    return query


async def test_what_is_optional_stays_unless_a_choice_names_it(phone, licensing, police, counter, licence):
    wallet = await with_cards(phone, licensing.offer(licence), police.offer(approved_id(police)))
    query = asking("name")
    query["credentials"].append(who())
    query["credential_sets"] = [{"options": [["licence"]]}, {"options": [["who"]], "required": False}]
    for is_wanted in (False, True):
        consent = await wallet.review_request(counter.ask("tax-registration", query).link)
        demanded, optional = consent.questions
        assert (demanded.optional, optional.optional) == (False, True)
        choice = {optional.id: [optional.options[0].id]} if is_wanted else {}
        assert len(wallet.links(consent.id, choice)) == is_wanted, "alone, it links nothing"
        await wallet.present(consent.id, choice)
        assert len(await shared(wallet)) == 1 + is_wanted


async def test_of_an_optional_set_all_leaves_or_nothing(phone, licensing, police, counter, licence):
    wallet = await with_cards(phone, licensing.offer(licence), police.offer(approved_id(police)))
    query = asking("name")
    [asked] = query["credentials"]
    query["credentials"] += [who(), asked | {"id": "firm"}]
    query["credential_sets"] = [{"options": [["licence"]]}, {"options": [["who", "firm"]], "required": False}]
    consent = await wallet.review_request(counter.ask("tax-registration", query).link)
    demanded, first, second = consent.questions
    assert (demanded.set, demanded.optional) == (None, False)
    assert first.set is not None and first.set == second.set
    assert wallet.links(consent.id) == []
    # One of the set is named: the other leaves with it, and what that tells is said.
    choice = {second.id: [second.options[0].id]}
    together = huizheng.HolderLink.TOGETHER([question.id for question in consent.questions])
    assert wallet.links(consent.id, choice) == [together]
    await wallet.present(consent.id, choice)
    assert len(await shared(wallet)) == 3


async def test_several_cards_answer_where_several_may(phone, licensing, counter, licence):
    wallet = await with_cards(phone, licensing.offer(licence), licensing.offer(approved_licence(licensing)))
    request = counter.ask(PURPOSE, several())
    consent = await wallet.review_request(request.link)
    [question] = consent.questions
    assert question.multiple and len(question.options) == 2
    await wallet.present(consent.id, {question.id: [option.id for option in question.options]})
    assert sorted(await shared(wallet)) == sorted(card.id for card in await wallet.cards())
    assert counter.read(request)["decision"] == "accepted"

    consent = await wallet.review_request(counter.ask(PURPOSE, several()).link)
    await wallet.present(consent.id)
    assert len(await shared(wallet)) == 1, "unless they are named"


async def test_a_code_holds_one_card_for_each_question(phone, licensing, offline_counter, licence):
    wallet = await with_cards(phone, licensing.offer(licence), licensing.offer(approved_licence(licensing)))
    consent = await wallet.review_offline(scan(offline_counter.ask(PURPOSE, several()).codes))
    [question] = consent.questions
    assert not question.multiple and len(question.options) == 2
    with pytest.raises(huizheng.WalletError.UseAnotherWay):
        await wallet.present_offline(consent.id, {question.id: [option.id for option in question.options]})
    assert (await wallet.present_offline(consent.id, {question.id: [question.options[1].id]})).frames
