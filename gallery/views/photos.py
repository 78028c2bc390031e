"""Lists of photos, and one photo."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from ..filters import PhotoFilter, narrowings
from ..forms import PhotoForm
from ..models import Photo, User
from ..models.photos import PhotoQuerySet
from ..search.paging import page
from .requests import SignedInRequest, own_photo, photo_for
from .tagging import panel_context


@require_safe
def photo_list(request: HttpRequest) -> HttpResponse:
    """Everyone's newest public photos."""
    if not User.objects.exists():
        return redirect("gallery:set-up")
    return render(request, "gallery/photo_list.html", listed(request, Photo.objects.public()))


@login_required
@require_safe
def photo_own_list(request: SignedInRequest) -> HttpResponse:
    photos = Photo.objects.owned_by(request.user)
    return render(request, "gallery/photo_own_list.html", listed(request, photos))


@require_safe
def photo_search(request: HttpRequest) -> HttpResponse:
    """All this person may see, narrowed by the query box and the filter form."""
    search = PhotoFilter(request.GET, queryset=Photo.objects.visible_to(request.user))
    found = search.qs if search.is_valid() else Photo.objects.none()
    context = listed(request, found)
    context |= {"filter": search, "narrowings": narrowings(search, request.GET)}
    return render(request, "gallery/photo_search.html", context)


def listed(request: HttpRequest, photos: PhotoQuerySet) -> dict[str, Any]:
    """Return the context of one page of a list: the page, and its neighbours' addresses."""
    shown = page(
        photos.for_grid(),
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    query = request.GET.copy()
    for key in ("before", "after"):
        query.pop(key, None)
    return {"page": shown, "query": query.urlencode()}


@require_safe
def photo_detail(request: HttpRequest, public_id: str) -> HttpResponse:
    photo = photo_for(request, public_id)
    return render(request, "gallery/photo_detail.html", panel_context(request, photo))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def photo_edit(request: SignedInRequest, public_id: str) -> HttpResponse:
    photo = own_photo(request, public_id)
    form = PhotoForm(request.POST or None, instance=photo)
    if form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect(photo)
    return render(request, "gallery/photo_edit.html", {"photo": photo, "form": form})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def photo_delete(request: SignedInRequest, public_id: str) -> HttpResponse:
    photo = own_photo(request, public_id)
    if request.method == "POST":
        photo.delete()
        messages.success(request, f"“{photo}” is deleted.")
        return redirect("gallery:photo-own-list")
    return render(request, "gallery/photo_delete.html", {"photo": photo})
