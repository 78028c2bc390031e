"""The review queue, a question at a time, and what the answers say about the taggers."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from .. import review as queue
from ..models import PhotoTag, ReviewAnswer, Tag
from .requests import SignedInRequest, wants_fragment

#: The session forgets the earliest of more skipped questions than this.
MAX_SKIPPED = 500


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: SignedInRequest) -> HttpResponse:
    """Ask about one tag on one photo; yes and no decide it, skip leaves it for another day."""
    if request.method == "POST":
        _take(request)
        if not wants_fragment(request):
            return redirect(_address(request))
    tag = _asked_tag(request)
    skipped = request.session.get("review_skipped", [])
    context = {
        "tag": tag,
        "question": queue.next_question(request.user, tag=tag, skipped=skipped),
        "last": _last_answer(request),
        "answer_count": ReviewAnswer.objects.filter(person=request.user).count(),
        "skipped_count": len(skipped),
    }
    template = "_review_question" if wants_fragment(request) else "review"
    return render(request, f"gallery/{template}.html", context)


def _take(request: SignedInRequest) -> None:
    """Keep an answer. An answer to what is decided meanwhile, or gone, is none."""
    given, key = request.POST.get("answer"), request.POST.get("question", "")
    if given not in ("yes", "no", "skip") or not key.isdecimal():
        raise Http404
    asked = queue.waiting(request.user).filter(pk=int(key[:18])).select_related("photo__owner")
    photo_tag: PhotoTag | None = asked.first()
    if photo_tag is None:
        return
    if given == "skip":
        skipped = [*request.session.get("review_skipped", []), photo_tag.pk]
        request.session["review_skipped"] = skipped[-MAX_SKIPPED:]
        return
    said = queue.answer(photo_tag, is_right=given == "yes", by=request.user)
    request.session["review_last"] = said.pk


@login_required
@require_POST
def review_undo(request: SignedInRequest) -> HttpResponse:
    """Take the last answer back."""
    said = _last_answer(request)
    request.session.pop("review_last", None)
    if said:
        queue.take_back(said)
    return redirect(_address(request))


@login_required
@require_POST
def review_again(request: SignedInRequest) -> HttpResponse:
    """Ask again what was skipped."""
    request.session.pop("review_skipped", None)
    return redirect(_address(request))


@login_required
@require_safe
def calibration(request: SignedInRequest) -> HttpResponse:
    """How right taggers and tags turned out in review: for those who keep the tags in order."""
    if not request.user.has_perm("gallery.change_tag"):
        raise Http404
    context = {
        "taggers": queue.calibration_of_taggers(),
        "tags": queue.calibration_of_tags(),
        "min_answers": queue.MIN_ANSWERS,
    }
    return render(request, "gallery/calibration.html", context)


def _last_answer(request: SignedInRequest) -> ReviewAnswer | None:
    mine = ReviewAnswer.objects.filter(person=request.user).select_related("tag")
    return mine.filter(pk=request.session.get("review_last") or 0).first()


def _asked_tag(request: HttpRequest) -> Tag | None:
    name = request.GET.get("tag", "")
    return get_object_or_404(Tag.objects.named(name)) if name else None


def _address(request: HttpRequest) -> str:
    address, name = reverse("gallery:review"), request.GET.get("tag", "")
    return f"{address}?{urlencode({'tag': name})}" if name else address
