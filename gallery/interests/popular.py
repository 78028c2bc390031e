"""What is shown to whoever has no interests yet: photos that many people like, and new ones."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import sqrt
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Count, F, FloatField, QuerySet, Sum, Value, When
from django.utils import timezone

from ..models import Favourite, PopularPhoto, User, Visibility
from ..search.conditions import among
from .facts import facts_of, showable_to, shown_on
from .hierarchy import Hierarchy, hierarchy
from .variety import AGAIN, Candidate, CardKind, Group

#: So many photos are kept as popular.
KEPT = 1000
#: How long it takes until a favourite counts half, in what steps, and how long it counts at all.
HALF_LIFE, STEP, COUNTED = timedelta(days=30), timedelta(days=15), timedelta(days=180)
#: So many popular and so many new photos are looked at for one person.
LOOKED_AT = 240
#: A photo so many places further down is worth half as much.
HALF_AT = 80
#: So often at most the newest are read, each time without the people who have too many of them.
ROUNDS = 3


# --- Counting, which housekeeping does --------------------------------------------------------


def note_popular() -> int:
    """Note which public photos many people like just now; return how many.

    Each favourite of somebody else's photo counts, half as much with every 30 days it is older (in
    steps of 15); one owner's photos count less and less. Only photos that `MIN_PEOPLE` like, not
    counting people who have their interests switched off.
    """
    ranked = _varied(list(_liked(timezone.now())[: 5 * KEPT]))
    with transaction.atomic():
        PopularPhoto.objects.all().delete()
        PopularPhoto.objects.bulk_create(
            PopularPhoto(photo_id=photo, rank=rank, people=people)
            for rank, (photo, people) in enumerate(ranked, start=1)
        )
    return len(ranked)


def _liked(now: datetime) -> QuerySet[Any, Any]:
    """Return photos, their owners, how many people like them and what that comes to, most first."""
    steps = [(now - (n + 1) * STEP, 0.5 ** (n * STEP / HALF_LIFE)) for n in range(COUNTED // STEP)]
    worth = Case(
        *(When(created_at__gte=since, then=Value(left)) for since, left in steps),
        default=Value(0.0),
        output_field=FloatField(),
    )
    return (
        Favourite.objects.filter(created_at__gte=now - COUNTED, photo__visibility=Visibility.PUBLIC)
        .exclude(person=F("photo__owner"))
        .exclude(person__profile__is_on=False)
        .filter(person__is_active=True)
        .values("photo", "photo__owner")
        .annotate(people=Count("pk"), worth=Sum(worth))
        .filter(people__gte=settings.MIN_PEOPLE)
        .order_by("-worth", "-photo")
        .values_list("photo", "photo__owner", "people", "worth")
    )


def _varied(liked: Iterable[tuple[int, int, int, float]]) -> list[tuple[int, int]]:
    """Rank photos, each owner's second for less than the first, and so on."""
    counts = Counter[int]()
    ranked = []
    for photo, owner, people, worth in liked:
        ranked.append((worth * AGAIN ** counts[owner], photo, people))
        counts[owner] += 1
    ranked.sort(reverse=True)
    return [(photo, people) for _, photo, people in ranked[:KEPT]]


# --- Choosing for a person --------------------------------------------------------------------


def popular_groups(
    person: User,
    *,
    unwanted: Collection[int],
    muted: Collection[int],
    of_one: int,
    most: int = LOOKED_AT,
) -> list[Group]:
    """Return popular and new photos by what they show, each subject with a part of its own.

    No more than ``most`` of either. Subjects have parts by the square root of how much there is of
    them, so that none has all and none that hardly occurs has as much as the others. Five
    statements or so.
    """
    popular = PopularPhoto.objects.exclude(among("photo_id", list(unwanted))).order_by("rank")
    found = _facts(popular.values_list("photo", flat=True)[:most], person)
    newest = _newest(person, {*unwanted, *(one.photo for one in found)}, of_one, most)
    return _by_subject([*_falling(found, CardKind.POPULAR), *_falling(newest, CardKind.NEW)], muted)


def _facts(keys: Iterable[int], person: User) -> list[Candidate]:
    """Return what is known of photos that may be shown, in the order they are named in."""
    wanted = list(keys)
    facts = {one.photo: one for one in facts_of(wanted, person)}
    return [facts[key] for key in wanted if key in facts]


def _newest(person: User, unwanted: Collection[int], of_one: int, most: int) -> list[Candidate]:
    """Return new photos, the newest first, and no more than ``of_one`` of any owner."""
    found: list[Candidate] = []
    counts = Counter[int]()
    rows = showable_to(person).exclude(among("pk", list(unwanted))).newest_first()
    for _ in range(ROUNDS):
        full = {owner for owner, count in counts.items() if count >= of_one}
        keys = list(rows.exclude(owner__in=full).values_list("pk", flat=True)[:most])
        known = {one.photo for one in found}
        for one in _facts([key for key in keys if key not in known], person):
            counts[one.owner] += 1
            if counts[one.owner] <= of_one:
                found.append(one)
        if len(keys) < most or max(counts.values(), default=0) <= of_one:
            break
    return sorted(found, key=lambda one: -one.photo)


def _falling(ranked: Sequence[Candidate], kind: CardKind) -> list[Candidate]:
    """Give photos in order a score that halves every `HALF_AT` places."""
    return [replace(one, score=0.5 ** (n / HALF_AT), kind=kind) for n, one in enumerate(ranked)]


def _by_subject(found: Collection[Candidate], muted: Collection[int]) -> list[Group]:
    shown = shown_on([one.photo for one in found])
    known = hierarchy()
    groups: dict[int, list[Candidate]] = defaultdict(list)
    for one in sorted(found, key=lambda one: (-one.score, -one.photo)):
        tags = shown.get(one.photo, {})
        if not any(tag in muted for tag in tags):
            groups[_subject(tags, known)].append(one)
    return [Group(some, share=sqrt(sum(one.score for one in some))) for some in groups.values()]


def _subject(shown: Mapping[int, float], known: Hierarchy) -> int:
    """Return what a photo is of, in the broadest sense: what its most telling tag is a kind of."""
    telling = max(shown, key=lambda tag: (shown[tag] * known.rarity.get(tag, 0.0), tag), default=0)
    return known.steps_up(telling)[-1][0]
