"""What a person likes: photos for them, and the interests behind, which they see and own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from ..forms import InterestForm, PickForm
from ..interests import choices
from ..interests.for_you import for_you as feed_for
from ..interests.naming import common_names, may_name
from ..interests.picking import tags_to_pick
from ..interests.weighing import export, interests_of, stances_of
from ..models import Profile, Stance, Tag, User
from ..search.facets import note_labels
from .requests import FRAGMENT_HEADER, SignedInRequest, next_address, wants_fragment

#: So many interests are shown at first.
STRONGEST = 20
MAX_PAGE = 10_000
#: Noted in the session by whoever does not want to pick interests now.
SKIPPED = "picking_skipped"

_DEEDS = {
    Stance.PINNED.value: choices.pin,
    Stance.MUTED.value: choices.mute,
    Stance.REMOVED.value: choices.remove,
    "clear": choices.clear,
}
_SAID = {
    Stance.PINNED.value: "“{}” is pinned: it counts as much as your strongest interest.",
    Stance.MUTED.value: "“{}” is muted: none of it is chosen for you. You can take that back here.",
    Stance.REMOVED.value: "“{}” is removed: what you did so far says nothing about it any more.",
    "clear": "“{}” counts by what you do again.",
}


# --- For you ----------------------------------------------------------------------------------


@login_required
@never_cache
@require_safe
@vary_on_headers(FRAGMENT_HEADER)
def for_you(request: SignedInRequest) -> HttpResponse:
    """Public photos for this person; a newcomer is asked first what they like."""
    number = _page_number(request)
    feed = feed_for(request.user, page=number)
    note_labels([card.photo for card in feed.cards])
    context: dict[str, Any] = {"feed": feed, "number": number}
    if wants_fragment(request):
        return render(request, "gallery/_for_you_grid.html", context)
    context["profile"] = profile = _profile(request.user)
    if number == 1 and profile.is_on and feed.is_newcomer and SKIPPED not in request.session:
        context["picks"] = tags_to_pick(request.user)
    return render(request, "gallery/for_you.html", context)


def _page_number(request: SignedInRequest) -> int:
    number = request.GET.get("page", "")[:6]
    return max(1, min(int(number), MAX_PAGE)) if number.isdecimal() else 1


@login_required
@require_POST
def for_you_others(request: SignedInRequest) -> HttpResponse:
    """Choose other photos."""
    feed_for(request.user, fresh=True)
    return redirect("gallery:for-you")


@login_required
@require_POST
def for_you_less(request: SignedInRequest) -> HttpResponse:
    """Mute the tag that a photo was chosen for."""
    tag = _tag_for(request.user, request.POST.get("tag", ""))
    choices.mute(request.user, tag)
    words = "“{}” is muted: none of it is chosen for you. <a href='{}'>Take that back</a>"
    address = reverse("gallery:interest-list") + "#muted"
    messages.success(request, format_html(words, tag.label, address))
    return redirect("gallery:for-you")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def interest_pick(request: SignedInRequest) -> HttpResponse:
    """Pick interests from pictures, for a start or later; or not now."""
    if "skip" in request.POST:
        request.session[SKIPPED] = True
        return redirect("gallery:for-you")
    data = request.POST if request.method == "POST" else None
    form = PickForm(data, person=request.user)
    if form.is_valid():
        for tag in form.cleaned_data["tag"]:
            choices.pin(request.user, tag)
        return redirect("gallery:for-you")
    context = {"picks": tags_to_pick(request.user), "form": form}
    status = 422 if form.errors else 200
    return render(request, "gallery/interest_pick.html", context, status=status)


# --- Interests --------------------------------------------------------------------------------


@login_required
@never_cache
@require_safe
def interest_list(request: SignedInRequest) -> HttpResponse:
    """What this person likes and why, with all they can say to it."""
    return _interest_page(request, InterestForm(person=request.user))


def _interest_page(request: SignedInRequest, form: InterestForm) -> HttpResponse:
    interests = interests_of(request.user)
    shown = len(interests) if "all" in request.GET else STRONGEST
    stances = stances_of(request.user)
    context = {
        "profile": _profile(request.user),
        "interests": interests[:shown],
        "more": max(len(interests) - shown, 0),
        "muted": stances[Stance.MUTED],
        "removed": stances[Stance.REMOVED],
        "form": form,
        "names": common_names(),
    }
    status = 422 if form.errors else 200
    return render(request, "gallery/interest_list.html", context, status=status)


@login_required
@require_POST
def interest_add(request: SignedInRequest) -> HttpResponse:
    """Pin a tag by its name."""
    form = InterestForm(request.POST, person=request.user)
    if not form.is_valid():
        return _interest_page(request, form)
    return _say(request, form.cleaned_data["name"], Stance.PINNED.value)


@login_required
@require_POST
def interest_set(request: SignedInRequest, slug: str) -> HttpResponse:
    """Pin, mute or remove an interest, or take that back."""
    deed = request.POST.get("deed", "")
    if deed not in _DEEDS:
        raise Http404
    return _say(request, _tag_for(request.user, slug), deed)


def _say(request: SignedInRequest, tag: Tag, deed: str) -> HttpResponse:
    _DEEDS[deed](request.user, tag)
    messages.success(request, _SAID[deed].format(tag.label))
    return redirect("gallery:interest-list")


def _tag_for(person: User, slug: str) -> Tag:
    """Return a tag that a person knows of. Raises Http404, also when it is someone's secret."""
    tag = Tag.objects.named(slug).first()
    if tag and (may_name(person, tag) or _is_among(person, tag)):
        return tag
    raise Http404


