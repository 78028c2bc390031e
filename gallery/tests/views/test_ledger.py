"""The ledger: who sees what, and what can be done."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from gallery import acts
from gallery.models import BulkAct, Photo, User
from gallery.tests.factories import make_photo, make_run, make_tag, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga(client: Client) -> User:
    user = make_user("olga")
    client.force_login(user)
    return user


@pytest.fixture
def photo(olga: User) -> Photo:
    return make_photo(olga)


@pytest.fixture
def act(olga: User, photo: Photo) -> BulkAct:
    return acts.add_tag("holiday", [photo.pk], by=olga)


def do(client: Client, act: BulkAct, deed: str) -> Any:
    return client.post(f"/ledger/{act.pk}/{deed}/", follow=True)


def test_act_is_listed_shown_and_undone(client: Client, act: BulkAct, photo: Photo) -> None:
    assert "Add “holiday”" in client.get("/ledger/").content.decode()
    page = do(client, act, "undo").content.decode()
    assert "everything is as it was before" in page
    assert not photo.photo_tags.exists()


def test_act_stands_on_the_page_of_its_photo(client: Client, act: BulkAct, photo: Photo) -> None:
    make_run(photo, status="complete")
    assert "Add “holiday”" in client.get(photo.get_absolute_url()).content.decode()


def test_other_peoples_acts_are_out_of_reach(client: Client, act: BulkAct) -> None:
    client.force_login(make_user("sven"))
    assert "holiday" not in client.get("/ledger/").content.decode()
    assert client.get(act.get_absolute_url()).status_code == 404
    assert do(client, act, "undo").status_code == 404


def test_operator_sees_and_undoes_everyones(client: Client, act: BulkAct) -> None:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert "holiday" in client.get("/ledger/").content.decode()
    assert "everything is as it was" in do(client, act, "undo").content.decode()


def test_unknown_deed_does_not_exist(client: Client, act: BulkAct) -> None:
    assert do(client, act, "adore").status_code == 404


@pytest.mark.parametrize("deed", ["apply", "discard"])
def test_deed_that_came_too_late_says_so(deed: str, client: Client, act: BulkAct) -> None:
    assert "Somebody was faster" in do(client, act, deed).content.decode()


def test_undo_of_what_was_renamed_since_says_why(client: Client, olga: User) -> None:
    tag = make_tag("dog")
    act = acts.rename_tag(tag, "hound", by=olga)
    acts.rename_tag(tag, "doggo", by=olga)
    assert "Undo that first" in do(client, act, "undo").content.decode()


def test_fragment_is_the_state_alone(client: Client, act: BulkAct) -> None:
    part = client.get(act.get_absolute_url(), headers={"X-Fragment": "1"}).content.decode()
    assert "<html" not in part
    assert "1</dd>" in part


def test_page_of_an_act_costs_the_same_for_one_photo_and_for_twenty(
    client: Client, olga: User, django_assert_max_num_queries: Any
) -> None:
    few = acts.add_tag("few", [make_photo(olga).pk], by=olga)
    many = acts.add_tag("many", [make_photo(olga).pk for _ in range(20)], by=olga)
    with django_assert_max_num_queries(30) as one:
        client.get(few.get_absolute_url())
    with django_assert_max_num_queries(len(one)):
        client.get(many.get_absolute_url())


# --- Runs -------------------------------------------------------------------------------------


def test_runs_of_ones_own_photos_are_listed(client: Client, photo: Photo) -> None:
    make_run(photo, tagger="bundled", added=["koala"], removed=["dog"], status="complete")
    make_run(make_photo(make_user("sven")), tagger="bundled", added=["secret"])
    page = client.get("/ledger/runs/").content.decode()
    assert "<ins>koala</ins>" in page
    assert "<del>dog</del>" in page
    assert "secret" not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [("", 2), ("?status=failed", 1), ("?tagger=bundled", 2), ("?status=running", 0)],
)
def test_runs_can_be_narrowed(query: str, found: int, client: Client, photo: Photo) -> None:
    make_run(photo, status="failed", error="It refuses.")
    make_run(photo, status="complete")
    assert client.get(f"/ledger/runs/{query}").content.decode().count("run-photo") == found


@pytest.mark.parametrize("before", ["0", "x", "9" * 40, "-1"])
def test_any_page_of_runs_can_be_asked_for(before: str, client: Client, photo: Photo) -> None:
    make_run(photo)
    assert client.get(f"/ledger/runs/?before={before}").status_code == 200


def test_runs_go_on_page_by_page(client: Client, photo: Photo) -> None:
    for _ in range(51):
        make_run(photo)
    first = client.get("/ledger/runs/")
    assert first.context["older"]
    second = client.get(f"/ledger/runs/?{first.context['older']}")
    assert len(second.context["runs"]) == 1


def test_list_of_runs_costs_the_same_for_one_and_for_twenty(
    client: Client, photo: Photo, django_assert_max_num_queries: Any
) -> None:
    make_run(photo)
    with django_assert_max_num_queries(10) as one:
        client.get("/ledger/runs/")
    for _ in range(19):
        make_run(make_photo(photo.owner))
    with django_assert_max_num_queries(len(one)):
        client.get("/ledger/runs/")
