"""How a value is compared with text, by the database and, alike, in Python."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import F, FloatField, Func, IntegerField, Q, TextField, Value
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Exact, GreaterThanOrEqual, LessThan

from .language import Text

#: The last character there is: no text that begins with a prefix is beyond prefix and it.
LAST = "\U0010ffff"
_TOKEN = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class _Pattern:
    """Words that stand one after the other, whatever stands between them."""

    words: tuple[str, ...]
    is_prefix: bool

    @property
    def regex(self) -> str:
        end = "" if self.is_prefix else r"(\W|_|$)"
        words = r"(\W|_)+".join(map(any_case, self.words))
        return rf"(^|\W|_){words}{end}"


@dataclass(frozen=True)
class Match:
    """A value compared with text: as a whole (``=``), or with the words in it (``:``).

    The whole is compared with its case, words without. A value without letters and digits has no
    words; it is compared with the whole.
    """

    value: Text
    is_whole: bool

    @classmethod
    def of(cls, operator: str, value: Text) -> Match:
        return cls(value, operator == "=")

    @cached_property
    def pattern(self) -> _Pattern | None:
        words = tuple(_TOKEN.findall(self.value.text))
        return None if self.is_whole or not words else _Pattern(words, self.value.is_prefix)

    def accepts(self, text: str) -> bool:
        if self.value.is_anything:
            return text != ""
        if self.pattern:
            return re.search(self.pattern.regex, text, re.IGNORECASE) is not None
        wanted = self.value.text
        if not self.is_whole:
            text, wanted = text.lower(), wanted.lower()
        return text.startswith(wanted) if self.value.is_prefix else text == wanted

    def on(self, column: str) -> Q:
        """Return the condition on a column of text that is never null."""
        if self.value.is_anything:
            return ~Q(**{column: ""})
        if self.pattern:
            return _with_words(column, self.pattern)
        if self.is_whole:
            return begins(column, self.value.text) if self.value.is_prefix else self._same(column)
        without_case = "istartswith" if self.value.is_prefix else "iexact"
        return Q(**{f"{column}__{without_case}": self.value.text})

    def _same(self, column: str) -> Q:
        return Q(**{column: self.value.text})

    def on_expression(self, text: Any) -> Q:
        """Return the condition on an expression; null is no text."""
        whole = Coalesce(text, Value(""), output_field=TextField())
        if self.value.is_anything:
            return ~Q(Exact(whole, ""))
        if self.pattern:
            return Q(_lookup("iregex")(whole, self.pattern.regex))
        if self.is_whole and not self.value.is_prefix:
            return Q(Exact(whole, self.value.text))
        end = "" if self.value.is_prefix else "$"
        lookup = _lookup("regex" if self.is_whole else "iregex")
        return Q(lookup(whole, f"^{escaped(self.value.text)}{end}"))

    def on_last_part(self, column: str) -> Q:
        """Return the condition on what comes behind the last slash of a column of paths."""
        if self.value.is_anything:
            return Q()
        between, rest = r"([^\w/]|_)", "[^/]*" if self.value.is_prefix else ""
        if self.pattern:
            words = f"{between}+".join(map(any_case, self.pattern.words))
            regex = rf"(^|\W|_){words}{rest or f'({between}[^/]*)?'}$"
        elif "/" in self.value.text:
            return Q(pk__in=[])
        else:
            regex = rf"(^|/){escaped(self.value.text)}{rest}$"
        known = self.pattern.words if self.pattern else (self.value.text,)
        lookup = "regex" if self.is_whole else "iregex"
        return _containing(column, known) & Q(**{f"{column}__{lookup}": regex})


def any_case(word: str) -> str:
    """Return an expression for a word in any case, where a database folds no more than ASCII."""
    return "".join(
        char
        if char.isascii() or len(char.lower() + char.upper()) != 2 or char.lower() == char.upper()
        else f"[{char.lower()}{char.upper()}]"
        for char in word
    )


def begins(column: str, prefix: str) -> Q:
    """Return the condition that a column begins with a text, case and all, as an index has it."""
    if connection.vendor == "sqlite":
        return Q(**{f"{column}__gte": prefix, f"{column}__lt": prefix + LAST})
    return Q(**{f"{column}__startswith": prefix})


def around(column: str, path: str) -> Q:
    """Return a condition that a path and all below it meet, and that an index has."""
    if connection.vendor == "sqlite":  # “0” comes after “/”
        return Q(**{f"{column}__gte": path, f"{column}__lt": f"{path}0"})
    return begins(column, path)


def escaped(text: str) -> str:
    """Escape a text for the regular expressions of Python and PostgreSQL alike."""
    return re.sub(r"([^\w\s/])", r"\\\1", text)


def _lookup(name: str) -> Any:
    return TextField().get_lookup(name)


def _with_words(column: str, pattern: _Pattern) -> Q:
    """Look for words; what has not even the longest of them is put aside sooner, where possible."""
    return _containing(column, pattern.words) & Q(**{f"{column}__iregex": pattern.regex})


def _containing(column: str, words: Iterable[str]) -> Q:
    """Return a condition that is soon asked and that holds wherever these words are found."""
    plain = [word for word in words if word.isascii()]
    if not plain or connection.vendor != "sqlite":
        return Q()
    return Q(**{f"{column}__icontains": max(plain, key=len)})


# --- Parts of JSON ----------------------------------------------------------------------------


class JsonText(Func):
    """A value in a column of JSON as text; null where there is none. ``path`` may be empty."""

    output_field = TextField()

    def __init__(self, column: str, *path: str) -> None:
        super().__init__(F(column))
        self.path = path

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql, params = compiler.compile(self.source_expressions[0])
        place = "$" + "".join(f'."{_quoted(key)}"' for key in self.path)
        # Booleans as words, as the other database has them.
        return (
            f"CASE JSON_TYPE({sql}, %s) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' "
            f"ELSE CAST(JSON_EXTRACT({sql}, %s) AS text) END",
            (*params, place, *params, place),
        )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql, params = compiler.compile(self.source_expressions[0])
        return f"({sql} #>> %s::text[])", (*params, list(self.path))


def _quoted(key: str) -> str:
    return key.replace("\\", "\\\\").replace('"', '\\"')


class JsonLength(Func):
    """How long a list in a column of JSON is; null where there is none."""

    output_field = IntegerField()

    def __init__(self, column: str, key: str) -> None:
        super().__init__(F(column))
        self.key = key

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql, params = compiler.compile(self.source_expressions[0])
        return (
            f"CASE JSON_TYPE({sql}, %s) WHEN 'array' THEN JSON_ARRAY_LENGTH({sql}, %s) END",
            (*params, f"$.{self.key}", *params, f"$.{self.key}"),
        )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql, params = compiler.compile(self.source_expressions[0])
        part = f"{sql} -> %s"
        return (
            f"CASE jsonb_typeof({part}) WHEN 'array' THEN jsonb_array_length({part}) END",
            (*params, self.key, *params, self.key),
        )


class JsonNumber(Func):
    """A number in a column of JSON; null where there is none, or something else."""

    output_field = FloatField()

    def __init__(self, column: str, *path: str) -> None:
        super().__init__(JsonText(column, *path))

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql, params = compiler.compile(self.source_expressions[0])
        return f"CASE WHEN {sql} GLOB '[0-9.-]*' THEN CAST({sql} AS real) END", params + params

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql, params = compiler.compile(self.source_expressions[0])
        number = r"'^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$'"
        return (
            f"CASE WHEN {sql} ~ {number} THEN {sql}::double precision END",
            (*params, *params),
        )


def within(value: Any, low: float | None, high: float | None) -> Q:
    """Return the condition that an expression is from ``low`` to before ``high``; null is not."""
    number = Coalesce(Cast(value, FloatField()), Value(-1e300))
    found = Q(GreaterThanOrEqual(number, -1e299 if low is None else low))
    return found if high is None else found & Q(LessThan(number, high))
