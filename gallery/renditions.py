"""Finds or renders one size of one photo."""

from __future__ import annotations

import os
from collections.abc import Iterator
from threading import BoundedSemaphore
from typing import IO, TYPE_CHECKING

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from .imaging.decode import Decoded, decode
from .imaging.render import Rendered, render_for_taggers, render_ladder
from .models import Photo, Rendition

if TYPE_CHECKING:
    from PIL import Image

#: The widths photos are offered in. None is wider than the photo, or higher than MAX_SIDE_PX; the
#: largest that these leave is offered too, where it is well above the last of them.
WIDTHS_PX = (320, 640, 1280, 2048)
MAX_SIDE_PX = max(WIDTHS_PX)
_WELL_ABOVE = 1.15
#: The one size that is not for people: what taggers look at.
TAGGER_SPEC = "tagger"

# One large original takes hundreds of megabytes while it is decoded, and a web server has many
# more threads than processors.
_decoding = BoundedSemaphore(min(os.cpu_count() or 1, 4))


def widths_of(photo: Photo) -> list[int]:
    """Return the widths this photo is offered in, narrowest first; always at least one."""
    largest = round(photo.width * min(1.0, MAX_SIDE_PX / max(photo.width, photo.height)))
    widths = [width for width in WIDTHS_PX if width <= largest] or [WIDTHS_PX[0]]
    return [*widths, largest] if largest > widths[-1] * _WELL_ABOVE else widths


def spec_of(width_px: int) -> str:
    return f"w{width_px}"


def decode_original(file: IO[bytes]) -> Decoded:
    """Decode as much of an original as the largest size needs. Raises ImageError."""
    with _decoding:
        return decode(file, max_side_px=MAX_SIDE_PX, max_pixels=settings.MAX_PIXELS)


def draft_all(photo: Photo, image: Image.Image) -> Iterator[Rendition]:
    """Render every size of a new photo, store its file and yield its row, which is not saved.

    Whoever asks has to remove the files again when a later step fails.
    """
    for width_px, picture in render_ladder(image, widths_of(photo)).items():
        yield _draft(photo, spec_of(width_px), picture)
    yield _draft(photo, TAGGER_SPEC, render_for_taggers(image))


def find_or_render(photo: Photo, width_px: int) -> Rendition:
    """Return the photo at one of its widths, rendering it when it is not stored.

    Raises FileNotFoundError when the original is gone.
    """
    return _find_or_render(photo, spec_of(width_px))


def replace(rendition: Rendition) -> Rendition:
    """Render again a size whose file was lost. Raises FileNotFoundError like find_or_render."""
    Rendition.objects.filter(pk=rendition.pk).delete()
    return _render(rendition.photo, rendition.spec)


def tagger_input(photo: Photo) -> Image.Image:
    """Return an upright RGB image, just large enough for taggers.

    It is stored when the photo comes in, so that tagging, also on a remote storage, never fetches
    the original. Raises FileNotFoundError.
    """
    rendition = _find_or_render(photo, TAGGER_SPEC)
    try:
        file = rendition.file.open("rb")
    except FileNotFoundError:
        file = replace(rendition).file.open("rb")
    with file:
        return decode(file).image


def _find_or_render(photo: Photo, spec: str) -> Rendition:
    found = Rendition.objects.filter(photo=photo, spec=spec).first()
    return found or _render(photo, spec)


def _render(photo: Photo, spec: str) -> Rendition:
    with photo.file.open("rb") as file:
        image = decode_original(file).image
    rendition = _draft(photo, spec, _picture(image, spec))
    try:
        with transaction.atomic():
            rendition.save()
    except IntegrityError:  # another request was first
        rendition.file.delete(save=False)
        return Rendition.objects.get(photo=photo, spec=spec)
    return rendition


def _picture(image: Image.Image, spec: str) -> Rendered:
    if spec == TAGGER_SPEC:
        return render_for_taggers(image)
    [picture] = render_ladder(image, [int(spec.removeprefix("w"))]).values()
    return picture


def _draft(photo: Photo, spec: str, picture: Rendered) -> Rendition:
    rendition = Rendition(
        photo=photo,
        spec=spec,
        width=picture.width_px,
        height=picture.height_px,
        size_bytes=len(picture.content),
    )
    suffix = "jpg" if spec == TAGGER_SPEC else "webp"
    rendition.file.save(f"{spec}.{suffix}", ContentFile(picture.content), save=False)
    return rendition
