"""Pages of people, as each of the cast sees them: owner, follower, stranger, blocked, gone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gallery import following
from gallery.interests.people import Match
from gallery.interests.showcase import photos_of
from gallery.models import Block, Follow, Profile, Tag, User
from gallery.tests.factories import make_photo, make_tag, make_user
from gallery.views import community

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> User:
    """Somebody with one public photo."""
    olga = make_user("olga")
    make_photo(olga, title="Bondi", tags={"beach": 0.9})
    return olga


@pytest.fixture
def sven() -> User:
    return make_user("sven")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


# --- One person -------------------------------------------------------------------------------


def test_page_of_a_person_shows_public_photos_alone(olga: User, sven: User) -> None:
    secret = make_photo(olga, visibility="private")
    other = make_photo(sven)
    for client in (Client(), signed_in(sven), signed_in(olga)):
        page = text(client, "/people/olga/")
        assert "1 public photo " in page
        assert "Bondi" in page
        assert secret.public_id not in page
        assert other.public_id not in page


def test_page_says_since_when_somebody_is_here(olga: User) -> None:
    assert f"here since {olga.date_joined:%B %Y}" in text(Client(), "/people/olga/")


def test_staff_see_no_more_of_a_person(olga: User) -> None:
    secret = make_photo(olga, visibility="private")
    page = text(signed_in(make_user("stan", is_staff=True)), "/people/olga/")
    assert secret.public_id not in page


ADDRESSES = ["/people/{}/", "/people/{}/block/"]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("who", ["olga", "sven"])
def test_people_apart_do_not_exist_for_each_other(
    who: str, address: str, olga: User, sven: User
) -> None:
    make_photo(sven)
    following.block(olga, sven)
    viewer, other = (olga, sven) if who == "olga" else (sven, olga)
    answer = signed_in(viewer).get(address.format(other.username))
    nobody = signed_in(viewer).get(address.format("nobody"))
    assert answer.status_code == nobody.status_code == 404


@pytest.mark.parametrize("address", ADDRESSES)
def test_person_without_a_public_photo_is_not_told_of(address: str, sven: User) -> None:
    make_photo(make_user("quiet"), visibility="private")
    assert signed_in(sven).get(address.format("quiet")).status_code == 404


def test_who_followed_before_still_finds_a_person_without_photos(sven: User) -> None:
    quiet = make_user("quiet")
    following.follow(sven, quiet)
    assert "No public photo at the moment" in text(signed_in(sven), "/people/quiet/")


def test_own_page_is_there_without_photos(sven: User) -> None:
    page = text(signed_in(sven), "/people/sven/")
    assert "This is how others see you" in page
    assert "Follow<" not in page
    assert "Block" not in page


@pytest.mark.parametrize("address", ADDRESSES)
def test_who_is_gone_has_no_page(address: str, olga: User, sven: User) -> None:
    User.objects.filter(pk=olga.pk).update(is_active=False)
    assert signed_in(sven).get(address.format("olga")).status_code == 404


def test_visitor_is_asked_to_sign_in_to_follow(olga: User) -> None:
    page = text(Client(), "/people/olga/")
    assert "Sign in to follow" in page
    assert "Block olga" not in page


def test_photos_lead_to_the_person(olga: User, sven: User) -> None:
    page = text(signed_in(sven), olga.photos.get().get_absolute_url())
    assert 'href="/people/olga/"' in page
    assert "Follow<span" in page


def test_photo_of_somebody_gone_leads_nowhere(olga: User) -> None:
    User.objects.filter(pk=olga.pk).update(is_active=False)
    assert "/people/olga/" not in text(Client(), olga.photos.get().get_absolute_url())


def test_page_names_what_both_like(olga: User, sven: User, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = [make_tag(label) for label in ("lighthouse", "harbour", "fog")]
    monkeypatch.setattr(community, "match_with", lambda *_: Match(olga, 0.5, shared))
    page = text(signed_in(sven), "/people/olga/")
    words = "You both like " + ", ".join(
        f'<a href="/tags/{name}/">{name}</a>' for name in ("lighthouse", "harbour")
    )
    assert words + ' and <a href="/tags/fog/">fog</a>' in page


def test_pages_of_a_person_lead_to_one_another(olga: User) -> None:
    photos = {make_photo(olga).public_id for _ in range(70)}
    photos.add(olga.photos.get(title="Bondi").public_id)
    first = Client().get("/people/olga/").context["page"]
    answer = Client().get(f"/people/olga/?before={first.next}", headers={"X-Fragment": "1"})
    second = answer.context["page"]
    assert "<html" not in answer.content.decode()
    assert {photo.public_id for photo in [*first.photos, *second.photos]} == photos


def costs(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        text(client, address)
    return len(queries)


def test_page_of_a_person_costs_the_same_for_one_and_for_twenty(olga: User, sven: User) -> None:
    client = signed_in(sven)
    text(client, "/people/olga/")
    one = costs(client, "/people/olga/")
    for number in range(20):
        make_photo(olga, tags={"beach": 0.9, f"thing {number}": 0.8})
    assert costs(client, "/people/olga/") == one


# --- Following --------------------------------------------------------------------------------


def follow(client: Client, username: str, is_following: str = "1", **more: str) -> str:
    """Return where it leads, or nothing when there is no such person."""
    address = reverse("gallery:person-follow", args=[username])
    answer = client.post(address, {"is_following": is_following} | more)
    assert answer.status_code in {302, 404}
    return answer.headers.get("Location", "")


def test_person_is_followed_and_followed_no_longer(olga: User, sven: User) -> None:
    client = signed_in(sven)
    assert follow(client, "olga") == "/people/olga/"
    assert Follow.objects.get().followed == olga
    assert "Following" in text(client, "/people/olga/")
    follow(client, "olga", "0")
    assert not Follow.objects.exists()


@pytest.mark.parametrize("username", ["quiet", "nobody", "gone"])
def test_who_has_no_page_is_not_followed(username: str, sven: User) -> None:
    make_user("quiet")
    make_photo(make_user("gone", is_active=False))
    assert follow(signed_in(sven), username) == ""
    assert not Follow.objects.exists()


def test_nobody_is_followed_by_themselves(olga: User) -> None:
    client = signed_in(olga)
    follow(client, "olga")
    assert "You cannot follow yourself" in text(client, "/people/olga/")
    assert not Follow.objects.exists()


def test_who_is_gone_or_quiet_by_now_can_be_left(sven: User) -> None:
    for name in ("quiet", "gone"):
        following.follow(sven, make_user(name))
    User.objects.filter(username="gone").update(is_active=False)
    client = signed_in(sven)
    for name in ("quiet", "gone"):
        assert follow(client, name, "0") == "/following/people/"
    assert not Follow.objects.exists()


@pytest.mark.parametrize("username", ["quiet", "nobody", "apart"])
def test_leaving_whom_one_does_not_follow_tells_nothing(username: str, sven: User) -> None:
    make_user("quiet")
    following.block(make_photo(make_user("apart")).owner, sven)
    assert follow(signed_in(sven), username, "0") == "/following/people/"


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("/photos/abc/", "/photos/abc/"),
        ("https://elsewhere.example/", "/people/olga/"),
        ("//elsewhere.example/", "/people/olga/"),
        ("javascript:alert(1)", "/people/olga/"),
    ],
)
def test_form_goes_on_on_this_site_alone(wanted: str, given: str, olga: User, sven: User) -> None:
    assert follow(signed_in(sven), "olga", next=wanted) == given


def test_follows_are_nobody_elses_business(olga: User, sven: User) -> None:
    following.follow(sven, olga)
    page = text(signed_in(olga), "/people/olga/")
    assert "sven" not in page
    assert "follower" not in page


def test_newest_photos_of_the_followed_are_a_page(olga: User, sven: User) -> None:
    make_photo(make_user("stranger"), title="Not this")
    secret = make_photo(olga, visibility="private")
    following.follow(sven, olga)
    page = text(signed_in(sven), "/following/")
    assert "Bondi" in page
    assert "Not this" not in page
    assert secret.public_id not in page


def test_who_follows_nobody_is_told_how(sven: User) -> None:
    assert "You follow nobody yet" in text(signed_in(sven), "/following/")


def test_script_gets_the_next_page_of_photos_alone(olga: User, sven: User) -> None:
    following.follow(sven, olga)
    answer = signed_in(sven).get("/following/", headers={"X-Fragment": "1"})
    assert "Bondi" in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_people_one_follows_are_listed_with_photos_and_can_be_left(olga: User, sven: User) -> None:
    gone = make_user("gone")
    for other in (olga, gone):
        following.follow(sven, other)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    cards = signed_in(sven).get("/following/people/").context["cards"]
    assert [card.person for card in cards] == [olga]
    assert [photo.title for photo in cards[0].photos] == ["Bondi"]


def test_many_followed_people_come_in_pages(sven: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(community, "PEOPLE_PER_PAGE", 2)
    for number in range(3):
        following.follow(sven, make_user(f"number{number}"))
    first = signed_in(sven).get("/following/people/")
    second = signed_in(sven).get(f"/following/people/?before={first.context['older']}")
    names = [card.person.username for page in (first, second) for card in page.context["cards"]]
    assert names == ["number2", "number1", "number0"]
    assert second.context["older"] is None


# --- Blocking ---------------------------------------------------------------------------------


def test_block_is_done_after_a_page_that_says_what_it_does(olga: User, sven: User) -> None:
    client = signed_in(sven)
    assert "Neither of you follows the other" in text(client, "/people/olga/block/")
    assert not Block.objects.exists()
    client.post("/people/olga/block/")
    assert client.get(olga.photos.get().get_absolute_url()).status_code == 404
    assert "olga" in text(client, "/blocked/")


def test_block_is_taken_back_in_the_list(olga: User, sven: User) -> None:
    following.block(sven, olga)
    client = signed_in(sven)
    client.post("/people/olga/unblock/")
    assert not Block.objects.exists()
    assert "Bondi" in text(client, "/people/olga/")


def test_block_is_taken_back_by_who_made_it_alone(olga: User, sven: User) -> None:
    following.block(olga, sven)
    client = signed_in(sven)
    client.post("/people/olga/unblock/")
    assert "olga" not in text(client, "/blocked/")
    assert Block.objects.exists()


def test_nobody_blocks_themselves(olga: User) -> None:
    assert signed_in(olga).post("/people/olga/block/").status_code == 404


@pytest.mark.parametrize(
    "place", ["/", "/search/?q=beach", "/search/?q=by:olga", "/tags/beach/", "/following/"]
)
@pytest.mark.parametrize("who_blocks", ["olga", "sven"])
def test_photos_of_people_apart_show_nowhere(
    place: str, who_blocks: str, olga: User, sven: User
) -> None:
    following.follow(sven, olga)
    following.block(*([olga, sven] if who_blocks == "olga" else [sven, olga]))
    page = signed_in(sven).get(place).content.decode()
    assert olga.photos.get().public_id not in page
    assert "Bondi" not in page


# --- People like you --------------------------------------------------------------------------


@pytest.fixture
def alike(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has people found to be like whoever asks."""

    def told(*matches: Match) -> None:
        monkeypatch.setattr(community, "people_like", lambda *_, **__: list(matches))

    return told


