"""Chooses the photos of a deck: what a person likes, something else, and what many like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import Random

from django.db.models import F

from ..models import Favourite, Opening, User
from ..trends import rising_tags
from .exploring import unknown_tags
from .facts import Listed, numbers_of
from .hierarchy import hierarchy
from .popular import popular_groups
from .taste import Taste, taste_of
from .variety import ELSE_EVERY, Candidate, Group, arranged
from .weighing import weights_of

#: So many photos have a deck, and so many of them at most are of one owner: a tenth.
SIZE, OF_ONE_OWNER = 240, 24
#: Among so many popular photos, and so many new ones, are enough to fill a gap.
FEW = 40
#: So many interests photos are chosen by, the strongest.
INTERESTS = 40
#: What a person opened is not shown for so long.
OPENED_FOR = timedelta(days=7)
#: So many openings and favourites are looked at, the last ones.
MOST_DONE = 3000


@dataclass(frozen=True, slots=True)
class Chosen:
    """Photos in order; ``is_newcomer``: nothing is known of what the person likes."""

    photos: Sequence[Candidate]
    is_newcomer: bool = True


def choose(person: User, *, muted: frozenset[int], seen: frozenset[int], now: datetime) -> Chosen:
    """Choose photos for a person, none of those that they have ``seen`` often enough."""
    taste = taste_of(weights_of(person, limit=INTERESTS), muted, hierarchy())
    unwanted = seen.union(_done_with(person, now))
    if not taste.likes:
        return Chosen(_arranged([], [], person, unwanted, muted))
    liked, unknown = _groups(person, taste, unwanted, now)
    return Chosen(_arranged(liked, unknown, person, unwanted, muted), is_newcomer=False)


def choose_popular(person: User) -> Sequence[Candidate]:
    """Choose photos that are shown to whoever has their interests switched off."""
    return _arranged([], [], person, frozenset(), frozenset())


def _arranged(
    liked: Sequence[Group],
    unknown: Sequence[Group],
    person: User,
    unwanted: frozenset[int],
    muted: frozenset[int],
) -> list[Candidate]:
    known = unwanted.union(one.photo for group in [*liked, *unknown] for one in group.waiting)

    lacking = SIZE - sum(len(group.waiting) for group in liked)

    @cache
    def popular() -> Sequence[Group]:
        most = min(max(lacking, FEW), SIZE)
        return popular_groups(person, unwanted=known, muted=muted, of_one=OF_ONE_OWNER, most=most)

    return arranged(liked, unknown, popular, size=SIZE, of_one=OF_ONE_OWNER)


def _done_with(person: User, now: datetime) -> frozenset[int]:
    """Return the photos that a person opened lately or likes already; one statement."""
    opened = Opening.objects.filter(person=person, opened_at__gt=now - OPENED_FOR)
    liked = Favourite.objects.filter(person=person)
    lists = [
        Listed(rows.values(number=F("photo_id"))[:MOST_DONE])
        for rows in (opened.order_by("-opened_at"), liked.order_by("-photo"))
    ]
    (row,) = User.objects.filter(pk=person.pk).values_list(*lists)
    return frozenset(photo for listed in row for photo in numbers_of(listed))


def _groups(
    person: User, taste: Taste, unwanted: frozenset[int], now: datetime
) -> tuple[list[Group], list[Group]]:
    """Return groups of what is liked, and of what is unknown."""
    from .candidates import Wanted, gathered  # with NumPy, which a page of a deck does without

    wanted = Wanted(
        person=person,
        taste=taste,
        needs=_needs(taste),
        unknown=unknown_tags(taste, rising=rising_tags(), chance=Random()),  # noqa: S311
        unwanted=unwanted,
        now=now,
    )
    pool = gathered(wanted)
    liked = [Group(some, share=taste.shares.get(tag, 0.0)) for tag, some in pool.liked.items()]
    return liked, [Group(some, share=1.0) for some in pool.unknown.values()]


def _needs(taste: Taste) -> Mapping[int, float]:
    """Return how many photos of a deck each interest is to have."""
    total = sum(taste.shares.values()) or 1.0
    places = SIZE * (1 - 1 / ELSE_EVERY)
    return {tag: places * share / total for tag, share in taste.shares.items()}
