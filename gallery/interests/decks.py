"""Keeps the photos chosen for each person: they stay as they are from page to page, for a while."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2s

from django.db import transaction
from django.utils import timezone

from ..models import Deck, Interest, Profile, Stance, User
from ..search.conditions import among
from . import choosing
from .facts import showable_to, without
from .hierarchy import hierarchy

#: A deck is made anew, when its first page is asked for, after so long; or sooner when something
#: was done since that says what the person likes.
KEPT_FOR, KEPT_AT_LEAST = timedelta(hours=1), timedelta(minutes=10)
#: Of whoever has not asked for any for so long, nothing is remembered.
FORGOTTEN_AFTER = timedelta(days=90)
#: Fewer other photos than this are not worth leaving out those that were displayed just now.
ENOUGH = 24
#: A photo that was shown of so many decks has been seen often enough.
SEEN_OFTEN = 3
#: That photos were shown is remembered for so long, and of so many photos, the last ones.
REMEMBERED_FOR, REMEMBERED = timedelta(days=30), 3000


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said of their interests by hand: what is muted, and what stands for it all."""

    muted: frozenset[int]
    basis: str

    @classmethod
    def by(cls, person: User) -> Said:
        """Read it; one statement."""
        rows = Interest.objects.filter(person=person).order_by("tag").values_list("tag", "stance")
        said = list(rows)
        muted = frozenset(tag for tag, stance in said if stance == Stance.MUTED)
        digest = blake2s(repr(said).encode(), digest_size=16)
        return cls(hierarchy().kinds_of(muted), digest.hexdigest())


def deck_of(
    person: User, said: Said, *, as_of: datetime | None, is_first: bool, fresh: bool
) -> Deck:
    """Return a person's deck, made anew when it has to be.

    ``as_of`` is when their interests were last worked out; ``is_first``: the first page is asked
    for, and ``fresh``: other photos are.
    """
    deck = Deck.objects.filter(pk=person.pk).first()
    if deck and not fresh and not (is_first and _is_stale(deck, said.basis, as_of)):
        return deck
    displayed = [photo for photo, _, _ in deck.cards[: deck.counted]] if deck and fresh else []
    return _make(person, said, shown=deck.shown if deck else [], but=displayed)


def _is_stale(deck: Deck, basis: str, as_of: datetime | None) -> bool:
    age = timezone.now() - deck.made_at
    if age >= KEPT_FOR or deck.basis != basis:
        return True
    has_changed = as_of is not None and as_of > deck.made_at
    return has_changed and (deck.is_newcomer or age >= KEPT_AT_LEAST)


def still_showable(photos: Collection[int], person: User, muted: Collection[int]) -> set[int]:
    """Leave out photos that were hidden or deleted since, and what is muted; one statement."""
    rows = without(muted, showable_to(person)).filter(among("pk", list(photos))).order_by()
    return set(rows.values_list("pk", flat=True))


def note_shown(deck: Deck, photos: Sequence[int]) -> None:
    """Note that a person had all photos of their deck before their eyes down to the last of these.

    Each counts once for a deck, however often its page is shown.
    """
    keys = [photo for photo, _, _ in deck.cards]
    counted = keys.index(photos[-1]) + 1 if photos else 0
    if counted <= deck.counted:
        return
    times = {photo: times for photo, times, _ in deck.shown}
    now = sorted(set(keys[deck.counted : counted]).intersection(photos))
    kept = [one for one in deck.shown if one[0] not in set(now)]
    today = timezone.now().toordinal()
    deck.shown = [*kept, *([photo, times.get(photo, 0) + 1, today] for photo in now)][-REMEMBERED:]
    deck.counted = counted
    Deck.objects.filter(pk=deck.pk, made_at=deck.made_at).update(
        counted=deck.counted, shown=deck.shown
    )


def _make(person: User, said: Said, *, shown: list[list[int]], but: Collection[int]) -> Deck:
    """Choose photos and keep them; not those displayed just now, unless hardly any others are."""
    now = timezone.now()
    since = (now - REMEMBERED_FOR).toordinal()
    shown = [one for one in shown if one[2] > since]
    seen = frozenset(photo for photo, times, _ in shown if times >= SEEN_OFTEN)
    choice = choosing.choose(person, muted=said.muted, seen=seen.union(but), now=now)
    if but and len(choice.photos) < ENOUGH:
        choice = choosing.choose(person, muted=said.muted, seen=seen, now=now)
    deck = Deck(
        person=person,
        made_at=now,
        basis=said.basis,
        is_newcomer=choice.is_newcomer,
        cards=[[one.photo, one.tag or None, one.kind] for one in choice.photos],
        shown=shown,
    )
    _keep(deck)
    return deck


@transaction.atomic
def _keep(deck: Deck) -> None:
    """Store a deck, but not of whom switched their interests off meanwhile."""
    profile = Profile.objects.select_for_update().filter(pk=deck.pk)
    if False in profile.values_list("is_on", flat=True):
        return
    Deck.objects.bulk_create(
        [deck],
        update_conflicts=True,
        unique_fields=["person"],
        update_fields=["made_at", "basis", "is_newcomer", "cards", "counted", "shown"],
    )


def forget_old() -> int:
    """Delete the decks of people who have not been here for long; return how many."""
    old = Deck.objects.filter(made_at__lt=timezone.now() - FORGOTTEN_AFTER)
    return old.delete()[0]
