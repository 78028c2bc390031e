"""The ledger: every bulk act and every tagging run, and what can be done about an act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from .. import acts
from ..models import BulkAct, Photo, RunStatus, TagChange, TaggingRun
from ..models.acts import BulkActQuerySet
from .requests import SignedInRequest, wants_fragment

PAGE_SIZE = 50
SHOWN_PHOTOS = 24

DEEDS: dict[str, Callable[[BulkAct], bool | None]] = {
    "apply": acts.apply,
    "pause": acts.pause,
    "resume": acts.resume,
    "discard": acts.discard,
    "undo": acts.undo,
}


@dataclass(frozen=True, slots=True)
class ChangedPhoto:
    """A photo, and the tags that appear on it and go."""

    photo: Photo
    added: list[str]
    removed: list[str]


# --- Bulk acts --------------------------------------------------------------------------------


@login_required
@require_safe
def act_list(request: SignedInRequest) -> HttpResponse:
    rows, older = _page(request, _acts(request).select_related("by"))
    return render(request, "gallery/act_list.html", {"acts": rows, "older": older})


@never_cache
@login_required
@require_safe
def act_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """One act: how far it is, what it changes, and what can be done about it."""
    act = get_object_or_404(_acts(request).select_related("by"), pk=pk)
    template = "_act_state" if wants_fragment(request) else "act_detail"
    return render(request, f"gallery/{template}.html", _told(act))


def _told(act: BulkAct) -> dict[str, Any]:
    return {
        "act": act,
        "progress": acts.progress(act),
        "summary": acts.summary(act),
        "changed_photos": _changed_photos(act),
    }


def _changed_photos(act: BulkAct) -> list[ChangedPhoto]:
    photos = list(acts.changed_photos(act).for_grid().newest_first()[:SHOWN_PHOTOS])
    changes: dict[int, list[TagChange]] = {photo.pk: [] for photo in photos}
    for change in act.changes.filter(photo__in=photos).select_related("tag").order_by("tag__label"):
        changes[change.photo_id].append(change)
    return [
        ChangedPhoto(
            photo,
            added=[c.tag.label for c in changes[photo.pk] if c.is_shown and not c.was_shown],
            removed=[c.tag.label for c in changes[photo.pk] if c.was_shown and not c.is_shown],
        )
        for photo in photos
    ]


@login_required
@require_POST
def act_do(request: SignedInRequest, pk: int, deed: str) -> HttpResponse:
    if deed not in DEEDS:
        raise Http404
    act = get_object_or_404(_acts(request), pk=pk)
    try:
        if DEEDS[deed](act) is False:
            messages.info(request, "Somebody was faster: it is no longer where you saw it.")
    except acts.TagsChangedError as error:
        messages.error(request, str(error))
    return redirect(act)


def _acts(request: SignedInRequest) -> BulkActQuerySet:
    """Return what a person may look at and undo: their own acts; an operator, all of them."""
    if _is_operator(request):
        return BulkAct.objects.all()
    return BulkAct.objects.filter(by=request.user)


def _is_operator(request: SignedInRequest) -> bool:
    return request.user.is_staff and request.user.has_perm("gallery.change_photo")


# --- Runs -------------------------------------------------------------------------------------


@login_required
@require_safe
def run_list(request: SignedInRequest) -> HttpResponse:
    """Every run: of one's own photos, and of all photos for an operator."""
    runs = TaggingRun.objects.select_related("photo__owner", "requested_by", "taught__tag", "act")
    if not _is_operator(request):
        runs = runs.filter(photo__owner=request.user)
    for name, known in (("tagger", settings.TAGGERS), ("status", RunStatus.values)):
        if (asked := request.GET.get(name, "")) in known:
            runs = runs.filter(**{name: asked})
    rows, older = _page(request, runs)
    context = {
        "runs": rows,
        "older": older,
        "taggers": list(settings.TAGGERS),
        "statuses": RunStatus.choices,
    }
    return render(request, "gallery/run_list.html", context)


def _page(request: SignedInRequest, rows: QuerySet[Any]) -> tuple[list[Any], str]:
    """Return a page of rows, newest first, and the query string of the older ones behind it."""
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.order_by("-pk")[: PAGE_SIZE + 1])
    if len(found) <= PAGE_SIZE:
        return found, ""
    asked = request.GET.copy()
    asked["before"] = str(found[PAGE_SIZE - 1].pk)
    return found[:PAGE_SIZE], asked.urlencode()
