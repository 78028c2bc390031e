"""From what taggers said to the tags of a photo."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, transaction

from ..models import Photo, PhotoTag, Tag, TaggingRun, TagState
from ..models.tagging import DECIDED_STATES


@dataclass(frozen=True, slots=True)
class Heard:
    """What the taggers together say of one tag on one photo."""

    confidence: float
    run: TaggingRun
    assigned: bool

    def joined(self, other: Heard) -> Heard:
        surer = self if self.confidence >= other.confidence else other
        return Heard(surer.confidence, surer.run, self.assigned or other.assigned)


@transaction.atomic
def settle(photo: Photo) -> None:
    """Bring the photo's undecided tags in line with the last answer of each tagger.

    Where several taggers name a tag, the surest gives its confidence, and the tag is assigned
    when one of them reaches the tag's own threshold, or its run's where the tag has none. What a
    person decided stays as it is.
    """
    hold_tags(photo)
    heard = _hear(photo.tagging_runs.latest_complete())
    present = dict(photo.photo_tags.values_list("tag_id", "state"))
    decided = {tag for tag, state in present.items() if state in DECIDED_STATES}
    if gone := present.keys() - decided - {tag.pk for tag in heard}:
        photo.photo_tags.filter(tag__in=gone).delete()
    PhotoTag.objects.bulk_create(
        [
            PhotoTag(
                photo=photo,
                tag=tag,
                confidence=said.confidence,
                state=TagState.ASSIGNED if said.assigned else TagState.SUGGESTED,
                run=said.run,
            )
            for tag, said in heard.items()
            if tag.pk not in decided
        ],
        update_conflicts=True,
        unique_fields=["photo", "tag"],
        update_fields=["confidence", "state", "run"],
    )


def hold_tags(photo: Photo) -> None:
    """Keep everyone else from changing the photo's tags until this transaction ends.

    Only then is a person's word safe from a tagger that answers at the same moment. SQLite has
    one writer at a time as it is.
    """
    if connection.features.has_select_for_update:
        Photo.objects.select_for_update(no_key=True).only("pk").get(pk=photo.pk)


def _hear(runs: Iterable[TaggingRun]) -> dict[Tag, Heard]:
    said = [(run, entry["tag"], entry["confidence"]) for run in runs for entry in run.suggestions]
    tags = Tag.objects.by_label({label for _, label, _ in said})
    heard: dict[Tag, Heard] = {}
    for run, label, confidence in said:
        if tag := tags.get(label):
            needed = run.threshold if tag.threshold is None else tag.threshold
            opinion = Heard(confidence, run, assigned=confidence >= needed)
            heard[tag] = heard[tag].joined(opinion) if tag in heard else opinion
    return heard
