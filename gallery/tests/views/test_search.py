"""The search page: its address, its mistakes, what stands beside the photos, searches kept."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from gallery.models import Favourite, Photo, SavedSearch, TaggingRun, User
from gallery.search import limits, paging
from gallery.tests.factories import make_photo, make_tag, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> User:
    return make_user("olga")


@pytest.fixture
def member(client: Client, olga: User) -> Client:
    client.force_login(olga)
    return client


def page_of(client: Client, query: str, **rest: str) -> str:
    return client.get("/search/", {"q": query, **rest}).content.decode()


# --- Addresses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "canonical"),
    [
        ("q=dog++AND+beach", "dog beach"),
        ("q=NOT+tag:dog", "-tag:dog"),
        ("tags=dog,%20beach&min_confidence=0.7", "tag:dog>=0.7 tag:beach>=0.7"),
        ("q=sunset&orientation=portrait&sort=oldest", "sunset orientation:portrait sort:oldest"),
        ("taken_from=2024-05-01&taken_to=2024-05-31", "taken:2024-05-01..2024-05-31"),
    ],
)
def test_every_way_to_ask_leads_to_the_canonical_address(
    client: Client, asked: str, canonical: str
) -> None:
    make_photo(tags={"dog": 0.9, "beach": 0.9})
    answer = client.get(f"/search/?{asked}")
    assert answer.status_code == 302
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["q"] == [canonical]


@pytest.mark.parametrize(
    "canonical",
    ["tag:dog>=0.7 tag:beach>=0.7", "sunset by:olga color:teal", "-tag:dog OR cat", "tag:=dog"],
)
def test_form_holds_the_same_search_as_the_box(client: Client, olga: User, canonical: str) -> None:
    make_photo(olga, tags={"dog": 0.9, "beach": 0.9, "cat": 0.9}, title="sunset")
    form = client.get("/search/", {"q": canonical}).context["filter"].data
    answer = client.get("/search/", form)
    asked = answer.headers.get("Location", answer.wsgi_request.get_full_path())
    assert set(parse_qs(urlsplit(asked).query)["q"][0].split()) == set(canonical.split())


def test_old_place_in_an_address_is_kept(client: Client) -> None:
    answer = client.get("/search/?q=a++b&before=17")
    assert answer.headers["Location"] == "/search/?q=a+b&before=17"


# --- Mistakes ---------------------------------------------------------------------------------


def test_mistake_is_marked_explained_and_mended(client: Client) -> None:
    photo = make_photo(tags={"dog": 0.9})
    page = page_of(client, "dog taken:2024-99")
    assert "<mark>taken:2024-99</mark>" in page
    assert "There is no date 2024-99." in page
    assert 'href="?q=dog%20taken%3A2024"' in page
    assert photo.public_id not in page


def test_unknown_tag_is_no_search_and_the_nearest_is_proposed(client: Client) -> None:
    make_photo(tags={"koala": 0.9})
    page = page_of(client, "-tag:kaola")
    assert "No photo that you may see has a tag “kaola”." in page
    assert 'href="?q=-tag%3Akoala"' in page


def test_word_that_finds_nothing_proposes_the_nearest_tag(client: Client) -> None:
    make_photo(tags={"koala": 0.9})
    page = page_of(client, "kaola")
    assert "No photo has all of that" in page
    assert 'href="?q=koala"' in page


def test_search_that_takes_too_long_says_so(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_photo(tags={"koala": 0.9})

    def refuse(*args: object, **places: str) -> None:
        raise limits.TooSlowError

    monkeypatch.setattr("gallery.search.finding.Search.page", refuse)
    for place in ("/search/?q=koala", "/", "/tags/koala/"):
        page = client.get(place)
        assert page.status_code == 200
        assert "This search would look at too many photos" in page.content.decode()


def test_fields_of_the_form_are_refused_with_a_sentence(client: Client) -> None:
    photo = make_photo()
    page = client.get("/search/?min_confidence=2").content.decode()
    assert "A confidence is a number from 0 to 1." in page
    page = client.get("/search/?min_confidence=0.5").content.decode()
    assert "Name the tags that should be so sure." in page
    assert photo.public_id not in page


# --- Beside the photos ------------------------------------------------------------------------


def test_facets_add_and_exclude(client: Client) -> None:
    make_photo(tags={"dog": 0.9, "beach": 0.9}, camera="Pentax K-5")
    make_photo(tags={"dog": 0.9})
    page = page_of(client, "dog")
    assert 'href="?q=dog%20tag%3Abeach"' in page
    assert 'href="?q=dog%20-tag%3Abeach"' in page
    assert 'href="?q=dog%20camera%3A%22Pentax%20K-5%22"' in page


def test_chips_take_one_condition_away(client: Client) -> None:
    make_photo(tags={"dog": 0.9, "beach": 0.9})
    page = page_of(client, "dog -cat")
    assert 'href="?q=-cat"' in page
    assert 'href="?q=dog"' in page


def test_orders_that_fit_are_offered(client: Client) -> None:
    make_photo(tags={"dog": 0.9})
    assert "sort%3Aconfidence" in page_of(client, "tag:dog")
    assert "sort%3Aconfidence" not in page_of(client, "is:public")
    assert "sort%3Asimilar" not in page_of(client, "tag:dog")


def test_jump_to_a_month_begins_the_list_there(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE_SIZE", 2)
    for month in range(1, 7):
        photo = make_photo(title=f"month {month}")
        at = datetime(2026, month, 15, tzinfo=UTC)
        Photo.objects.filter(pk=photo.pk).update(created_at=at)
    page = client.get("/search/?q=month&month=2026-03", follow=True).context["page"]
    assert [photo.title for photo in page.photos] == ["month 3", "month 2"]
    assert page.previous is not None


@pytest.mark.parametrize("month", ["2026-13", "soon", "9999-12", "0001-01", "1-1", "²-3"])
def test_month_that_is_none_is_no_error(client: Client, month: str) -> None:
    make_photo()
    assert client.get(f"/search/?month={month}", follow=True).status_code == 200


QUERIES = [
    "",
    "dog",
    "tag:dog -tag:cat",
    "dog OR cat OR beach",
    "tag:dog>=0.2 sort:confidence",
    "category:pets",
    "by:olga taken:2020..2030 is:favourite",
    "camera:pentax has:place sort:random",
    '"red panda" tags:>1 color:teal sort:taken',
    "like:{like}",
    "like:{like} tag:dog -is:private sort:oldest",
    "tag:nonsense",
    "tag:dog tag:cat tag:beach tag:tree tag:sky tag:sea by:olga|me camera:pentax|canon",
]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("place", ["search/", "search/?before", "mine/edit/"])
def test_page_costs_at_most_ten_statements(
    member: Client, olga: User, query: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE_SIZE", 3)
    labels = ("dog", "cat", "beach", "tree", "sky", "sea")
    for label in labels:
        make_tag(label, category="pets")
    photos = [
        make_photo(
            olga, tags=dict.fromkeys(labels, 0.9), camera="Pentax K-5", place="Turin",
            title="red panda", caption="canon", colors=16,
            taken_at=datetime(2024, 5, 6, tzinfo=UTC),
        )
        for _ in range(20)
    ]  # fmt: skip
    Favourite.objects.bulk_create(Favourite(person=olga, photo=photo) for photo in photos)
    asked = {"q": query.format(like=photos[0].public_id)}
    if place.endswith("?before"):
        asked["before"] = str(photos[-5].pk)
    with CaptureQueriesContext(connection) as made:
        answer = member.get(f"/{place.removesuffix('?before')}", asked)
    assert answer.status_code == 200, answer.headers.get("Location")
    assert len(made) <= 10, "\n".join(one["sql"][:200] for one in made.captured_queries)


# --- Searches kept by name --------------------------------------------------------------------


def keep(client: Client, name: str, query: str) -> str:
    answer = client.post("/search/saved/add/", {"name": name, "query": query}, follow=True)
    return answer.content.decode()


def test_search_is_kept_by_name_and_run_later(member: Client, olga: User) -> None:
    make_photo(olga, tags={"dog": 0.9})
    assert "Kept as “My dogs”." in keep(member, "My dogs", "dog  AND is:mine")
    assert olga.searches.get().query == "dog is:mine"
    assert 'href="/search/?q=dog+is%3Amine"' in member.get("/search/saved/").content.decode()


def test_name_used_again_keeps_the_later_search(member: Client, olga: User) -> None:
    keep(member, "Pets", "dog")
    keep(member, "Pets", "cat")
    assert [kept.query for kept in olga.searches.all()] == ["cat"]


@pytest.mark.parametrize(
    ("name", "query", "why"),
    [
        ("", "dog", "Give the search a name"),
        ("Dogs", "", "There is no search to keep yet."),
        ("Dogs", "taken:2024-99", "There is no date 2024-99."),
        ("x" * 101, "dog", "at most 100 characters"),
    ],
)
def test_search_that_cannot_be_kept_is_refused(
    member: Client, name: str, query: str, why: str
) -> None:
    assert why in keep(member, name, query)
    assert not SavedSearch.objects.exists()


def test_kept_searches_are_nobody_elses(member: Client) -> None:
    other = SavedSearch.objects.create(person=make_user("sven"), name="Secret", query="dog")
    assert "Secret" not in member.get("/search/saved/").content.decode()
    assert member.post(f"/search/saved/{other.pk}/delete/").status_code == 404
    assert SavedSearch.objects.exists()


def test_kept_search_is_removed(member: Client, olga: User) -> None:
    keep(member, "Pets", "dog")
    member.post(f"/search/saved/{olga.searches.get().pk}/delete/")
    assert not SavedSearch.objects.exists()


def test_kept_search_that_finds_mine_finds_the_runners_own(member: Client, olga: User) -> None:
    """A link to it may be sent to somebody."""
    secret = make_photo(olga, visibility="private")
    kept = SavedSearch.objects.create(person=olga, name="Mine", query="is:mine")
    assert secret.public_id in member.get(kept.get_absolute_url()).content.decode()
    sven = Client()
    sven.force_login(make_user("sven"))
    assert secret.public_id not in sven.get(kept.get_absolute_url()).content.decode()


# --- Favourites, help, suggestions -------------------------------------------------------------


def test_photo_is_liked_and_found_again(member: Client, olga: User) -> None:
    photo = make_photo()
    address = f"/photos/{photo.public_id}/favourite/"
    member.post(address, {"is_favourite": "1"})
    member.post(address, {"is_favourite": "1"})
    assert photo.public_id in page_of(member, "is:favourite")
    member.post(address, {"is_favourite": "0"})
    assert not Favourite.objects.exists()


def test_secret_of_somebody_else_cannot_be_liked(member: Client) -> None:
    photo = make_photo(visibility="private")
    answer = member.post(f"/photos/{photo.public_id}/favourite/", {"is_favourite": "1"})
    assert answer.status_code == 404
    assert not Favourite.objects.exists()


def test_every_example_of_the_help_page_is_understood(client: Client) -> None:
    from gallery.search.helping import FIELD_HELP, JOINS, TAG_FORMS
    from gallery.search.language import parse

    page = client.get("/search/help/")
    assert page.status_code == 200
    for one in (*JOINS, *TAG_FORMS, *FIELD_HELP):
        query = parse(one.example)
        assert not query.mistakes, one.example
        assert str(query) == one.example


def test_suggestions_are_for_scripts(client: Client) -> None:
    make_photo(tags={"koala": 0.9})
    answer = client.get("/search/suggestions/", {"q": "beach -koa"}).json()
    assert answer["suggestions"] == [
        {"label": "koala", "text": "beach -koala ", "kind": "tag", "count": "1"}
    ]


# --- Large libraries --------------------------------------------------------------------------


def test_tags_of_a_large_library_are_counted_by_housekeeping(
    member: Client, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gallery.tags import note_counts

    monkeypatch.setattr("gallery.search.counting.MOST_EXACT", 1)
    make_photo(tags={"koala": 0.9})
    make_photo(tags={"secret": 0.9}, visibility="private")
    make_photo(olga, tags={"mine": 0.9, "koala": 0.9}, visibility="private")
    note_counts()
    answer = member.get("/tags/")
    counts = {
        tag.label: tag.photo_count for _, tags in answer.context["categories"] for tag in tags
    }
    assert counts == {"koala": 2, "mine": 1}
    assert "up to an hour old" in answer.content.decode()


def test_photos_of_before_are_completed_by_housekeeping(client: Client) -> None:
    from gallery.models import PhotoWord
    from gallery.search.upkeep import complete_photos

    photo = make_photo(title="Grandma", placeholder="data:image/webp;base64,AAAA")
    Photo.objects.update(text=None, shuffle=None, colors=None)
    PhotoWord.objects.all().delete()
    assert photo.public_id not in page_of(client, "grandma")
    assert complete_photos() == 1
    assert complete_photos() == 0
    assert photo.public_id in page_of(client, "grandma")
    photo.refresh_from_db()
    assert photo.colors == 0
    assert TaggingRun.objects.count() == 0


@pytest.mark.parametrize(("place", "most"), [("/", 10), ("/mine/", 10), ("/tags/dog/", 13)])
def test_lists_without_a_search_cost_as_much(
    member: Client, olga: User, place: str, most: int
) -> None:
    animal = make_tag("animal", category="pets")
    dog = make_tag("dog", parents=[animal], category="pets")
    for label in ("corgi", "poodle"):
        make_tag(label, parents=[dog], category="pets")
    for _ in range(20):
        make_photo(olga, tags={"dog": 0.9, "corgi": 0.8, "animal": 0.95})
    with CaptureQueriesContext(connection) as made:
        assert member.get(place).status_code == 200
    assert len(made) <= most, "\n".join(one["sql"][:200] for one in made.captured_queries)
