"""What views ask of every request: who is there, and whether a script wants a fragment."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.http import url_has_allowed_host_and_scheme

from ..models import Photo, User
from ..models.photos import PhotoQuerySet

FRAGMENT_HEADER = "X-Fragment"


class SignedInRequest(HttpRequest):
    """A request behind ``login_required``."""

    user: User


def wants_fragment(request: HttpRequest) -> bool:
    """True when a script will put the answer into the page it is on."""
    return request.headers.get(FRAGMENT_HEADER) == "1"


def photo_for(request: HttpRequest, public_id: str) -> Photo:
    """Return a photo this person may see. Raises Http404, also when it is someone's secret."""
    photos: PhotoQuerySet = Photo.objects.visible_to(request.user).for_page()
    return get_object_or_404(photos, public_id=public_id)


def own_photo(request: HttpRequest, public_id: str) -> Photo:
    """Return this person's own photo. Raises Http404 for anyone else's."""
    photo = photo_for(request, public_id)
    if photo.owner_id != request.user.pk:
        raise Http404
    return photo


def next_address(request: HttpRequest) -> str:
    """Return where a form wants to go on, when that is on this site; else nothing."""
    wanted = request.POST.get("next", "")
    is_here = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_here else ""
