"""Trends: what more people take photos of than usual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from .. import trends
from ..models import Length, Tag
from ..trends.periods import TOLD, Span
from ..vocabulary import load


@require_safe
def trend_list(request: HttpRequest, *, is_public: bool = True) -> HttpResponse:
    """What rises, goes together, is new and is common among everyone's public photos."""
    _admit(request, is_public=is_public)
    asked = _asked(request)
    found = trends.trends_for(
        request.user,
        asked.length,
        when=asked.when,
        category=asked.category,
        is_public=is_public,
    )
    names = load().categories
    offered = found.categories | {asked.category}
    context = {
        "trends": found,
        "lengths": _lengths(asked),
        "periods": _periods(asked),
        "asked": asked,
        "categories": [(slug, name) for slug, name in names.items() if slug in offered],
        "category_name": names.get(asked.category, ""),
        "is_public": is_public,
        "min_people": settings.MIN_PEOPLE,
    }
    return render(request, "gallery/trend_list.html", context)


@require_safe
def trend_detail(request: HttpRequest, slug: str, *, is_public: bool = True) -> HttpResponse:
    """How many people used a tag, period by period."""
    _admit(request, is_public=is_public)
    asked = _asked(request)
    tag = Tag.objects.named(slug).first()
    history = tag and trends.history_of(tag, request.user, asked.length, is_public=is_public)
    if tag is None or history is None:
        raise Http404  # a word that few people use is not told of, as if there were none
    name = "trend-detail" if is_public else "trend-site-detail"
    if tag.slug != slug:
        return redirect(f"gallery:{name}", tag.slug)
    context: dict[str, Any] = {
        "tag": tag,
        "history": history,
        "lengths": _lengths(asked),
        "asked": asked,
        "is_public": is_public,
    }
    return render(request, "gallery/trend_detail.html", context)


def _admit(request: HttpRequest, *, is_public: bool) -> None:
    """Raise Http404 unless this person may look at the photos of the whole site."""
    person = request.user
    if not is_public and not (person.is_staff and person.has_perm("gallery.view_photo")):
        raise Http404


@dataclass(frozen=True, slots=True)
class _Asked:
    length: Length
    when: str
    category: str

    def query(self, **changes: str) -> str:
        """Return the query string of this page with something else asked for."""
        asked = {"length": self.length.value, "when": self.when, "category": self.category}
        return urlencode({name: value for name, value in (asked | changes).items() if value})


def _asked(request: HttpRequest) -> _Asked:
    """Read what is asked for; what there is not is taken for not said."""
    length = request.GET.get("length", "")
    when, category = request.GET.get("when", ""), request.GET.get("category", "")
    return _Asked(
        Length(length) if length in Length.values else Length.WEEK,
        when if when in TOLD else "",
        category if category in load().categories else "",
    )


def _lengths(asked: _Asked) -> list[tuple[Length, str]]:
    return [(length, asked.query(length=length.value, when="")) for length in Length]


def _periods(asked: _Asked) -> list[tuple[Span, str]]:
    return [
        (Span.now(asked.length).before(ago), asked.query(when=name)) for name, ago in TOLD.items()
    ]
