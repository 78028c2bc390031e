"""All tags, and one tag."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from ..models import Photo, Tag
from ..vocabulary import load
from .photos import listed

#: For tags that no vocabulary has put anywhere.
OTHER = "Other words"


@require_safe
def tag_list(request: HttpRequest) -> HttpResponse:
    """Tags on photos this person may see, by category, with how many photos have each."""
    tags = Tag.objects.counted_on(Photo.objects.visible_to(request.user))
    return render(request, "gallery/tag_list.html", {"categories": _by_category(tags)})


def _by_category(tags: Iterable[Tag]) -> list[tuple[str, list[Tag]]]:
    """Return categories in the vocabulary's order, each with its commonest tags first."""
    names = {**load().categories, "": OTHER}
    groups: dict[str, list[Tag]] = {slug: [] for slug in names}
    for tag in sorted(tags, key=lambda tag: (-tag.photo_count, tag.label)):
        groups[tag.category if tag.category in names else ""].append(tag)
    return [(names[slug], group) for slug, group in groups.items() if group]


@require_safe
def tag_detail(request: HttpRequest, slug: str) -> HttpResponse:
    tag = Tag.objects.named(slug).prefetch_related("aliases").first()
    if tag is None:
        raise Http404
    if tag.slug != slug:
        return redirect(tag, permanent=False)
    photos = Photo.objects.visible_to(request.user)
    context = listed(request, photos.tagged(Tag.objects.filter(pk=tag.pk)))
    if not context["page"].photos and not tag.category:
        raise Http404  # a word on nobody's photo but someone's secret one is a secret too
    context |= {
        "tag": tag,
        "above": Tag.objects.above(tag),
        "taught": request.user.is_authenticated
        and request.user.taught_tags.filter(tag=tag).exists(),
        "below": Tag.objects.kinds_of(tag).counted_on(photos),
    }
    return render(request, "gallery/tag_detail.html", context)
