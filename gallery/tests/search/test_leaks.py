"""Nothing on any page of search tells others of private photos, not even that there are some."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils.http import urlencode

from gallery import tags
from gallery.imaging.colors import BITS
from gallery.models import Favourite, Fingerprint, Photo, SavedSearch, Tag, TagParent, User
from gallery.search import suggesting, tagtree
from gallery.tests.factories import make_photo, make_tag, make_user

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(1937, 5, 6, 12, tzinfo=UTC)
ALIKE = np.array([1, 0, 0], "<f2").tobytes()
#: What anybody may ask; what is hidden from most answers each of these.
SEARCHES = (
    "",
    "zeppelin",
    "graf*",
    "airship",
    "Graflex",
    "Lakehurst",
    "disaster",
    "tag:zeppelin",
    "tag:=zeppelin",
    "tag:zeppelin>=0.5",
    "tag:zeppelin@manual",
    "tag:blimp",
    "tag:craft",
    "tag:zeppelin OR tag:beach",
    "tag:beach",
    "tag:beach sort:confidence",
    "-tag:beach",
    "category:water",
    "tags:0",
    "tags:>1",
    "by:olga",
    "by:olga -is:public",
    "has:place",
    "has:date",
    "taken:1937",
    "taken:1937 OR beach",
    "taken:..1940",
    "added:..1940",
    "added:..1940 sort:oldest",
    "camera:graflex",
    "place:lakehurst",
    "format:tiff",
    "orientation:portrait",
    "width:>9000",
    "color:pink",
    "sort:oldest",
    "sort:taken",
    "sort:random",
)
#: What only helps to find out about it: typing mistakes, and names of people and photos.
OTHER_SEARCHES = (
    "zepelin",
    "tag:zepelin",
    "tag:zeppelins",
    "tag:beech",
    "tag:beachy",
    "beachy",
    "tag:zenith",
    "zenith",
    "tag:zepplin|beach",
    "by:hermit",
    "by:hermits",
    "is:private",
    "is:private OR beach",
    "is:favourite",
    "like:hidden",
    "like:seen",
    "like:seen -tag:beach",
    "category:craft",
    "tag:zeppelin@nobody",
)
TYPED = (
    "z", "zep", "zeppelin", "tag:zep", "tag:zepelin", "tag:craf", "tag:blim", "airsh", "beac",
    "beachy", "by:h", "by:o", "camera:", "camera:g", "camera:graf", "category:", "tag:zen",
)  # fmt: skip
MONTHS = ("1937-05", "2020-02", "9999-12")
PAGES = (
    "/",
    "/tags/",
    "/tags/zeppelin/",
    "/tags/craft/",
    "/tags/blimp/",
    "/tags/beach/",
    "/photos/hidden/",
    "/photos/seen/",
    "/search/saved/",
    "/search/help/",
)


@pytest.fixture
def olga() -> User:
    """The owner of a public photo, which another member likes; others have photos, too."""
    people = {name: make_user(name) for name in ("olga", "follower", "stranger", "hermit")}
    User.objects.create_superuser("administrator")
    make_tag("beach", category="water")
    make_tag("craft")
    olga = people["olga"]
    SavedSearch.objects.create(person=olga, name="Airships of mine", query="tag:zeppelin")
    seen = make_photo(olga, title="seen", tags={"beach": 0.9}, camera="EOS R5", place="Lisbon",
                      public_id="seen", taken_at=datetime(2020, 2, 2, tzinfo=UTC))  # fmt: skip
    Fingerprint.objects.create(photo=seen, embedding=ALIKE, model="m")
    Favourite.objects.create(person=people["follower"], photo=seen)
    make_photo(people["stranger"], title="walk", tags={"beach": 0.5}, width=30, height=40)
    make_photo(people["stranger"], title="mine alone", visibility="private")
    return olga


def hide(olga: User) -> None:
    """Add private photos with all that a photo can have."""
    hidden = make_photo(
        olga, title="disaster", tags={"zeppelin": 0.9, "beach": 0.95, "beachy": 0.8},
        camera="Graflex", place="Lakehurst", public_id="hidden", taken_at=LONG_AGO, format="tiff",
        width=9999, height=20000, colors=BITS["pink"], visibility="private",
    )  # fmt: skip
    make_photo(olga, title="nothing on it", visibility="private")
    make_photo(User.objects.get(username="hermit"), tags={"airship": 0.9}, visibility="private")
    zeppelin, airship = Tag.objects.get(slug="zeppelin"), Tag.objects.get(slug="airship")
    zeppelin.aliases.create(slug="blimp", label="blimp")
    for parent in (airship, Tag.objects.get(slug="craft")):
        TagParent.objects.create(child=zeppelin, parent=parent)
    make_tag("zenith")
    tags.rebuild_closure()
    Photo.objects.filter(pk=hidden.pk).update(created_at=LONG_AGO)
    Fingerprint.objects.create(photo=hidden, embedding=ALIKE, model="m")
    Favourite.objects.create(person=olga, photo=hidden)
    tags.note_counts()
    suggesting.forget_names()
    tagtree.forget()


def pages(name: str, searches: tuple[str, ...], others: tuple[str, ...] = ()) -> dict[str, Any]:
    """What somebody gets to see at every address."""
    client = Client()
    if name != "anonymous":
        client.force_login(User.objects.get(username=name))
    asked = [f"/search/?{urlencode({'q': text, 'seed': '5'})}" for text in searches]
    return {address: told(client.get(address)) for address in (*asked, *others)} | {
        f"{address} as a fragment": told(client.get(address, headers={"X-Fragment": "1"}))
        for address in asked[:3]
    }


def told(answer: Any) -> tuple[int, str, str]:
    words = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())
    return answer.status_code, answer.headers.get("Location", ""), words


MORE = (
    *[f"/search/suggestions/?{urlencode({'q': text})}" for text in TYPED],
    *[
        f"/search/?{urlencode({'q': text, 'month': month})}"
        for text in ("", "sort:oldest", "sort:taken")
        for month in MONTHS
    ],
    *PAGES,
)


@pytest.mark.parametrize("name", ["anonymous", "stranger", "follower", "administrator"])
def test_what_is_private_changes_nothing_for_others(name: str, olga: User) -> None:
    before = pages(name, SEARCHES + OTHER_SEARCHES, MORE)
    hide(olga)
    after = pages(name, SEARCHES + OTHER_SEARCHES, MORE)
    assert [address for address in before if before[address] != after[address]] == []


def test_its_owner_is_told_all_of_it(olga: User) -> None:
    before = pages("olga", SEARCHES)
    hide(olga)
    after = pages("olga", SEARCHES)
    same = [address for address in before if before[address] == after[address]]
    assert [one for one in same if "fragment" not in one] == []


def test_saved_searches_are_their_owners_alone(olga: User, client: Client) -> None:
    search = SavedSearch.objects.get()
    client.force_login(User.objects.get(username="stranger"))
    assert client.post(f"/search/saved/{search.pk}/delete/").status_code == 404
    assert SavedSearch.objects.exists()


def test_saved_search_runs_with_the_permissions_of_whoever_runs_it(
    olga: User, client: Client
) -> None:
    hide(olga)
    address = SavedSearch.objects.get().get_absolute_url()
    client.force_login(olga)
    assert 'href="/photos/hidden/"' in client.get(address).content.decode()
    client.force_login(User.objects.get(username="stranger"))
    assert "/photos/hidden/" not in client.get(address).content.decode()


def test_bulk_editor_knows_ones_own_photos_alone(olga: User, client: Client) -> None:
    hide(olga)
    client.force_login(User.objects.get(username="stranger"))
    page = client.get("/mine/edit/?q=tag:beach").content.decode()
    assert "walk" in page
    assert "/photos/hidden/" not in page
    assert "/photos/seen/" not in page
