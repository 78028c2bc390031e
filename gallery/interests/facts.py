"""What is known of photos that may be shown to somebody."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.db.models import Count, F, OuterRef, Q, Subquery, TextField
from django.db.models.functions import Coalesce

from ..models import Favourite, Photo, PhotoTag, TagState, User
from ..models.photos import PhotoQuerySet
from ..models.tagging import PhotoTagQuerySet
from ..search.conditions import Probe, among
from .variety import Candidate


class Listed(Subquery):
    """All that a limited query has as ``number``, in one value: thousands for the price of one."""

    template = "(SELECT json_group_array(number) FROM (%(subquery)s) AS limited)"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="ARRAY(%(subquery)s)", **context)


def numbers_of(listed: Any) -> list[int]:
    """Return the numbers of a `Listed`, as the database gave it."""
    return json.loads(listed) if isinstance(listed, str) else list(listed)


def showable_to(person: User) -> PhotoQuerySet:
    """Return the public photos that a person may see and did not upload."""
    return Photo.objects.public().visible_to(person).exclude(owner=person)


def without(tags: Collection[int], photos: PhotoQuerySet) -> PhotoQuerySet:
    """Leave out photos on which one of these tags is shown."""
    if not tags:
        return photos
    return photos.filter(~Q(Probe(_of_them(tags).filter(photo=OuterRef("pk")))))


def _of_them(tags: Collection[int]) -> PhotoTagQuerySet:
    """Return assignments of these tags, by no index: the tags of a photo are looked through."""
    rows = PhotoTag.objects.shown().alias(any_tag=F("tag_id") + 0)
    return rows.filter(among("any_tag", list(tags)))


def facts_of(keys: Collection[int], person: User) -> list[Candidate]:
    """Return what is known of those photos that may be shown and are not liked already.

    In the order of keys. One statement.
    """
    liked = Favourite.objects.filter(person=person, photo=OuterRef("pk"))
    tags = PhotoTag.objects.shown().filter(photo=OuterRef("pk")).order_by().values("photo")
    count = Coalesce(Subquery(tags.annotate(n=Count("pk")).values("n")), 0)
    rows = showable_to(person).filter(~Q(Probe(liked)), among("pk", list(keys))).order_by()
    columns = ("pk", "owner_id", "created_at", "taken_at", "fingerprint__perceptual_hash", count)
    found = [
        Candidate(
            photo=key,
            owner=owner,
            came_s=came.timestamp(),
            taken_s=(taken or came).timestamp(),
            look=int(look, 16) if look else None,
            tag_count=tag_count,
        )
        for key, owner, came, taken, look, tag_count in rows.values_list(*columns)
    ]
    return sorted(found, key=lambda one: one.photo)


def shown_on(
    photos: Collection[int], tags: Collection[int] | None = None
) -> dict[int, dict[int, float]]:
    """Return how sure the tags shown on photos are, of some tags or of all.

    What a person confirmed is sure. One statement.
    """
    rows = PhotoTag.objects.shown() if tags is None else _of_them(tags)
    rows = rows.filter(among("photo_id", list(photos))).order_by()
    shown: dict[int, dict[int, float]] = defaultdict(dict)
    columns = ("photo_id", "tag_id", "confidence", "state")
    for photo, tag, confidence, state in rows.values_list(*columns):
        shown[photo][tag] = 1.0 if state == TagState.CONFIRMED else confidence
    return shown
