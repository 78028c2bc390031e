"""People teach tags of their own: a few photos that show it find the others in their library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from . import tagging
from .models import Fingerprint, Photo, PhotoTag, Tag, TaggingRun, TagState, TaughtTag, User
from .models.tagging import PhotoTagQuerySet
from .taggers.base import SUGGESTION_FLOOR
from .taggers.teaching import TaughtHead, learn

if TYPE_CHECKING:
    import numpy as np

#: Fewer photos that show a tag have too little in common to go by.
MIN_YES = 5
BEST = 50
#: More photos of a kind (marked right, marked wrong, not marked) would teach little more.
MOST = 300
BATCH = 500

T = TypeVar("T")

#: Goes around every change of the tags of some photos.
Watch = Callable[[Collection[int]], AbstractContextManager[None]]


class TooFewError(Exception):
    """Too few photos are marked for anything to be learnt of them; says how many there are."""


@dataclass(frozen=True, slots=True)
class Marks:
    """On how many of their photos a person said that a tag is right, and that it is wrong."""

    yes: int
    no: int

    @property
    def missing(self) -> int:
        """How many more photos that show the tag are needed."""
        return max(0, MIN_YES - self.yes)


@dataclass(frozen=True, eq=False, slots=True)
class Learnt:
    """A head, and how it did on the marked photos, each left out of learning in turn."""

    head: TaughtHead
    model: str
    yes_count: int
    no_count: int
    recognised: int
    mistaken: int


@dataclass(frozen=True, slots=True)
class Match:
    photo: Photo
    confidence: float


@dataclass(frozen=True, slots=True)
class Preview:
    """What applying would find: the best undecided matches, and on how many photos it appears."""

    best: list[Match]
    appear_count: int


# --- Learning ---------------------------------------------------------------------------------


def marked(person: User, tag: Tag) -> PhotoTagQuerySet:
    """What a person said of their own photos about a tag: it is right here, and wrong there."""
    return PhotoTag.objects.decided().filter(photo__owner=person, tag=tag)


def marks(person: User, tag: Tag) -> Marks:
    states = Counter(marked(person, tag).values_list("state", flat=True))
    return Marks(yes=states[TagState.CONFIRMED], no=states[TagState.REJECTED])


def learn_tag(person: User, tag: Tag) -> Learnt:
    """Learn a tag from what a person marked. Raises TooFewError.

    The same marks in the same library teach the same.
    """
    said = marked(person, tag)
    model = _model_of(said)
    yes = _features(_newest(said, TagState.CONFIRMED), model)
    no = _features(_newest(said, TagState.REJECTED), model)
    if len(yes) < MIN_YES:
        raise TooFewError(_too_few(marks(person, tag), len(yes)))
    rest = _features(_rest(person, said, model), model)
    if not len(no) and not len(rest):
        raise TooFewError("Mark at least one photo that does not show it.")
    lesson = learn(yes, no, rest)
    threshold = threshold_of(person, tag)
    return Learnt(
        head=lesson.head,
        model=model,
        yes_count=len(yes),
        no_count=len(no),
        recognised=int((lesson.yes_confidences >= threshold).sum()),
        mistaken=int((lesson.no_confidences >= threshold).sum()),
    )


def threshold_of(person: User, tag: Tag) -> float:
    return person.threshold if tag.threshold is None else tag.threshold


def _too_few(said: Marks, seen: int) -> str:
    if not said.missing:
        return (
            f"Only {seen} of the {said.yes} photos you marked have been looked at by the tagger; "
            f"{MIN_YES} are needed. Wait until it is done, or ask it to tag them again."
        )
    photos = "photo that shows" if said.missing == 1 else "photos that show"
    return f"Mark {said.missing} more {photos} it."


def _model_of(said: PhotoTagQuerySet) -> str:
    """Return the model that most of the photos with the tag have features of."""
    photos = _newest(said, TagState.CONFIRMED)
    known = _fingerprints().filter(photo__in=photos).values_list("model", flat=True)
    commonest = Counter(known).most_common(1)
    return commonest[0][0] if commonest else ""


def _newest(said: PhotoTagQuerySet, state: TagState) -> QuerySet[Any]:
    return said.filter(state=state).order_by("-photo").values("photo")[:MOST]


def _rest(person: User, said: PhotoTagQuerySet, model: str) -> QuerySet[Any]:
    """Take photos nobody marked, by their checksums: as good as by lot, and the same each time."""
    mine = Photo.objects.owned_by(person).filter(fingerprint__model=model)
    undecided = mine.filter(~Exists(said.filter(photo=OuterRef("pk"))))
    return undecided.order_by("sha256").values("pk")[:MOST]


def _fingerprints() -> QuerySet[Fingerprint]:
    return Fingerprint.objects.exclude(embedding=None)


def _features(photos: QuerySet[Any], model: str) -> np.ndarray:
    rows = _fingerprints().filter(photo__in=photos, model=model).order_by("photo")
    return _vectors(rows.values_list("embedding", flat=True))


def _vectors(embeddings: Iterable[Any]) -> np.ndarray:
    """Return stored embeddings as float32 of shape (n, f)."""
    import numpy as np

    vectors = [np.frombuffer(embedding, "<f2") for embedding in embeddings]
    return np.array(vectors, dtype=np.float32).reshape(len(vectors), -1 if vectors else 0)


# --- Looking before applying ------------------------------------------------------------------


def preview(person: User, tag: Tag, learnt: Learnt) -> Preview:
    """Find what applying would, changing nothing."""
    decided = set(marked(person, tag).values_list("photo_id", flat=True))
    found = {
        photo: sure for photo, sure in _matches(person, learnt).items() if photo not in decided
    }
    best = dict(sorted(found.items(), key=lambda match: -match[1])[:BEST])
    photos = Photo.objects.for_grid().in_bulk(best)
    has_it = PhotoTag.objects.shown().filter(photo__owner=person, tag=tag)
    threshold = threshold_of(person, tag)
    sure_enough = {photo for photo, sure in found.items() if sure >= threshold}
    return Preview(
        best=[Match(photos[photo], sure) for photo, sure in best.items()],
        appear_count=len(sure_enough - set(has_it.values_list("photo_id", flat=True))),
    )


def _matches(person: User, learnt: Learnt) -> dict[int, float]:
    """Return the photos of a person that may show it, and how surely."""
    return {
        photo: sure
        for photos, features in _library(person, learnt.model)
        for photo, sure in zip(photos, learnt.head.confidences(features).tolist(), strict=True)
        if sure >= SUGGESTION_FLOOR
    }


def _library(person: User, model: str) -> Iterator[tuple[list[int], np.ndarray]]:
    rows = _fingerprints().filter(photo__owner=person, model=model)
    for some in batches(rows.values_list("photo_id", "embedding").iterator(BATCH)):
        yield [photo for photo, _ in some], _vectors(embedding for _, embedding in some)


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    waiting = iter(items)
    while batch := list(islice(waiting, BATCH)):
        yield batch


# --- Applying ---------------------------------------------------------------------------------


@transaction.atomic
def apply(person: User, tag: Tag) -> TaughtTag:
    """Let what was learnt say the tag on all photos of a person, and on those to come.

    It does so as one more tagger, whose runs stand beside the others'. Raises TooFewError.
    """
    learnt = learn_tag(person, tag)
    taught, _ = TaughtTag.objects.update_or_create(
        owner=person,
        tag=tag,
        defaults={
            "head": learnt.head.to_bytes(),
            "model": learnt.model,
            "yes_count": learnt.yes_count,
            "no_count": learnt.no_count,
            "applied_at": timezone.now(),
        },
    )
    matches = _matches(person, learnt)
    before = set(taught.runs.values_list("photo_id", flat=True))
    taught.runs.all().delete()
    for some in batches(sorted(before | matches.keys())):
        _say(taught, {photo: matches[photo] for photo in some if photo in matches})
        tagging.settle_all(some)
    return taught


@transaction.atomic
def undo(taught: TaughtTag) -> None:
    """Take away what was taught and every tag that came of it. Marked photos stay marked."""
    photos = list(taught.runs.values_list("photo_id", flat=True))
    taught.delete()
    for some in batches(photos):
        tagging.settle_all(some)


def retire(taught: TaughtTag, *, watch: Watch) -> None:
    """Take a taught tag away so that it can come back: what its head said is kept, not counted."""
    photos = list(taught.runs.values_list("photo_id", flat=True))
    taught.runs.update(taught=None, counts=False)
    taught.delete()
    for some in batches(photos):
        with watch(some):
            tagging.settle_all(some)


def reinstate(taught: TaughtTag) -> None:
    """Bring back a retired taught tag, whose row is here again, with what its head said."""
    TaggingRun.objects.filter(tagger=taught.tagger, taught=None).update(taught=taught, counts=True)


def _say(taught: TaughtTag, matches: dict[int, float]) -> None:
    thresholds = tagging.thresholds_of(matches)
    TaggingRun.objects.bulk_create(
        taught.run_on(photo, confidence=matches[photo], threshold=threshold)
        for photo, threshold in thresholds.items()
    )
