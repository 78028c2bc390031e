"""How trends are written and drawn in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.formats import date_format

from ..models import Length
from ..trends.periods import Span
from ..trends.reading import Point, Shown

register = template.Library()

_NOW = {Length.DAY: "today", Length.WEEK: "this week", Length.MONTH: "this month"}
_LAST = {Length.DAY: "yesterday", Length.WEEK: "last week", Length.MONTH: "last month"}


@register.filter
def period_name(span: Span) -> str:
    """Say which period it is from where one is now: “this week”, “last week”, “June 2024”."""
    if span == Span.now(span.length):
        return _NOW[span.length]
    if span == Span.now(span.length).before():
        return _LAST[span.length]
    return span.name


@register.simple_tag
def growth_words(one: Shown, span: Span) -> str:
    """Say how many people use a tag and how many usually do: “about 3 in a usual week”."""
    said = f"{one.people:,} people {period_name(span)}"
    about = round(one.usual)
    if one.is_new:
        return f"{said}, for the first time"
    if not about:
        return f"{said}; usually hardly anyone"
    if span.is_over:
        return f"{said}; about {about:,} in a usual {span.length.value}"
    return f"{said} so far; about {about:,} would be usual by now"


@register.filter
def short_date(span: Span) -> str:
    """Name a period below a bar: “3 Jun”, or “Jun 24” for a month."""
    return date_format(span.start, "M y" if span.length == Length.MONTH else "j M")


# --- Plots ------------------------------------------------------------------------------------

_TOP, _BOTTOM, _DIGIT, _GAP = 6.0, 20.0, 7.5, 0.25


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a plot: where it is, in the plot's own units, and what it says."""

    x: float
    y: float
    width: float
    height: float
    label: str
    is_told: bool


@register.inclusion_tag("gallery/_trend_plot.html")
def trend_plot(points: Sequence[Point], label: str, *, is_large: bool = False) -> dict[str, Any]:
    """Draw how many people there were, period by period, as an SVG with classes and no styles.

    The last of them, of which there is one at least, is the period that is told of.
    """
    width, height = (720.0, 240.0) if is_large else (340.0, 104.0)
    most = max(point.people or 0 for point in points) or 1
    left = _DIGIT * len(f"{most:,}") + 8
    base, step = height - _BOTTOM, (width - left) / len(points)
    bars = []
    for place, point in enumerate(points):
        if point.people:
            tall = point.people / most * (base - _TOP)
            bars.append(
                Bar(
                    x=left + (place + _GAP / 2) * step,
                    y=base - tall,
                    width=step * (1 - _GAP),
                    height=tall,
                    label=f"{point.span.name}: {point.people:,}",
                    is_told=point is points[-1],
                )
            )
    return {
        "width": width, "height": height, "left": left, "top": _TOP, "base": base, "most": most,
        "bars": bars, "first": points[0], "last": points[-1], "label": label,
    }  # fmt: skip
