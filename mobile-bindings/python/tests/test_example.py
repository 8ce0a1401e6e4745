"""The example of docs/mobile.md does what it says."""

import os
import subprocess
import sys
from pathlib import Path

BINDINGS = Path(__file__).resolve().parent.parent.parent


def test_the_example_comes_to_its_end(urls):
    path = os.pathsep.join([str(BINDINGS / "python"), os.environ.get("PYTHONPATH", "")])
    play, example = BINDINGS / "examples" / "play.py", BINDINGS / "examples" / "python" / "first.py"
    command = [sys.executable, play, os.environ["HUIZHENG_URLS"], sys.executable, example]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, check=True, timeout=120)


def test_the_page_shows_the_examples_as_they_are():
    page = (BINDINGS.parent / "docs" / "mobile.md").read_text()
    for name in ("kotlin/Main.kt", "swift/First/Package.swift", "swift/First/Sources/First/main.swift"):
        example = (BINDINGS / "examples" / name).read_text().replace('"../../../swift"', '"/path/to/huizheng/mobile-bindings/swift"')
        assert example in page, f"docs/mobile.md shows another {name}"
