"""Teaching a tag: photos to mark, what was learnt, and applying it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from .. import tagging, teaching
from ..filters import PhotoFilter
from ..forms import AddTagForm, MarkCard, MarksForm
from ..models import Photo, Tag, TaughtTag, User
from ..models.tags import tag_slug
from ..search.paging import newest_page
from .requests import SignedInRequest


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def taught_list(request: SignedInRequest) -> HttpResponse:
    """The tags a person taught, and a field to begin with another."""
    form = AddTagForm(request.POST or None)
    if form.is_valid():
        label = form.cleaned_data["label"]
        tag = Tag.objects.named(label).first() or Tag(slug=tag_slug(label), label=label)
        return redirect(_address(tag))
    taught_tags = request.user.taught_tags.select_related("tag").with_photo_count()
    return render(request, "gallery/taught_list.html", {"form": form, "taught_tags": taught_tags})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def teach(request: SignedInRequest, slug: str) -> HttpResponse:
    """Mark photos, and see what is learnt of them."""
    tag = _tag_or_word(request, slug)
    if tag.slug != slug:
        return redirect(_address(tag))
    if request.method == "POST":
        return _keep_marks(request, tag)
    context: dict[str, Any] = {"tag": tag, "min_yes": teaching.MIN_YES}
    context |= _lesson(request.user, tag) if tag.pk else {"marks": teaching.Marks(yes=0, no=0)}
    if "q" in request.GET or "learnt" not in context:
        context |= _photos_to_mark(request, tag)
    else:
        context |= _best_matches(request.user, tag, context["learnt"])
    context.setdefault("search", PhotoFilter().form["q"])
    return render(request, "gallery/tag_teach.html", context)


@login_required
@require_POST
def apply(request: SignedInRequest, slug: str) -> HttpResponse:
    tag = get_object_or_404(Tag, slug=slug)
    try:
        taught = teaching.apply(request.user, tag)
    except teaching.TooFewError as error:
        messages.error(request, str(error))
        return redirect(_address(tag))
    shown = request.user.photos.tagged(Tag.objects.filter(pk=tag.pk)).count()
    photos = "photo shows" if shown == 1 else "photos show"
    messages.success(request, f"{shown:,} of your {photos} “{taught.tag}” now.")
    return redirect(_address(tag))


@login_required
@require_POST
def undo(request: SignedInRequest, slug: str) -> HttpResponse:
    taught = get_object_or_404(request.user.taught_tags.select_related("tag"), tag__slug=slug)
    teaching.undo(taught)
    messages.success(request, f"“{taught.tag}” is no longer found by itself. Your marks stay.")
    return redirect(_address(taught.tag))


# --- What the page shows ----------------------------------------------------------------------


def _lesson(person: User, tag: Tag) -> dict[str, Any]:
    """Return what was marked, learnt and applied."""
    context: dict[str, Any] = {
        "marks": teaching.marks(person, tag),
        "taught": TaughtTag.objects.filter(owner=person, tag=tag).first(),
        "marked": _marked_cards(person, tag),
    }
    try:
        context["learnt"] = teaching.learn_tag(person, tag)
    except teaching.TooFewError as error:
        context["too_few"] = str(error)
    return context


def _marked_cards(person: User, tag: Tag) -> list[MarkCard]:
    rows = teaching.marked(person, tag).order_by("state", "-photo")[: teaching.MOST]
    said = dict(rows.values_list("photo_id", "state"))
    photos = Photo.objects.for_grid().in_bulk(said)
    return MarksForm(photos=[photos[pk] for pk in said], said=said).cards({})


def _best_matches(person: User, tag: Tag, learnt: teaching.Learnt) -> dict[str, Any]:
    preview = teaching.preview(person, tag, learnt)
    form = MarksForm(photos=[match.photo for match in preview.best])
    sure = {match.photo.pk: match.confidence for match in preview.best}
    return {"preview": preview, "cards": form.cards(sure)}


def _photos_to_mark(request: SignedInRequest, tag: Tag) -> dict[str, Any]:
    """Return a page of a person's photos without a mark yet: found ones, suspected ones, or all."""
    photos = Photo.objects.owned_by(request.user)
    if tag.pk:
        photos = photos.undecided_on(tag)
    search = PhotoFilter(request.GET, queryset=photos, viewer=request.user)
    if "q" in request.GET:
        photos = search.qs if search.is_valid() else photos.none()
    elif tag.pk and (suspected := photos.suspected_of(tag)).exists():
        photos = suspected
    shown = newest_page(photos.for_grid(), before=request.GET.get("before", ""))
    older = request.GET.copy()
    older["before"] = str(shown.next or "")
    return {
        "page": shown,
        "search": search.form["q"],
        "cards": MarksForm(photos=shown.photos).cards({}),
        "older": older.urlencode() if shown.next else "",
    }


# --- Marks ------------------------------------------------------------------------------------


def _keep_marks(request: SignedInRequest, tag: Tag) -> HttpResponse:
    mine = Photo.objects.owned_by(request.user)
    photos = list(mine.filter(public_id__in=MarksForm.asked_about(request.POST)))
    rows = teaching.marked(request.user, tag).filter(photo__in=photos) if tag.pk else None
    said = dict(rows.values_list("photo_id", "state")) if rows else {}
    form = MarksForm(request.POST, photos=photos, said=said)
    if not form.is_valid():
        raise Http404
    if form.new_marks and not tag.pk:
        tag = Tag.objects.by_label([tag.label])[tag.label]
    for photo, shows in form.new_marks:
        tagging.mark(photo, tag, shows=shows)
    is_learnt = tag.pk and not teaching.marks(request.user, tag).missing
    return redirect(_address(tag, q="" if is_learnt else request.GET.get("q", "")))


def _tag_or_word(request: HttpRequest, slug: str) -> Tag:
    """Return the tag of this name, or one that is not stored yet: nobody has marked a photo."""
    if tag := Tag.objects.named(slug).first():
        return tag
    label = request.GET.get("label", "") or request.POST.get("label", "")
    return Tag(slug=slug, label=label if tag_slug(label) == slug else slug.replace("-", " "))


def _address(tag: Tag, *, q: str = "") -> str:
    asked = ({} if tag.pk else {"label": tag.label}) | ({"q": q} if q else {})
    address = reverse("gallery:tag-teach", args=[tag.slug])
    return f"{address}?{urlencode(asked)}" if asked else address
