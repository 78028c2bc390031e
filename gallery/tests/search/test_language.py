"""The language of the search box: text becomes a tree, or mistakes that say what is wrong."""

from __future__ import annotations

import pytest
from hypothesis import example, given

from gallery.search.language import (
    MAX_CHARS,
    MAX_DEPTH,
    MAX_TERMS,
    Mistake,
    cleaned,
    parse,
    query_of,
)
from gallery.search.tree import And, Bound, Named, Node, Not, Or, Sort, Tagged, Word
from gallery.tests.search.effort import examples, few_calls
from gallery.tests.search.trees import rubbish, sorts, trees

ENOUGH_CALLS = 1_500_000
A, B, C, D = map(Word, "abcd")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", None),
        ("   ", None),
        ("a", A),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a OR b", Or((A, B))),
        ("-a", Not(A)),
        ("NOT a", Not(A)),
        ("not a", And((Word("not"), A))),
        ("--a", A),
        ("NOT NOT a", A),
        ("NOT -NOT a", Not(A)),
        ("a-b", Word("a-b")),
        ("a - b", None),
        ("a b OR c d", Or((And((A, B)), And((C, D))))),
        ("a AND b OR c AND d", Or((And((A, B)), And((C, D))))),
        ("a (b OR c) d", And((A, Or((B, C)), D))),
        ("-a b", And((Not(A), B))),
        ("NOT a OR b", Or((Not(A), B))),
        ("-(a b)", Not(And((A, B)))),
        ("NOT (a OR b) c", And((Not(Or((A, B))), C))),
        ("a(b)c", And((A, B, C))),
        ("((a))", A),
        ("(a b) c", And((A, B, C))),
        ("a OR (b OR c)", Or((A, B, C))),
        ("-a -b", And((Not(A), Not(B)))),
        ('"a b"', Word("a b")),
        ('"a  b" c', And((Word("a b"), C))),
        ('-"a b"', Not(Word("a b"))),
        ('"OR"', Word("OR")),
        ('"tag:a"', Word("tag:a")),
        ("“a b”", Word("a b")),
        ("„a b“", Word("a b")),
        ("ORacle ANDes NOThing", And((Word("ORacle"), Word("ANDes"), Word("NOThing")))),
        ("koal*", Word("koal", is_prefix=True)),
        ("12:30", Word("12:30")),
        ("tag:a", Tagged(("a",))),
        ("TAG:a", Tagged(("a",))),
        ("tagged:a", Tagged(("a",))),
        ("-tag:a|b", Not(Tagged(("a", "b")))),
        ('tag:"a b"|c>=0.5', Tagged(("a b", "c"), bounds=(Bound(">=", 0.5),))),
        ("tag:a (tag:b)", And((Tagged(("a",)), Tagged(("b",))))),
        ("owner:a", Named("by", ("a",))),
        ("colour:teal", Named("color", ("teal",))),
        ("a\tb\nc\x00d", And((A, B, C, D))),
    ],
)
def test_text_is_read_as(text: str, tree: Node | None) -> None:
    assert parse(text).tree == tree


