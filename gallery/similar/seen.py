"""What is nearest for a viewer, who may not see everything.

The index knows nothing of permissions. It is asked for the likest photos of all; where most of
those are not for the viewer, it is asked once more for many more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.contrib.auth.models import AnonymousUser

from ..models import DroppedImage, Photo, User
from ..models.searches import is_token
from ..search.conditions import among
from . import nearness
from .nearness import LIMIT, Near

Viewer = User | AnonymousUser

#: So many of the likest are asked for where a viewer may see less than half of the first.
MOST = 2000


class UnlikeError(Exception):
    """There is nothing by this name to be like; the message is one sentence for the person."""


def nearest_for(photo: Photo, viewer: Viewer, *, limit: int = LIMIT) -> list[Near]:
    """Return the photos most like this one, itself first, enough for a viewer who sees few of them.

    Whoever lists them still has to leave out what the viewer may not see.
    """
    return _enough(lambda count: nearness.nearest(photo, limit=count), viewer, limit)


def likest(name: str, viewer: Viewer) -> list[Near]:
    """Return the photos that are like one, or like a picture that the viewer searches by.

    ``name`` is the photo's public id or the picture's token. As with `nearest_for`, permissions are
    still to be looked at. Raises UnlikeError.
    """
    photos = Photo.objects.visible_to(viewer).select_related("fingerprint")
    if photo := photos.filter(public_id=name).first():
        return nearest_for(photo, viewer)
    if not is_token(name):
        raise UnlikeError(f"You may see no photo “{name}”.")
    dropped = DroppedImage.objects.filter(person=viewer.pk, token=name).first()
    if dropped is None:
        raise UnlikeError(
            "You have no such picture to search by any more: they are forgotten after a day."
        )
    if not dropped.embedding:
        raise UnlikeError(dropped.error or "This picture is still to be looked at.")
    model, embedding = dropped.model, bytes(dropped.embedding)
    return _enough(lambda count: nearness.nearest_to(model, embedding, limit=count), viewer, LIMIT)


def _enough(ask: Callable[[int], list[Near]], viewer: Viewer, limit: int) -> list[Near]:
    near = ask(limit)
    if len(near) < limit or 2 * len(_visible(near, viewer)) >= limit:
        return near
    return _visible(ask(MOST), viewer)[:limit]


def _visible(near: Sequence[Near], viewer: Viewer) -> list[Near]:
    photos = Photo.objects.visible_to(viewer).filter(among("pk", [one.photo for one in near]))
    visible = set(photos.values_list("pk", flat=True))
    return [one for one in near if one.photo in visible]
