"""What tags may be called, and how many there may be."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import InvalidError

MAX_TAGS, MAX_TAG_CHARS = 1000, 255
#: So many changes of one asset by one name are made by one command.
MAX_CHANGES = 100_000


def checked_names(names: Iterable[str]) -> list[str]:
    """Return names trimmed and each once, in their order; empty ones are left out.

    Raises InvalidError for a name that is too long or no text, and for too many.
    """
    trimmed = [*dict.fromkeys(checked_text(name, "A tag").strip() for name in names)]
    kept = [name for name in trimmed if name]
    for name in kept:
        if len(name) > MAX_TAG_CHARS:
            raise InvalidError(
                f"Tag {name[:50]}… is too long. Maximum is {MAX_TAG_CHARS} characters."
            )
    check_count(len(kept))
    return kept


def check_count(tags: int) -> None:
    if tags > MAX_TAGS:
        raise InvalidError(f"Too many tags. Got {tags}. Maximum is {MAX_TAGS}.")


def check_changes(assets: int, names: int) -> None:
    """Raise InvalidError when one command would change more than it may."""
    if assets * names > MAX_CHANGES:
        raise InvalidError(f"Too many changes at once. Maximum is {MAX_CHANGES}.")


def checked_text(text: object, what: str) -> str:
    """Return a text that can be stored. Raises InvalidError, whose message begins with ``what``."""
    if not isinstance(text, str):
        raise InvalidError(f"{what} has to be a text")
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise InvalidError(f"{what} has a character in it that no text has")
    return text
