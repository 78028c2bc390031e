"""What stands behind a field's colon."""

from __future__ import annotations

import pytest

from gallery.search.tree import Aged, Bound, Counted, Dated, Day, Leaf, Named, Sort, Tagged
from gallery.search.values import FIELDS, RefusedError, nearest, read_sort, read_value


@pytest.mark.parametrize(
    ("text", "leaf"),
    [
        ("dog", Tagged(("dog",))),
        ("=dog", Tagged(("dog",), is_exact=True)),
        ("dog|cat", Tagged(("dog", "cat"))),
        ('=dog|"hot dog"', Tagged(("dog", "hot dog"), is_exact=True)),
        ('"  hot   dog "', Tagged(("hot dog",))),
        ("dog|dog", Tagged(("dog",))),
        ("dog>=0.7", Tagged(("dog",), bounds=(Bound(">=", 0.7),))),
        ("dog<0.4", Tagged(("dog",), bounds=(Bound("<", 0.4),))),
        ("dog=1", Tagged(("dog",), bounds=(Bound("=", 1),))),
        ("dog>=70%", Tagged(("dog",), bounds=(Bound(">=", 0.7),))),
        ("dog>0.2<=0.9", Tagged(("dog",), bounds=(Bound(">", 0.2), Bound("<=", 0.9)))),
        ("dog@confirmed", Tagged(("dog",), marks=("confirmed",))),
        ("dog@Rejected@imagga", Tagged(("dog",), marks=("rejected", "imagga"))),
        ("dog@imagga>=0.5", Tagged(("dog",), bounds=(Bound(">=", 0.5),), marks=("imagga",))),
        ("dog-house", Tagged(("dog-house",))),
        ("c++", Tagged(("c++",))),
    ],
)
def test_tag_is_read_as(text: str, leaf: Leaf) -> None:
    assert read_value("tag", text) == leaf


@pytest.mark.parametrize(
    ("field", "text", "leaf"),
    [
        ("by", "ann", Named("by", ("ann",))),
        ("by", "ann@example.org", Named("by", ("ann@example.org",))),
        ("by", "ann|ben", Named("by", ("ann", "ben"))),
        ("camera", '"EOS R5 (old)"', Named("camera", ("EOS R5 (old)",))),
        ("is", "PUBLIC", Named("is", ("public",))),
        ("is", "favorite", Named("is", ("favourite",))),
        ("has", "place|title", Named("has", ("place", "title"))),
        ("color", "grey|gray", Named("color", ("gray",))),
        ("orientation", "square", Named("orientation", ("square",))),
        ("tags", "0", Counted("tags", Bound("=", 0))),
        ("tags", ">5", Counted("tags", Bound(">", 5))),
        ("width", ">=4e3", Counted("width", Bound(">=", 4000))),
        ("height", "=600", Counted("height", Bound("=", 600))),
        ("taken", "2024", Dated("taken", Day(2024), Day(2024))),
        ("taken", "2024-5", Dated("taken", Day(2024, 5), Day(2024, 5))),
        ("taken", '"2024-05-31"', Dated("taken", Day(2024, 5, 31), Day(2024, 5, 31))),
        ("taken", "2024-05..2024-08", Dated("taken", Day(2024, 5), Day(2024, 8))),
        ("taken", "2024..", Dated("taken", Day(2024), None)),
        ("taken", "..2024-02-29", Dated("taken", None, Day(2024, 2, 29))),
        ("taken", "2024..2024-05", Dated("taken", Day(2024), Day(2024, 5))),
        ("added", "<7d", Aged("added", True, 7, "d")),
        ("added", ">=2W", Aged("added", False, 2, "w")),
        ("taken", "<1y", Aged("taken", True, 1, "y")),
    ],
)
def test_value_is_read_as(field: str, text: str, leaf: Leaf) -> None:
    assert read_value(field, text) == leaf


