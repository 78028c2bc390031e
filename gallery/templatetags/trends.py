"""How trends are written and drawn in pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from django import template
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe

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


@register.simple_tag
def trend_plot(points: Sequence[Point], label: str, *, is_large: bool = False) -> SafeString:
    """Draw how many people there were, period by period, as an SVG with classes and no styles.

    The last of them, of which there is one at least, is the period that is told of.
    """
    import pygal  # only pages with plots pay for it

    width, height = (720, 240) if is_large else (340, 104)
    most = max(point.people or 0 for point in points) or 1
    names = [short_date(point.span) for point in points]
    chart = pygal.Bar(
        width=width, height=height, margin=2, margin_left=6, margin_top=8, spacing=6,
        range=(0, most), y_labels=sorted({0, most}), value_formatter=lambda value: f"{value:,.0f}",
        x_labels=names, x_labels_major=[names[0], names[-1]],
        show_minor_x_labels=False, truncate_label=-1, show_legend=False, rounded_bars=2,
        js=(), disable_xml_declaration=True,
    )  # fmt: skip
    *before, told = points
    chart.add("people", [*(_bar(point) for point in before), _bar(told, kind="trend-bar-told")])
    return mark_safe(tostring(_bare(chart.render_tree(), label), encoding="unicode"))  # noqa: S308


def _bar(point: Point, *, kind: str = "") -> dict[str, Any] | None:
    if point.people is None:
        return None
    label = f"{point.span.name}: {point.people:,}"
    return {"value": point.people, "label": label, "node": {"class": f"trend-bar {kind}".strip()}}


def _bare(drawn: Element, label: str) -> Element:
    """Keep only what is drawn: the site's Content-Security-Policy forbids styles and scripts."""
    graph = next(one for one in drawn if one.get("class", "").startswith("graph"))
    plot = next(one for one in graph if one.get("class") == "plot")
    bare = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": drawn.get("viewBox", ""),
            "class": "trend-plot",
            "role": "img",
            "aria-label": label,
        },
    )
    bare.append(plot)
    for group in plot.iter():
        for one in list(group):
            if one.tag in ("desc", "title"):
                group.remove(one)
                if one.get("class") == "label":
                    SubElement(group, "title").text = one.text
    return bare
