"""What stands behind a field's colon, read: names, numbers, dates; refused with a better form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from rapidfuzz import process
from rapidfuzz.distance import OSA

from ..imaging import colors
from .tree import (
    UNITS,
    Aged,
    Bound,
    Counted,
    Dated,
    Day,
    Leaf,
    Named,
    Sort,
    Tagged,
    decimal,
    quoted,
)

MAX_NAMES = 20
MAX_AMOUNT_CHARS = 7
MAX_AGE_DAYS = 200 * 365
YEARS = range(1800, 2200)
STATES = ("assigned", "confirmed", "manual", "rejected", "suggested")

_NAME = r'"[^"]*"|[^\s"|@<>=]+'
_TAG_NAMES = re.compile(rf"(?:{_NAME})(?:\|(?:{_NAME}))*")
#: What is no tag has no marks, and may have an @ in its name.
_PLAIN_NAME = r'"[^"]*"|[^\s"|<>=]+'
_NAMES = re.compile(rf"(?:{_PLAIN_NAME})(?:\|(?:{_PLAIN_NAME}))*")
_BOUND = re.compile(r"(<=|>=|<|>|=)\s*([^\s<>=@|\"]*)")
_MARK = re.compile(rf"@({_NAME})")
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_AGE = re.compile(r"([<>])=?(\d+)([a-z])", re.IGNORECASE)


class RefusedError(Exception):
    """A value is no value of its field; ``better`` is the nearest that is, if there is one."""

    def __init__(self, why: str, better: str | None = None) -> None:
        super().__init__(why)
        self.better = better


def nearest(word: str, known: Sequence[str], *, cutoff: float = 60) -> str | None:
    """Return what somebody probably meant; ``cutoff`` is from 0 to 100."""
    found = process.extractOne(word.casefold(), known, score_cutoff=cutoff)
    if found is None:  # short words with one letter wrong, or two swapped
        found = process.extractOne(
            word.casefold(), known, scorer=OSA.normalized_similarity, score_cutoff=0.6
        )
    return found[0] if found else None


# --- Names ------------------------------------------------------------------------------------


def _names(field: str, text: str) -> tuple[str, ...]:
    """Read names with ``|`` between them."""
    if not _NAMES.fullmatch(text):
        plain = " ".join(text.replace('"', " ").strip("| ").split())
        raise RefusedError(
            f"“{text}” is no name; one with other signs than letters stands in quotes.",
            f"{field}:{quoted(plain)}" if plain else None,
        )
    names = [" ".join(name.strip('"').split()) for name in re.findall(_PLAIN_NAME, text)]
    if not all(names):
        raise RefusedError("There is an empty name here.")
    if len(names) > MAX_NAMES:
        raise RefusedError(f"Up to {MAX_NAMES} names may stand here; these are {len(names)}.")
    return tuple(dict.fromkeys(names))


def _tagged(field: str, text: str) -> Leaf:
    is_exact = text.startswith("=")
    rest = text[is_exact:]
    found = _TAG_NAMES.match(rest)
    if not found:
        raise RefusedError("Behind “tag:” the name of a tag is missing.")
    names, rest = _names(field, found[0]), rest[found.end() :]
    bounds: list[Bound] = []
    marks: list[str] = []
    while rest:
        if bound := _BOUND.match(rest):
            before, rest = text[: len(text) - len(rest)], rest[bound.end() :]
            bounds.append(_share(*bound.groups(), around=(f"{field}:{before}", rest)))
        elif mark := _MARK.match(rest):
            marks.append(mark[1].strip('"').lower())
            rest = rest[mark.end() :]
        else:
            raise RefusedError(
                f"Behind a tag only a confidence such as >=0.7 or a mark such as @confirmed may "
                f"stand, not “{rest}”.",
                f"tag:{'=' * is_exact}{'|'.join(map(quoted, names))}",
            )
    return Tagged(names, is_exact, tuple(bounds), tuple(dict.fromkeys(marks)))


def _share(operator: str, text: str, *, around: tuple[str, str]) -> Bound:
    """Read what a confidence is compared with, and what stands before and behind it."""
    before, behind = around
    try:
        bound = _bound(operator, text.removesuffix("%"))
    except RefusedError as error:
        raise RefusedError(str(error), f"{before}{behind}") from error
    number = round(bound.number / 100, 6) if text.endswith("%") else bound.number
    if number > 1:
        better = f"{operator}{decimal(number / 100)}" if number <= 100 else ""
        raise RefusedError(f"A confidence is from 0 to 1, not {text}.", f"{before}{better}{behind}")
    return Bound(operator, number)


#: Fields that have one of a few values.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "is": ("public", "private", "favourite", "mine"),
    "has": ("place", "camera", "date", "title"),
    "orientation": ("landscape", "portrait", "square"),
    "color": colors.NAMES,
}
_SAME_CHOICES = {
    "favorite": "favourite",
    "grey": "gray",
    "turquoise": "teal",
    "cyan": "teal",
    "violet": "purple",
}


def _one_of(field: str) -> Callable[[str, str], Leaf]:
    choices = CHOICES[field]

    def read(field: str, text: str) -> Leaf:
        names = tuple(_SAME_CHOICES.get(name.lower(), name.lower()) for name in _names(field, text))
        for name in names:
            if name not in choices:
                better = nearest(name, choices)
                raise RefusedError(
                    f"There is no {field}:{name}; there are {', '.join(choices)}.",
                    better and f"{field}:{better}",
                )
        return Named(field, tuple(dict.fromkeys(names)))

    return read


def _named(field: str, text: str) -> Leaf:
    return Named(field, _names(field, text))


# --- Numbers ----------------------------------------------------------------------------------


def _bound(operator: str, text: str) -> Bound:
    try:
        number = round(float(text), 6) + 0.0
        if not 0 <= number <= 1e9 or len(text) > 20:
            raise ValueError
    except ValueError:
        raise RefusedError(f"“{text}” is no number that can be meant here.") from None
    return Bound(operator, number)


def _counted(field: str, text: str) -> Leaf:
    bound = _BOUND.fullmatch(text)
    read = _bound(*bound.groups()) if bound else _bound("=", text)
    if not read.number.is_integer():
        better = Counted(field, Bound(read.operator, round(read.number)))
        raise RefusedError(f"This is a whole number, not {text.strip('<>=')}.", str(better))
    return Counted(field, read)


# --- Dates ------------------------------------------------------------------------------------


def _dated(field: str, text: str) -> Leaf:
    text = text.strip('"')
    if age := _AGE.fullmatch(text):
        return _aged(field, *age.groups())
    since, dots, until = text.partition("..")
    if not dots:
        day = _day(field, text)
        return Dated(field, day, day)
    if not since and not until:
        raise RefusedError("At least one end of the time must be there.", f"{field}:2024..")
    first = _day(field, since) if since else None
    last = _day(field, until) if until else None
    if first and last and (last.following or date.max) <= first.first:
        raise RefusedError("This time ends before it begins.", f"{field}:{last}..{first}")
    return Dated(field, first, last)


def _day(field: str, text: str) -> Day:
    found = _DAY.fullmatch(text)
    if not found:
        some_year = re.search(r"(?<!\d)(1[89]|2[01])\d\d(?!\d)", text)
        raise RefusedError(
            f"“{text}” is no date; write 2024, 2024-05 or 2024-05-31, an age as <7d.",
            f"{field}:{some_year[0]}" if some_year else None,
        )
    year, month, day = (int(part or 0) for part in found.groups())
    if year not in YEARS:
        near = Day(max(YEARS[0], min(year, YEARS[-1])))
        raise RefusedError(
            f"Only the years from {YEARS[0]} to {YEARS[-1]} can be asked for, not {year:04}.",
            f"{field}:{near}",
        )
    read = Day(year, month, day)
    is_month = not found[2] or 1 <= month <= 12
    try:
        _ = read.first
        is_date = is_month and (not found[3] or day > 0)
    except ValueError:
        is_date = False
    if not is_date:
        better = Day(year, month) if is_month else Day(year)
        raise RefusedError(f"There is no date {text}.", f"{field}:{better}")
    return read


def _aged(field: str, operator: str, amount: str, unit: str) -> Aged:
    unit = unit.lower()
    if unit not in UNITS:
        raise RefusedError(
            "An age is a number with h, d, w, m or y for hours, days, weeks, months or years.",
            f"{field}:{operator}{amount}d",
        )
    if len(amount) > MAX_AMOUNT_CHARS or int(amount) * UNITS[unit] > MAX_AGE_DAYS:
        raise RefusedError(
            "Nothing here is older than two hundred years.", f"{field}:{operator}200y"
        )
    return Aged(field, operator == "<", int(amount), unit)


# --- All fields -------------------------------------------------------------------------------

#: What reads the value of each field.
FIELDS: Mapping[str, Callable[[str, str], Leaf]] = {
    "tag": _tagged,
    "category": _named,
    "tags": _counted,
    "by": _named,
    "is": _one_of("is"),
    "has": _one_of("has"),
    "taken": _dated,
    "added": _dated,
    "camera": _named,
    "place": _named,
    "format": _named,
    "orientation": _one_of("orientation"),
    "width": _counted,
    "height": _counted,
    "color": _one_of("color"),
    "like": _named,
}
#: Other spellings of the same.
SAME = {
    "colour": "color",
    "owner": "by",
    "user": "by",
    "tagged": "tag",
}


def read_value(field: str, text: str) -> Leaf:
    """Read what stands behind a field's colon. Raises RefusedError."""
    if not text:
        raise RefusedError(f"Behind “{field}:” something is missing.", "")
    return FIELDS[field](field, text)


def read_sort(text: str) -> Sort:
    """Read an order. Raises RefusedError."""
    try:
        return Sort(text.lower())
    except ValueError:
        better = nearest(text, [*Sort]) or Sort.NEWEST
        raise RefusedError(
            f"There is no order “{text}”; there are {', '.join(Sort)}.", f"sort:{better}"
        ) from None
