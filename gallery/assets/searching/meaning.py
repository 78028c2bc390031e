"""What an expression means: its tree becomes a condition on assets."""

from __future__ import annotations

from . import language
from .conditions import Condition, every, opposite, some
from .fields import Asking, ask
from .language import Asked, Every, Node, Opposite, Some


def meaning_of(text: str, asking: Asking) -> Condition:
    """Return what must hold of the assets. Raises MistakeError."""
    return _meaning(language.parse(text), asking)


def _meaning(node: Node, asking: Asking) -> Condition:
    match node:
        case Asked():
            return ask(asking, node)
        case Opposite(part):
            return opposite(_meaning(part, asking))
        case Every(parts):
            return every([_meaning(part, asking) for part in parts])
        case Some(parts):
            return some([_meaning(part, asking) for part in parts])
