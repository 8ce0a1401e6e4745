"""Our side, driven by `huizheng vc`: documents, tokens and keys go through files."""

import json
import os
import subprocess
import tempfile
from pathlib import Path


def vc(command: str, *, input: str | dict, key: dict, **options) -> tuple[str, str | dict]:
    """Runs `huizheng vc COMMAND` and gives its result (`success`, `failure`, …) and data.

    Lists and objects among the options go as JSON; a list of keys under `issuer_keys` as files.
    """
    with tempfile.TemporaryDirectory(prefix="huizheng-vc-") as name:
        folder = Path(name)
        (folder / "input").write_text(input if isinstance(input, str) else json.dumps(input))
        (folder / "key.json").write_text(json.dumps(key))
        output = folder / "output.json"
        args = [os.environ["HUIZHENG"], "vc", command, "--input", folder / "input", "--key", folder / "key.json", "--output", output]
        for number, issuer in enumerate(options.pop("issuer_keys", [])):
            (folder / f"issuer-{number}.json").write_text(json.dumps(issuer))
            args += ["--issuer-key", folder / f"issuer-{number}.json"]
        for option, value in options.items():
            args += [f"--{option}", value if isinstance(value, str) else json.dumps(value)]
        run = subprocess.run(args, capture_output=True, text=True, check=False)
        assert output.exists(), run.stderr
        answer = json.loads(output.read_text())
        return answer["result"], answer["data"]
