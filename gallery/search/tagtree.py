"""Where each tag stands, kept in memory: facets ask it for thousands of assignments a page."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..models import TagClosure

#: So old may the tree be: a tag that is moved elsewhere counts there a minute later.
AGE_S = 60.0


@dataclass(frozen=True, slots=True)
class TagPlace:
    """All that a tag is a kind of, itself included, and its category."""

    above: tuple[int, ...]
    category: str


_read_at = float("-inf")
_places: Mapping[int, TagPlace] = {}


def tag_tree(tags: Collection[int]) -> Mapping[int, TagPlace]:
    """Return the places of these tags, and of others; mostly without a query."""
    if time.monotonic() - _read_at > AGE_S or any(tag not in _places for tag in tags):
        _read()
    return _places


def _read() -> None:
    global _places, _read_at
    above: dict[int, list[int]] = defaultdict(list)
    categories: dict[int, str] = {}
    rows = TagClosure.objects.order_by("pk")
    for tag, ancestor, category in rows.values_list(
        "descendant_id", "ancestor_id", "descendant__category"
    ):
        above[tag].append(ancestor)
        categories[tag] = category
    _places = {tag: TagPlace(tuple(kinds), categories[tag]) for tag, kinds in above.items()}
    _read_at = time.monotonic()


def forget() -> None:
    global _read_at
    _read_at = float("-inf")
