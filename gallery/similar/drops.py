"""Pictures that people search by: looked at by a worker, compared like photos, soon forgotten.

No web process loads a network: the picture waits in its row, as small as taggers want it, until a
worker says what a tagger of the site saw in it. It never leaves this machine.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.files import File

from .. import ingest, renditions
from ..imaging.decode import decode
from ..imaging.render import data_uri, render_for_taggers
from ..models import DroppedImage, Fingerprint, User
from ..taggers import get_tagger
from ..taggers.base import Opinion, Tagger, TaggerError

if TYPE_CHECKING:
    from PIL import Image

logger = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=1)
#: How long a doorbell may go unanswered before it is rung again.
PATIENCE = timedelta(seconds=60)
SWEEP_LIMIT = 500
THUMBNAIL_SIDE_PX = 160
BROKE_OFF = "Looking at this picture broke off with an unexpected error."


class NoEyesError(Exception):
    """No tagger of the site tells what pictures look like; the message is for the person."""

    def __init__(self) -> None:
        super().__init__(
            "This site cannot search by a picture, as none of its taggers tells what photos look "
            "like."
        )


def drop(person: User, file: File[bytes]) -> DroppedImage:
    """Keep a small copy of a picture for a worker to look at. Raises ImageError, NoEyesError."""
    if not any(_eyes()):
        raise NoEyesError
    ingest.refuse_large(file)
    image = renditions.decode_original(file).image
    return DroppedImage.objects.create(
        person=person,
        pixels=render_for_taggers(image).content,
        thumbnail=data_uri(image, THUMBNAIL_SIDE_PX),
    )


def look(dropped: DroppedImage) -> None:
    """Note what a picture looks like, or why nobody can say, and take its pixels away."""
    if dropped.pixels is None:
        return
    dropped.error = BROKE_OFF
    try:
        opinion = _opinion_on(decode(BytesIO(bytes(dropped.pixels))).image)
    except (TaggerError, NoEyesError) as error:
        dropped.error = str(error)
        logger.warning("A picture to search by was not looked at: %s", error)
    else:
        assert opinion.features is not None
        dropped.embedding = opinion.features.astype("<f2").tobytes()
        dropped.model, dropped.error = _model_of(opinion), ""
    finally:
        dropped.pixels = None
        # One that was forgotten meanwhile does not come back.
        DroppedImage.objects.filter(pk=dropped.pk).update(
            pixels=None, embedding=dropped.embedding, model=dropped.model, error=dropped.error
        )


def sweep() -> int:
    """Forget pictures after a day; ring again for those nobody has looked at, and return how many.

    The row is the request: to save it is to ask again.
    """
    DroppedImage.objects.older_than(KEPT_FOR).delete()
    waiting = DroppedImage.objects.waiting().older_than(PATIENCE).order_by("pk")[:SWEEP_LIMIT]
    for dropped in waiting:
        dropped.save(update_fields=["token"])
    return len(waiting)


def _opinion_on(image: Image.Image) -> Opinion:
    """Ask the taggers whose features the library's photos have, or else any that gives some."""
    known = set(Fingerprint.objects.known_models())
    otherwise: Opinion | None = None
    for tagger in _eyes():
        opinion = tagger.tag(image)
        if opinion.features is not None and _model_of(opinion) in known:
            return opinion
        if opinion.features is not None:
            otherwise = otherwise or opinion
    if otherwise is None:
        raise NoEyesError
    return otherwise


def _eyes() -> Iterator[Tagger]:
    """Yield the site's taggers that look at pictures, but none that sends them elsewhere."""
    for alias in settings.DEFAULT_TAGGERS:
        tagger = get_tagger(alias)
        if isinstance(tagger, Tagger) and not tagger.host:
            yield tagger


def _model_of(opinion: Opinion) -> str:
    return opinion.feature_model or opinion.model
