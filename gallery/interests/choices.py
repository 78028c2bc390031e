"""What people say themselves of their interests: it outweighs all that was worked out."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from ..models import Deck, Interest, Opening, Profile, Stance, Tag, User


def pin(person: User, tag: Tag) -> None:
    """This is an interest of theirs, whatever they did."""
    _say(person, tag, Stance.PINNED)


def mute(person: User, tag: Tag) -> None:
    """They want to see none of it and of its kinds, nor be matched by it."""
    _say(person, tag, Stance.MUTED)


def remove(person: User, tag: Tag) -> None:
    """What they did until now says nothing about it; what they do from now on may."""
    _say(person, tag, Stance.REMOVED)


def clear(person: User, tag: Tag) -> None:
    """They say nothing about it."""
    for interest in Interest.objects.filter(person=person, tag=tag):
        interest.delete()


def _say(person: User, tag: Tag, stance: Stance) -> None:
    if not Profile.objects.filter(pk=person.pk, is_on=False).exists():
        Interest.objects.update_or_create(
            person=person, tag=tag, defaults={"stance": stance, "created_at": timezone.now()}
        )


@transaction.atomic
def reset(person: User) -> None:
    """Begin anew: nothing they did so far counts. What they muted stays muted."""
    Interest.objects.filter(person=person).exclude(stance=Stance.MUTED).delete()
    Opening.objects.filter(person=person).delete()
    Deck.objects.filter(pk=person.pk).delete()
    _change(person, reset_at=timezone.now(), evidence=b"", public_evidence=b"")


@transaction.atomic
def switch_off(person: User) -> None:
    """Keep nothing and work nothing out; nobody is matched with them."""
    _change(
        person,
        is_on=False,
        is_listed=False,
        evidence=b"",
        public_evidence=b"",
        public_photos=0,
        as_of=None,
        changed_at=None,
        reset_at=None,
    )
    Interest.objects.filter(person=person).delete()
    Opening.objects.filter(person=person).delete()
    Deck.objects.filter(pk=person.pk).delete()


def switch_on(person: User) -> None:
    """Work out again what they like, from what they uploaded, liked and follow."""
    _change(person, is_on=True)


def list_me(person: User, listed: bool) -> None:
    """Let others find them as somebody like them, or no longer."""
    _change(person, is_listed=listed)


def _change(person: User, **fields: object) -> None:
    profile, _ = Profile.objects.get_or_create(person=person)
    fields["public_at"] = timezone.now()
    for name, value in fields.items():
        setattr(profile, name, value)
    profile.save(update_fields=list(fields))
