"""The review queue: what is most worth asking a person, and how right the taggers turn out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Avg, Count, F, Q, QuerySet
from django.db.models.functions import Abs

from . import tagging
from .models import Photo, PhotoTag, ReviewAnswer, Tag, TagState, User

#: A person is asked about their newest photos; these many have questions for years.
NEWEST_PHOTOS = 5000
#: Of the most doubtful tags so many are weighed against each other.
WEIGHED = 300
#: Fewer answers say nothing about a tag.
MIN_ANSWERS = 10
#: Two-sided, of a normal distribution: 95 of 100 intervals hold the truth.
Z = 1.96


# --- What to ask ------------------------------------------------------------------------------


def next_question(
    person: User, *, tag: Tag | None = None, skipped: Collection[int] = ()
) -> PhotoTag | None:
    """Return the undecided tag of a person's photos whose answer tells most; None: all is clear.

    An answer is worth the bits that it settles, the entropy of the confidence, divided by the
    root of how many answers the same tag has already: what was asked often is known.
    ``skipped`` are keys of tags on photos that the person would not answer.
    """
    rows = waiting(person, tag=tag).exclude(pk__in=skipped)
    doubtful = list(
        rows.annotate(doubt=Abs(F("confidence") - 0.5))
        .order_by("doubt", "-photo", "tag")
        .values_list("pk", "tag_id", "confidence")[:WEIGHED]
    )
    if not doubtful:
        return None
    answered = _answers_of({tag for _, tag, _ in doubtful})
    best, _, _ = max(doubtful, key=lambda row: _entropy(row[2]) / math.sqrt(1 + answered[row[1]]))
    return PhotoTag.objects.select_related("tag", "run__taught__tag", "photo__owner").get(pk=best)


def waiting(person: User, *, tag: Tag | None = None) -> QuerySet[PhotoTag]:
    """Return what nobody has decided yet on a person's newest photos."""
    newest = Photo.objects.owned_by(person).newest_first().values("pk")[:NEWEST_PHOTOS]
    undecided = PhotoTag.objects.filter(state__in=[TagState.SUGGESTED, TagState.ASSIGNED])
    rows = undecided.filter(photo__in=newest).exclude(run=None)
    return rows.filter(tag=tag) if tag else rows


def _answers_of(tags: Iterable[int]) -> Counter[int]:
    counts = ReviewAnswer.objects.filter(tag__in=tags).values_list("tag").annotate(n=Count("pk"))
    return Counter(dict(counts))


def _entropy(confidence: float) -> float:
    """Return how many bits a yes or no settles; a little even where the tagger is all but sure."""
    p = min(max(confidence, 0.01), 0.99)
    return -(p * math.log2(p) + (1 - p) * math.log2(1 - p))


# --- Answers ----------------------------------------------------------------------------------


@transaction.atomic
def answer(photo_tag: PhotoTag, *, is_right: bool, by: User) -> ReviewAnswer:
    """A person says whether a tag is right; that decides it, and counts for its tagger."""
    said, _ = ReviewAnswer.objects.update_or_create(
        photo=photo_tag.photo,
        tag=photo_tag.tag,
        defaults={
            "person": by,
            "tagger": photo_tag.run.who if photo_tag.run else "somebody",
            "confidence": photo_tag.confidence,
            "is_right": is_right,
        },
    )
    (tagging.confirm if is_right else tagging.reject)(photo_tag)
    return said


@transaction.atomic
def take_back(said: ReviewAnswer) -> None:
    """Forget an answer: the tag is again what the taggers make of it."""
    row = PhotoTag.objects.decided().filter(photo=said.photo, tag=said.tag).first()
    said.delete()
    if row:
        tagging.undo(row)


# --- How right the taggers are ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Calibration:
    """How sure the taggers were of something on average, and how often they were right, 0..1.

    ``low`` and ``high`` bound how often they are right in the long run: the Wilson score
    interval at 95 % (E. B. Wilson, 1927).
    """

    name: str
    answers: int
    right: int
    said: float
    low: float
    high: float
    tag: Tag | None = None

    @property
    def share(self) -> float:
        return self.right / self.answers

    @property
    def verdict(self) -> str:
        """Return “few”, “over”, “under” or “fair”: is what was said near what is right?"""
        if self.answers < MIN_ANSWERS:
            return "few"
        if self.said > self.high:
            return "over"
        return "under" if self.said < self.low else "fair"


def calibration_of_tags() -> list[Calibration]:
    """Return how right each tag is that was asked about, the most answered first."""
    counted = _counted("tag")
    tags = Tag.objects.in_bulk([row["tag"] for row in counted])
    return [
        _calibration(str(tags[row["tag"]]), row, tag=tags[row["tag"]])
        for row in counted
        if row["tag"] in tags
    ]


def calibration_of(tag: Tag) -> Calibration | None:
    """Return how right one tag is; None when nobody was asked about it."""
    rows = _counted("tag", tag=tag)
    return _calibration(str(tag), rows[0], tag=tag) if rows else None


def calibration_of_taggers() -> list[Calibration]:
    return [_calibration(row["tagger"], row) for row in _counted("tagger")]


def _counted(what: str, **only: Tag) -> list[dict[str, Any]]:
    """Return answers, how many were right, and the mean confidence; most answers first."""
    rows = ReviewAnswer.objects.filter(**only).values(what)
    right = Count("pk", filter=Q(is_right=True))
    counted = rows.annotate(answers=Count("pk"), right=right, said=Avg("confidence"))
    return list(counted.order_by("-answers", what))


def _calibration(name: str, row: dict[str, Any], *, tag: Tag | None = None) -> Calibration:
    low, high = wilson(row["right"], row["answers"])
    return Calibration(name, row["answers"], row["right"], row["said"], low, high, tag)


def wilson(right: int, of: int) -> tuple[float, float]:
    """Return the Wilson score interval of a share at 95 %."""
    share, z2 = right / of, Z * Z / of
    middle = (share + z2 / 2) / (1 + z2)
    half = Z / (1 + z2) * math.sqrt(share * (1 - share) / of + z2 / (4 * of))
    return middle - half, middle + half
