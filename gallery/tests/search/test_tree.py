"""A search as a tree, and the one text of each tree."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gallery.search.tree import (
    Aged,
    And,
    Bound,
    Counted,
    Dated,
    Day,
    Named,
    Node,
    Not,
    Or,
    Tagged,
    Word,
    both,
    conjuncts,
    decimal,
    either,
    leaves,
    opposite,
    quoted,
)

A, B, C = Word("a"), Word("b"), Word("c")


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (A, "a"),
        (Word("a b"), '"a b"'),
        (Word("koal", is_prefix=True), "koal*"),
        (Word("x*"), '"x*"'),
        (Word("tag:x"), '"tag:x"'),
        (Word("-x"), '"-x"'),
        (Word("x-y"), "x-y"),
        (Word("OR"), '"OR"'),
        (Word("or"), "or"),
        (Tagged(("dog",)), "tag:dog"),
        (Tagged(("dog",), is_exact=True), "tag:=dog"),
        (Tagged(("dog", "hot dog")), 'tag:dog|"hot dog"'),
        (Tagged(("dog",), bounds=(Bound(">=", 0.7), Bound("<", 0.9))), "tag:dog>=0.7<0.9"),
        (Tagged(("dog",), marks=("confirmed", "a b")), 'tag:dog@confirmed@"a b"'),
        (Named("by", ("ann", "ben")), "by:ann|ben"),
        (Named("by", ("ann@example.org",)), 'by:"ann@example.org"'),
        (Counted("tags", Bound("=", 0)), "tags:0"),
        (Counted("width", Bound(">=", 4000)), "width:>=4000"),
        (Counted("width", Bound("=", 1_234_567)), "width:1234567"),
        (Dated("taken", Day(2024), Day(2024)), "taken:2024"),
        (Dated("taken", Day(2024, 5), Day(2024, 8)), "taken:2024-05..2024-08"),
        (Dated("taken", Day(2024, 5, 1), None), "taken:2024-05-01.."),
        (Dated("taken", None, Day(2024)), "taken:..2024"),
        (Aged("added", True, 7, "d"), "added:<7d"),
        (Aged("added", False, 1, "y"), "added:>1y"),
        (Not(A), "-a"),
        (Not(And((A, B))), "-(a b)"),
        (Not(Or((A, B))), "-(a OR b)"),
        (And((A, Or((B, C)))), "a (b OR c)"),
        (Or((And((A, B)), C)), "a b OR c"),
        (And((A, Not(B))), "a -b"),
    ],
)
def test_node_is_written_as(node: Node, text: str) -> None:
    assert str(node) == text


@pytest.mark.parametrize("text", ['7" tablet', "say “hi”", "«x»", '"'])
def test_name_is_written_without_the_quotation_marks_in_it(text: str) -> None:
    assert quoted(text).strip('"').count('"') == 0
    assert not set("“”«»„") & set(quoted(text))


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (1, "1"), (0.5, "0.5"), (1e-6, "0.000001"), (1e9, "1000000000"), (0.1 + 0.2, "0.3")],
)
def test_number_is_written_without_an_exponent(number: float, text: str) -> None:
    assert decimal(number) == text


def test_joining_flattens() -> None:
    assert both(A, And((B, C)), None) == And((A, B, C))
    assert either([A, Or((B, C))]) == Or((A, B, C))
    assert both(A) == either([A]) == A
    assert both() is None


def test_opposite_of_the_opposite_is_the_same() -> None:
    assert opposite(opposite(A)) == A


def test_conjuncts_are_what_must_all_hold() -> None:
    assert conjuncts(None) == ()
    assert conjuncts(Or((A, B))) == (Or((A, B)),)
    assert conjuncts(And((A, B))) == (A, B)


def test_leaves_are_found_at_every_depth() -> None:
    assert list(leaves(And((A, Not(Or((B, C))))))) == [A, B, C]
    assert list(leaves(None)) == []


@pytest.mark.parametrize(
    ("operator", "holds"),
    [("<", "low"), ("<=", "low same"), (">", "high"), (">=", "same high"), ("=", "same")],
)
def test_bound_compares(operator: str, holds: str) -> None:
    numbers = {"low": 1, "same": 2, "high": 3}
    bound = Bound(operator, 2)
    assert {name for name, number in numbers.items() if bound.holds(number)} == set(holds.split())


@pytest.mark.parametrize(
    ("day", "first", "following"),
    [
        (Day(2024), date(2024, 1, 1), date(2025, 1, 1)),
        (Day(2024, 2), date(2024, 2, 1), date(2024, 3, 1)),
        (Day(2024, 12), date(2024, 12, 1), date(2025, 1, 1)),
        (Day(2024, 2, 29), date(2024, 2, 29), date(2024, 3, 1)),
        (Day(2024, 12, 31), date(2024, 12, 31), date(2025, 1, 1)),
        (Day(9999), date(9999, 1, 1), None),
        (Day(9999, 12, 31), date(9999, 12, 31), None),
    ],
)
def test_day_month_or_year_has_a_first_day_and_a_following_one(
    day: Day, first: date, following: date | None
) -> None:
    assert (day.first, day.following) == (first, following)


@pytest.mark.parametrize(("unit", "days"), [("h", 0.25), ("d", 6), ("w", 42), ("m", 180)])
def test_age_is_a_time(unit: str, days: float) -> None:
    assert Aged("added", True, 6, unit).age == timedelta(days=days)
