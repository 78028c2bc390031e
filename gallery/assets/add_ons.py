"""Add-ons: tagging that a program asks for by the name of a service, and what came of it."""

from __future__ import annotations

import logging
import math
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from .. import tagging, throttle
from ..models import Asset, Cloud, PhotoTag, RunStatus, TaggingRun
from ..models.photos import TaggingChoice
from ..taggers import gives_features, terms_of
from . import notifying
from .errors import InvalidError

logger = logging.getLogger(__name__)

#: What is asked for without a threshold makes no tags: nothing is surer than certain.
NO_TAGS = 1.0
#: So many photos are tagged at once for requests that wait, in one process.
AT_ONCE = 8
#: So often it is looked whether a worker that has a run is done with it.
POLL_S = 0.2
MAX_ECHOED_CHARS = 100


class UnknownAddOnError(InvalidError):
    """No tagger of this site answers to an add-on of this name, as ``add_on``."""

    def __init__(self, add_on: str) -> None:
        super().__init__(f"Categorization {add_on[:MAX_ECHOED_CHARS]} is not valid")
        self.add_on = add_on


# --- What may be asked for --------------------------------------------------------------------


def available() -> dict[str, str]:
    """Return the add-ons that this site has, each with the tagger that answers to it."""
    return {name: tagger for name, tagger in settings.ADD_ONS.items() if tagger in settings.TAGGERS}


def known(add_ons: str | Sequence[object]) -> tuple[str, ...]:
    """Return the names of a comma list or an array, each once. Raises UnknownAddOnError."""
    texts = [add_ons] if isinstance(add_ons, str) else add_ons
    there, names = available(), {}
    for text in texts:
        for part in str(text).split(","):
            name = part.strip()
            if name and name not in there:
                raise UnknownAddOnError(name)
            names[name] = name
    return tuple(name for name in names if name)


def threshold_of(value: object) -> float | None:
    """Read ``auto_tagging``, text or number, 0..1; None and "" are None. Raises InvalidError."""
    if value is None or value == "":
        return None
    threshold = _number(value)
    if not 0 <= threshold <= 1:
        shown = str(value)[:MAX_ECHOED_CHARS]
        raise InvalidError(f"Invalid value {shown} for parameter auto_tagging: it is from 0 to 1")
    return threshold


