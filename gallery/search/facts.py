"""What words, numbers and dates of a search ask of a photo's own facts."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from django.db.models import Q, QuerySet

from ..models import Photo, PhotoWord
from ..models.photos import column_words, words_of
from .conditions import (
    DATE,
    LOOKUPS,
    NOTHING,
    PHOTO,
    ROW,
    All,
    Arrived,
    Condition,
    Facts,
    Posting,
    Rows,
    TagCount,
    compared,
)
from .tree import Bound, Counted, Dated, Word

#: Greater than any word that begins with what stands before it.
_LAST = "\U0010ffff"


def text_of(word: Word) -> Condition:
    """Photos whose text has these words, one after the other."""
    words = words_of(word.text)
    if not words:
        return NOTHING
    if word.is_prefix:
        return All([*map(_has_word, words[:-1]), _has_prefix(words[-1])])
    if len(words) == 1:
        return _has_word(words[0])
    return All(
        [*map(_has_word, dict.fromkeys(words)), Facts(Q(text__contains=f" {' '.join(words)} "))]
    )


def _has_word(word: str) -> Rows:
    return Rows(PhotoWord.objects.filter(word=word))


def _has_prefix(start: str) -> Condition:
    return _Many(_beginning(start).exclude(word__contains=":"))


def _beginning(start: str) -> QuerySet[PhotoWord]:
    return PhotoWord.objects.filter(word__gte=start, word__lt=start + _LAST)


class _Many(Rows):
    """Rows of which a photo may have several."""

    def postings(self) -> list[Posting]:
        return [Posting(self.rows, ROW, is_ordered=False, of=self)]


def part_of(column: str, name: str) -> Condition:
    """Photos with these words in one column, one after the other; the last may go on."""
    words = column_words(column, name)
    if not words:
        return NOTHING
    last = _Many(_beginning(words[-1]))
    if len(words) == 1:
        return last
    in_row = Facts(Q(text__contains=f" {' '.join(words)}"))
    return All([*map(_has_word, dict.fromkeys(words[:-1])), last, in_row])


def counted_of(counted: Counted) -> Condition:
    bound: Bound = counted.bound
    if counted.field == "tags":
        return TagCount(bound)
    return Facts(Q(**{f"{counted.field}__{LOOKUPS[bound.operator]}": bound.number}))


def dated_of(dated: Dated) -> Condition:
    since = _midnight(dated.since.first) if dated.since else None
    following = dated.until.following if dated.until else None
    until = _midnight(following) if following else None
    return Arrived(since, until) if dated.field == "added" else taken_of(since, until)


def taken_of(since: datetime | None, until: datetime | None) -> Condition:
    """Photos taken in a time; said of the date that lists are in the order of, too."""
    taken, dated = Q(taken_at__isnull=False), Q()
    if since:
        taken &= Q(taken_at__gte=since)
        dated &= compared(DATE, ">=", since)
    if until:
        taken &= Q(taken_at__lt=until)
        dated &= compared(DATE, "<", until)
    return Facts(taken & dated, also=Posting(Photo.objects.filter(taken), PHOTO, is_ordered=False))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
