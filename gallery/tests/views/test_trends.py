"""The pages of trends."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from gallery.interests import choices
from gallery.models import Block, Period, Photo, TrendReport, User, Visibility
from gallery.tests.factories import make_tag, make_user
from gallery.tests.trends.conftest import friday
from gallery.tests.trends.history import (
    count_all,
    make_people,
    photos_of,
    usual_weeks,
)

__all__ = ["friday"]  # every test takes place on the same day

pytestmark = pytest.mark.django_db

PAGES = ["/trends/", "/trends/?length=day", "/trends/?length=month", "/trends/?when=last"]


@pytest.fixture
def people() -> list[User]:
    people = make_people(30)
    usual_weeks(people, weeks=6)
    return people


@pytest.fixture
def admin() -> User:
    return make_user("root", is_staff=True, is_superuser=True)


def text(client: Client, page: str) -> str:
    answer = client.get(page)
    assert answer.status_code == 200
    return answer.content.decode()


def plots(page: str) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(one) for one in re.findall(r"(?s)<svg .*?</svg>", page)  # noqa: S314
            if "trend-plot" in one]  # fmt: skip


# --- What stands there ------------------------------------------------------------------------


def test_growth_is_told_in_words_and_numbers(client: Client, people: list[User]) -> None:
    for week in range(1, 7):
        photos_of(people[:2], "wallaby", days_ago=7 * week)
    photos_of(people[:15], "wallaby")
    count_all()
    page = text(client, "/trends/")
    assert "15 people this week so far; about 2 would be usual by now." in page
    assert '<a href="/trends/wallaby/?length=week">wallaby</a>' in page


def test_a_plot_is_an_image_with_a_name_and_a_table_beside_it(
    client: Client, people: list[User]
) -> None:
    photos_of(people[:15], "wallaby")
    count_all()
    page = text(client, "/trends/")
    [plot] = plots(page)
    assert plot.get("role") == "img"
    assert plot.get("aria-label") == "wallaby: people by week"
    assert '<th scope="row">Week of 10 June 2024, so far</th><td>15</td>' in page


def test_a_plot_needs_no_style_and_no_script(client: Client, people: list[User]) -> None:
    photos_of(people[:15], "wallaby")
    count_all()
    for page in ("/trends/", "/trends/wallaby/"):
        [plot] = plots(text(client, page))
        tags = {one.tag.split("}")[-1] for one in plot.iter()}
        assert tags <= {"svg", "g", "rect", "path", "text", "title"}
        assert not any("style" in one.attrib or "id" in one.attrib for one in plot.iter())


def test_an_empty_library_says_so(client: Client) -> None:
    make_user()
    assert "Nothing is counted yet" in text(client, "/trends/")


def test_a_young_library_says_that_it_has_no_history(client: Client) -> None:
    photos_of(make_people(4), "wallaby")
    count_all()
    page = text(client, "/trends/")
    assert "There is not enough history yet" in page
    assert "Most common" in page


def test_a_calm_week_says_so(client: Client, people: list[User]) -> None:
    count_all()
    assert "Nothing rises by more than chance this week." in text(client, "/trends/")


def test_a_category_shows_its_own_alone(client: Client, people: list[User]) -> None:
    photos_of(people[:9], "wallaby")
    photos_of(people[:9], "bread")
    make_tag("wallaby", category="animals")
    make_tag("bread", category="food")
    count_all()
    page = text(client, "/trends/?category=food")
    assert "bread" in page
    assert "wallaby" not in page
    assert '<option value="food" selected>' in page


@pytest.mark.parametrize("page", ["/trends/?length=year", "/trends/?when=x", "/trends/?category=x"])
def test_what_cannot_be_asked_for_is_as_if_nothing_was_said(
    page: str, client: Client, people: list[User]
) -> None:
    count_all()
    assert client.get(page).context["asked"] == client.get("/trends/").context["asked"]


def test_a_tags_page_shows_its_past(client: Client, people: list[User]) -> None:
    photos_of(people[:4], "wallaby", days_ago=7)
    count_all()
    page = text(client, "/trends/wallaby/")
    assert '<th scope="row">Week of 3 June 2024</th><td>4</td><td>4</td>' in page
    assert len(plots(page)) == 1


def test_a_tag_has_one_page(client: Client, people: list[User]) -> None:
    tag = make_tag("mobile phone", category="electronics")
    tag.aliases.create(slug="cell-phone", label="cell phone")
    photos_of(people, "mobile phone")
    assert client.get("/trends/cell-phone/").headers["Location"] == "/trends/mobile-phone/"
    assert client.get("/trends/mobile-phone/").status_code == 200


def test_every_page_leads_there(client: Client, people: list[User]) -> None:
    assert 'href="/trends/"' in text(client, "/tags/")


# --- What nobody but the right people see -----------------------------------------------------


@pytest.fixture
def cast(people: list[User]) -> dict[str, User | None]:
    """Everybody who may look, of whom the owner has something to hide."""
    owner, stranger, blocked, off = people[0], make_user("stranger"), people[1], people[2]
    Block.objects.create(person=owner, blocked=blocked)
    User.objects.filter(pk__in=[owner.pk, blocked.pk]).update(has_blocks=True)
    choices.switch_off(off)
    administrator = make_user("admin", is_staff=True, is_superuser=True)
    return {
        "owner": User.objects.get(pk=owner.pk), "stranger": stranger, "opted-out": off,
        "blocked": User.objects.get(pk=blocked.pk), "administrator": administrator,
        "anonymous": None,
    }  # fmt: skip


WHO = ["owner", "stranger", "blocked", "opted-out", "administrator", "anonymous"]


def sign_in(client: Client, person: User | None) -> None:
    if person is not None:
        client.force_login(person)


@pytest.mark.parametrize("who", WHO)
def test_private_photos_are_in_no_public_page(
    who: str, client: Client, people: list[User], cast: dict[str, User | None]
) -> None:
    photos_of(people[:20], "secret", visibility="private")
    photos_of(people[:5], "wallaby")
    hidden = photos_of(people[5:25], "wallaby", visibility="private")
    count_all()
    sign_in(client, cast[who])
    for page in [*PAGES, "/trends/wallaby/"]:
        shown = text(client, page)
        assert "secret" not in shown
        assert not any(photo.public_id in shown for photo in hidden)
        assert not re.search(r"\b(20|25) people", shown)
        assert "<td>25</td>" not in shown
    assert client.get("/trends/secret/").status_code == 404


@pytest.mark.parametrize("who", WHO)
def test_what_was_hidden_is_out_of_numbers_plots_and_pictures_at_once(
    who: str, client: Client, people: list[User], cast: dict[str, User | None]
) -> None:
    photos = photos_of(people[:17], "wallaby")
    count_all()
    sign_in(client, cast[who])
    assert "wallaby" in text(client, "/trends/")
    Photo.objects.filter(pk=photos[0].pk).get().delete()
    Photo.objects.filter(pk__in=[one.pk for one in photos[1:3]]).set_visibility(Visibility.PRIVATE)
    for _ in range(2):
        for page in [*PAGES, "/trends/wallaby/"]:
            shown = text(client, page)
            assert not any(photo.public_id in shown for photo in photos[:3])
            assert "17 people" not in shown
            assert "<td>17</td>" not in shown
            assert ": 17<" not in shown
        count_all()
    assert "14 people" in text(client, "/trends/")


def test_of_people_one_is_apart_from_no_picture_is_shown(
    client: Client, people: list[User], cast: dict[str, User | None]
) -> None:
    photos = photos_of(people[:3], "wallaby")
    count_all()
    sign_in(client, cast["blocked"])
    for page in ("/trends/", "/trends/wallaby/"):
        shown = text(client, page)
        assert photos[0].public_id not in shown
        assert photos[2].public_id in shown


def test_trends_of_the_whole_site_are_for_administrators_alone(
    client: Client, people: list[User], cast: dict[str, User | None]
) -> None:
    photos_of(people[:9], "secret", visibility="private")
    count_all()
    assistant = make_user("assistant", is_staff=True)
    for person in (*cast.values(), assistant):
        client.logout()
        sign_in(client, person)
        expected = 200 if person == cast["administrator"] else 404
        for page in ("/trends/all/", "/trends/all/secret/"):
            assert client.get(page).status_code == expected
    assistant.user_permissions.add(Permission.objects.get(codename="view_photo"))
    client.force_login(User.objects.get(pk=assistant.pk))
    assert client.get("/trends/all/").status_code == 200


def test_administrators_see_how_many_photos_and_people(
    client: Client, people: list[User], admin: User
) -> None:
    hidden = photos_of(people[:9], "secret", visibility="private")
    count_all()
    client.force_login(admin)
    page = text(client, "/trends/all/")
    assert "30 people uploaded 39 photos this week." in page
    assert "9 people this week, for the first time. 9 photos." in page
    assert not any(photo.public_id in page for photo in hidden)


def test_what_one_bulk_uploader_does_is_no_trend(client: Client, people: list[User]) -> None:
    photos_of([people[0]] * 60, "journey")
    count_all()
    assert "journey" not in text(client, "/trends/")


# --- What it costs ----------------------------------------------------------------------------


def test_the_page_costs_the_same_for_few_tags_and_many(
    client: Client, people: list[User], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    photos_of(people[:9], "wallaby")
    count_all()
    with django_assert_num_queries(5):
        client.get("/trends/")
    for number in range(15):
        photos_of(people[:9], f"tree {number}", f"bird {number}")
    count_all()
    with django_assert_num_queries(5):
        client.get("/trends/")


# --- The operator's desk ----------------------------------------------------------------------


@pytest.mark.parametrize("model", ["period", "tagcount", "trendreport"])
def test_the_operator_looks_at_counts_and_has_them_counted_anew(
    model: str, client: Client, people: list[User], admin: User
) -> None:
    count_all()
    client.force_login(admin)
    week = Period.objects.get(length="week", start="2024-06-10")
    rows = {
        "period": week,
        "tagcount": week.tag_counts.get(),
        "trendreport": TrendReport.objects.get(length="week", is_public=True),
    }
    address = f"/admin/gallery/{model}/"
    assert client.get(address).status_code == 200
    assert client.get(f"{address}{rows[model].pk}/change/").status_code == 200
    client.post(address, {"action": "count_anew", "_selected_action": [rows[model].pk]})
    assert [one.pk for one in Period.objects.exclude(changed_at=None)] == [week.pk]