def _number(value: object) -> float:
    """Return a number, or one written in plain digits; NaN for all else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if 0 <= value <= 1 else math.nan
    if not isinstance(value, str) or not value.isascii() or "_" in value:
        return math.nan
    try:
        return float(value)
    except ValueError:
        return math.nan


def choice_for(cloud: Cloud, add_ons: Sequence[str] = ()) -> TaggingChoice:
    """Return what a new upload of a cloud wants of tagging beside these add-ons.

    As in the browser where the cloud wants that; else the site's taggers only look, so that photos
    like it are found, unless an add-on does that on the way.
    """
    if cloud.tags_uploads:
        return TaggingChoice()
    taggers = available()
    asked = {taggers[name] for name in add_ons if name in taggers}
    if any(gives_features(tagger) for tagger in asked & set(settings.DEFAULT_TAGGERS)):
        return TaggingChoice(taggers=())
    return TaggingChoice(counts=False)


# --- Asking -----------------------------------------------------------------------------------


def request(
    asset: Asset,
    add_ons: Sequence[str],
    threshold: float | None,
    *,
    notification_url: str | None = None,
    wait: bool = True,
    is_queued: bool = False,
) -> None:
    """Ask add-ons (as `known` returns them) about a picture; of a file that is none, nothing.

    What is surer than ``threshold`` becomes a tag; None: nothing does. Waits for the answers, for
    ``settings.ADD_ON_DEADLINE_S`` at most; what is not there by then, or with ``wait`` False, is
    left to workers and told to ``notification_url``, addresses with spaces between; so is all of
    what is ``is_queued``: its answer is not read by whoever asked. Not to be called within a
    transaction, unless it need not wait. Raises InvalidError for such an address.
    """
    urls = " ".join(notifying.checked_urls(notification_url))
    if asset.photo is None or not add_ons:
        return
    runs = _draft(asset, add_ons, NO_TAGS if threshold is None else threshold)
    if not wait:
        for run in runs:
            run.notification_url = urls
            run.save()
        return
    with transaction.atomic(durable=True):
        for run in runs:
            run.is_awaited = True
            run.notification_url = urls if is_queued else run.notification_url
            run.save()
    keys = [run.pk for run in runs]
    _have_answered(runs, deadline_s=settings.ADD_ON_DEADLINE_S)
    for run in TaggingRun.objects.filter(pk__in=keys):
        _conclude(run, urls)


def _draft(asset: Asset, add_ons: Sequence[str], threshold: float) -> list[TaggingRun]:
    taggers = available()
    return [
        TaggingRun(
            photo=asset.photo,
            tagger=taggers[name],
            add_on=name,
            threshold=threshold,
            requested_by_id=asset.cloud.owner_id,
        )
        for name in add_ons
    ]


def _conclude(run: TaggingRun, urls: str) -> None:
    """Note that who asked is told now: that it failed, or that it is still under way."""
    if run.status == RunStatus.FAILED:
        run.give_up()
        return
    under_way = TaggingRun.objects.filter(pk=run.pk).not_over()
    if under_way.update(notification_url=urls) and run.status == RunStatus.QUEUED:
        tagging.ring_again(run)


# --- Answering in the process that was asked --------------------------------------------------


def _have_answered(runs: Iterable[TaggingRun], *, deadline_s: float) -> None:
    """Have taggers answer, each once for all its runs; without a deadline, in this very thread."""
    of_tagger: dict[str, list[int]] = defaultdict(list)
    for run in runs:
        of_tagger[run.tagger].append(run.pk)
    groups = [tuple(keys) for keys in of_tagger.values()]
    if deadline_s > 0:
        _wait_for(groups, deadline_s)
        return
    for group in groups:
        _answer(group)


def _wait_for(groups: Collection[tuple[int, ...]], deadline_s: float) -> None:
    """Go on until all runs are finished, by this process or a worker, or the time is over."""
    ends_at = time.monotonic() + deadline_s
    asked: dict[tuple[int, ...], Future[None]] = {}
    waiting = list(groups)
    while waiting and (left_s := ends_at - time.monotonic()) > 0:
        for group in waiting:
            if group not in asked or asked[group].done():
                asked[group] = _pool().submit(_answer_apart, group)
        wait(asked.values(), timeout=left_s)
        waiting = [group for group in waiting if _is_unfinished(group)]
        if waiting:
            time.sleep(max(0.0, min(POLL_S, ends_at - time.monotonic())))
    for future in asked.values():
        future.cancel()  # what has not begun; a worker does it then


def _is_unfinished(group: tuple[int, ...]) -> bool:
    return TaggingRun.objects.filter(pk__in=group).unfinished().exists()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="add-ons")


def _answer_apart(group: tuple[int, ...]) -> None:
    try:
        _answer(group)
    finally:
        connection.close()  # no request ends in this thread


def _answer(group: tuple[int, ...]) -> None:
    """Ask one tagger about one photo, and share its answer among the runs that wait for it."""
    runs = list(TaggingRun.objects.filter(pk__in=group).select_related("photo").order_by("pk"))
    for run in runs[:1]:
        if error := tagging.attempt(run):
            logger.error("Run %s on photo %s broke off.", run.pk, run.photo_id, exc_info=error)
    for other in runs[1:]:
        tagging.share(other, runs[0])


# --- What came of it --------------------------------------------------------------------------


def info_of(assets: Sequence[Asset]) -> dict[int, dict[str, Any]]:
    """Return ``info`` by the assets' keys, of those that an add-on was asked about.

    ``{"categorization": {add_on: {"status", "data"?, "error"?}}}``, of the last run of each add-on.
    """
    keys = {asset.photo_id: asset.pk for asset in assets if asset.photo_id is not None}
    runs = TaggingRun.objects.filter(photo__in=list(keys)).for_programs().last_of_each_add_on()
    columns = ("photo_id", "add_on", "status", "suggestions", "error", "retry_at")
    blocks: dict[int, dict[str, Any]] = defaultdict(dict)
    for run in runs.only(*columns):
        blocks[keys[run.photo_id]][run.add_on or ""] = _block(run)
    return {key: {"categorization": one} for key, one in blocks.items()}


def _block(run: TaggingRun) -> dict[str, Any]:
    if run.status == RunStatus.COMPLETE:
        return {"status": "complete", "data": _data(run)}
    if run.is_over:
        return {"status": "failed", "error": {"message": run.error}}
    return {"status": "pending"}


def _data(run: TaggingRun) -> list[dict[str, Any]]:
    said = [
        {"tag": one["tag"], "confidence": round(float(one["confidence"]), 4)}
        for one in run.suggestions
    ]
    return sorted(said, key=lambda one: -one["confidence"])


def forget(asset: Asset) -> None:
    """Take away what taggers and people said of a picture that another one takes the place of."""
    if asset.photo_id is None:
        return
    with transaction.atomic():
        tagging.hold_tags([asset.photo_id])
        PhotoTag.objects.filter(photo=asset.photo_id).delete()
        TaggingRun.objects.filter(photo=asset.photo_id).delete()


def usage_of(cloud: Cloud) -> dict[str, dict[str, int]]:
    """Return how often each add-on was asked in this month (UTC), and how often it may be.

    What was asked about photos that are deleted since is not among it.
    """
    first = timezone.now().astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    runs = TaggingRun.objects.for_programs().filter(
        requested_by=cloud.owner_id, created_at__gte=first, attempts__gt=0
    )
    counts = dict(runs.order_by().values_list("add_on").annotate(n=Count("pk")))
    return {
        name: {
            "usage": counts.get(name, 0),
            "limit": terms_of(tagger).monthly_photos or throttle.ENDLESS,
        }
        for name, tagger in available().items()
    }


# --- Telling ----------------------------------------------------------------------------------


def announce(run: TaggingRun) -> None:
    """Tell those who wait for a run that it is done, or has failed for good."""
    if run.add_on is None:
        return
    # Asked of the database: whoever waited may have gone while it was under way.
    stored = TaggingRun.objects.filter(pk=run.pk).values_list("notification_url", flat=True)
    urls = stored.first()
    rows = Asset.objects.filter(photo=run.photo_id).select_related("cloud", "api_key")
    if urls is not None and (asset := rows.first()):
        notifying.notify(asset.cloud, "info", _news(asset, run), urls=urls, key=asset.api_key)


def _news(asset: Asset, run: TaggingRun) -> dict[str, Any]:
    block = _block(run)
    news = {
        "info_kind": run.add_on,
        "info_status": block["status"],
        "info_data": block.get("data", []),
        "public_id": asset.public_id,
        "asset_id": asset.asset_id,
        "uploaded_at": f"{asset.uploaded_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "version": asset.version,
        "etag": asset.etag,
        "resource_type": asset.resource_type,
        "type": asset.type,
    }
    return news | {"info_error": block["error"]} if "error" in block else news
