"""Transformations are named, told, changed and forgotten; never another cloud's."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from gallery.assets import known
from gallery.models import Asset, Cloud, Derived, NamedTransformation
from gallery.tests.api.asking import ask
from gallery.tests.factories import make_asset, make_cloud
from gallery.transformations import parse

pytestmark = pytest.mark.django_db


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud()


def asked(client: Client, cloud: Cloud, method: str, path: str, **params: Any) -> Any:
    answer = ask(client, cloud, method, path, **params)
    assert answer.status_code == 200, answer.content
    return answer.json()


def refusal(client: Client, cloud: Cloud, method: str, path: str, **params: Any) -> tuple[int, str]:
    answer = ask(client, cloud, method, path, **params)
    return answer.status_code, answer.json()["error"]["message"]


def make_derived(asset: Asset, transformation: str) -> Derived:
    return Derived.objects.create(
        asset=asset, key=transformation[:64], transformation=transformation, format="png",
        content_type="image/png", file="x", width=1, height=1, size_bytes=7, etag="",
    )  # fmt: skip


def test_a_name_is_made_changed_and_forgotten_by_parameter(client: Client, cloud: Cloud) -> None:
    path = "transformations"
    made = {"name": "small", "transformation": "c_scale,w_102"}
    assert asked(client, cloud, "POST", path, **made) == {"message": "created"}
    told = asked(client, cloud, "GET", path, transformation="small")
    assert (told["name"], told["used"], told["named"]) == ("t_small", False, True)
    assert told["info"] == [{"crop": "scale", "width": 102}]
    assert told["derived"] == []
    change = {"transformation": "small", "unsafe_update": "c_scale,w_103"}
    assert asked(client, cloud, "PUT", path, **change) == {"message": "updated"}
    told = asked(client, cloud, "GET", path, transformation="t_small")
    assert told["info"] == [{"crop": "scale", "width": 103}]
    assert told["used"] is False
    answer = asked(client, cloud, "DELETE", path, transformation="small")
    assert answer == {"message": "deleted"}
    assert refusal(client, cloud, "GET", path, transformation="small")[0] == 404


def test_a_name_may_stand_in_the_path(client: Client, cloud: Cloud) -> None:
    path = "transformations/small"
    asked(client, cloud, "POST", path, transformation="w_1/e_sepia")
    told = asked(client, cloud, "GET", path)
    assert told["info"] == [{"width": 1}, {"effect": "sepia"}]
    asked(client, cloud, "PUT", path, allowed_for_strict=False)
    assert asked(client, cloud, "GET", path)["allowed_for_strict"] is False
    asked(client, cloud, "DELETE", "transformations/t_small")
    assert refusal(client, cloud, "DELETE", path)[0] == 404


def test_a_text_that_was_used_is_known_by_itself(client: Client, cloud: Cloud) -> None:
    text = "c_scale,l_text:arial_20:abc,w_100"
    known.note_use(cloud, parse(text), text)
    for told in (
        asked(client, cloud, "GET", "transformations", transformation=text),
        asked(client, cloud, "GET", f"transformations/{text}"),
        asked(client, cloud, "GET", f"transformations/{quote(text, safe='')}"),
    ):
        assert told["info"] == [{"crop": "scale", "overlay": "text:arial_20:abc", "width": 100}]
        assert (told["name"], told["used"], told["named"]) == (text, True, False)


@pytest.mark.parametrize(("text", "last"), [("c_scale,w_1/jpg", "jpg"), ("c_scale,w_1/", "none")])
def test_a_text_may_end_in_a_format(client: Client, cloud: Cloud, text: str, last: str) -> None:
    asked(client, cloud, "POST", "transformations", name=text, transformation=text)
    told = asked(client, cloud, "GET", f"transformations/{text}")
    assert told["info"] == [{"crop": "scale", "width": 1}, {"extension": last}]
    assert told["named"] is False


def test_a_list_comes_page_by_page_and_of_names_alone(client: Client, cloud: Cloud) -> None:
    for number in (1, 2, 3):
        asked(client, cloud, "POST", f"transformations/n{number}", transformation="w_1")
        asked(client, cloud, "POST", f"transformations/w_{number}")
    asked(client, make_cloud(), "POST", "transformations/theirs", transformation="w_1")
    found, cursor = [], ""
    for _ in range(2):
        told = asked(
            client, cloud, "GET", "transformations", named=True, max_results=2, next_cursor=cursor
        )
        found += [one["name"] for one in told["transformations"]]
        cursor = told.get("next_cursor", "")
    assert (found, cursor) == (["t_n3", "t_n2", "t_n1"], "")
    told = asked(client, cloud, "GET", "transformations")
    assert {one["name"] for one in told["transformations"] if not one["named"]} == {
        "w_1", "w_2", "w_3",
    }  # fmt: skip


def test_a_name_that_is_there_is_a_conflict(client: Client, cloud: Cloud) -> None:
    asked(client, cloud, "POST", "transformations/small", transformation="w_1")
    status, message = refusal(client, cloud, "POST", "transformations/small", transformation="w_2")
    assert (status, "already exists" in message) == (409, True)
    asked(client, make_cloud(), "POST", "transformations/small", transformation="w_2")


@pytest.mark.parametrize(
    ("name", "definition"),
    [
        ("small", "zz_1"),
        ("small", "w_-1"),
        ("small", "w_1/" * 400),
        ("small", "w_1|w_2"),
        ("small", "w_\x01"),
        ("a,b", "w_1"),
        ("a.b", "w_1"),
        ("x" * 201, "w_1"),
        ("../x", "w_1"),
        ("", ""),
        ("small", {"width": 1}),
        ("small", ["w_1", "w_2"]),
    ],
)
def test_what_is_no_transformation_is_refused(
    client: Client, cloud: Cloud, name: str, definition: Any
) -> None:
    made = {"name": name, "transformation": definition}
    status, message = refusal(client, cloud, "POST", "transformations", **made)
    assert status == 400
    assert message
    assert not NamedTransformation.objects.exists()


def test_nobody_reaches_another_clouds_transformation(client: Client, cloud: Cloud) -> None:
    asked(client, make_cloud(), "POST", "transformations/small", transformation="w_1")
    for method in ("GET", "PUT", "DELETE"):
        assert (
            refusal(client, cloud, method, "transformations/small", unsafe_update="w_2")[0] == 404
        )
    assert NamedTransformation.objects.get().definition == "w_1"


def test_pictures_made_by_it_are_listed_and_go_with_it(client: Client, cloud: Cloud) -> None:
    asset, theirs = make_asset(cloud, "a"), make_asset(make_cloud(), "b")
    asked(client, cloud, "POST", "transformations/small", transformation="w_1")
    asked(client, cloud, "POST", "transformations/both", transformation="t_small/e_sepia")
    kept = [
        make_derived(asset, "w_1"),
        make_derived(asset, "t_smaller"),
        make_derived(theirs, "t_small"),
    ]
    for text in ("t_small", "e_sepia,t_small", "t_both"):
        make_derived(asset, text)
    [one] = asked(client, cloud, "GET", "transformations/small")["derived"]
    assert (one["public_id"], one["format"]) == ("a", "png")
    assert one["url"].endswith("/t_small/v1/a.png")
    asked(client, cloud, "PUT", "transformations/small", unsafe_update="w_2")
    assert list(Derived.objects.order_by("pk")) == kept


def test_a_text_cannot_be_given_another_meaning(client: Client, cloud: Cloud) -> None:
    asked(client, cloud, "POST", "transformations/w_1")
    assert refusal(client, cloud, "PUT", "transformations/w_1", unsafe_update="w_2")[0] == 400
    assert refusal(client, cloud, "PUT", "transformations/w_1")[0] == 400
    asked(client, cloud, "PUT", "transformations/w_1", allowed_for_strict=True)
    asset = make_asset(cloud)
    make_derived(asset, "w_1")
    kept = make_derived(asset, "w_10")
    asked(client, cloud, "DELETE", "transformations/w_1")
    assert list(Derived.objects.all()) == [kept]
