"""From what taggers said to the tags of a photo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import connection, transaction

from ..models import Photo, PhotoTag, Tag, TaggingRun, TagState
from ..models.tagging import DECIDED_STATES, Said, tags_changed
from ..taggers import terms_of


@dataclass(frozen=True, slots=True)
class Heard:
    """What the taggers together say of one tag on one photo."""

    confidence: float
    run: TaggingRun
    assigned: bool

    def joined(self, other: Heard) -> Heard:
        surer = self if self.confidence >= other.confidence else other
        return Heard(surer.confidence, surer.run, self.assigned or other.assigned)


def settle(photo: Photo) -> None:
    """Bring the photo's undecided tags in line with the last answer of each tagger.

    A tagger's confidence is multiplied by the trust the site has in it. Where several taggers name
    a tag, the surest gives its confidence, and the tag is assigned when one of them reaches the
    tag's own threshold, or its run's where the tag has none. What a person decided stays as it is.
    See docs/decisions/0003-fusion.md.
    """
    settle_all([photo.pk])


@transaction.atomic(savepoint=False)
def settle_all(photo_ids: Collection[int]) -> None:
    """`settle` for several photos in as many statements as for one."""
    hold_tags(photo_ids)
    answers = TaggingRun.objects.filter(photo__in=photo_ids).answers()
    heard = _hear({(run.photo_id, run.tagger): run for run in answers}.values())
    present = PhotoTag.objects.filter(photo__in=photo_ids)
    state_of = {
        (photo, tag): (pk, state)
        for pk, photo, tag, state in present.values_list("pk", "photo_id", "tag_id", "state")
    }
    decided = {key for key, (_, state) in state_of.items() if state in DECIDED_STATES}
    gone = state_of.keys() - decided - heard.keys()
    if gone:
        PhotoTag.objects.filter(pk__in=[state_of[key][0] for key in gone]).delete()
    PhotoTag.objects.bulk_create(
        [
            PhotoTag(
                photo_id=photo,
                tag_id=tag,
                confidence=said.confidence,
                state=TagState.ASSIGNED if said.assigned else TagState.SUGGESTED,
                run=said.run,
            )
            for (photo, tag), said in heard.items()
            if (photo, tag) not in decided
        ],
        update_conflicts=True,
        unique_fields=["photo", "tag"],
        update_fields=["confidence", "state", "run"],
    )


def hold_tags(photo_ids: Collection[int]) -> None:
    """Keep everyone else from changing these photos' tags until this transaction ends.

    Only then is a person's word safe from a tagger that answers at the same moment. SQLite has
    one writer at a time as it is. Whoever follows these photos' tags is told.
    """
    tags_changed.send(PhotoTag, photo_ids=photo_ids)
    if connection.features.has_select_for_update:
        photos = Photo.objects.select_for_update(no_key=True).filter(pk__in=photo_ids)
        list(photos.order_by("pk").values_list("pk"))


def _hear(runs: Iterable[TaggingRun]) -> dict[tuple[int, int], Heard]:
    """Return what was said of each photo and tag, by their keys."""
    said = [(run, entry["tag"], entry["confidence"]) for run in runs for entry in run.suggestions]
    tags = Tag.objects.by_label({label for _, label, _ in said})
    heard: dict[tuple[int, int], Heard] = {}
    for run, label, confidence in said:
        if tag := tags.get(label):
            needed = run.threshold if tag.threshold is None else tag.threshold
            believed = round(confidence * terms_of(run.tagger).trust, 4)
            opinion = Heard(believed, run, assigned=believed >= needed)
            key = run.photo_id, tag.pk
            heard[key] = heard[key].joined(opinion) if key in heard else opinion
    return heard


def note_who_said(photo: Photo, photo_tags: Iterable[PhotoTag]) -> None:
    """Give each of a photo's tags what every tagger says of it, as ``said``, surest first."""
    answers = TaggingRun.objects.filter(photo=photo).answers()
    runs = {run.tagger: run for run in answers.only(*_TOLD)}.values()
    said = [(run, entry["tag"], entry["confidence"]) for run in runs for entry in run.suggestions]
    tags = Tag.objects.known({label for _, label, _ in said})
    of_tag: dict[int, list[Said]] = defaultdict(list)
    for run, label, confidence in sorted(said, key=lambda one: -one[2]):
        if tag := tags.get(label):
            of_tag[tag.pk].append(Said(run.who, confidence))
    for photo_tag in photo_tags:
        photo_tag.said = of_tag[photo_tag.tag_id]


_TOLD = ("photo_id", "tagger", "taught", "threshold", "suggestions")
