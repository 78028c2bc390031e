"""Lists of photos and the photo page, as each of the cast sees them."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from gallery.models import Photo, User
from gallery.tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return make_user("olga")


@pytest.fixture
def stranger() -> User:
    return make_user("sven")


@pytest.fixture
def secret(owner: User) -> Photo:
    return make_photo(owner, visibility="private", title="Grandma", tags={"koala": 0.9})


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_first_page_offers_the_first_account_when_there_is_none(client: Client) -> None:
    assert client.get("/").headers["Location"] == reverse("gallery:set-up")


def test_explore_shows_public_photos_newest_first(client: Client, owner: User) -> None:
    make_photo(owner, title="Older one")
    make_photo(owner, title="Newer one")
    page = client.get("/").content.decode()
    assert page.index("Newer one") < page.index("Older one")


PLACES = [
    "/",
    "/search/",
    "/search/?q=koala",
    "/search/?q=grandma",
    "/search/?q=by:olga",
    "/search/?q=tag:koala",
    "/search/?q=-koala",
    "/tags/koala/",
    "/tags/",
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("who", ["anonymous", "stranger", "staff"])
def test_private_photo_shows_nowhere_to_others(
    place: str, who: str, secret: Photo, stranger: User
) -> None:
    client = Client()
    if who != "anonymous":
        client = signed_in(stranger if who == "stranger" else make_user("stan", is_staff=True))
    page = client.get(place).content.decode()
    assert secret.public_id not in page
    assert "koala</a>" not in page
    assert 'tag-count">1' not in page


@pytest.mark.parametrize("place", ["/search/", *(one for one in PLACES if "=koala" in one)])
def test_owner_finds_own_private_photo(place: str, secret: Photo, owner: User) -> None:
    assert secret.public_id in signed_in(owner).get(place).content.decode()


@pytest.mark.parametrize(
    "name",
    ["photo-detail", "tagging-panel", "photo-edit", "photo-delete", "photo-original"],
)
@pytest.mark.parametrize("who", ["stranger", "staff"])
def test_addresses_of_a_private_photo_do_not_exist_for_others(
    name: str, who: str, secret: Photo, stranger: User
) -> None:
    user = stranger if who == "stranger" else make_user("stan", is_staff=True)
    answer = signed_in(user).get(reverse(f"gallery:{name}", args=[secret.public_id]))
    assert answer.status_code == 404


@pytest.mark.parametrize("name", ["photo-edit", "photo-delete", "photo-original"])
def test_public_photo_is_changed_by_its_owner_alone(name: str, owner: User, stranger: User) -> None:
    photo = make_photo(owner)
    address = reverse(f"gallery:{name}", args=[photo.public_id])
    assert signed_in(stranger).get(address).status_code == 404
    assert signed_in(stranger).post(address).status_code in {404, 405}
    assert Photo.objects.filter(pk=photo.pk).exists()


def test_photo_page_tells_tags_with_confidence_and_facts(client: Client, owner: User) -> None:
    photo = make_photo(owner, tags={"koala": 0.934}, camera="Pentax K-5", width=4000, height=3000)
    page = client.get(photo.get_absolute_url()).content.decode()
    for words in ("koala", "93\N{NO-BREAK SPACE}%", "Pentax K-5", "4,000 × 3,000 px", "12.0 MP"):
        assert words in page


def test_owner_edits_title_caption_and_visibility(owner: User) -> None:
    photo = make_photo(owner)
    answer = signed_in(owner).post(
        reverse("gallery:photo-edit", args=[photo.public_id]),
        {"title": "Bondi", "caption": "A swim", "place": "", "visibility": "private"},
    )
    assert answer.status_code == 302
    photo.refresh_from_db()
    assert (photo.title, photo.caption, photo.visibility) == ("Bondi", "A swim", "private")


def test_owner_deletes_after_a_question(owner: User) -> None:
    photo = make_photo(owner)
    address = reverse("gallery:photo-delete", args=[photo.public_id])
    assert "Delete this photo?" in signed_in(owner).get(address).content.decode()
    signed_in(owner).post(address)
    assert not Photo.objects.exists()


def test_refused_query_gets_its_sentence(client: Client) -> None:
    page = client.get("/search/?q=shade:red").content.decode()
    assert "There is no field “shade:”" in page


def test_refused_filter_finds_nothing_and_says_why(client: Client, owner: User) -> None:
    photo = make_photo(owner)
    page = client.get("/search/?owner=nobody").content.decode()
    assert "You may see no photo of anybody called “nobody”." in page
    assert photo.public_id not in page


@pytest.mark.parametrize("place", ["/", "/search/?q=-dog", "/tags/"])
def test_lists_cost_the_same_for_one_and_for_twenty(
    place: str, client: Client, owner: User, django_assert_num_queries: object
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    make_photo(owner, tags={"koala": 0.9})
    with CaptureQueriesContext(connection) as one:
        client.get(place)
    for number in range(20):
        make_photo(owner, tags={"koala": 0.9, f"animal {number}": 0.8})
    with CaptureQueriesContext(connection) as many:
        client.get(place)
    assert len(many) == len(one)


def test_pages_lead_to_one_another_and_miss_nothing(client: Client, owner: User) -> None:
    photos = {make_photo(owner).public_id for _ in range(130)}
    seen, address = set[str](), "/"
    while address:
        page = client.get(address).context["page"]
        seen |= {photo.public_id for photo in page.photos}
        address = f"/?before={page.next}" if page.next else ""
    assert seen == photos
