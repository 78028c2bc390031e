"""For you: public photos that match what a person likes, varied, each with the reason.

How photos are scored is in `taste` and `candidates`, how they are put in order in `variety`, and
what newcomers are shown in `popular`; `decks` keeps what was chosen, so that pages stay the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..models import Photo, Profile, Tag, User
from ..search.conditions import among
from . import decks
from .choosing import choose_popular
from .variety import CardKind

__all__ = ["PAGE_SIZE", "Card", "CardKind", "Feed", "for_you"]

PAGE_SIZE = 24


@dataclass(frozen=True, slots=True)
class Card:
    """A photo, and why it is shown: ``tag`` is what it shows that is liked, or something else."""

    photo: Photo
    tag: Tag | None
    kind: CardKind

    @property
    def reason(self) -> str:
        match self.kind:
            case CardKind.INTEREST:
                return f"Because you like “{self.tag}”"
            case CardKind.EXPLORE:
                return f"Something else: {self.tag}"
            case CardKind.NEW:
                return "New here"
            case _:
                return "Popular just now"


@dataclass(frozen=True, slots=True)
class Feed:
    """A page of cards.

    ``is_newcomer``: nothing is known of what the person likes, and ``is_off``: they do not want it
    to be. ``has_seen_all``: there are no cards since the person has seen all of them often enough.
    """

    cards: Sequence[Card]
    page: int
    has_next: bool
    is_newcomer: bool = False
    is_off: bool = False
    has_seen_all: bool = False


#: A card as it is kept: photo, tag or None, kind.
Kept = tuple[int, int | None, str]


def for_you(person: User, *, page: int = 1, fresh: bool = False) -> Feed:
    """Return a page of photos for a person; ``fresh``: of others than those chosen before.

    That they have seen it is noted. Seven statements when the photos have been chosen before.
    """
    page = max(page, 1)
    start, end = (page - 1) * PAGE_SIZE, page * PAGE_SIZE
    profile = Profile.objects.filter(pk=person.pk).values_list("is_on", "as_of").first()
    is_on, as_of = profile or (True, None)
    if not is_on:
        chosen = [(one.photo, None, one.kind) for one in choose_popular(person)]
        return Feed(_cards(chosen[start:end]), page, has_next=len(chosen) > end, is_off=True)
    said = decks.Said.by(person)
    deck = decks.deck_of(person, said, as_of=as_of, is_first=page == 1, fresh=fresh)
    there = decks.still_showable([card[0] for card in deck.cards], person, said.muted)
    kept = [(photo, tag, kind) for photo, tag, kind in deck.cards if photo in there]
    cards = _cards(kept[start:end])
    decks.note_shown(deck, [card.photo.pk for card in cards])
    return Feed(
        cards,
        page,
        has_next=len(kept) > end,
        is_newcomer=deck.is_newcomer,
        has_seen_all=not kept and bool(deck.shown),
    )


def _cards(kept: Sequence[Kept]) -> list[Card]:
    """Return cards with their photos and tags; two statements."""
    photos = Photo.objects.for_cards().filter(among("pk", [photo for photo, _, _ in kept]))
    by_key = {photo.pk: photo for photo in photos}
    tags = Tag.objects.in_bulk({tag for _, tag, _ in kept if tag is not None})
    return [
        Card(by_key[photo], tags.get(tag or 0), CardKind(kind))
        for photo, tag, kind in kept
        if photo in by_key and (tag is None or tag in tags)
    ]
