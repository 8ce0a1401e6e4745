import asyncio
import sys
from pathlib import Path

from huizheng_phone import HttpClient, SoftwareKeyStore, huizheng


def ask(what):
    return input(f"{what}: ").strip()


async def main(node):
    # Shipped in an app: the chain's anchor, and a node, which need not be trusted.
    config = huizheng.WalletConfig(anchor=Path("anchor.json").read_text(), node=node)
    wallet = await huizheng.Wallet.create("wallet", "135790", config, SoftwareKeyStore("keys.json"), HttpClient())

    offer = await wallet.preview_offer(ask("offer_uri"))  # what a camera reads at the issuer's
    details = offer.details()
    print(f"offered by {details.issuer_host}: {sorted({credential.label.en for credential in details.credentials})}")
    received = await wallet.receive(offer, ask("tx_code"))
    for card in received.cards:
        print(f"received: {card.label.en}, {card.holder_line}")

    consent = await wallet.review_request(ask("link"))  # what a camera reads at the counter
    print(f"{consent.verifier.name.en} asks, for: {consent.purpose_name.en}")
    for question in consent.questions:
        if question.optional:  # it stays, unless a choice names it
            continue
        option = question.options[0]
        print("leaves:", [claim.label.en for claim in option.leaves])
        print("stays: ", [claim.label.en for claim in option.stays])
    for link in wallet.links(consent.id):
        print("it links you:", link)
    if ask("share? yes or no") == "yes":
        await wallet.present(consent.id)
    else:
        await wallet.decline(consent.id)

    for entry in await wallet.log():
        print(entry.at, type(entry.event).__name__)
    wallet.lock()


asyncio.run(main(sys.argv[1]))