@pytest.mark.parametrize(
    ("field", "text", "why", "better"),
    [
        ("tag", "|dog", "the name of a tag is missing", None),
        ("tag", '""', "an empty name", None),
        ("tag", "dog|", "not “|”", "tag:dog"),
        ("tag", "=dog@", "not “@”", "tag:=dog"),
        ("tag", 'dog"s"', "not “\"s\"”", "tag:dog"),
        ("tag", "dog>=", "no number", "tag:dog"),
        ("tag", "dog>=x@confirmed", "no number", "tag:dog@confirmed"),
        ("tag", "=dog>=70<0.9@imagga", "from 0 to 1, not 70", "tag:=dog>=0.7<0.9@imagga"),
        ("tag", "dog>=700", "from 0 to 1, not 700", "tag:dog"),
        ("tag", "dog>=-1", "no number", "tag:dog"),
        ("tag", "dog>=nan", "no number", "tag:dog"),
        ("tag", "|".join(map(str, range(21))), "Up to 20 names", None),
        ("by", "ann|", "no name", "by:ann"),
        ("by", "ann=ben", "no name", 'by:"ann=ben"'),
        ("by", "|", "no name", None),
        ("is", "pubic", "There is no is:pubic", "is:public"),
        ("has", "plaace", "there are place", "has:place"),
        ("color", "mauve", "There is no color:mauve; there are red", None),
        ("orientation", "portrit", "no orientation:portrit", "orientation:portrait"),
        ("width", "wide", "no number", None),
        ("width", "-5", "no number", None),
        ("width", "1e309", "no number", None),
        ("width", "inf", "no number", None),
        ("width", "9" * 30, "no number", None),
        ("width", "<10.5", "whole number, not 10.5", "width:<10"),
        ("taken", "..", "At least one end", "taken:2024.."),
        ("taken", "yesterday", "no date", None),
        ("taken", "May-2024", "no date", "taken:2024"),
        ("taken", "2024-99", "There is no date 2024-99", "taken:2024"),
        ("taken", "2024-00", "There is no date 2024-00", "taken:2024"),
        ("taken", "2023-02-29", "There is no date", "taken:2023-02"),
        ("taken", "2023-02-00", "There is no date", "taken:2023-02"),
        ("taken", "0000", "years from 1800", "taken:1800"),
        ("taken", "9999-12-31", "years from 1800 to 2199", "taken:2199"),
        ("taken", "2024-08..2024-05", "ends before it begins", "taken:2024-05..2024-08"),
        ("added", "<7q", "h, d, w, m or y", "added:<7d"),
        ("added", "<201y", "two hundred years", "added:<200y"),
        ("added", "<" + "9" * 900 + "d", "two hundred years", "added:<200y"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_the_nearest_that_can(
    field: str, text: str, why: str, better: str | None
) -> None:
    with pytest.raises(RefusedError) as refused:
        read_value(field, text)
    assert why in str(refused.value)
    assert refused.value.better == better


@pytest.mark.parametrize("field", FIELDS)
def test_no_field_goes_without_a_value(field: str) -> None:
    with pytest.raises(RefusedError, match=f"Behind “{field}:” something is missing"):
        read_value(field, "")


@pytest.mark.parametrize("sort", Sort)
def test_order_is_read(sort: Sort) -> None:
    assert read_sort(sort.upper()) == sort


@pytest.mark.parametrize(
    ("text", "better"), [("confident", "confidence"), ("old", "oldest"), ("", "newest")]
)
def test_unknown_order_is_refused_with_the_nearest(text: str, better: str) -> None:
    with pytest.raises(RefusedError, match="There is no order") as refused:
        read_sort(text)
    assert refused.value.better == f"sort:{better}"


def test_nearest_is_none_when_none_is_near() -> None:
    assert nearest("xylophone", ["public", "private"]) is None
    assert nearest("Pubilc", ["public", "private"]) == "public"