@pytest.mark.parametrize(
    ("text", "tree", "sort"),
    [
        ("a sort:taken", A, Sort.TAKEN),
        ("sort:Oldest a", A, Sort.OLDEST),
        ("sort:random", None, Sort.RANDOM),
        ("a sort:newest b sort:newest", And((A, B)), Sort.NEWEST),
    ],
)
def test_order_is_no_part_of_the_tree(text: str, tree: Node | None, sort: Sort) -> None:
    query = parse(text)
    assert (query.tree, query.sort) == (tree, sort)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("  a   AND  b ", "a b"),
        ("NOT a", "-a"),
        ("(a) (b OR (c))", "a (b OR c)"),
        ("SORT:taken Tag:Dog", "tag:Dog sort:taken"),
        ("tag:dog>=70%", "tag:dog>=0.7"),
        ("taken:2024-5..2024-8", "taken:2024-05..2024-08"),
        ("width:=1e6", "width:1000000"),
        ("tag:dog>=0.12345678", "tag:dog>=0.123457"),
        ('"a"', "a"),
    ],
)
def test_text_is_rewritten_as(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical


@pytest.mark.parametrize(
    ("text", "part", "why", "better"),
    [
        ("a OR", "OR", "Behind “OR” something is missing.", "a"),
        ("a AND", "AND", "Behind “AND” something is missing.", "a"),
        ("a NOT", "NOT", "Behind “NOT” something is missing.", "a"),
        ('"a"NOT', "NOT", "Behind “NOT” something is missing.", '"a"'),
        ("OR", "OR", "Beside “OR” something is missing.", '"OR"'),
        ("OR a", "OR", "Beside “OR” something is missing.", "a"),
        ("a OR OR b", "OR", "Beside “OR” something is missing.", "a OR b"),
        ("a AND OR b", "OR", "Beside “OR” something is missing.", "a AND b"),
        ("(a", "(", "A bracket is opened and not closed.", "(a)"),
        ("a (b (c OR d", "(", "A bracket is opened and not closed.", "a (b (c OR d))"),
        ("a)", ")", "This bracket closes none.", "a"),
        ("(a OR) b", ")", "Before this bracket something is missing.", "a OR b"),
        ("a ( )", "( )", "There is nothing in these brackets.", "a"),
        ('a "b', '"b', "A quotation mark is opened and not closed.", 'a "b"'),
        ('tag:"b', '"b', "A quotation mark is opened and not closed.", 'tag:"b"'),
        ("a - b", "-", "There is no letter and no digit to look for here.", "a b"),
        ("a !!!", "!!!", "There is no letter and no digit to look for here.", "a"),
        ('a ""', '""', "There is no letter and no digit to look for here.", "a"),
        ("a foo:b", "foo:b", "There is no field “foo:”.", 'a "foo:b"'),
        ('foo:"a b"', 'foo:"a b"', "There is no field “foo:”.", '"foo:a b"'),
        ("a categry:birds", "categry:birds", "There is no field “categry:”.", "a category:birds"),
        ("tga:dog", "tga:dog", "There is no field “tga:”.", "tag:dog"),
        ("https://a.b/c", "https://a.b/c", "There is no field “https:”.", '"https://a.b/c"'),
        ("a tag:", "tag:", "Behind “tag:” something is missing.", "a"),
        ("a -tag:dog>=70 b", "tag:dog>=70", "from 0 to 1", "a -tag:dog>=0.7 b"),
        ("a taken:2024-99", "taken:2024-99", "There is no date", "a taken:2024"),
        ("is:pubic a", "is:pubic", "There is no is:pubic", "is:public a"),
        ("a sort:foo", "sort:foo", "There is no order “foo”", "a sort:newest"),
        ("a sort:newest sort:oldest", "sort:oldest", "has one order", "a sort:newest"),
        ("a (b sort:newest)", "sort:newest", "stands outside brackets", "a (b )"),
        ("width:abc", "width:abc", "is no number", None),
    ],
)  # fmt: skip
def test_mistake_is_marked_explained_and_mended(
    text: str, part: str, why: str, better: str | None
) -> None:
    query = parse(text)
    (mistake,) = query.mistakes
    assert query.tree is None
    assert query.text[mistake.start : mistake.end] == part
    assert why in mistake.why
    assert mistake.better == better


def test_of_several_mistakes_the_last_mends_all() -> None:
    query = parse("is:pubic koala foo:x")
    assert [(one.start, one.end, one.better) for one in query.mistakes] == [
        (0, 8, None),
        (15, 20, 'is:public koala "foo:x"'),
    ]


def test_mistaken_text_stays_as_it_was_typed() -> None:
    assert str(parse("b   OR (a")) == "b OR (a"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x" * (MAX_CHARS + 1), "1,000 characters; this one has 1,001"),
        ("a " * (MAX_TERMS + 1), "40 words and conditions; this one has 41"),
        ("foo:x " * (MAX_TERMS + 1), "40 words and conditions; this one has 41"),
        ("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), "12 deep"),
        (f"tag:{'*|'.join('abcdefghijklmnopqrst')} " * 15, "written out it has 1,514"),
    ],
)
def test_too_much_is_refused(text: str, why: str) -> None:
    (mistake,) = parse(text).mistakes
    assert why in mistake.why


