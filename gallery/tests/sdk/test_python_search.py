"""Python's library searches."""

from __future__ import annotations

import cloudinary.exceptions
import cloudinary.uploader
import httpx
import pytest
from cloudinary.search import Search
from cloudinary.search_folders import SearchFolders

from ..pictures import picture

pytestmark = pytest.mark.usefixtures("sdk")
ANIMALS = {"ape": 40, "bear": 60, "cat": 80}


@pytest.fixture
def zoo(name: str) -> str:
    """A folder with three pictures, 40, 60 and 80 pixels wide, the last of them PNG."""
    for animal, width in ANIMALS.items():
        cloudinary.uploader.upload(
            picture(width, 30, format="PNG" if animal == "cat" else "JPEG"),
            public_id=f"{name}/{animal}",
            tags=[name, animal],
            context={"stage": f"the {animal}"},
        )
    return name


def found(expression: str) -> list[str]:
    told = Search().expression(expression).sort_by("public_id", "asc").execute()
    return [one["public_id"].rpartition("/")[2] for one in told["resources"]]


@pytest.mark.parametrize(
    ("asked", "animals"),
    [
        ("tags={zoo}", ["ape", "bear", "cat"]),
        ("tags={zoo} AND width>40", ["bear", "cat"]),
        ("tags={zoo} AND width:[40 TO 60]", ["ape", "bear"]),
        ("tags={zoo} AND NOT tags:bear", ["ape", "cat"]),
        ("tags={zoo} -tags=bear", ["ape", "cat"]),
        ("tags={zoo} AND (tags=ape OR tags=cat)", ["ape", "cat"]),
        ("tags={zoo} AND format=png", ["cat"]),
        ("folder={zoo}", ["ape", "bear", "cat"]),
        ("public_id={zoo}/bear", ["bear"]),
        ("public_id:{zoo}/b*", ["bear"]),
        ('tags={zoo} AND context.stage="the cat"', ["cat"]),
        ("tags={zoo} AND uploaded_at>1d", ["ape", "bear", "cat"]),
        ("tags={zoo} AND uploaded_at<1d", []),
        ("tags={zoo} AND resource_type:raw", []),
    ],
)
def test_expression_finds(zoo: str, asked: str, animals: list[str]) -> None:
    assert found(asked.format(zoo=zoo)) == animals


def test_pages_have_everything_once(zoo: str) -> None:
    search = Search().expression(f"tags={zoo}").sort_by("width", "desc").max_results(2)
    first = search.next_cursor("").execute()
    second = search.next_cursor(first["next_cursor"]).execute()
    widths = [one["width"] for one in first["resources"] + second["resources"]]
    assert widths == [80, 60, 40]
    assert first["total_count"] == second["total_count"] == 3
    assert "next_cursor" not in second


def test_labels_come_when_asked_for(zoo: str) -> None:
    search = Search().expression(f"public_id={zoo}/bear")
    assert "tags" not in search.execute()["resources"][0]
    one = search.with_field("tags").with_field("context").execute()["resources"][0]
    assert sorted(one["tags"]) == sorted([zoo, "bear"])
    assert one["context"] == {"stage": "the bear"}
    assert one["created_at"].endswith("+00:00")


def test_formats_are_counted(zoo: str) -> None:
    told = Search().expression(f"tags={zoo}").aggregate("format").max_results(1).execute()
    assert told["aggregations"] == {"format": {"jpg": 2, "png": 1}}


def test_address_of_a_search_answers_without_a_key(zoo: str) -> None:
    url = Search().expression(f"tags={zoo}").max_results(1).to_url(300)
    told = httpx.get(url, trust_env=False).json()
    assert (told["total_count"], len(told["resources"])) == (3, 1)
    forged = url.replace("/300/", "/301/")
    assert httpx.get(forged, trust_env=False).status_code in (400, 401, 404)


def test_folders_are_searched(zoo: str) -> None:
    told = SearchFolders().expression(f"path={zoo}").execute()
    assert [one["path"] for one in told["folders"]] == [zoo]
    assert len(SearchFolders().max_results(1).execute()["folders"]) == 1


@pytest.mark.parametrize(
    "expression",
    ["tags=(a", "AND", "a OR", "width>wide", "no_such_field=1", "width:[1 TO", '"', "(" * 2000,
     "tags=" + "a" * 100_000, "a\0b"],
)  # fmt: skip
def test_expression_that_makes_no_sense_is_refused(expression: str) -> None:
    with pytest.raises(cloudinary.exceptions.BadRequest):
        Search().expression(expression).execute()


@pytest.mark.parametrize("field", ["no_such_field", "owner__password", "", "public_id; --"])
def test_order_by_what_is_not_there_is_refused(field: str) -> None:
    with pytest.raises(cloudinary.exceptions.BadRequest):
        Search().sort_by(field, "asc").execute()
