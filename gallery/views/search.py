"""The search page, and what helps to write a search: suggestions, help, searches kept by name."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from ..filters import PLACES, PhotoFilter, form_data, narrowings
from ..forms import SaveSearchForm
from ..models import DroppedImage, SavedSearch, User
from ..models.searches import is_token
from ..search import language
from ..search.facets import facets
from ..search.finding import Search
from ..search.helping import FIELD_HELP, JOINS, TAG_FORMS
from ..search.limits import TooSlowError, time_limited
from ..search.meaning import Viewer, visible_to
from ..search.suggesting import nearly, suggest
from ..search.tree import Named, Sort, leaves
from ..search.values import YEARS
from .photos import listed
from .requests import FRAGMENT_HEADER, SignedInRequest, wants_fragment


@dataclass(frozen=True, slots=True)
class MarkedPart:
    """A part of what was typed, and whether it is the one that cannot be meant."""

    text: str
    is_wrong: bool


@require_safe
@vary_on_headers(FRAGMENT_HEADER)
def photo_search(request: HttpRequest) -> HttpResponse:
    """All that this person may see and a search finds, with what else there is among it."""
    asked = PhotoFilter(request.GET, viewer=request.user)
    if asked.has_fields:
        if asked.is_valid():
            return redirect(address(asked.query, request.GET))
        return render(request, "gallery/photo_search.html", {"filter": asked})
    query = language.parse(request.GET.get("q", ""))
    if not query.mistakes and str(query) != request.GET.get("q", ""):
        return redirect(address(query, request.GET))
    search = Search(query, viewer=request.user, scope=visible_to(request.user), seed=_seed(request))
    if (jump := _jump(request, search)) is not None:
        return redirect(jump)
    context = _found(request, search) | {
        "search": search,
        "narrowings": narrowings(query),
        "filter": PhotoFilter(_as_data(form_data(query))),
        "pictures": _pictures(query, request.user),
    }
    if wants_fragment(request):
        return render(request, "gallery/_photo_grid.html", context)
    return render(request, "gallery/photo_search.html", context)


def _found(request: HttpRequest, search: Search) -> dict[str, Any]:
    """Return the page, the count and the facets; of a search with mistakes, what they are."""
    try:
        with time_limited():
            return _answer(request, search)
    except TooSlowError as error:
        return {"too_slow": str(error)}


def _answer(request: HttpRequest, search: Search) -> dict[str, Any]:
    if mistakes := search.mistakes:
        return {
            "mistakes": mistakes,
            "marked": _marked(search.query.text, mistakes),
            "proposals": dict.fromkeys(one.better for one in mistakes if one.better),
        }
    if wants_fragment(request):
        return listed(request, search)
    found = search.found
    context = listed(request, search, with_labels=False)
    page = context["page"]
    if not page.photos:
        return context | {"proposals": nearly(search.query, viewer=request.user)}
    return context | {
        "facets": facets(search, page.photos),
        "count_words": str(found.at_least(len(page.photos))),
        "months": _by_year(search.months()),
        "orders": _orders(search),
    }


def _pictures(query: language.Query, viewer: Viewer) -> list[DroppedImage]:
    """Return the pictures of their own that a viewer searches by; mostly without a query."""
    likes = [one for one in leaves(query.tree) if isinstance(one, Named) and one.field == "like"]
    tokens = [name for like in likes for name in like.names if is_token(name)]
    if not tokens or not isinstance(viewer, User):
        return []
    mine = DroppedImage.objects.filter(person=viewer, token__in=tokens)
    return list(mine.only("token", "thumbnail").order_by("pk"))


ORDERS = {
    Sort.NEWEST: "Newest first",
    Sort.OLDEST: "Oldest first",
    Sort.TAKEN: "By date taken",
    Sort.CONFIDENCE: "Surest first",
    Sort.SIMILAR: "Most alike first",
    Sort.RANDOM: "Random",
}


@dataclass(frozen=True, slots=True)
class Order:
    """An order that a list can be in: what it is called, and the search in that order."""

    name: str
    query: language.Query
    is_present: bool


def _orders(search: Search) -> list[Order]:
    return [
        Order(ORDERS[sort], search.query.sorted_by(sort), sort == search.sort)
        for sort in search.sorts
    ]


def _by_year(months: list[date]) -> list[tuple[int, list[date]]]:
    return [(year, [*those]) for year, those in groupby(months, lambda month: month.year)]


def _marked(text: str, mistakes: tuple[language.Mistake, ...]) -> list[MarkedPart]:
    parts, at = [], 0
    for mistake in sorted(mistakes, key=lambda one: one.start):
        start = max(at, mistake.start)
        parts += [MarkedPart(text[at:start], False), MarkedPart(text[start : mistake.end], True)]
        at = max(at, mistake.end)
    parts.append(MarkedPart(text[at:], False))
    return [part for part in parts if part.text]


def address(query: language.Query, asked: QueryDict | None = None) -> str:
    """Return the address of a search; of the rest of an old address, the place is kept."""
    kept = {"q": str(query)} if str(query) else {}
    if asked:
        kept |= {name: str(asked[name]) for name in PLACES if asked.get(name)}
    return reverse("gallery:photo-search") + (f"?{urlencode(kept)}" if kept else "")


def _as_data(values: dict[str, str]) -> QueryDict:
    data = QueryDict(mutable=True)
    data.update(values)
    return data


def _seed(request: HttpRequest) -> int:
    seed = request.GET.get("seed", "")
    return int(seed[:12]) if seed.isdecimal() else random.randrange(2**31)  # noqa: S311


def _jump(request: HttpRequest, search: Search) -> str | None:
    """Return the address of the list from a month on, when one is asked for."""
    month = request.GET.get("month", "")
    if not month:
        return None
    rest = request.GET.copy()
    for name in ("before", "after", "month"):
        rest.pop(name, None)
    try:
        first = datetime.strptime(month[:7], "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        return f"{request.path}?{rest.urlencode()}"
    if not YEARS.start <= first.year < YEARS.stop:
        return f"{request.path}?{rest.urlencode()}"
    if not search.mistakes and (place := search.place_of_month(date(first.year, first.month, 1))):
        rest["before"] = str(place)
    return f"{request.path}?{rest.urlencode()}"


# --- Help with writing one --------------------------------------------------------------------


@never_cache
@require_safe
def suggestions(request: HttpRequest) -> JsonResponse:
    """What may be meant by the end of a text, for a script; nothing that may not be seen."""
    text = request.GET.get("q", "")[: language.MAX_CHARS]
    try:
        found = suggest(text, viewer=request.user)
    except TooSlowError:
        found = []
    rows = [
        {"label": one.label, "text": one.text, "kind": one.kind, "count": str(one.count or "")}
        for one in found
    ]
    return JsonResponse({"suggestions": rows})


@require_safe
def search_help(request: HttpRequest) -> HttpResponse:
    context = {"joins": JOINS, "tag_forms": TAG_FORMS, "fields": FIELD_HELP}
    return render(request, "gallery/search_help.html", context)


# --- Searches kept by name --------------------------------------------------------------------


@login_required
@require_safe
def saved_search_list(request: SignedInRequest) -> HttpResponse:
    context = {"searches": request.user.searches.all()}
    return render(request, "gallery/saved_search_list.html", context)


@login_required
@require_POST
def saved_search_add(request: SignedInRequest) -> HttpResponse:
    """Keep a search by name; the same name again replaces it."""
    form = SaveSearchForm(request.POST)
    if form.is_valid():
        kept, _ = SavedSearch.objects.update_or_create(
            person=request.user,
            name=form.cleaned_data["name"],
            defaults={"query": form.cleaned_data["query"]},
        )
        messages.success(request, f"Kept as “{kept.name}”.")
        return redirect(kept)
    for error in form.errors.values():
        messages.error(request, str(error[0]))
    query = language.parse(request.POST.get("query", ""))
    return redirect(address(query))


@login_required
@require_POST
def saved_search_delete(request: SignedInRequest, pk: int) -> HttpResponse:
    search = get_object_or_404(request.user.searches, pk=pk)
    search.delete()
    messages.success(request, f"“{search.name}” is not kept any more.")
    return redirect("gallery:saved-search-list")
