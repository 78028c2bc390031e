"""Finds or renders one size of one photo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from .imaging.decode import decode
from .imaging.render import Rendered, render_ladder
from .models import Photo, Rendition

if TYPE_CHECKING:
    from PIL import Image

#: The widths every photo is offered in; none is wider than the photo itself.
WIDTHS_PX = (320, 640, 1280, 2048)
#: Taggers look at small squares; any side shorter than this would have to be enlarged.
TAGGER_MIN_SIDE_PX = 292


def widths_of(photo: Photo) -> list[int]:
    """Return the widths this photo is offered in, narrowest first; always at least one."""
    return [width for width in WIDTHS_PX if width <= photo.width] or [WIDTHS_PX[0]]


def spec_of(width_px: int) -> str:
    return f"w{width_px}"


def draft(photo: Photo, rendered: Mapping[int, Rendered]) -> list[Rendition]:
    """Store the files of freshly rendered sizes; the rows are the caller's to save."""
    drafts = []
    for width_px, picture in rendered.items():
        rendition = Rendition(
            photo=photo,
            spec=spec_of(width_px),
            width=picture.width_px,
            height=picture.height_px,
            size_bytes=len(picture.content),
        )
        rendition.file.save("rendition.webp", ContentFile(picture.content), save=False)
        drafts.append(rendition)
    return drafts


def find_or_render(photo: Photo, width_px: int) -> Rendition:
    """Return the photo at one of its widths, rendering it when it is not stored.

    Raises FileNotFoundError when the original is gone.
    """
    found = Rendition.objects.filter(photo=photo, spec=spec_of(width_px)).first()
    return found or _render(photo, width_px)


def replace(rendition: Rendition) -> Rendition:
    """Render again a size whose file was lost. Raises FileNotFoundError like find_or_render."""
    photo, width_px = rendition.photo, int(rendition.spec.removeprefix("w"))
    Rendition.objects.filter(pk=rendition.pk).delete()
    return _render(photo, width_px)


def _render(photo: Photo, width_px: int) -> Rendition:
    with photo.file.open("rb") as file:
        decoded = decode(file, max_side_px=max(WIDTHS_PX), max_pixels=settings.MAX_PIXELS)
    [rendition] = draft(photo, render_ladder(decoded.image, [width_px]))
    try:
        with transaction.atomic():
            rendition.save()
    except IntegrityError:  # another request was first
        rendition.file.delete(save=False)
        return Rendition.objects.get(photo=photo, spec=rendition.spec)
    return rendition


def tagger_input(photo: Photo) -> Image.Image:
    """Return an upright RGB image, just large enough for taggers.

    It is the smallest rendition whose short side suffices, so that tagging again, also on a
    remote storage, never touches the original. Raises FileNotFoundError.
    """
    widths = widths_of(photo)
    short_side = min(photo.width, photo.height) / photo.width
    width_px = next((w for w in widths if w * short_side >= TAGGER_MIN_SIDE_PX), widths[-1])
    rendition = find_or_render(photo, width_px)
    try:
        file = rendition.file.open("rb")
    except FileNotFoundError:
        file = replace(rendition).file.open("rb")
    with file:
        return decode(file).image
