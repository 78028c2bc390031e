"""Taggers that say what a test wants, instead of looking."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from PIL import Image

from gallery.taggers.base import Opinion, Suggestion, Tagger


class SleepyTagger(Tagger):
    """Leaves a note that it has begun, sleeps, and is then sure of a koala."""

    def __init__(self, *, note: str, sleep_s: float) -> None:
        self.note = Path(note)
        self.sleep_s = sleep_s

    def tag(self, image: Image.Image) -> Opinion:
        self.note.write_text("begun", encoding="utf-8")
        time.sleep(self.sleep_s)
        return Opinion(model="sleepy/1", suggestions=(Suggestion("koala", 0.9),))


class ToldTagger(Tagger):
    """Says, or raises, what the test told it last."""

    def __init__(self) -> None:
        self.says: dict[str, float] | Exception = {"koala": 0.9, "dog": 0.2}
        self.looks = 0

    @property
    def model(self) -> str:
        return "told/1"

    def tag(self, image: Image.Image) -> Opinion:
        self.looks += 1
        if isinstance(self.says, Exception):
            raise self.says
        ranked = sorted(self.says.items(), key=lambda said: -said[1])
        return Opinion(
            model=self.model, suggestions=tuple(Suggestion(label, sure) for label, sure in ranked)
        )


class OptionalTagger(Tagger):
    """Takes any options and sees nothing."""

    def __init__(self, **options: object) -> None:
        self.options = options

    @property
    def model(self) -> str:
        return "optional/1"

    def tag(self, image: Image.Image) -> Opinion:
        return Opinion(model=self.model, suggestions=())


class GatedTagger(ToldTagger):
    """Answers once its gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()

    def tag(self, image: Image.Image) -> Opinion:
        assert self.gate.wait(timeout=60), "nobody opened the gate"
        return super().tag(image)
