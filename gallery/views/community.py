"""People: their pages, whom one follows and blocks, and who is alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from .. import following
from ..following import RefusedError
from ..interests.people import Match, match_with, people_like
from ..interests.showcase import photos_of
from ..interests.weighing import weights_of
from ..models import Photo, Profile, Tag, User
from ..search.conditions import All
from ..search.facets import note_labels
from ..search.finding import Search
from ..search.language import query_of
from ..search.limits import TooSlowError, time_limited
from ..search.meaning import owned_by, public_to
from ..search.tree import Named
from .photos import listed
from .requests import FRAGMENT_HEADER, SignedInRequest, next_address, wants_fragment

#: So many people a page, and of those whom one follows so many beside the people like oneself.
PEOPLE_PER_PAGE, FEW = 30, 6
#: What a similarity is called, from which on.
LIKENESS = ((0.6, "Very much alike"), (0.35, "Much alike"), (0.0, "Something in common"))


# --- One person -------------------------------------------------------------------------------


def person_for(request: HttpRequest, username: str) -> User:
    """Return somebody of whom this viewer may know.

    Raises Http404 for anyone who is gone, who is apart from the viewer, or who shows the viewer
    nothing: that there is such a person is then theirs to tell.
    """
    person = _present_person(request, username)
    if not (_is_known(request, person) or person.photos.public().exists()):
        raise Http404
    return person


def _present_person(request: HttpRequest, username: str) -> User:
    person = get_object_or_404(User, username=username, is_active=True)
    if request.user.is_authenticated and person.pk in request.user.apart_from:
        raise Http404
    return person


def _is_known(request: HttpRequest, person: User) -> bool:
    """Whether the viewer knows of a person without a photo: it is they, or they follow them."""
    viewer = request.user
    if not viewer.is_authenticated:
        return False
    return person == viewer or viewer.follows.filter(followed=person).exists()


@require_safe
@vary_on_headers(FRAGMENT_HEADER)
def person_detail(request: HttpRequest, username: str) -> HttpResponse:
    """A person's public photos, and what the viewer and they both like."""
    person = _present_person(request, username)
    scope = All([public_to(request.user), owned_by(person)])
    search = Search(query_of(), viewer=request.user, scope=scope)
    context = listed(request, search)
    is_known = _is_known(request, person)
    if not (context["page"].photos or "too_slow" in context or is_known):
        raise Http404
    if wants_fragment(request):
        return render(request, "gallery/_photo_grid.html", context)
    context |= {
        "person": person,
        "count": _count(search, len(context["page"].photos)),
        "is_self": person == request.user,
        "is_following": is_known and person != request.user,
        "match": _match(request, person),
        "by_query": Named("by", (person.username,)),
    }
    return render(request, "gallery/person_detail.html", context)


def _count(search: Search, at_least: int) -> str:
    try:
        with time_limited():
            return str(search.found.at_least(at_least))
    except TooSlowError:
        return f"{at_least}+"


def _match(request: HttpRequest, person: User) -> Match | None:
    viewer = request.user
    return match_with(viewer, person) if viewer.is_authenticated and viewer != person else None


@login_required
@require_POST
def person_follow(request: SignedInRequest, username: str) -> HttpResponse:
    """Follow a person, or follow them no longer."""
    if request.POST.get("is_following") == "1":
        _follow(request, person_for(request, username))
    elif follow := request.user.follows.filter(followed__username=username).first():
        following.unfollow(request.user, follow.followed)
        messages.success(request, f"You follow {follow.followed} no longer.")
    return redirect(next_address(request) or _address_of(request, username))


def _follow(request: SignedInRequest, person: User) -> None:
    try:
        if following.follow(request.user, person):
            messages.success(request, f"You follow {person}: their new photos come to Following.")
    except RefusedError as error:
        messages.error(request, str(error))


def _address_of(request: SignedInRequest, username: str) -> str:
    """Return the address of a person's page, or of another when there may be none any more."""
    try:
        return reverse("gallery:person-detail", args=[person_for(request, username).username])
    except Http404:
        return reverse("gallery:followed-list")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def person_block(request: SignedInRequest, username: str) -> HttpResponse:
    """Block a person, after a page that says what that does."""
    person = person_for(request, username)
    if person == request.user:
        raise Http404
    if request.method != "POST":
        return render(request, "gallery/person_block.html", {"person": person})
    following.block(request.user, person)
    messages.success(request, f"You and {person} see nothing of each other any more.")
    return redirect("gallery:block-list")


