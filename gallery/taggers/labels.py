"""The label file of an operator's own model: what its outputs mean, or what to look for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .base import TaggerError
from .hub import ModelFile
from .rest import MAX_LABEL_CHARS


@dataclass(frozen=True, slots=True)
class Label:
    """A line of a label file. ``text`` is empty where nothing is to be said."""

    text: str
    prompt: str = ""


def read_labels(file: ModelFile) -> tuple[Label, ...]:
    """Return a label for each line of a UTF-8 file; a prompt may follow it after a tab.

    Raises TaggerError when there is none, one too long for a tag, or one twice.
    """
    try:
        text = file.path().read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TaggerError(f"{file.name} cannot be read as UTF-8 text.", permanent=True) from error
    labels = tuple(_label(line) for line in text.removesuffix("\n").split("\n"))
    if wrong := _what_is_wrong(label.text for label in labels if label.text):
        raise TaggerError(f"{file.name} has {wrong}.", permanent=True)
    return labels


def _label(line: str) -> Label:
    text, _, prompt = line.partition("\t")
    printable = "".join(c if c.isprintable() else " " for c in text)
    return Label(text=" ".join(printable.split()), prompt=prompt.strip())


def _what_is_wrong(texts: Iterable[str]) -> str:
    seen: set[str] = set()
    for text in texts:
        if len(text) > MAX_LABEL_CHARS:
            return f"a label of {len(text):,} characters"
        if text.casefold() in seen:
            return f"the label “{text}” twice"
        seen.add(text.casefold())
    return "" if seen else "no labels"
