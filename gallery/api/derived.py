"""Pictures that an upload asks for beside itself: eager ones, and widths for many screens."""

from __future__ import annotations

from ..assets import deriving, jobs
from ..assets.errors import AssetError, MissingError
from ..imaging.errors import ImageError
from ..models import ApiJob, Asset
from ..transformations import TransformationError
from . import later, payloads
from .doors import Call
from .payloads import Payload
from .wishes import Wishes


def answer(call: Call, asset: Asset, wishes: Wishes) -> Payload:
    """Make the pictures that are asked for, or have a worker make them, and tell of them."""
    if not asset.is_image:
        return {}
    return _eager(call, asset, wishes) | _breakpoints(call, asset, wishes)


def _eager(call: Call, asset: Asset, wishes: Wishes) -> Payload:
    if not wishes.eager:
        return {}
    if not wishes.is_eager_async:
        return {"eager": eager_made(call, asset, wishes.eager)}
    job = jobs.queue(
        call.cloud,
        "eager",
        key=call.key,
        params={
            "asset": asset.pk,
            "eager": wishes.eager,
            "told": [*wishes.told_of_eager],
            "site": call.secure_base_url,
        },
    )
    return {"eager": [_to_come(call, asset, job, one) for one in _split(wishes.eager)]}


def _split(eager: str) -> list[tuple[str, str, str | None]]:
    """Split into texts as sent, transformations and extensions; "" for none, None: as stored."""
    return [
        (text, transformation, "" if text.endswith("/") else format)
        for text, transformation, format in deriving.split_eager(eager)
    ]


def _to_come(call: Call, asset: Asset, job: ApiJob, one: tuple[str, str, str | None]) -> Payload:
    text, transformation, format = one
    where = payloads.urls(call, asset, transformation, format)
    return {
        "status": "processing",
        "batch_id": job.batch_id,
        "transformation": text,
        **where,
    }


def eager_made(call: Call, asset: Asset, eager: str) -> list[Payload]:
    """Make pictures in the order asked for; one that cannot be made says why."""
    return [_made(call, asset, one) for one in _split(eager)]


def _made(call: Call, asset: Asset, one: tuple[str, str, str | None]) -> Payload:
    text, transformation, format = one
    try:
        row = deriving.find_or_render(asset, transformation, format=format or None, is_signed=True)
    except (TransformationError, AssetError, ImageError) as error:
        return {"transformation": text, "status": "failed", "reason": str(error)}
    extension = "" if format == "" else row.format
    return {
        "transformation": text,
        "width": row.width,
        "height": row.height,
        "bytes": row.size_bytes,
        "format": row.format,
        **payloads.urls(call, asset, transformation, extension),
    }


def _breakpoints(call: Call, asset: Asset, wishes: Wishes) -> Payload:
    if not wishes.breakpoints:
        return {}
    try:
        found = deriving.breakpoints(asset, wishes.breakpoints)
    except (TransformationError, AssetError, ImageError) as error:
        failed = {"breakpoints": [], "status": "failed", "reason": str(error)}
        return {"responsive_breakpoints": [failed]}
    return {"responsive_breakpoints": [_widths(call, one) for one in found]}


def _widths(call: Call, found: deriving.Breakpoints) -> Payload:
    widths = [
        {
            "width": point.width_px,
            "height": point.height_px,
            "bytes": point.size_bytes,
            "url": call.base_url + path,
            "secure_url": call.secure_base_url + path,
        }
        for point, path in found.points
    ]
    echo = {"transformation": found.transformation} if found.transformation else {}
    return echo | {"breakpoints": widths}


@jobs.does("eager")
def _eager_job(job: ApiJob) -> None:
    def work(call: Call) -> Payload:
        rows = Asset.objects.of(job.cloud).select_related("photo")
        asset = rows.filter(pk=job.params["asset"]).first()
        if asset is None:
            raise MissingError.asset(str(job.params["asset"]))
        asset.cloud = job.cloud
        named = {name: getattr(asset, name) for name in payloads.NAMING}
        made = eager_made(call, asset, job.params["eager"])
        return named | {"version": asset.version, "eager": made}

    later.perform(job, "eager", work)
