"""A counter with no network: what it shows, and what it makes of an answer. Both by the command `huizheng`."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ask:
    file: Path

    @property
    def codes(self):
        """The texts of its QR codes."""
        return self.file.read_text().splitlines()


class OfflineCounter:
    """It has its keys, the chain's anchor and a camera."""

    def __init__(self, folder, urls):
        self._folder = folder
        self._did = urls["verifier"]["did"]
        self._anchor = folder / "anchor.json"
        self._anchor.write_text(json.dumps(urls["chain"]["anchor"]))

    def ask(self, purpose, query, place=None):
        """Asks whoever stands there, or with a code printed for a place."""
        asked = self._folder / f"ask-{place or 'challenge'}"
        (self._folder / "query.json").write_text(json.dumps(query))
        keys = Path(os.environ["HUIZHENG_DATA"]) / "verifier/keys/counter"
        for_place = [] if place is None else ["--place", place]
        done = huizheng(
            "ask", "--keys", keys, "--did", self._did, "--purpose", purpose, "--query", self._folder / "query.json", *for_place
        )
        assert done.returncode == 0, done.stderr
        asked.write_text(done.stdout)
        return Ask(asked)

    def decide(self, ask, codes):
        """Whether it accepts the answer in these codes, and what it says."""
        answer = self._folder / "answer"
        answer.write_text("\n".join(codes))
        done = huizheng("--offline", answer, "--request", ask.file, "--anchor", self._anchor)
        # Accepted, refused, cannot tell; anything else is no decision.
        assert done.returncode in (0, 3, 4), done.stderr
        return done.returncode == 0, done.stdout + done.stderr


def huizheng(*arguments):
    return subprocess.run([os.environ["HUIZHENG"], "verify", *arguments], capture_output=True, text=True, timeout=60)