def test_as_much_as_is_allowed_is_read() -> None:
    deep = "(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH
    assert not parse("a " * MAX_TERMS).mistakes
    assert not parse(deep).mistakes
    assert not parse("x" * MAX_CHARS).mistakes
    assert not parse(f'"{"(" * 50}a"').mistakes


def test_first_term_too_many_is_marked() -> None:
    query = parse("a " * MAX_TERMS + "b c")
    (mistake,) = query.mistakes
    assert query.text[mistake.start : mistake.end] == "b c"


def test_first_bracket_too_deep_is_marked() -> None:
    (mistake,) = parse("a " + "(" * 20).mistakes
    assert (mistake.start, mistake.end) == (2 + MAX_DEPTH, 3 + MAX_DEPTH)


# --- Searches made from others ----------------------------------------------------------------


def test_narrowed_search_asks_for_more_and_nothing_twice() -> None:
    query = parse("a OR b sort:taken").narrowed(C, Or((A, B)))
    assert (query.text, query.sort) == ("(a OR b) c sort:taken", Sort.TAKEN)


def test_search_without_a_part_keeps_the_rest() -> None:
    assert str(parse("a -b c sort:taken").without(Not(B))) == "a c sort:taken"
    assert str(parse("a").without(A)) == ""


def test_search_in_another_order_is_the_same() -> None:
    assert str(parse("a sort:taken").sorted_by(None)) == "a"
    assert str(query_of(A, B, sort=Sort.RANDOM)) == "a b sort:random"


def test_part_is_found_in_its_text() -> None:
    query = parse("  a OR (tag:b c)")
    assert query.place_of(Tagged(("b",))) == (6, 11)
    assert query.narrowed(D).place_of(D) == (15, 16)
    assert query.place_of(D) == (0, len(query.text))


# --- Any text ---------------------------------------------------------------------------------


@given(trees, sorts)
@examples(300)
def test_canonical_text_is_read_as_the_same_tree(tree: Node, sort: Sort | None) -> None:
    query = query_of(tree, sort=sort)
    read = parse(str(query))
    assert (read.tree, read.sort, read.mistakes) == (tree, sort, ())
    assert str(read) == str(query)


@given(rubbish)
@example("½")
@example('a"b')
@example("NOT-a")
@example('"a"NOT')
@example("(a)NOT")
@example("-(")
@example("a*b " * 39)
@examples(500)
def test_any_text_is_read_and_its_canonical_text_is_stable(text: str) -> None:
    query = parse(text)
    assert cleaned(query.text) == query.text
    for mistake in query.mistakes:
        check_mistake(query.text, mistake)
    if not query.mistakes:
        again = parse(str(query))
        assert (again.tree, again.sort, str(again)) == (query.tree, query.sort, str(query))


def check_mistake(text: str, mistake: Mistake) -> None:
    assert 0 <= mistake.start <= mistake.end <= len(text)
    assert mistake.why.endswith(".")
    if mistake.better is not None:
        assert mistake.better
        assert not parse(mistake.better).mistakes


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        ")" * 1000,
        '"' * 999,
        "-" * 1000,
        "-" * 999 + "a",
        "NOT " * 250,
        "OR " * 333,
        "a OR " * 200,
        "(a OR " * 166,
        "tag:" + "a|" * 498,
        "tag:a" + "@b" * 497,
        "tag:a" + ">=2" * 331,
        "a:b " * 250,
        "sort:x " * 142,
        "taken:2024-99 " * 71,
        'tag:"' * 200,
        "! " * 500,
        "*" * 1000,
        "\x00" * 1000,
        "tag:=" * 200,
        "“" * 1000,
        "x" * 100_000,
        "ﷺ" * 1000,
        "a\u0301" * 500,
    ],
)
def test_hostile_text_is_read_at_once(text: str) -> None:
    parse("warm")
    with few_calls(ENOUGH_CALLS):
        parse(text)
