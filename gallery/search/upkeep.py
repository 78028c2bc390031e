"""What searches need of photos that came before there were searches: filled in bit by bit."""

from __future__ import annotations

import time

from django.db import transaction

from ..imaging.colors import colors_of_data_uri
from ..models import Photo, PhotoWord

BATCH = 500
ROUND_S = 20.0
_NEEDED = ("title", "caption", "original_name", "place", "camera", "text", "shuffle", "placeholder")


def complete_photos(*, seconds: float = ROUND_S) -> int:
    """Give photos that lack them their words, colours and place in random orders.

    Goes on for about so many seconds, in short transactions; returns how many photos it completed.
    """
    until, count = time.monotonic() + seconds, 0
    while photos := list(Photo.objects.filter(shuffle=None).only(*_NEEDED).order_by("pk")[:BATCH]):
        _complete(photos)
        count += len(photos)
        if len(photos) < BATCH or time.monotonic() > until:
            break
    return count


def _complete(photos: list[Photo]) -> None:
    for photo in photos:
        photo.make_findable()
        photo.colors = _colors(photo.placeholder)
    with transaction.atomic():
        Photo.objects.bulk_update(photos, ["text", "shuffle", "colors"], batch_size=100)
        PhotoWord.store(photos)


def _colors(placeholder: str) -> int:
    try:
        return colors_of_data_uri(placeholder)
    except ValueError:
        return 0
