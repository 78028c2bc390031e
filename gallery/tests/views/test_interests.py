"""For you, and the page of one's interests."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gallery.interests import choices
from gallery.interests.for_you import Card, CardKind, Feed
from gallery.interests.weighing import Weighed, stances_of
from gallery.models import Interest, Opening, Profile, Stance, Tag, User
from gallery.templatetags.interests import why
from gallery.tests.factories import make_photo, make_tag, make_user
from gallery.views import interests

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> User:
    return make_user("olga")


@pytest.fixture
def client(client: Client, olga: User) -> Client:
    client.force_login(olga)
    return client


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def said(person: User) -> dict[str, str]:
    """Return what a person says of tags."""
    return dict(Interest.objects.filter(person=person).values_list("tag__label", "stance"))


# --- For you ----------------------------------------------------------------------------------


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[bool]]:
    """Has these cards be chosen for whoever asks; returns a list of whether others were wanted."""
    asked: list[bool] = []

    def told(*cards: Card, **facts: bool) -> list[bool]:
        def chosen(_: User, *, page: int = 1, fresh: bool = False) -> Feed:
            asked.append(fresh)
            return Feed(list(cards), page, **({"has_next": False} | facts))

        monkeypatch.setattr(interests, "feed_for", chosen)
        return asked

    return told


def card(label: str = "lighthouse", kind: CardKind = CardKind.INTEREST) -> Card:
    photo = make_photo(tags={label: 0.9})
    return Card(photo, make_tag(label, category="buildings"), kind)


def test_each_card_tells_its_reason(client: Client, feed: Callable[..., list[bool]]) -> None:
    feed(card(), card("harbour", CardKind.EXPLORE), Card(make_photo(), None, CardKind.POPULAR))
    page = text(client, "/for-you/")
    for words in ("Because you like “lighthouse”", "Something else: harbour", "Popular"):
        assert words in page
    assert page.count("Less of “") == 2


def test_others_are_chosen_when_asked_for(client: Client, feed: Callable[..., list[bool]]) -> None:
    asked = feed()
    answer = client.post("/for-you/others/")
    assert asked == [True]
    assert answer.headers["Location"] == "/for-you/"


def test_less_of_this_mutes_the_tag(client: Client, olga: User) -> None:
    make_tag("lighthouse", category="buildings")
    answer = client.post("/for-you/less/", {"tag": "lighthouse"}, follow=True)
    assert said(olga) == {"lighthouse": Stance.MUTED}
    assert "“lighthouse” is muted" in answer.content.decode()


@pytest.mark.parametrize("tag", ["", "nothing-like-it", "secret"])
def test_nothing_unknown_is_muted(tag: str, client: Client) -> None:
    make_photo(tags={"secret": 0.9}, visibility="private")
    assert client.post("/for-you/less/", {"tag": tag}).status_code == 404
    assert not Interest.objects.exists()


def test_newcomer_is_asked_what_they_like(
    client: Client, olga: User, feed: Callable[..., list[bool]]
) -> None:
    make_photo(tags={"lighthouse": 0.9})
    feed(card(), is_newcomer=True)
    page = text(client, "/for-you/")
    assert "What do you like to look at?" in page
    assert 'name="tag" value="lighthouse"' in page
    answer = client.post("/interests/pick/", {"tag": ["lighthouse"]})
    assert answer.headers["Location"] == "/for-you/"
    assert said(olga) == {"lighthouse": Stance.PINNED}


def test_picking_can_wait(client: Client, feed: Callable[..., list[bool]]) -> None:
    feed(card(), is_newcomer=True)
    client.post("/interests/pick/", {"skip": "1"})
    assert "What do you like to look at?" not in text(client, "/for-you/")


def test_picking_nothing_is_explained(client: Client) -> None:
    make_photo(tags={"lighthouse": 0.9})
    answer = client.post("/interests/pick/")
    assert answer.status_code == 422
    assert "Pick at least one" in answer.content.decode()


def test_secret_word_is_not_picked(client: Client) -> None:
    make_photo(tags={"secret": 0.9}, visibility="private")
    client.post("/interests/pick/", {"tag": ["secret"]})
    assert not Interest.objects.exists()


def test_who_is_switched_off_is_not_asked_what_they_like(
    client: Client, olga: User, feed: Callable[..., list[bool]]
) -> None:
    choices.switch_off(olga)
    feed(card(), is_newcomer=True)
    page = text(client, "/for-you/")
    assert "What do you like to look at?" not in page
    assert "your interests are switched off" in page


@pytest.mark.parametrize(("page", "number"), [("2", 2), ("0", 1), ("x", 1), ("", 1)])
def test_pages_lead_to_one_another(
    page: str, number: int, client: Client, feed: Callable[..., list[bool]]
) -> None:
    feed(card(), has_next=True)
    shown = text(client, f"/for-you/?page={page}")
    assert f'rel="next" href="?page={number + 1}"' in shown
    assert ('rel="prev"' in shown) == (number > 1)


def test_script_gets_the_cards_alone(client: Client, feed: Callable[..., list[bool]]) -> None:
    feed(card())
    answer = client.get("/for-you/", headers={"X-Fragment": "1"})
    assert "Because you like" in answer.content.decode()
    assert "<html" not in answer.content.decode()


def costs(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        text(client, address)
    return len(queries)


def test_for_you_costs_the_same_for_one_and_for_twenty(
    client: Client, feed: Callable[..., list[bool]]
) -> None:
    feed(card())
    one = costs(client, "/for-you/")
    feed(*(card(f"thing {number}") for number in range(20)))
    assert costs(client, "/for-you/") == one


# --- The page of interests --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "words"),
    [
        ({"uploads": 12, "favourites": 3}, "12 photos you uploaded, 3 favourites"),
        ({"uploads": 1, "favourites": 1}, "1 photo you uploaded, 1 favourite"),
        ({"openings": 1000}, "1,000 photos you opened"),
        ({"follows": 2}, "2 photos of people you follow"),
        ({"follows": 1, "openings": 1}, "1 photo of someone you follow, 1 photo you opened"),
        ({"is_pinned": True}, "you pinned it"),
        ({"is_pinned": True, "favourites": 2}, "2 favourites"),
        ({"uploads": 2, "through": Tag(label="koala")}, "2 photos you uploaded, mostly koala"),
    ],
)
def test_reasons_are_told_in_words(one: dict[str, object], words: str) -> None:
    assert why(Weighed(Tag(label="animal"), 1.0, **one)) == words  # type: ignore[arg-type]


def test_interests_are_told_with_strength_and_reason(client: Client, olga: User) -> None:
    choices.pin(olga, make_tag("lighthouse", category="buildings"))
    page = text(client, "/interests/")
    for words in ("lighthouse</a>", "Pinned", "you pinned it", '<meter min="0" max="1" value="1'):
        assert words in page


def test_weak_interests_are_shown_when_asked_for(
    client: Client, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interests, "STRONGEST", 2)
    for label in ("harbour", "lighthouse", "fog"):
        choices.pin(olga, make_tag(label, category="sea"))
    assert "Show 1 weaker one<" in text(client, "/interests/")
    assert text(client, "/interests/?all=1").count('class="interest-row"') == 3


@pytest.mark.parametrize("stance", Stance.values)
def test_person_says_so_and_takes_it_back(stance: str, client: Client, olga: User) -> None:
    make_tag("lighthouse", category="buildings")
    answer = client.post("/interests/tags/lighthouse/", {"deed": stance}, follow=True)
    assert said(olga) == {"lighthouse": stance}
    assert f"“lighthouse” is {stance}" in answer.content.decode()
    client.post("/interests/tags/lighthouse/", {"deed": "clear"})
    assert said(olga) == {}


def test_deed_that_is_none_is_refused(client: Client) -> None:
    make_tag("lighthouse", category="buildings")
    assert client.post("/interests/tags/lighthouse/", {"deed": "love"}).status_code == 404


def test_muted_and_removed_stand_apart(client: Client, olga: User) -> None:
    choices.mute(olga, make_tag("dog", category="animals"))
    choices.remove(olga, make_tag("cat", category="animals"))
    context = client.get("/interests/").context
    assert [tag.label for tag in context["muted"]] == ["dog"]
    assert [tag.label for tag in context["removed"]] == ["cat"]
    assert context["interests"] == []


def test_interest_is_added_by_any_of_its_names(client: Client, olga: User) -> None:
    tag = make_tag("mobile phone", category="electronics")
    tag.aliases.create(slug="cell-phone", label="cell phone")
    client.post("/interests/add/", {"name": " Cell  phone "})
    assert said(olga) == {"mobile phone": Stance.PINNED}


@pytest.mark.parametrize("name", ["zebra", "secret"])
def test_interest_that_is_no_tag_here_is_refused_alike(name: str, client: Client) -> None:
    make_photo(tags={"secret": 0.9}, visibility="private")
    answer = client.post("/interests/add/", {"name": name})
    assert answer.status_code == 422
    assert f"There is no tag “{name}”." in answer.content.decode()


def test_word_of_ones_own_is_an_interest(client: Client, olga: User) -> None:
    make_photo(olga, tags={"Rex": 0.9}, visibility="private")
    client.post("/interests/add/", {"name": "rex"})
    assert said(olga) == {"Rex": Stance.PINNED}


def test_word_that_was_hidden_since_can_be_taken_back(client: Client, olga: User) -> None:
    photo = make_photo(tags={"Rex": 0.9})
    client.post("/interests/add/", {"name": "rex"})
    photo.visibility = "private"
    photo.save()
    client.post("/interests/tags/rex/", {"deed": "clear"})
    assert said(olga) == {}


def test_interests_cost_the_same_for_one_and_for_twenty(client: Client, olga: User) -> None:
    def fill(number: int) -> None:
        for kind, deed in enumerate((choices.pin, choices.mute, choices.remove)):
            deed(olga, make_tag(f"tag {kind} {number}", category="things"))

    fill(0)
    text(client, "/interests/")
    one = costs(client, "/interests/")
    for number in range(1, 20):
        fill(number)
    assert costs(client, "/interests/") == one


def test_export_is_a_file_of_all_that_is_kept(client: Client, olga: User) -> None:
    choices.pin(olga, make_tag("lighthouse", category="buildings"))
    answer = client.get("/interests/export/")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="interests-')
    kept = json.loads(answer.content)
    assert kept["person"] == "olga"
    assert [one["tag"] for one in kept["interests"]] == ["lighthouse"]


def test_interests_begin_anew_after_a_question(client: Client, olga: User) -> None:
    choices.pin(olga, make_tag("lighthouse", category="buildings"))
    choices.mute(olga, make_tag("dog", category="animals"))
    assert "This cannot be undone" in text(client, "/interests/reset/")
    assert len(said(olga)) == 2
    client.post("/interests/reset/")
    assert said(olga) == {"dog": Stance.MUTED}


def test_interests_are_switched_off_after_a_question(client: Client, olga: User) -> None:
    choices.pin(olga, make_tag("lighthouse", category="buildings"))
    Opening.objects.create(person=olga, photo=make_photo())
    assert "deleted at once" in text(client, "/interests/off/")
    client.post("/interests/off/")
    assert not Profile.objects.get().is_on
    assert not Interest.objects.exists()
    assert not Opening.objects.exists()
    assert "Nothing about your interests is worked out or kept" in text(client, "/interests/")


def test_interests_are_switched_on_again(client: Client, olga: User) -> None:
    choices.switch_off(olga)
    client.post("/interests/on/")
    assert Profile.objects.get().is_on
    assert "None yet" in text(client, "/interests/")


def test_person_is_listed_by_choice_alone(client: Client) -> None:
    assert "Show me to people like me" in text(client, "/interests/")
    client.post("/interests/listing/", {"is_listed": "on"})
    assert Profile.objects.get().is_listed
    answer = client.post("/interests/listing/", {"next": "/people/"})
    assert answer.headers["Location"] == "/people/"
    assert not Profile.objects.get().is_listed


def test_interests_of_others_are_out_of_reach(client: Client) -> None:
    choices.pin(make_user("sven"), make_tag("lighthouse", category="buildings"))
    client.post("/interests/tags/lighthouse/", {"deed": "clear"})
    assert stances_of(User.objects.get(username="sven"))[Stance.PINNED]
    assert "you pinned it" not in text(client, "/interests/")


# --- Doors ------------------------------------------------------------------------------------

PAGES = [
    "for-you",
    "interest-list",
    "interest-pick",
    "interest-export",
    "interest-reset",
    "interest-off",
]
DEEDS = ["for-you-others", "for-you-less", "interest-add", "interest-on", "interest-listing"]


@pytest.mark.parametrize("name", PAGES)
def test_pages_of_ones_own_need_an_account(name: str) -> None:
    answer = Client().get(reverse(f"gallery:{name}"))
    assert answer.headers["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("name", DEEDS)
def test_deeds_are_no_links(name: str, client: Client) -> None:
    assert client.get(reverse(f"gallery:{name}")).status_code == 405


@pytest.mark.parametrize("name", [*DEEDS, "interest-reset", "interest-off", "interest-pick"])
def test_deeds_need_the_token_of_a_form(name: str, olga: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(olga)
    assert client.post(reverse(f"gallery:{name}")).status_code == 403
