"""What is private surfaces nowhere among interests, people, trends and likeness; not in a count.

The cast: an owner, who hides photos; a follower and a stranger; somebody the owner blocks; somebody
who switched interests off; an administrator; and whoever is not signed in. All but the owner must
see the very same pages before there are private photos and after.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from gallery import following, tags
from gallery.interests import choices, hierarchy, popular, profiles
from gallery.models import (
    Deck,
    Favourite,
    Fingerprint,
    Opening,
    Period,
    Photo,
    Profile,
    Tag,
    User,
    Visibility,
)
from gallery.search import suggesting, tagtree
from gallery.tests.factories import make_photo, make_tag, make_user
from gallery.trends import upkeep

pytestmark = pytest.mark.django_db

ALIKE = np.array([1, 0, 0], "<f2").tobytes()
CAST = ("follower", "stranger", "blocked", "out", "administrator", "anonymous")
LENGTHS = ("day", "week", "month")
PAGES = (
    "/for-you/",
    "/for-you/?page=2",
    "/people/",
    "/following/",
    "/following/people/",
    "/blocked/",
    "/people/owner/",
    "/people/follower/",
    "/people/hermit/",
    "/interests/",
    "/interests/pick/",
    "/interests/export/",
    *(f"/trends/?length={length}" for length in LENGTHS),
    *(
        f"/trends/?length={length}&period={period}"
        for length in LENGTHS
        for period in ("now", "last")
    ),
    "/trends/beach/",
    "/trends/zeppelin/",
    "/trends/craft/",
    "/photos/seen/",
    "/photos/hidden/",
    "/photos/seen/similar/",
    "/photos/seen/similar/?look=1&tags=1&colors=1&time=1",
    "/photos/hidden/similar/",
    "/mine/duplicates/",
    "/search/?q=like:seen",
    "/search/?q=like:hidden",
    "/search/?q=by:owner",
    "/",
    "/tags/",
)


@pytest.fixture
def owner() -> User:
    """Somebody with a public photo that others like, among people with photos like it."""
    people = {name: make_user(name) for name in ("owner", "follower", "stranger", "blocked", "out")}
    make_user("hermit")
    User.objects.create_superuser("administrator")
    make_tag("craft")
    make_tag("zeppelin", parents=[make_tag("airship")])
    owner = people["owner"]
    seen = make_photo(owner, tags={"beach": 0.9}, public_id="seen", title="seen")
    Fingerprint.objects.create(photo=seen, embedding=ALIKE, model="m", perceptual_hash="0" * 16)
    for person in people.values():
        for number in range(4):
            make_photo(person, tags={"beach": 0.8, "sea": 0.7}, title=f"{person} {number}")
        choices.list_me(person, listed=True)
    following.follow(people["follower"], owner)
    following.block(owner, people["blocked"])
    choices.switch_off(people["out"])
    for name in ("follower", "stranger"):
        Favourite.objects.create(person=people[name], photo=seen)
    keep_house()
    return owner


def keep_house() -> None:
    """Do what housekeeping and workers do; nothing is remembered."""
    tags.note_counts()
    for memory in (hierarchy, tagtree):
        memory.forget()
    suggesting.forget_names()
    profiles.rebuild()
    popular.note_popular()
    Period.objects.all().delete()
    for _ in range(20):
        upkeep.recount(thorough=True)
    cache.clear()


def hide(owner: User) -> None:
    """Add private photos with all that could give them away; what was looked at is forgotten."""
    Opening.objects.all().delete()
    for number in range(6):
        hidden = make_photo(
            owner, tags={"zeppelin": 0.95, "beach": 0.9, "craft": 0.9, "airship": 0.9},
            title="disaster", public_id="hidden" if not number else f"hidden{number}",
            visibility="private",
        )  # fmt: skip
        Fingerprint.objects.create(
            photo=hidden, embedding=ALIKE, model="m", perceptual_hash="0" * 16
        )
        Favourite.objects.create(person=owner, photo=hidden)
    hermit = User.objects.get(username="hermit")
    make_photo(hermit, tags={"zeppelin": 0.9, "craft": 0.9}, visibility="private")
    choices.list_me(hermit, listed=True)
    for name in ("follower", "stranger"):
        # They liked and opened it while it was public.
        person = User.objects.get(username=name)
        Favourite.objects.create(person=person, photo=hidden)
        Opening.objects.create(person=person, photo=hidden)


def pages(name: str) -> dict[str, Any]:
    client = Client()
    if name != "anonymous":
        client.force_login(User.objects.get(username=name))
    Deck.objects.all().delete()
    Opening.objects.exclude(photo__title="disaster").delete()
    return {address: told(client.get(address)) for address in PAGES}


def told(answer: Any) -> tuple[int, str, str]:
    words = answer.content.decode() if not answer.streaming else ""
    for passing in (
        r'name="csrfmiddlewaretoken" value="\w+"', r'"as_of": "[^"]*"', r'datetime="[^"]*"',
        r'"last": "[^"]*"', r'"times": \d+',
    ):  # fmt: skip
        words = re.sub(passing, "", words)
    return answer.status_code, answer.headers.get("Location", ""), words


@pytest.mark.parametrize("name", CAST)
def test_what_is_private_changes_nothing_for_others(name: str, owner: User) -> None:
    before = pages(name)
    hide(owner)
    keep_house()
    after = pages(name)
    assert [address for address in before if before[address] != after[address]] == []


@pytest.mark.parametrize("name", CAST)
def test_what_was_hidden_leaves_every_page_at_once(name: str, owner: User) -> None:
    """Nothing is counted anew: the very next look must not show it."""
    hide(owner)
    Photo.objects.filter(title="disaster").set_visibility(Visibility.PUBLIC)
    keep_house()
    pages(name)
    Photo.objects.filter(title="disaster").set_visibility(Visibility.PRIVATE)
    for address, (status, _, words) in pages(name).items():
        assert 'href="/photos/hidden' not in words, address
        assert status in (200, 302, 403, 404)


def test_owner_is_shown_what_they_like_in_private(owner: User, client: Client) -> None:
    hide(owner)
    keep_house()
    client.force_login(owner)
    assert "zeppelin" in client.get("/interests/").content.decode()
    export = json.loads(client.get("/interests/export/").content)
    assert "zeppelin" in {one["tag"] for one in export["interests"]}


def test_blocked_people_see_nothing_of_each_other(owner: User, client: Client) -> None:
    for viewer, other in (("blocked", "owner"), ("owner", "blocked")):
        client.force_login(User.objects.get(username=viewer))
        client.get("/for-you/")
        for address in PAGES:
            words = client.get(address).content.decode()
            shown = re.findall(rf'href="/people/{other}/', words)
            assert not shown or address == "/blocked/", address
        assert client.get(f"/people/{other}/").status_code == 404
    assert client.get("/photos/seen/").status_code == 200
    client.force_login(User.objects.get(username="blocked"))
    assert client.get("/photos/seen/").status_code == 404


def test_opted_out_is_nobodys_match_and_has_nothing_kept(owner: User, client: Client) -> None:
    out = User.objects.get(username="out")
    for name in ("follower", "stranger", "owner"):
        client.force_login(User.objects.get(username=name))
        assert "/people/out/" not in client.get("/people/").content.decode()
    client.force_login(out)
    for address in PAGES:
        client.get(address)
    assert not Deck.objects.filter(pk=out.pk).exists()
    assert not Opening.objects.filter(person=out).exists()
    assert bytes(Profile.objects.get(pk=out.pk).evidence) == b""


def test_who_is_not_listed_is_shown_to_nobody(owner: User, client: Client) -> None:
    choices.list_me(User.objects.get(username="stranger"), listed=False)
    client.force_login(User.objects.get(username="follower"))
    words = client.get("/people/").content.decode()
    assert "/people/owner/" in words
    assert "/people/stranger/" not in words


def test_strangers_learn_nothing_of_what_somebody_likes_or_opens(
    owner: User, client: Client
) -> None:
    follower = User.objects.get(username="follower")
    client.force_login(User.objects.get(username="stranger"))
    before = told(client.get("/people/follower/")), told(client.get("/people/"))
    Favourite.objects.filter(person=follower).delete()
    choices.pin(follower, Tag.objects.get(slug="zeppelin"))
    profiles.note_opening(follower, Photo.objects.get(public_id="seen"))
    keep_house()
    assert (told(client.get("/people/follower/")), told(client.get("/people/"))) == before


def test_private_photos_of_months_ago_are_in_no_trend(owner: User, client: Client) -> None:
    for number in range(4):
        photo = make_photo(tags={"airship": 0.9}, visibility="private")
        Photo.objects.filter(pk=photo.pk).update(
            created_at=timezone.now() - timedelta(days=3 * number)
        )
    keep_house()
    for length in LENGTHS:
        assert "airship" not in client.get(f"/trends/?length={length}").content.decode()
    assert client.get("/trends/airship/").status_code == 404
