"""How alike two photos are in each of four ways, in all, and in words; plain arithmetic.

Each way gives a likeness from 0 to 1, and those that are asked for are averaged by `WEIGHTS`:

- what they show: the cosine of the features that a model saw, from `FLOOR` (0) to 1;
- tags: those on both over those on either, each counted by its rarity (a weighted Jaccard index);
- colours that stand out: those in both over those in either (Jaccard);
- when they were taken: halved with each `HALF_LIFE` between them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ..imaging import colors

#: The cosine of photos that have little in common; see `nearness.MIN_LIKENESS`.
FLOOR = 0.35
HALF_LIFE = timedelta(days=1)
#: Farther apart than this, photos are not said to be taken together: a likeness below 1 %.
MOST_APART = 7 * HALF_LIFE
#: So many shared tags, and colours, are named as a reason.
NAMED_TAGS, NAMED_COLORS = 3, 2
#: From these cosines on photos look nearly, and very much, alike.
NEARLY, MUCH = 0.9, 0.7


class Way(StrEnum):
    """A way in which photos can be alike."""

    LOOK = "look"
    TAGS = "tags"
    COLORS = "colors"
    TIME = "time"


WEIGHTS: Mapping[Way, float] = {Way.LOOK: 5, Way.TAGS: 3, Way.COLORS: 1, Way.TIME: 2}


@dataclass(frozen=True, slots=True)
class Traits:
    """What is compared of a photo: keys of its tags, bits of its colours, when it was taken."""

    tags: frozenset[int] = frozenset()
    colors: int = 0
    taken_at: datetime | None = None


def blended(likeness: Mapping[Way, float], ways: Collection[Way]) -> float:
    """Return the mean of the likenesses in some ways, by their weights, 0..1."""
    whole = sum(WEIGHTS[way] for way in ways)
    return sum(WEIGHTS[way] * likeness.get(way, 0.0) for way in ways) / whole


def likeness_of(
    one: Traits, other: Traits, *, cosine: float, rarity: Mapping[int, float]
) -> dict[Way, float]:
    """Return how alike two photos are in each way. A tag of unknown ``rarity`` counts as rare."""
    return {
        Way.LOOK: min(max((cosine - FLOOR) / (1 - FLOOR), 0.0), 1.0),
        Way.TAGS: _shared_tags(one.tags, other.tags, rarity),
        Way.COLORS: _shared_colors(one.colors, other.colors),
        Way.TIME: _near_in_time(one.taken_at, other.taken_at),
    }


def _shared_tags(one: frozenset[int], other: frozenset[int], rarity: Mapping[int, float]) -> float:
    either = sum(rarity.get(tag, 1.0) for tag in one | other)
    return sum(rarity.get(tag, 1.0) for tag in one & other) / either if either else 0.0


def _shared_colors(one: int, other: int) -> float:
    return (one & other).bit_count() / (one | other).bit_count() if one | other else 0.0


def _near_in_time(one: datetime | None, other: datetime | None) -> float:
    if one is None or other is None:
        return 0.0
    return float(0.5 ** (abs(one - other) / HALF_LIFE))


# --- In words ---------------------------------------------------------------------------------


def reason(
    one: Traits, other: Traits, *, cosine: float, tags: Sequence[str], ways: Collection[Way]
) -> str:
    """Say why the other photo is shown beside one: “Looks alike · also koala, eucalyptus”.

    ``tags`` are labels of tags on both, the most telling first; they are told in any case.
    """
    look = _of_look(cosine) if Way.LOOK in ways else ""
    said = [look, _of_tags(tags, "also" if look else "shares")]
    if Way.TIME in ways:
        said.append(_of_time(one.taken_at, other.taken_at))
    if Way.COLORS in ways:
        said.append(_of_colors(one.colors & other.colors))
    words = " · ".join(filter(None, said))
    return words[:1].upper() + words[1:]


def _of_look(cosine: float) -> str:
    if cosine >= NEARLY:
        return "looks nearly the same"
    if cosine >= MUCH:
        return "looks much alike"
    return "looks alike" if cosine >= FLOOR else ""


def _of_tags(labels: Sequence[str], lead: str) -> str:
    return f"{lead} {', '.join(labels[:NAMED_TAGS])}" if labels else ""


def _of_time(one: datetime | None, other: datetime | None) -> str:
    if one is None or other is None or abs(other - one) > MOST_APART:
        return ""
    minutes = round(abs(other - one) / timedelta(minutes=1))
    if not minutes:
        return "taken at the same time"
    return f"taken {_span(minutes)} {'later' if other > one else 'earlier'}"


def _span(minutes: int) -> str:
    """Say how long it is, in the largest unit of which it is two: 90 minutes, 2 hours, 3 days."""
    for unit, length in (("day", 1440), ("hour", 60)):
        if minutes >= 2 * length:
            return f"{round(minutes / length)} {unit}s"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def _of_colors(bits: int) -> str:
    """Name the colours, those before greys, which say less."""
    names = sorted(colors.names_in(bits), key=lambda name: name in colors.GREYS)
    return f"the same {' and '.join(names[:NAMED_COLORS])}" if names else ""
