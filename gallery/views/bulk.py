"""The bulk editor, and having photos tagged again: acts on many photos begin here."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from ..filters import PhotoFilter, narrowings
from ..forms import BulkTagForm, RetagForm
from ..models import Photo
from ..search.finding import Found
from ..search.limits import TooSlowError
from ..search.meaning import owned_by
from ..search.paging import Page
from .photos import listed
from .requests import SignedInRequest


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def bulk_edit(request: SignedInRequest) -> HttpResponse:
    """Add a tag to photos or remove it: to ticked ones, or to all that a search finds."""
    search = PhotoFilter(
        request.GET,
        queryset=Photo.objects.owned_by(request.user),
        viewer=request.user,
        scope=owned_by(request.user),
    )
    found = search.qs if search.is_valid() else Photo.objects.none()
    form = BulkTagForm(request.POST or None, found=found)
    if form.is_valid():
        return redirect(form.begin(by=request.user, query=str(search.query)))
    found_keys = _found(search)
    context = listed(request, search.search) if search.is_valid() else {"page": Page([])}
    context |= {
        "filter": search,
        "narrowings": narrowings(search.query),
        "form": form,
        "found": found_keys,
    }
    return render(request, "gallery/bulk_edit.html", context, status=422 if form.errors else 200)


def _found(search: PhotoFilter) -> Found:
    """Return what a search finds: nothing when that takes too long, and the box says so."""
    if search.is_valid():
        try:
            return search.search.found
        except TooSlowError as error:
            search.form.add_error("q", str(error))
    return Found([], is_all=True)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def retag(request: SignedInRequest) -> HttpResponse:
    """Have a tagger look at photos again, to see what would change."""
    is_everyone = "everyone" in request.GET and may_tag_everyones(request)
    search = PhotoFilter(
        request.GET,
        queryset=Photo.objects.all() if is_everyone else Photo.objects.owned_by(request.user),
        viewer=request.user,
        scope=None if is_everyone else owned_by(request.user),
    )
    found = search.qs if search.is_valid() else Photo.objects.none()
    form = RetagForm(request.POST or None)
    if form.is_valid():
        act = form.begin(found, by=request.user, query=str(search.query))
        if act is not None:
            return redirect(act)
    context = {
        "filter": search,
        "narrowings": narrowings(search.query),
        "form": form,
        "found": _found(search),
        "keep": "everyone=1" if is_everyone else "",
        "may_tag_everyones": may_tag_everyones(request),
    }
    return render(request, "gallery/retag.html", context, status=422 if form.errors else 200)


def may_tag_everyones(request: HttpRequest) -> bool:
    return request.user.is_staff and request.user.has_perm("gallery.change_photo")
