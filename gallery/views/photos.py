"""Lists of photos, and one photo."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from .. import similar
from ..forms import PhotoForm
from ..interests import profiles
from ..models import Favourite, Photo, User
from ..search.conditions import Condition
from ..search.facets import note_labels
from ..search.finding import Search
from ..search.language import query_of
from ..search.limits import TooSlowError, time_limited
from ..search.meaning import owned_by, public_to
from ..search.paging import Page
from ..search.tree import Named, Sort
from .requests import FRAGMENT_HEADER, SignedInRequest, own_photo, photo_for, wants_fragment
from .tagging import panel_context


@require_safe
@vary_on_headers(FRAGMENT_HEADER)
def photo_list(request: HttpRequest) -> HttpResponse:
    """Everyone's newest public photos."""
    if not User.objects.exists():
        return redirect("gallery:set-up")
    return _list(request, "photo_list", public_to(request.user))


@login_required
@require_safe
@vary_on_headers(FRAGMENT_HEADER)
def photo_own_list(request: SignedInRequest) -> HttpResponse:
    return _list(request, "photo_own_list", owned_by(request.user))


def _list(request: HttpRequest, template: str, scope: Condition) -> HttpResponse:
    search = Search(query_of(), viewer=request.user, scope=scope)
    template = "_photo_grid" if wants_fragment(request) else template
    return render(request, f"gallery/{template}.html", listed(request, search))


def listed(request: HttpRequest, search: Search, *, with_labels: bool = True) -> dict[str, Any]:
    """Return the context of one page of a list: the page, and its neighbours' addresses.

    When it takes too long, the page is empty and ``too_slow`` says so.
    """
    try:
        with time_limited():
            page = search.page(
                before=request.GET.get("before", ""), after=request.GET.get("after", "")
            )
            if with_labels:
                note_labels(page.photos)
    except TooSlowError as error:
        return {"page": Page([]), "query": "", "too_slow": str(error)}
    rest = request.GET.copy()
    for key in ("before", "after", "seed"):
        rest.pop(key, None)
    if search.sort == Sort.RANDOM:
        rest["seed"] = str(search.seed)
    return {"page": page, "query": rest.urlencode(), "sort": search.sort}


@require_safe
def photo_detail(request: HttpRequest, public_id: str) -> HttpResponse:
    photo = photo_for(request, public_id)
    context = panel_context(request, photo) | {
        "is_favourite": request.user.is_authenticated
        and request.user.favourites.filter(photo=photo).exists(),
        "is_following": request.user.is_authenticated
        and request.user.follows.filter(followed=photo.owner).exists(),
        "camera_query": Named("camera", (photo.camera,)),
        "place_query": Named("place", (photo.place,)),
        "similar_photos": similar_photos(request, photo),
    }
    if isinstance(request.user, User) and request.method == "GET":
        profiles.note_opening(request.user, photo)
    return render(request, "gallery/photo_detail.html", context)


def similar_photos(request: HttpRequest, photo: Photo) -> list[Photo]:
    """Return the photos for the strip on a photo's page."""
    photos = similar.strip(photo, request.user)
    if photos:
        note_labels(photos)
    return photos


@login_required
@require_POST
def photo_favourite(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Like a photo, or like it no longer."""
    photo = photo_for(request, public_id)
    if request.POST.get("is_favourite") == "1":
        Favourite.objects.get_or_create(person=request.user, photo=photo)
    else:
        Favourite.objects.filter(person=request.user, photo=photo).delete()
    return redirect(photo)


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
