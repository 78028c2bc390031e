"""Sends the files of photos, each time asking whether this person may have them."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable
from pathlib import PurePath

from django.contrib.auth.decorators import login_required
from django.core.files.base import File
from django.db import connection
from django.db.models import Sum
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, render
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from .. import export, renditions
from ..filters import PhotoFilter, narrowings
from ..forms import ExportForm
from ..imaging.containers import UnwritableError
from ..imaging.errors import ImageError
from ..models import Photo, Rendition
from .requests import SignedInRequest, own_photo

# A rendition's address holds its photo's checksum, so what it answers never changes. Shared caches
# ask again within the hour, because a photo may be hidden.
_PUBLIC = "public, max-age=31536000, s-maxage=3600, immutable"
_PRIVATE = "private, no-cache"


@require_safe
def rendition(
    request: HttpRequest, public_id: str, version: str, width_px: int
) -> HttpResponseBase:
    photo = _viewable(request, public_id)
    if version != photo.version or width_px not in renditions.widths_of(photo):
        raise Http404
    etag = f'"{version}-{width_px}"'
    answer: HttpResponseBase | None = get_conditional_response(request, etag)
    if answer is None:
        answer = _send(photo, width_px)
    answer["ETag"] = etag
    answer["Cache-Control"] = _PUBLIC if photo.is_public else _PRIVATE
    return answer


def _viewable(request: HttpRequest, public_id: str) -> Photo:
    photos = Photo.objects.select_related(None)
    if not request.user.has_perm("gallery.view_photo"):  # the operator's desk shows all
        photos = photos.visible_to(request.user)
    return get_object_or_404(photos, public_id=public_id)


def _send(photo: Photo, width_px: int) -> FileResponse:
    try:
        found = renditions.find_or_render(photo, width_px)
        return FileResponse(_open(found), content_type="image/webp")
    except (FileNotFoundError, ImageError) as error:
        raise Http404 from error


def _open(found: Rendition) -> File[bytes]:
    try:
        return found.file.open("rb")
    except FileNotFoundError:
        return renditions.replace(found).file.open("rb")


@login_required
@require_safe
def original(request: SignedInRequest, public_id: str) -> FileResponse:
    """The file as it came, with whatever it says of place and camera: for its owner alone."""
    photo = own_photo(request, public_id)
    try:
        file = photo.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    answer = FileResponse(file, as_attachment=True, filename=export.name_of(photo))
    answer["Cache-Control"] = _PRIVATE
    return answer


@login_required
@require_safe
def tagged_copy(request: SignedInRequest, public_id: str) -> HttpResponseBase:
    """The file with the photo's tags in it; where it cannot hold them, with a sidecar, as a ZIP."""
    photo = own_photo(request, public_id)
    name = export.name_of(photo)
    try:
        return _download([export.tagged_copy(photo)], name)
    except UnwritableError:
        mine = Photo.objects.filter(pk=photo.pk)
        exported = export.files(mine, export.What.ORIGINALS)
        return _download(export.archive(exported), f"{PurePath(name).stem}.zip")
    except (ImageError, FileNotFoundError) as error:
        raise Http404 from error


@login_required
@require_safe
def sidecar(request: SignedInRequest, public_id: str) -> HttpResponseBase:
    """The photo's tags alone, as an XMP sidecar."""
    photo = own_photo(request, public_id)
    try:
        return _download([export.sidecar(photo)], export.sidecar_name(export.name_of(photo)))
    except (ImageError, FileNotFoundError) as error:
        raise Http404 from error


def _download(content: Iterable[bytes], name: str) -> StreamingHttpResponse:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    answer = StreamingHttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    answer["Cache-Control"] = _PRIVATE
    return answer


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def export_photos(request: SignedInRequest) -> HttpResponseBase:
    """All one's photos, or those a search finds, with their tags, as one ZIP."""
    search = PhotoFilter(
        request.GET, queryset=Photo.objects.owned_by(request.user), viewer=request.user
    )
    found = search.qs if search.is_valid() else Photo.objects.none()
    form = ExportForm(request.POST or None)
    if form.is_valid():
        exported = export.files(found, export.What(form.cleaned_data["what"]))
        return _download(export.archive(exported), "photos.zip")
    size = found.aggregate(size=Sum("size_bytes"))["size"] or 0
    context = {
        "filter": search,
        "narrowings": narrowings(search.query),
        "form": form,
        "found_count": found.count(),
        "size_bytes": size,
    }
    return render(request, "gallery/export.html", context)


@require_safe
def up(request: HttpRequest) -> HttpResponse:
    """Tell whoever watches the site that it answers and reaches its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")
