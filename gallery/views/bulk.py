"""The bulk editor, and having photos tagged again: acts on many photos begin here."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from ..filters import PhotoFilter, narrowings
from ..forms import BulkTagForm, RetagForm
from ..models import Photo
from ..models.photos import PhotoQuerySet
from .photos import listed
from .requests import SignedInRequest


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def bulk_edit(request: SignedInRequest) -> HttpResponse:
    """Add a tag to photos or remove it: to ticked ones, or to all that a search finds."""
    search = PhotoFilter(request.GET, queryset=Photo.objects.owned_by(request.user))
    found = search.qs if search.is_valid() else Photo.objects.none()
    form = BulkTagForm(request.POST or None, found=found)
    if form.is_valid():
        return redirect(form.begin(by=request.user, query=request.GET.get("q", "")))
    context = listed(request, found) | {
        "filter": search,
        "narrowings": narrowings(search, request.GET),
        "form": form,
        "found_count": found.count(),
    }
    return render(request, "gallery/bulk_edit.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def retag(request: SignedInRequest) -> HttpResponse:
    """Have a tagger look at photos again, to see what would change."""
    search = PhotoFilter(request.GET, queryset=_retaggable(request))
    found = search.qs if search.is_valid() else Photo.objects.none()
    form = RetagForm(request.POST or None)
    if form.is_valid():
        act = form.begin(found, by=request.user, query=request.GET.get("q", ""))
        if act is not None:
            return redirect(act)
    context = {
        "filter": search,
        "narrowings": narrowings(search, request.GET),
        "form": form,
        "found_count": found.count(),
        "may_tag_everyones": may_tag_everyones(request),
    }
    return render(request, "gallery/retag.html", context, status=422 if form.errors else 200)


def _retaggable(request: SignedInRequest) -> PhotoQuerySet:
    if "everyone" in request.GET and may_tag_everyones(request):
        return Photo.objects.all()
    return Photo.objects.owned_by(request.user)


def may_tag_everyones(request: HttpRequest) -> bool:
    return request.user.is_staff and request.user.has_perm("gallery.change_photo")
