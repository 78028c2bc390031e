"""From what taggers said to the tags of a photo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from django.db import connection, transaction
from django.utils import timezone

from ..models import Asset, AssetTag, Photo, PhotoTag, Tag, TaggingRun, TagState
from ..models.assets import MAX_NAME_CHARS
from ..models.tagging import DECIDED_STATES, Said, tags_changed
from ..models.tags import MAX_LABEL_CHARS
from ..taggers import terms_of


@dataclass(frozen=True, slots=True)
class Heard:
    """What the taggers together say of one tag on one photo."""

    confidence: float
    run: TaggingRun
    assigned: bool
    label: str

    @property
    def is_kept(self) -> bool:
        return self.run.add_on is not None

    def joined(self, other: Heard) -> Heard:
        """Go by the surer one, but before all else by what a program asked for."""
        leads = (self.is_kept, self.confidence) >= (other.is_kept, other.confidence)
        return replace(self if leads else other, assigned=self.assigned or other.assigned)

    def on(self, photo_id: int, tag: Tag) -> PhotoTag:
        """Return the row that comes of it."""
        is_respelt = self.is_kept and self.label != tag.label
        return PhotoTag(
            photo_id=photo_id,
            tag=tag,
            confidence=self.confidence,
            state=TagState.ASSIGNED if self.assigned else TagState.SUGGESTED,
            run=self.run,
            is_kept=self.is_kept or None,
            spelling=self.label[:MAX_LABEL_CHARS] if is_respelt else None,
        )


def settle(photo: Photo) -> None:
    """Bring the photo's undecided tags in line with the last answer of each tagger.

    A tagger's confidence is multiplied by the trust the site has in it. Where several taggers name
    a tag, the surest gives its confidence, and the tag is assigned when one of them reaches the
    tag's own threshold, or its run's where the tag has none. What a person decided stays as it is.
    See docs/decisions/0003-fusion.md.

    What a program asked for has its own rule, see `TaggingRun.assigns`: each of its runs counts,
    and a tag that came of one stays through all later answers.
    """
    settle_all([photo.pk])


@transaction.atomic(savepoint=False)
def settle_all(photo_ids: Collection[int]) -> None:
    """`settle` for several photos in as many statements as for one."""
    hold_tags(photo_ids)
    answers = TaggingRun.objects.filter(photo__in=photo_ids).answers()
    heard = _hear({_voice(run): run for run in answers}.values())
    present = PhotoTag.objects.filter(photo__in=photo_ids)
    columns = present.values_list("photo_id", "tag_id", "pk", "state", "is_kept")
    rows = {(photo, tag): (pk, state, kept) for photo, tag, pk, state, kept in columns}
    fixed = {key for key, (_, state, kept) in rows.items() if kept or state in DECIDED_STATES}
    gone = rows.keys() - fixed - heard.keys()
    if gone:
        PhotoTag.objects.filter(pk__in=[rows[key][0] for key in gone]).delete()
    PhotoTag.objects.bulk_create(
        [row for key, row in heard.items() if key not in fixed],
        update_conflicts=True,
        unique_fields=["photo", "tag"],
        update_fields=["confidence", "state", "run", "is_kept", "spelling"],
    )


def _voice(run: TaggingRun) -> tuple[int, str, int | None]:
    """Return what the last answer holds of: a photo and a tagger; of a program's runs, each one."""
    return run.photo_id, run.tagger, None if run.add_on is None else run.pk


