"""Photos like a photo, searching by a picture, and near-duplicates in one's own library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from ..forms import PictureForm, WaysForm
from ..models import Photo
from ..search import language
from ..search.facets import note_labels
from ..search.paging import MAX_KEY, PAGE_SIZE, Page, Place
from ..search.tree import Named
from ..similar import twins
from ..similar.matches import Matches, matches_of
from ..similar.twins import Twins
from .requests import FRAGMENT_HEADER, SignedInRequest, photo_for, wants_fragment
from .search import address

#: A picture that nobody has looked at for so long is said to take longer than usual.
USUAL_WAIT = timedelta(seconds=20)
GROUPS_A_PAGE = 20


# --- Photos like a photo ----------------------------------------------------------------------


@require_safe
@vary_on_headers(FRAGMENT_HEADER)
def photo_similar(request: HttpRequest, public_id: str) -> HttpResponse:
    """Photos that are like one, in the ways that are asked for, each with its reason."""
    photo = photo_for(request, public_id)
    form = WaysForm(request.GET if "by" in request.GET else None)
    matches = matches_of(photo, request.user, form.ways)
    page = _page_of(matches, request)
    note_labels(page.photos)
    reasons = matches.reasons(page.photos)
    context = {
        "photo": photo,
        "form": form,
        "ways": {way.value for way in form.ways},
        "page": page,
        "reasons": [(one, reasons[one.pk]) for one in page.photos],
        "query": urlencode([("by", way.value) for way in form.ways]),
        "like_query": Named("like", (photo.public_id,)),
    }
    template = "_reasoned_grid" if wants_fragment(request) else "photo_similar"
    return render(request, f"gallery/{template}.html", context)


def _page_of(matches: Matches, request: HttpRequest) -> Page:
    place = Place.read(request.GET.get("before", "")) or Place.read(request.GET.get("after", ""))
    start = max(0, min(place.key, MAX_KEY)) if place else 0
    end = start + PAGE_SIZE
    keys = [match.photo for match in matches.found[start:end]]
    photos = {one.pk: one for one in Photo.objects.for_cards().filter(pk__in=keys)}
    return Page(
        photos=[photos[key] for key in keys if key in photos],
        previous=Place(max(0, start - PAGE_SIZE)) if start else None,
        next=Place(end) if len(matches.found) > end else None,
    )


# --- Searching by a picture -------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def image_search(request: SignedInRequest) -> HttpResponse:
    """Take a picture to search by; what is dropped on the search box is sent here as well."""
    is_sent = request.method == "POST"
    form = PictureForm(request.POST, request.FILES) if is_sent else PictureForm()
    if form.is_valid() and (dropped := form.drop(request.user)):
        return redirect(dropped)
    status = 422 if form.errors else 200
    return render(request, "gallery/image_search.html", {"form": form}, status=status)


@login_required
@never_cache
@require_safe
@vary_on_headers(FRAGMENT_HEADER)
def image_search_wait(request: SignedInRequest, token: str) -> HttpResponse:
    """Wait until a worker has looked at a picture, and go on to what is like it."""
    dropped = get_object_or_404(request.user.dropped_images, token=token)
    found_at = address(language.query_of(Named("like", (token,)))) if dropped.embedding else ""
    if found_at and not wants_fragment(request):
        return redirect(found_at)
    context = {
        "dropped": dropped,
        "found_at": found_at,
        "is_slow": timezone.now() - dropped.created_at > USUAL_WAIT,
        "form": PictureForm(),
    }
    template = "_image_search_wait" if wants_fragment(request) else "image_search_wait"
    return render(request, f"gallery/{template}.html", context)


@login_required
@require_POST
def image_search_forget(request: SignedInRequest, token: str) -> HttpResponse:
    get_object_or_404(request.user.dropped_images, token=token).delete()
    messages.success(request, "The picture is forgotten.")
    return redirect("gallery:image-search")


# --- Near-duplicates --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sorted:
    """A group of twins: what is kept of it and what is to go."""

    kept: Sequence[Photo]
    gone: Sequence[Photo]


@login_required
@never_cache
@require_safe
def twin_list(request: SignedInRequest) -> HttpResponse:
    """Photos of one's own that look the same, for review."""
    scan = twins.scan_for(request.user)
    page = Paginator(scan.groups, GROUPS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "scan": scan,
        "page": page,
        "groups": twins.twins_among(list(page.object_list), request.user),
    }
    return render(request, "gallery/twin_list.html", context)


@login_required
@require_POST
def twin_delete(request: SignedInRequest) -> HttpResponse:
    """Show once more what is to be deleted; delete it when that is confirmed."""
    if "confirmed" in request.POST:
        count = twins.delete(request.user, _keys(request.POST.getlist("photo")))
        messages.success(request, f"{count} photo{'' if count == 1 else 's'} deleted.")
        return redirect("gallery:twin-list")
    groups = _sorted(request)
    if not any(group.gone for group in groups):
        messages.error(request, "Tick the photos that may go first.")
        return redirect("gallery:twin-list")
    context = {
        "groups": groups,
        "gone": [photo for group in groups for photo in group.gone],
        "are_all_gone": any(not group.kept for group in groups),
    }
    return render(request, "gallery/twin_delete.html", context)


@login_required
@require_POST
def twin_different(request: SignedInRequest) -> HttpResponse:
    """Keep all photos of a group, and show them as twins no more."""
    if twins.tell_apart(request.user, _keys(request.POST.getlist("different"))) > 1:
        messages.success(request, "These photos are not shown as duplicates again.")
    return redirect("gallery:twin-list")


def _sorted(request: SignedInRequest) -> list[Sorted]:
    """Read what is to go: what is ticked, or all but the best of one group or of each."""
    best = request.POST.getlist("best")
    named = best or request.POST.getlist("group")
    found = twins.twins_among([_keys([one]) for one in named], request.user)
    if best or "best_of_each" in request.POST:
        return [Sorted([one.best], one.others) for one in found]
    ticked = set(_keys(request.POST.getlist("photo")))
    sorted_out = [_by_tick(one, ticked) for one in found]
    return [group for group in sorted_out if group.gone]


def _by_tick(found: Twins, ticked: set[int]) -> Sorted:
    return Sorted(
        kept=[photo for photo in found.photos if photo.pk not in ticked],
        gone=[photo for photo in found.photos if photo.pk in ticked],
    )


def _keys(texts: Iterable[str]) -> list[int]:
    """Read keys with commas between."""
    read = (key for text in texts for key in text.split(",") if key.isdecimal() and len(key) < 19)
    return [int(key) for key in islice(read, GROUPS_A_PAGE * twins.MAX_APART)]
