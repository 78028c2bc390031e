"""All tags, and one tag."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from .. import acts
from ..forms import MergeIntoForm, RenameTagForm
from ..models import BulkAct, Tag, TagClosure, TaughtTag, User
from ..search.counting import Count, count_all_tags, count_kinds
from ..search.finding import Search
from ..search.language import query_of
from ..search.meaning import visible_to
from ..search.tree import Tagged
from ..vocabulary import load
from .photos import listed
from .requests import SignedInRequest

#: For tags that no vocabulary has put anywhere.
OTHER = "Other words"
#: Kinds of a tag are counted so far; beyond, there are “at least” so many.
MOST_COUNTED = 100


@require_safe
def tag_list(request: HttpRequest) -> HttpResponse:
    """Tags on photos this person may see, by category, with how many photos have each."""
    counted = count_all_tags(viewer=request.user)
    context = {"categories": _by_category(counted.tags), "counted": counted}
    return render(request, "gallery/tag_list.html", context)


def _by_category(tags: Iterable[Tag]) -> list[tuple[str, list[Tag]]]:
    """Return categories in the vocabulary's order, each with its commonest tags first."""
    names = {**load().categories, "": OTHER}
    groups: dict[str, list[Tag]] = {slug: [] for slug in names}
    for tag in sorted(tags, key=lambda tag: (-tag.photo_count, tag.label)):
        groups[tag.category if tag.category in names else ""].append(tag)
    return [(names[slug], group) for slug, group in groups.items() if group]


@require_safe
def tag_detail(request: HttpRequest, slug: str) -> HttpResponse:
    taught = TaughtTag.objects.filter(owner=request.user.pk, tag=OuterRef("pk"))
    tags = Tag.objects.named(slug).prefetch_related("aliases")
    tag = tags.annotate(is_taught=Exists(taught)).first()
    if tag is None:
        raise Http404
    search = Search(
        query_of(Tagged((tag.label,))), viewer=request.user, scope=visible_to(request.user)
    )
    context = listed(request, search)
    if not context["page"].photos and not tag.category and "too_slow" not in context:
        raise Http404  # a word on nobody's photo but someone's secret one is a secret too
    if tag.slug != slug:
        return redirect(tag, permanent=False)
    context |= {
        "tag": tag,
        "above": Tag.objects.above(tag),
        "taught": tag.is_taught,  # type: ignore[attr-defined]  # annotated above
        "below": _kinds(tag, request),
        "search": search,
    }
    return render(request, "gallery/tag_detail.html", context)


def _kinds(tag: Tag, request: HttpRequest) -> list[tuple[Tag, Count]]:
    """Return the kinds of a tag that are on photos this person may see, with on how many."""
    kinds: dict[Tag, list[int]] = defaultdict(list)
    rows = TagClosure.objects.filter(ancestor__in=Tag.objects.kinds_of(tag).values("pk"))
    for row in rows.select_related("ancestor").order_by("ancestor__label", "descendant"):
        kinds[row.ancestor].append(row.descendant_id)
    below = {kind.pk: keys for kind, keys in kinds.items()}
    counts = count_kinds(below, viewer=request.user, most=MOST_COUNTED)
    return [(kind, counts[kind.pk]) for kind in kinds if kind.pk in counts]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tag_edit(request: SignedInRequest, slug: str) -> HttpResponse:
    """Rename a tag, or merge others into it: for those who keep the site's words in order."""
    if not request.user.has_perm("gallery.change_tag"):
        raise Http404
    tag = get_object_or_404(Tag.objects.named(slug))
    if tag.slug != slug:
        return redirect("gallery:tag-edit", tag.slug)
    deed = request.POST.get("deed")
    rename = RenameTagForm(request.POST if deed == "rename" else None, tag=tag)
    merge = MergeIntoForm(request.POST if deed == "merge" else None, into=tag)
    act = _renamed(tag, rename, request.user) or _merged(tag, merge, request.user)
    if act:
        messages.success(request, "Done. It can be undone here, today or later.")
        return redirect(act)
    context = {"tag": tag, "rename": rename, "merge": merge}
    status = 422 if rename.errors or merge.errors else 200
    return render(request, "gallery/tag_edit.html", context, status=status)


def _renamed(tag: Tag, form: RenameTagForm, person: User) -> BulkAct | None:
    if not form.is_valid():
        return None
    try:
        return acts.rename_tag(Tag.objects.get(pk=tag.pk), form.cleaned_data["label"], by=person)
    except acts.NameTakenError as error:
        form.add_error("label", str(error))
        return None


def _merged(tag: Tag, form: MergeIntoForm, person: User) -> BulkAct | None:
    if not form.is_valid():
        return None
    return acts.merge_tags(form.cleaned_data["names"], into=tag, by=person)