def test_people_like_you_are_shown_with_reason_and_photos(
    alike: Callable[..., None], olga: User, sven: User
) -> None:
    alike(Match(olga, 0.7, [Tag.objects.get(label="beach")]))
    secret = make_photo(olga, visibility="private")
    page = text(signed_in(sven), "/people/")
    for words in ("olga", "Very much alike", "You both like", "beach</a>", "Follow<"):
        assert words in page
    assert olga.photos.public().get().public_id in page
    assert secret.public_id not in page


def test_photos_of_what_both_like_come_first(olga: User, sven: User) -> None:
    coast, boat = make_tag("coast"), make_tag("boat")
    make_tag("cliff", parents=[coast])
    boats = [make_photo(olga, tags={"boat": 0.9}) for _ in range(2)]
    cliff = make_photo(olga, tags={"cliff": 0.9})
    dog = make_photo(olga, tags={"dog": 0.9})
    chosen = photos_of({olga: [coast, boat]}, viewer=sven)[olga.pk]
    assert chosen == [cliff, boats[1], boats[0], dog]


def test_the_most_alike_come_first_followed_or_not(
    alike: Callable[..., None], olga: User, sven: User
) -> None:
    anna = make_photo().owner
    following.follow(sven, anna)
    alike(Match(olga, 0.7, []), Match(anna, 0.5, []))
    cards = signed_in(sven).get("/people/").context["cards"]
    assert [card.person for card in cards] == [olga, anna]