@login_required
@require_POST
def person_unblock(request: SignedInRequest, username: str) -> HttpResponse:
    if block := request.user.blocks.filter(blocked__username=username).first():
        following.unblock(request.user, block.blocked)
        messages.success(request, f"{block.blocked} is blocked no longer.")
    return redirect("gallery:block-list")


@login_required
@require_safe
def block_list(request: SignedInRequest) -> HttpResponse:
    blocks = request.user.blocks.select_related("blocked").order_by("blocked__username")
    return render(request, "gallery/block_list.html", {"blocks": blocks})


# --- People who are followed, and people who are alike ----------------------------------------


@login_required
@require_safe
@vary_on_headers(FRAGMENT_HEADER)
def following_list(request: SignedInRequest) -> HttpResponse:
    """The newest photos of the people one follows."""
    page = following.newest_of_followed(
        request.user,
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    note_labels(page.photos)
    if wants_fragment(request):
        return render(request, "gallery/_photo_grid.html", {"page": page})
    context = {"page": page, "follows_anyone": request.user.follows.exists()}
    return render(request, "gallery/following_list.html", context)


@dataclass(frozen=True, slots=True)
class PersonCard:
    """A person in a list of people; ``match`` says how alike they and the viewer are."""

    person: User
    photos: Sequence[Photo]
    is_following: bool
    match: Match | None = None

    @property
    def likeness(self) -> str:
        """How alike their interests are, in words."""
        similarity = self.match.similarity if self.match else 0.0
        return next(words for least, words in LIKENESS if similarity >= least)


@login_required
@require_safe
def followed_list(request: SignedInRequest) -> HttpResponse:
    """The people one follows, those first whom one began to follow last."""
    people, older = _followed(request.user, request.GET.get("before", ""), PEOPLE_PER_PAGE)
    cards = _cards(request.user, dict.fromkeys(people, ()), {})
    context = {"cards": cards, "older": older}
    return render(request, "gallery/followed_list.html", context)


@login_required
@require_safe
def people_like_list(request: SignedInRequest) -> HttpResponse:
    """People whose interests are like the viewer's, and those the viewer follows."""
    viewer = request.user
    matches = {match.person: match for match in people_like(viewer)}
    followed, more = _followed(viewer, "", FEW)
    shown: dict[User, Sequence[Tag]] = {one: match.shared for one, match in matches.items()}
    shown |= {one: () for one in followed if one not in matches}
    cards = _cards(viewer, shown, matches)
    context = {
        "profile": profile_of(viewer),
        "has_interests": bool(matches) or bool(weights_of(viewer, limit=1)),
        "cards": [card for card in cards if card.match],
        "followed": [card for card in cards if not card.match],
        "has_more": bool(more),
    }
    return render(request, "gallery/people_like.html", context)


def profile_of(person: User) -> Profile:
    return Profile.objects.filter(pk=person.pk).first() or Profile(person=person)


def _followed(viewer: User, before: str, count: int) -> tuple[list[User], int | None]:
    """Return people whom a viewer follows, and behind which follow there are more."""
    follows = viewer.follows.filter(followed__is_active=True).select_related("followed")
    if before[:18].isdecimal():
        follows = follows.filter(pk__lt=int(before[:18]))
    found = list(follows.order_by("-pk")[: count + 1])
    more = found[count - 1].pk if len(found) > count else None
    return [follow.followed for follow in found[:count]], more


def _cards(
    viewer: User, people: Mapping[User, Sequence[Tag]], matches: Mapping[User, Match]
) -> list[PersonCard]:
    photos = photos_of(people, viewer=viewer)
    note_labels([photo for some in photos.values() for photo in some])
    followed = set(viewer.follows.filter(followed__in=people).values_list("followed", flat=True))
    return [PersonCard(one, photos[one.pk], one.pk in followed, matches.get(one)) for one in people]
