#!/usr/bin/env python3
"""Runs an example to its end against a running demo: types in what it asks for, and looks at the counter's decision.

    mobile-bindings/examples/play.py URLS.json COMMAND …

The command is run in an empty folder with `anchor.json` in it, and is given the node's URL as its last argument.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from clerk import Clerk


class Citizen:
    """Answers what the example asks."""

    def __init__(self, clerk):
        self.clerk = clerk
        self.asked = None

    def answer(self, question):
        match question:
            case "offer_uri":
                link, self.code = self.clerk.offer()
                return link
            case "tx_code":
                return self.code
            case "link":
                self.asked = self.clerk.request()
                return self.asked.link
            case "share? yes or no":
                return "yes"
        return None


def main(urls, command):
    clerk = Clerk(urls)
    citizen = Citizen(clerk)
    said = line = b""
    with tempfile.TemporaryDirectory(prefix="huizheng-example-") as folder:
        node = clerk.anchor(Path(folder) / "anchor.json")
        program = subprocess.Popen([*command, node], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        while byte := program.stdout.read(1):
            said, line = said + byte, b"" if byte == b"\n" else line + byte
            if line.endswith(b": ") and (typed := citizen.answer(line[:-2].decode("utf-8", "replace"))):
                program.stdin.write(f"{typed}\n".encode())
                program.stdin.flush()
                line = b""
        if program.wait() != 0 or not citizen.asked:
            sys.exit(f"the example ended before its end:\n{said.decode()}")
    decision = clerk.counter.read(citizen.asked)["decision"]
    if decision != "accepted":
        sys.exit(f"the counter's decision is {decision!r}:\n{said.decode()}")
    print("the example: a card received, a request answered, accepted by the counter")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
