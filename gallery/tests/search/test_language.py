"""The search language, text to terms."""

from __future__ import annotations

import pytest

from gallery.search.language import Field, QueryError, Term, parse, text_of


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", ()),
        ("   ", ()),
        ("koala", (Term("koala"),)),
        ("koala beach", (Term("koala"), Term("beach"))),
        ('"red panda"', (Term("red panda"),)),
        ('"never closed', (Term("never closed"),)),
        ("tag:koala", (Term("koala", Field.TAG),)),
        ('TAG:"red panda"', (Term("red panda", Field.TAG),)),
        ("-tag:dog", (Term("dog", Field.TAG, excluded=True),)),
        ("-blurred", (Term("blurred", excluded=True),)),
        ("-", ()),
        ('"notes: 3"', (Term("notes: 3"),)),
        ("a-b", (Term("a-b"),)),
    ],
)
def test_text_is_read_as_terms(text: str, terms: tuple[Term, ...]) -> None:
    assert parse(text) == terms
    assert parse(text_of(terms)) == terms


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour:red", "no field “colour:”"),
        ("x" * 501, "500 characters"),
        (" ".join("abcdefghijklmnopqrstu"), "this one has 21"),
    ],
)
def test_refusal_says_why(text: str, words: str) -> None:
    with pytest.raises(QueryError, match=words):
        parse(text)
