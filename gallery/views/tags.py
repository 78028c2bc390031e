"""All tags, and one tag."""

from __future__ import annotations

from itertools import groupby

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.shortcuts import redirect
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
    names = {category.slug: category.label for category in load().categories}
    ranked = sorted(tags, key=lambda tag: (names.get(tag.category, "~"), -tag.photo_count, tag.label))
    categories = [
        (names.get(slug, OTHER), list(group))
        for slug, group in groupby(ranked, key=lambda tag: tag.category if tag.category in names else "")
    ]
    return render(request, "gallery/tag_list.html", {"categories": categories})


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
        "below": Tag.objects.kinds_of(tag).counted_on(photos),
    }
    return render(request, "gallery/tag_detail.html", context)
