#!/usr/bin/env python3
"""What an applicant, a clerk and a counter do at a running demo, so that there is something to scan.

    mobile-bindings/examples/clerk.py URLS.json anchor FILE   writes the chain's anchor, and prints a node's URL
    mobile-bindings/examples/clerk.py URLS.json offer         a business licence of nobody, applied for and approved: its link, its code
    mobile-bindings/examples/clerk.py URLS.json request       a counter's question about it: its link

URLS.json is what `huizheng demo --headless --urls FILE` wrote. An offer lives ten minutes, a request five.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python" / "tests"))
from approved import approved_licence  # noqa: E402
from services import Counter, Issuer  # noqa: E402


class Clerk:
    """Everybody a citizen meets, in one."""

    def __init__(self, urls_file):
        urls = json.loads(Path(urls_file).read_text())
        self.chain = urls["chain"]
        self.licensing = Issuer(urls["issuers"]["market-supervision"]["url"], urls["staff_token"])
        self.counter = Counter(urls["verifier"]["url"], urls["staff_token"])

    def anchor(self, file):
        Path(file).write_text(json.dumps(self.chain["anchor"]))
        return self.chain["url"]

    def offer(self):
        return self.licensing.offer(approved_licence(self.licensing))

    def request(self):
        return self.counter.ask("company-service")


def main():
    match sys.argv[1:]:
        case [urls, "anchor", file]:
            print(Clerk(urls).anchor(file))
        case [urls, "offer"]:
            link, code = Clerk(urls).offer()
            print(f"offer_uri: {link}\ntx_code: {code}")
        case [urls, "request"]:
            print(f"link: {Clerk(urls).request().link}")
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
