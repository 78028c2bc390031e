"""How interests are written in pages."""

from __future__ import annotations

from django import template

from ..interests.weighing import Weighed

register = template.Library()


@register.filter
def why(one: Weighed) -> str:
    """Say why an interest is there: “12 photos you uploaded, 3 favourites, mostly koala”."""
    acts = (
        (one.uploads, "1 photo you uploaded", "{:,} photos you uploaded"),
        (one.favourites, "1 favourite", "{:,} favourites"),
        (one.follows, "1 photo of someone you follow", "{:,} photos of people you follow"),
        (one.openings, "1 photo you opened", "{:,} photos you opened"),
    )
    reasons = [single if n == 1 else several.format(n) for n, single, several in acts if n]
    if one.through:
        reasons.append(f"mostly {one.through.label}")
    return ", ".join(reasons) or "you pinned it"
