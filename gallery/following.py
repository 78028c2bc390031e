"""Whose photos people want to see, and with whom they want nothing to do."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from .interests.facts import Listed, numbers_of
from .models import Block, Follow, Photo, User, Visibility
from .models.photos import PhotoQuerySet
from .search.paging import PAGE_SIZE, Page, Place


class RefusedError(Exception):
    """What cannot be done, in one sentence for the person. It does not tell who blocked whom."""


# --- Follows ----------------------------------------------------------------------------------


@transaction.atomic
def follow(person: User, other: User) -> bool:
    """Have a person see what another one uploads; False when they did already.

    Raises RefusedError.
    """
    if person == other:
        raise RefusedError("You cannot follow yourself.")
    if not other.is_active:
        raise RefusedError(f"{other} is not here any more.")
    _hold(person, other)
    if _blocks_between(person, other).exists():
        raise RefusedError(f"You cannot follow {other}.")
    return Follow.objects.get_or_create(person=person, followed=other)[1]


def unfollow(person: User, other: User) -> None:
    Follow.objects.filter(person=person, followed=other).delete()


# --- Blocks -----------------------------------------------------------------------------------


@transaction.atomic
def block(person: User, other: User) -> None:
    """Have neither of two people see what is the other's, nor follow the other.

    Raises RefusedError.
    """
    if person == other:
        raise RefusedError("You cannot block yourself.")
    _hold(person, other)
    Block.objects.get_or_create(person=person, blocked=other)
    Follow.objects.filter(
        Q(person=person, followed=other) | Q(person=other, followed=person)
    ).delete()
    _note_blocks(person, other)


@transaction.atomic
def unblock(person: User, other: User) -> None:
    """Take a person's own block back; one of the other's stays, and so they may stay apart."""
    _hold(person, other)
    Block.objects.filter(person=person, blocked=other).delete()
    _note_blocks(person, other)


def _hold(*people: User) -> None:
    """Keep others from changing what these people are to each other until the transaction ends."""
    if connection.features.has_select_for_update:
        rows = User.objects.select_for_update(no_key=True).filter(pk__in=[one.pk for one in people])
        list(rows.order_by("pk").values_list("pk"))


def _blocks_between(one: User, other: User) -> QuerySet[Block]:
    return Block.objects.filter(Q(person=one, blocked=other) | Q(person=other, blocked=one))


def _note_blocks(*people: User) -> None:
    for one in people:
        one.has_blocks = Block.objects.filter(Q(person=one) | Q(blocked=one)).exists()
        one.save(update_fields=["has_blocks"])
        one.__dict__.pop("apart_from", None)


# --- What they uploaded -----------------------------------------------------------------------


def newest_of_followed(person: User, *, before: str = "", after: str = "") -> Page:
    """Return the newest public photos of those a person follows, behind a place or ahead of one.

    Three queries, which read some thousand photos at most, however many those people have.
    """
    if place := Place.read(after):
        ahead = _Line(person, place, is_back=True).photos(PAGE_SIZE + 1)
        if len(ahead) > PAGE_SIZE:
            shown = ahead[PAGE_SIZE - 1 :: -1]
            return Page(shown, previous=Place(shown[0].pk), next=Place(shown[-1].pk))
        before = ""  # the first page is near: show it whole, at its own address
    place = Place.read(before)
    found = _Line(person, place, is_back=False).photos(PAGE_SIZE + 1)
    shown = found[:PAGE_SIZE]
    return Page(
        shown,
        previous=Place(shown[0].pk) if place and shown else None,
        next=Place(shown[-1].pk) if len(found) > PAGE_SIZE else None,
    )


@dataclass(frozen=True, slots=True)
class _Line:
    """The public photos of those whom a person follows, from a place on, older or newer ones."""

    person: User
    place: Place | None
    is_back: bool

    def photos(self, count: int) -> list[Photo]:
        """Return the next ``count`` photos.

        They are of the ``count`` people whose own next photo comes first.
        """
        keys = [key for theirs in self._next_keys(count) for key in theirs]
        keys = sorted(keys, reverse=not self.is_back)[:count]
        photos = Photo.objects.for_cards().in_bulk(keys)
        return [photos[key] for key in keys if key in photos]

    def _next_keys(self, count: int) -> list[list[int]]:
        """Return the next photos of each of these people."""
        follows = Follow.objects.filter(person=self.person)
        next_key = F("next").asc if self.is_back else F("next").desc
        heads = follows.annotate(next=Subquery(self._theirs.values("pk")[:1]))
        nearest = heads.order_by(next_key(nulls_last=True)).values_list("pk", flat=True)[:count]
        theirs = Listed(self._theirs.annotate(number=F("pk")).values("number")[:count])
        rows = follows.filter(pk__in=list(nearest)).values_list(theirs)
        return [numbers_of(listed) for (listed,) in rows]

    @property
    def _theirs(self) -> PhotoQuerySet:
        """The photos of one of them, in order; not by the index of what is public."""
        photos = Photo.objects.visible_to(self.person).exclude(visibility=Visibility.PRIVATE)
        if self.place:
            side = "gt" if self.is_back else "lt"
            photos = photos.filter(**{f"pk__{side}": self.place.key})
        return photos.filter(owner=OuterRef("followed")).order_by("pk" if self.is_back else "-pk")
