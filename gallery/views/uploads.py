"""The upload page: files in, an outcome for each out."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from .. import throttle
from ..forms import UploadForm
from ..imaging.errors import ImageError
from ..ingest import DuplicateError, add_photo
from ..models import Photo, User
from .requests import SignedInRequest, wants_fragment


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: ``kind`` is stored, duplicate or refused."""

    name: str
    kind: str
    message: str = ""
    photo: Photo | None = None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: SignedInRequest) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None, owner=request.user)
    outcomes = []
    if form.is_valid():
        outcomes = [_take_in(request.user, file, form) for file in form.cleaned_data["files"]]
    template = "_upload_outcomes" if wants_fragment(request) else "upload"
    context = {
        "form": form,
        "outcomes": outcomes,
        "max_upload_bytes": settings.MAX_UPLOAD_BYTES,
    }
    status = 422 if form.errors else 200
    return render(request, f"gallery/{template}.html", context, status=status)


def _take_in(owner: User, file: UploadedFile[bytes], form: UploadForm) -> Outcome:
    name = file.name or "A file"
    if not throttle.allows("upload", str(owner.pk)):
        return Outcome(name, "refused", "That is more than one person may upload in an hour.")
    try:
        photo = add_photo(
            owner=owner,
            file=file,
            visibility=form.cleaned_data["visibility"],
            tagging=form.tagging_choice,
        )
    except DuplicateError as error:
        return Outcome(name, "duplicate", str(error), error.photo)
    except ImageError as error:
        return Outcome(name, "refused", str(error))
    return Outcome(name, "stored", photo=photo)
