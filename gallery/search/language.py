"""The language of the search box: text to terms, without any database.

koala            a word: a tag of that name, or text that has it
"red panda"      the same with a space in it
tag:koala        a tag, and nothing else
-tag:dog  -word  without it
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

MAX_TERMS = 20
MAX_QUERY_CHARS = 500

_TERM = re.compile(
    r"""(?P<minus>-?)
        (?P<field>[a-z]+:(?=[^\s]))?
        (?:"(?P<phrase>[^"]*)"?|(?P<word>\S+))""",
    re.VERBOSE | re.IGNORECASE,
)


class Field(StrEnum):
    ANY = ""
    TAG = "tag"


_FIELDS = {field.value for field in Field}


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that a photo must have, or with ``excluded`` must not have."""

    text: str
    field: Field = Field.ANY
    excluded: bool = False

    def __str__(self) -> str:
        text = f'"{self.text}"' if re.search(r"\s", self.text) else self.text
        return f"{'-' * self.excluded}{f'{self.field}:' if self.field else ''}{text}"


class QueryError(Exception):
    """The text is not a query; the message is one sentence for the person."""


def parse(text: str) -> tuple[Term, ...]:
    """Read a query; every term narrows the search. Raises QueryError."""
    if len(text) > MAX_QUERY_CHARS:
        raise QueryError(f"A search may have {MAX_QUERY_CHARS} characters; this one is longer.")
    terms = tuple(term for match in _TERM.finditer(text) if (term := _term(match)))
    if len(terms) > MAX_TERMS:
        raise QueryError(f"A search may have {MAX_TERMS} words; this one has {len(terms)}.")
    return terms


def _term(match: re.Match[str]) -> Term | None:
    phrase, word = match["phrase"], match["word"]
    prefix = (match["field"] or "").removesuffix(":").lower()
    text = (word if phrase is None else phrase).replace("\0", "").strip()
    if prefix not in _FIELDS:
        fields = ", ".join(f"{field}:" for field in Field if field)
        raise QueryError(
            f"There is no field “{prefix}:”; the fields are {fields}. "
            f'To look for the text itself, put it in quotes: "{prefix}:{text}".'
        )
    if not text or text == "-":
        return None
    return Term(text=text, field=Field(prefix), excluded=bool(match["minus"]))


def text_of(terms: tuple[Term, ...]) -> str:
    """Write terms as a query that is read as the same terms."""
    return " ".join(map(str, terms))