def keep_other_names(run: TaggingRun) -> None:
    """Keep what a program's run said beside the photo's tags, where two names mean one tag.

    Such as “automobile” of a photo that has “car”: pages show one tag, the program gets both. And
    where a name has no letter or digit, pages show nothing.
    """
    asset = Asset.objects.filter(photo=run.photo_id).first()
    wanted = [one["tag"] for one in run.suggestions if one["confidence"] > run.threshold]
    if asset is None or not wanted:
        return
    shown = {row.tag_id: row for row in run.photo.photo_tags.shown().select_related("tag")}
    tags = Tag.objects.known(wanted)
    there = {(row.spelling or row.tag.label).casefold() for row in shown.values()}
    others = {
        name.casefold(): name
        for name in reversed(wanted)
        if name.casefold() not in there and _is_shown(tags.get(name), shown)
    }
    AssetTag.objects.bulk_create(
        [AssetTag(asset=asset, name=name[:MAX_NAME_CHARS]) for name in others.values()],
        ignore_conflicts=True,
    )
    Asset.objects.filter(pk=asset.pk).update(tags_updated_at=timezone.now())


def _is_shown(tag: Tag | None, shown: Collection[int]) -> bool:
    """Whether a photo shows a tag, or pages can have none of such a name."""
    return tag is None or tag.pk in shown


def hold_tags(photo_ids: Collection[int]) -> None:
    """Keep everyone else from changing these photos' tags until this transaction ends.

    Only then is a person's word safe from a tagger that answers at the same moment. SQLite has
    one writer at a time as it is. Whoever follows these photos' tags is told.
    """
    tags_changed.send(PhotoTag, photo_ids=photo_ids)
    hold_photos(photo_ids)


def hold_photos(photo_ids: Collection[int]) -> None:
    """Keep everyone else who does so from these photos until this transaction ends.

    Whoever changes several rows of a photo holds it before any of them, or two wait for each
    other.
    """
    if connection.features.has_select_for_update:
        photos = Photo.objects.select_for_update(no_key=True).filter(pk__in=photo_ids)
        list(photos.order_by("pk").values_list("pk"))


def _hear(runs: Iterable[TaggingRun]) -> dict[tuple[int, int], PhotoTag]:
    """Return the rows that come of what was said, by the keys of photo and tag."""
    said = [(run, entry["tag"], entry["confidence"]) for run in runs for entry in run.suggestions]
    tags = Tag.objects.by_label({label for _, label, _ in said})
    heard: dict[tuple[int, Tag], Heard] = {}
    for run, label, confidence in said:
        if (tag := tags.get(label)) and (one := _heard(run, tag, label, confidence)):
            key = run.photo_id, tag
            heard[key] = heard[key].joined(one) if key in heard else one
    return {(photo, tag.pk): one.on(photo, tag) for (photo, tag), one in heard.items()}


def _heard(run: TaggingRun, tag: Tag, label: str, confidence: float) -> Heard | None:
    """Return what one run says; None for what a program heard of and did not want."""
    believed = round(confidence * terms_of(run.tagger).trust, 4)
    assigned = run.assigns(confidence, believed, tag.threshold)
    if run.add_on is None:
        return Heard(believed, run, assigned, label)
    return Heard(confidence, run, assigned, label) if assigned else None


def note_who_said(photo: Photo, photo_tags: Iterable[PhotoTag]) -> None:
    """Give each of a photo's tags what every tagger says of it, as ``said``, surest first.

    Asked under several names, a tagger is told of once.
    """
    answers = TaggingRun.objects.filter(photo=photo).answers()
    runs = {(run.tagger, run.add_on): run for run in answers.only(*_TOLD)}.values()
    said = [(run, entry["tag"], entry["confidence"]) for run in runs for entry in run.suggestions]
    tags = Tag.objects.known({label for _, label, _ in said})
    of_tag: dict[int, dict[str, Said]] = defaultdict(dict)
    for run, label, confidence in sorted(said, key=lambda one: -one[2]):
        if tag := tags.get(label):
            of_tag[tag.pk].setdefault(run.who, Said(run.who, confidence))
    for photo_tag in photo_tags:
        photo_tag.said = list(of_tag[photo_tag.tag_id].values())


_TOLD = ("photo_id", "tagger", "add_on", "taught", "threshold", "suggestions")
