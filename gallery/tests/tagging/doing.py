"""What the tests of this room do to a photo."""

from __future__ import annotations

from gallery import tagging
from gallery.models import Photo, TaggingRun


def perform(photo: Photo, tagger: str = "told") -> TaggingRun:
    run = photo.tagging_runs.filter(status="queued").first() or tagging.request_run(
        photo, tagger=tagger
    )
    tagging.perform(run)
    run.refresh_from_db()
    return run


def states(photo: Photo) -> dict[str, str]:
    return {row.tag.label: row.state for row in photo.photo_tags.select_related("tag")}
