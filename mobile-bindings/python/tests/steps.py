"""The steps that the stories of all languages have in common."""

from pathlib import Path

STORY = Path(__file__).parents[2] / "story.txt"


class Steps:
    """Holds a story to `story.txt`: the same steps, in the same order, and all of them."""

    def __init__(self):
        lines = STORY.read_text().splitlines()
        self._left = [line for line in lines if line and not line.startswith("#")]

    def next(self, step):
        assert self._left[:1] == [step], f"story.txt goes on with {self._left[:1]}"
        del self._left[0]

    def end(self):
        assert self._left == [], "story.txt has more steps"
