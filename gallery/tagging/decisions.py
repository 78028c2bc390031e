"""What people decide about the tags of their photos."""

from __future__ import annotations

from django.db import transaction

from ..models import Photo, PhotoTag, Tag, TagState
from .settling import hold_tags, settle
from .spellings import drop_strays


@transaction.atomic
def confirm(photo_tag: PhotoTag) -> None:
    """A person says the tag is right."""
    _decide(photo_tag, TagState.CONFIRMED)


@transaction.atomic
def reject(photo_tag: PhotoTag) -> None:
    """A person says the tag is wrong. A tag that only a person ever said is gone for good."""
    if photo_tag.is_by_hand:
        hold_tags([photo_tag.photo_id])
        photo_tag.delete()
    else:
        _decide(photo_tag, TagState.REJECTED)
    drop_strays([photo_tag.photo_id])


def _decide(photo_tag: PhotoTag, state: TagState) -> None:
    """Keep a person's word, also when a later run has taken the row away meanwhile."""
    hold_tags([photo_tag.photo_id])
    photo_tag.state = state
    PhotoTag.objects.update_or_create(
        photo=photo_tag.photo,
        tag=photo_tag.tag,
        defaults={"state": state},
        create_defaults={
            "state": state,
            "confidence": photo_tag.confidence,
            "run": photo_tag.run,
        },
    )


@transaction.atomic
def undo(photo_tag: PhotoTag) -> None:
    """Take a person's word back: the tag is again what the taggers make of it."""
    hold_tags([photo_tag.photo_id])
    photo_tag.delete()
    settle(photo_tag.photo)
    drop_strays([photo_tag.photo_id])


@transaction.atomic
def add_by_hand(photo: Photo, label: str) -> PhotoTag | None:
    """A person names a tag. None when the label has no letter or digit in it."""
    tag = Tag.objects.by_label([label]).get(label)
    return mark(photo, tag, shows=True) if tag else None


@transaction.atomic
def mark(photo: Photo, tag: Tag, *, shows: bool | None) -> PhotoTag | None:
    """A person says that a photo shows a tag, or does not; None takes their word back."""
    hold_tags([photo.pk])
    if shows is None:
        if mine := photo.photo_tags.decided().filter(tag=tag).first():
            undo(mine)
        return None
    state = TagState.CONFIRMED if shows else TagState.REJECTED
    photo_tag, _ = PhotoTag.objects.update_or_create(
        photo=photo,
        tag=tag,
        defaults={"state": state},
        create_defaults={"state": state, "confidence": float(shows)},
    )
    if not shows:
        drop_strays([photo.pk])
    return photo_tag