def test_people_page_costs_the_same_for_one_and_for_twenty(
    alike: Callable[..., None], olga: User, sven: User
) -> None:
    beach = Tag.objects.get(label="beach")
    alike(Match(olga, 0.7, [beach]))
    following.follow(sven, make_photo().owner)
    client = signed_in(sven)
    text(client, "/people/")
    one = costs(client, "/people/")
    others = [make_photo(tags={"beach": 0.9}).owner for _ in range(20)]
    alike(*(Match(other, 0.7, [beach]) for other in others))
    for _ in range(20):
        following.follow(sven, make_photo().owner)
    assert costs(client, "/people/") == one


def test_nobody_like_you_is_said_honestly(alike: Callable[..., None], sven: User) -> None:
    alike()
    assert "Your interests are not known yet" in text(signed_in(sven), "/people/")


def test_who_is_switched_off_is_told_so(sven: User) -> None:
    Profile.objects.create(person=sven, is_on=False)
    page = text(signed_in(sven), "/people/")
    assert "Your interests are switched off" in page
    assert "is_listed" not in page


def test_followed_people_stand_below_without_those_above(
    alike: Callable[..., None], olga: User, sven: User
) -> None:
    anna = make_photo().owner
    alike(Match(olga, 0.4, []))
    for other in (olga, anna):
        following.follow(sven, other)
    context = signed_in(sven).get("/people/").context
    assert [card.person for card in context["cards"]] == [olga]
    assert [card.person for card in context["followed"]] == [anna]
    assert context["cards"][0].is_following


# --- Doors ------------------------------------------------------------------------------------

PAGES = ["/following/", "/following/people/", "/people/", "/blocked/", "/people/olga/block/"]


@pytest.mark.parametrize("place", PAGES)
def test_pages_of_ones_own_need_an_account(place: str, olga: User) -> None:
    answer = Client().get(place)
    assert answer.headers["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("deed", ["follow", "unblock"])
def test_deeds_are_no_links(deed: str, olga: User, sven: User) -> None:
    assert signed_in(sven).get(f"/people/olga/{deed}/").status_code == 405


def test_deeds_need_the_token_of_a_form(olga: User, sven: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(sven)
    assert client.post("/people/olga/follow/", {"is_following": "1"}).status_code == 403
    assert client.post("/people/olga/block/").status_code == 403
    assert not Follow.objects.exists()
    assert not Block.objects.exists()
