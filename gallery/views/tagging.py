"""The tags of one photo: where tagging stands, and what its owner decides."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from .. import tagging, thresholds
from ..forms import AddTagForm, ThresholdForm
from ..models import ActStatus, BulkAct, Photo, RunStatus, TagState
from .requests import SignedInRequest, own_photo, photo_for, wants_fragment

DECISIONS = {"confirm": tagging.confirm, "reject": tagging.reject, "undo": tagging.undo}


def panel_context(
    request: HttpRequest, photo: Photo, *, add_form: AddTagForm | None = None
) -> dict[str, Any]:
    """Return what the tags of a photo look like to this person."""
    photo_tags = list(photo.photo_tags.surest_first().select_related("tag", "run"))
    tagging.note_who_said(photo, photo_tags)
    newest = photo.tagging_runs.select_related("requested_by", "taught__tag").order_by("-pk")
    runs = list(newest[:10])
    is_owner = photo.owner_id == request.user.pk
    own = (run.threshold for run in runs if run.add_on is None)
    kept = next(own, photo.owner.threshold)
    tried = asked_threshold(request, else_=kept) if is_owner else kept
    for photo_tag in photo_tags:
        photo_tag.fate = thresholds.fate_of(photo_tag, tried) if tried != kept else ""
    latest = tagging.latest_of_each(runs)
    return {
        "photo": photo,
        "is_owner": is_owner,
        "tags": [tag for tag in photo_tags if tag.is_shown],
        "suggested": [tag for tag in photo_tags if tag.state == TagState.SUGGESTED],
        "rejected": [tag for tag in photo_tags if is_owner and tag.state == TagState.REJECTED],
        "runs": runs,
        "acts": acts_on(photo) if is_owner else [],
        "state": tagging.state_of(latest),
        "failed": [run for run in latest if is_owner and run.status == RunStatus.FAILED],
        "dial": ThresholdForm(initial={"threshold": tried}),
        "tried": tried if tried != kept else None,
        "is_unfinished": any(run.is_unfinished for run in runs),
        "add_form": add_form or AddTagForm(),
    }


def acts_on(photo: Photo) -> list[BulkAct]:
    """Return the last bulk acts that changed this photo's tags."""
    changing = BulkAct.objects.filter(pk__in=photo.tag_changes.values("act"))
    held = changing.filter(status__in=[ActStatus.APPLIED, ActStatus.UNDONE])
    return list(held.select_related("by").newest_first()[:5])


@never_cache
@require_safe
def tagging_panel(request: HttpRequest, public_id: str) -> HttpResponse:
    """The tags alone, for a script that waits for them."""
    photo = photo_for(request, public_id)
    if not wants_fragment(request):
        return redirect(photo)
    return render(request, "gallery/_tagging_panel.html", panel_context(request, photo))


@login_required
@require_POST
def tagging_again(request: SignedInRequest, public_id: str) -> HttpResponse:
    photo = own_photo(request, public_id)
    if not tagging.request_again(photo, by=request.user):
        messages.info(request, "Tagging of this photo is under way already.")
    return _answer(request, photo)


@login_required
@require_POST
def photo_threshold(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Try another threshold on one photo, or keep it."""
    photo = own_photo(request, public_id)
    threshold = posted_threshold(request)
    if "keep" not in request.POST:
        return redirect(f"{photo.get_absolute_url()}?threshold={threshold:g}#tags")
    thresholds.apply(Photo.objects.filter(pk=photo.pk), threshold)
    return _answer(request, photo)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def library_threshold(request: SignedInRequest) -> HttpResponse:
    """Try another threshold on all one's photos, or keep it for them and those to come."""
    if "keep" in request.POST:
        threshold = posted_threshold(request)
        thresholds.choose(request.user, threshold)
        messages.success(request, f"Your photos show tags from {threshold:.0%} now.")
        return redirect("gallery:photo-own-list")
    kept = request.user.threshold
    tried = posted_threshold(request) if request.POST else asked_threshold(request, else_=kept)
    if request.method == "POST" and not wants_fragment(request):
        return redirect(f"{reverse('gallery:library-threshold')}?threshold={tried:g}")
    context = {
        "dial": ThresholdForm(initial={"threshold": tried}),
        "kept": kept,
        "preview": thresholds.preview(Photo.objects.owned_by(request.user), tried),
    }
    template = "_threshold_preview" if wants_fragment(request) else "library_threshold"
    return render(request, f"gallery/{template}.html", context)


def asked_threshold(request: HttpRequest, *, else_: float) -> float:
    form = ThresholdForm(request.GET)
    return float(form.cleaned_data["threshold"]) if form.is_valid() else else_


def posted_threshold(request: HttpRequest) -> float:
    """Return the threshold of the dial. Raises Http404 when it is none: the dial sends no other."""
    form = ThresholdForm(request.POST)
    if not form.is_valid():
        raise Http404
    return float(form.cleaned_data["threshold"])


@login_required
@require_POST
def photo_tag_decide(
    request: SignedInRequest, public_id: str, slug: str, decision: str
) -> HttpResponse:
    if decision not in DECISIONS:
        raise Http404
    photo = own_photo(request, public_id)
    photo_tag = get_object_or_404(photo.photo_tags.select_related("tag", "photo"), tag__slug=slug)
    DECISIONS[decision](photo_tag)
    return _answer(request, photo)


@login_required
@require_POST
def photo_tag_add(request: SignedInRequest, public_id: str) -> HttpResponse:
    photo = own_photo(request, public_id)
    form = AddTagForm(request.POST)
    if form.is_valid():
        tagging.add_by_hand(photo, form.cleaned_data["label"])
        return _answer(request, photo)
    context = panel_context(request, photo, add_form=form)
    template = "_tagging_panel" if wants_fragment(request) else "photo_detail"
    return render(request, f"gallery/{template}.html", context, status=422)


def _answer(request: SignedInRequest, photo: Photo) -> HttpResponse:
    if wants_fragment(request):
        return render(request, "gallery/_tagging_panel.html", panel_context(request, photo))
    return redirect(f"{photo.get_absolute_url()}#tags")
