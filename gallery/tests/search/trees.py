"""Random searches: trees as the parser makes them, texts that people might type, and rubbish."""

from __future__ import annotations

from hypothesis import strategies as st

from gallery.search.tree import (
    UNITS,
    Aged,
    Bound,
    Counted,
    Dated,
    Day,
    Leaf,
    Named,
    Node,
    Sort,
    Tagged,
    Word,
    both,
    either,
    opposite,
)
from gallery.search.values import CHOICES, MAX_AGE_DAYS

NAME_SIGNS = "abkzKOÄéß東ش019 |:@<>=-*'.,()!&%_\\/"
FREE_FIELDS = ("category", "by", "camera", "place", "format", "like")
OPERATORS = ("<", "<=", ">", ">=", "=")


def _plain(text: str) -> str:
    return " ".join(text.split())


def _has_letter(text: str) -> bool:
    return any(map(str.isalnum, text))


names = st.text(NAME_SIGNS, min_size=1, max_size=12).map(_plain).filter(bool) | st.sampled_from(
    ["OR", "AND", "NOT", "-", "a b", "tag:dog", "by:", "=x", "x*"]
)
some_names = st.lists(names, min_size=1, max_size=3, unique=True).map(tuple)
words = names.filter(_has_letter).map(Word)
prefixes = st.from_regex(r"[a-zé東0-9_'.=@|<>][a-zé東0-9_'.=@|<>-]{0,6}", fullmatch=True)
shares = st.integers(0, 1_000_000).map(lambda millionths: millionths / 1_000_000)
bounds = st.builds(Bound, st.sampled_from(OPERATORS), shares)
tagged = st.builds(
    Tagged,
    some_names,
    st.booleans(),
    st.lists(bounds, max_size=2).map(tuple),
    st.lists(names.map(str.lower), max_size=2, unique=True).map(tuple),
)
named = st.builds(Named, st.sampled_from(FREE_FIELDS), some_names)
chosen = st.sampled_from(sorted(CHOICES)).flatmap(
    lambda field: st.builds(
        Named,
        st.just(field),
        st.lists(st.sampled_from(CHOICES[field]), min_size=1, max_size=3, unique=True).map(tuple),
    )
)
counted = st.builds(
    Counted,
    st.sampled_from(("tags", "width", "height")),
    st.builds(Bound, st.sampled_from(OPERATORS), st.integers(0, 1_000_000_000).map(float)),
)
years = st.integers(1800, 2199)
days = (
    st.builds(Day, years)
    | st.builds(Day, years, st.integers(1, 12))
    | st.builds(Day, years, st.integers(1, 12), st.integers(1, 28))
)


def _is_time(ends: tuple[Day | None, Day | None]) -> bool:
    since, until = ends
    return bool(since or until) and not (since and until and until.first < since.first)


dated = st.builds(
    lambda field, ends: Dated(field, *ends),
    st.sampled_from(("taken", "added")),
    (days.map(lambda day: (day, day)) | st.tuples(st.none() | days, st.none() | days)).filter(
        _is_time
    ),
)
aged = st.builds(
    Aged,
    st.sampled_from(("taken", "added")),
    st.booleans(),
    st.integers(0, 99_999),
    st.sampled_from(sorted(UNITS)),
).filter(lambda one: one.amount * UNITS[one.unit] <= MAX_AGE_DAYS)

leaves: st.SearchStrategy[Leaf] = st.one_of(
    words,
    prefixes.filter(_has_letter).map(lambda text: Word(text, is_prefix=True)),
    tagged,
    named,
    chosen,
    counted,
    dated,
    aged,
)


def _joined(nodes: list[Node]) -> Node:
    node = both(*nodes)
    assert node is not None
    return node


def trees_of(leaves: st.SearchStrategy[Leaf], *, most: int = 6) -> st.SearchStrategy[Node]:
    """Return trees of such leaves, flat and without double negation as the parser makes them."""
    return st.recursive(
        leaves,
        lambda below: (
            below.map(opposite)
            | st.lists(below, min_size=2, max_size=3).map(_joined)
            | st.lists(below, min_size=2, max_size=3).map(either)
        ),
        max_leaves=most,
    )


trees = trees_of(leaves)
sorts = st.none() | st.sampled_from(Sort)

_PIECES = (
    " ", " ", " ", "(", ")", '"', "-", "NOT ", "AND ", " OR ", "OR", "a", "dog", "*", "é", "東",
    "tag:", "TAG:=", "by:", "sort:", "taken:", "added:", "width:", "is:", "has:", "like:", "foo:",
    "newest", "public", "2024", "-99", "..", "9999", "<", ">=", "=", "0.5", "70%", "1e309", "nan",
    "7d", "|", "@", "@confirmed", ":", "“", "”", "\\", "%", "_", "'", ";--", "\x00", "\n", "\t",
    "\ud800", "\u200b", "\u202e", "\U0010ffff", "½", "İ",
)  # fmt: skip
rubbish = (
    st.lists(st.sampled_from(_PIECES), max_size=40).map("".join)
    | st.text(max_size=200)
    | st.lists(st.sampled_from(_PIECES), max_size=12).map(lambda some: "".join(some) * 40)
)
