"""How photos and confidences are written in pages."""

from __future__ import annotations

from django import template
from django.urls import reverse

from ..models import Photo
from ..renditions import widths_of

register = template.Library()

# The grid knows these shapes; anything longer or taller is cropped to the last of them.
_NARROWEST, _WIDEST, _STEP = 50, 300, 5


@register.simple_tag
def rendition_url(photo: Photo, width_px: int) -> str:
    """Return the address of the photo at the offered width nearest above ``width_px``."""
    widths = widths_of(photo)
    width_px = next((width for width in widths if width >= width_px), widths[-1])
    return reverse("gallery:rendition", args=[photo.public_id, photo.version, width_px])


@register.simple_tag
def srcset(photo: Photo) -> str:
    """Return every offered width for an ``<img srcset>``."""
    return ", ".join(
        f"{rendition_url(photo, width)} {min(width, photo.width)}w" for width in widths_of(photo)
    )


@register.filter
def ratio_class(photo: Photo) -> str:
    """Return the class that gives a card its shape: width over height in steps of 0.05."""
    percent = round(photo.width / photo.height * 100 / _STEP) * _STEP
    return f"ratio-{min(max(percent, _NARROWEST), _WIDEST)}"


@register.filter
def alt_text(photo: Photo) -> str:
    """Say in words what a card shows: its title, and what is in the picture."""
    tags = ", ".join(photo.surest_labels)
    title = photo.title or f"Photo by {photo.owner}"
    return f"{title}: {tags}" if tags else title


@register.filter
def percent(confidence: float) -> str:
    """Write a confidence, 0..1, for people: 0.934 → 93 %; never 100 % for less than 1."""
    whole = 100 if confidence >= 1 else min(round(confidence * 100), 99)
    return f"{whole}\N{NO-BREAK SPACE}%"


@register.filter
def megapixels(photo: Photo) -> str:
    return f"{photo.width * photo.height / 1e6:.1f}"