def _is_among(person: User, tag: Tag) -> bool:
    """Whether a tag stands on the person's own page, as of a photo that was hidden since."""
    said = [one for tags in stances_of(person).values() for one in tags]
    return tag in said or any(one.tag == tag for one in interests_of(person))


@login_required
@never_cache
@require_safe
def interest_export(request: SignedInRequest) -> HttpResponse:
    """All that is kept of this person's interests, as a file."""
    answer = JsonResponse(export(request.user), json_dumps_params={"indent": 2})
    name = f"interests-{timezone.localdate():%Y-%m-%d}.json"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


# --- All of them ------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def interest_reset(request: SignedInRequest) -> HttpResponse:
    """Begin anew, after a question."""
    if request.method != "POST":
        return render(request, "gallery/interest_reset.html")
    choices.reset(request.user)
    request.session.pop(SKIPPED, None)
    messages.success(request, "Your interests begin anew: what you did so far counts no more.")
    return redirect("gallery:interest-list")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def interest_off(request: SignedInRequest) -> HttpResponse:
    """Switch interests off, after a question."""
    if request.method != "POST":
        return render(request, "gallery/interest_off.html")
    choices.switch_off(request.user)
    messages.success(request, "Your interests are switched off, and what was kept is deleted.")
    return redirect("gallery:interest-list")


@login_required
@require_POST
def interest_on(request: SignedInRequest) -> HttpResponse:
    choices.switch_on(request.user)
    messages.success(request, "Your interests are being worked out again.")
    return redirect("gallery:interest-list")


@login_required
@require_POST
def interest_listing(request: SignedInRequest) -> HttpResponse:
    """Let others find this person as somebody like them, or no longer."""
    listed = request.POST.get("is_listed") == "on"
    choices.list_me(request.user, listed)
    words = (
        "Others with interests like yours may find you now."
        if listed
        else ("Nobody is shown you as somebody like them any more.")
    )
    messages.success(request, words)
    return redirect(next_address(request) or "gallery:interest-list")


def _profile(person: User) -> Profile:
    return Profile.objects.filter(pk=person.pk).first() or Profile(person=person)
