"""Downloads: originals, and many files in one."""

from __future__ import annotations

import time
from datetime import UTC
from functools import partial
from io import BytesIO
from typing import Any

from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from ..assets import access, archives, deriving, jobs, parts, storing, usage
from ..assets.archives import Packing, Selection
from ..assets.packing import CONTENT_TYPES, packed
from ..models import ApiJob, Asset, AssetVersion, DeliveryType, ResourceType
from . import files, later, payloads
from .doors import Answer, Call
from .errors import ApiError, BadRequestError, NotFoundError, UnauthorizedError
from .files import PICTURES, Sent
from .params import Params

_PRIVATE = "private, no-store"
_KINDS = (*ResourceType.values, *archives.ANY_KIND)
_TYPES = (*DeliveryType.values, "all")


def check_time(params: Params) -> None:
    """Raise UnauthorizedError for a link that has ended; ``expires_at`` is in Unix seconds."""
    expires_at = params.number("expires_at")
    if expires_at is not None and expires_at < time.time():
        raise UnauthorizedError("This link has expired")


def _check(call: Call) -> None:
    """Raise UnauthorizedError for those without a key, and for old links."""
    if not call.is_signed:
        raise UnauthorizedError("This needs a signature")
    check_time(call.params)


# --- One file ---------------------------------------------------------------------------------


def download(call: Call, resource_type: str) -> Answer:
    """Return an original, or what it is in another format."""
    _check(call)
    params = call.params
    public_id, type = params.required("public_id"), params.text("type") or "upload"
    asset = storing.find(call.cloud, resource_type, type, public_id)
    if not access.is_deliverable(asset):
        raise NotFoundError.asset(public_id)
    format = params.text("format").strip().lower()
    if asset.is_image and format and format != asset.format:
        return _converted(call, asset, format)
    kind, is_download = _kind(asset)
    name = f"{asset.filename}.{asset.format}" if asset.is_image else asset.filename
    sent = Sent(
        open=partial(_opened, asset),
        size_bytes=asset.size_bytes,
        content_type=kind,
        etag=asset.etag or asset.version_id,
        modified_at=asset.uploaded_at.astimezone(UTC),
        cache_control=_PRIVATE,
        download_name=_saved_as(params, name, is_forced=is_download),
    )
    return _sent(call, sent, public_id)


def _converted(call: Call, asset: Asset, format: str) -> Answer:
    made = parts.rendered(asset, "", format=format)
    kind = PICTURES.get(made.format)
    name = f"{asset.filename}.{made.format}"
    sent = Sent(
        open=lambda: BytesIO(made.content),
        size_bytes=len(made.content),
        content_type=kind or "application/octet-stream",
        etag=f"{asset.version_id}-{made.format}",
        modified_at=asset.uploaded_at.astimezone(UTC),
        cache_control=_PRIVATE,
        download_name=_saved_as(call.params, name, is_forced=kind is None),
    )
    return _sent(call, sent, asset.public_id)


def _kind(asset: Asset) -> tuple[str, bool]:
    if asset.is_image and asset.format in PICTURES:
        return PICTURES[asset.format], False
    return files.kind_of_file(f"of.{asset.format}" if asset.is_image else asset.public_id)


def _opened(asset: Asset) -> Any:
    return asset.stored.storage.open(asset.stored.name or "", "rb")


def _saved_as(params: Params, name: str, *, is_forced: bool) -> str:
    """Return the name to be saved under, "" for what may be shown; ``attachment`` may name one."""
    asked = params.text("attachment").strip()
    if asked.lower() in ("", "0", "false"):
        return name if is_forced else ""
    return name if asked.lower() in ("1", "true") else asked[:255]


def _sent(call: Call, sent: Sent, public_id: str) -> HttpResponseBase:
    try:
        response = files.answer(call.request, sent)
    except FileNotFoundError:
        raise NotFoundError.asset(public_id) from None
    usage.count(call.cloud.pk, bandwidth_bytes=int(response.get("Content-Length", "0")))
    return response


def download_backup(call: Call) -> Answer:
    """Return the bytes of one version that was kept of an asset."""
    _check(call)
    asset_id, version_id = call.params.required("asset_id"), call.params.required("version_id")
    found = AssetVersion.objects.filter(
        asset__cloud=call.cloud, asset__asset_id=asset_id, version_id=version_id
    )
    version = found.select_related("asset").first()
    if version is None:
        raise NotFoundError.asset(f"{asset_id[:100]} {version_id[:100]}")
    name = version.asset.filename
    sent = Sent(
        open=partial(version.file.storage.open, version.file.name or "", "rb"),
        size_bytes=version.size_bytes,
        content_type="application/octet-stream",
        etag=version.version_id,
        modified_at=version.created_at.astimezone(UTC),
        cache_control=_PRIVATE,
        download_name=f"{name}.{version.format}" if version.asset.is_image else name,
    )
    return _sent(call, sent, version.asset.public_id)


# --- Many files -------------------------------------------------------------------------------


def download_tag(call: Call, resource_type: str) -> Answer:
    """Return all pictures of a tag, as they are or transformed."""
    _check(call)
    tag = call.params.required("tag")
    selection = Selection(resource_type=resource_type, tags=[tag])
    return _downloaded(call, selection, _packing(call), name=tag)


def generate(call: Call, resource_type: str) -> Answer:
    """Pack files: to be downloaded at once, or kept as an asset."""
    _check(call)
    mode = call.params.text("mode") or "create"
    if mode not in ("create", "download"):
        raise BadRequestError(f"Invalid value {mode[:100]} for parameter mode")
    selection, packing = _selection(call.params, resource_type), _packing(call)
    if mode == "download":
        name = call.params.text("target_public_id") or "archive"
        return _downloaded(call, selection, packing, name=name)
    if call.request.method != "POST":
        raise ApiError("An archive is only made by POST", status=400)
    if call.params.flag("async"):
        archives.files_of(archives.selected(call.cloud, selection), packing)
        return later.queue(call, "generate_archive", resource_type=resource_type)
    return _created(call, resource_type)


def _created(call: Call, resource_type: str) -> dict[str, Any]:
    selection, packing = _selection(call.params, resource_type), _packing(call)
    archive = archives.create(
        call.cloud,
        archives.selected(call.cloud, selection),
        packing,
        public_id=call.params.text("target_public_id"),
        tags=call.params.words("target_tags"),
        key=call.key,
    )
    answer = payloads.upload_answer(call, archive.stored.asset)
    return answer | {"resource_count": archive.resources, "file_count": archive.files}


@jobs.does("generate_archive")
def _job(job: ApiJob) -> None:
    kind = job.params["resource_type"]
    later.perform(job, "generate_archive", lambda call: _created(call, kind))


def _downloaded(
    call: Call, selection: Selection, packing: Packing, *, name: str
) -> HttpResponseBase:
    assets = archives.selected(call.cloud, selection)
    archives.files_of(assets, packing)  # refuses what is too much before anything is sent
    blocks = packed(archives.entries(assets, packing), packing.format)
    response = StreamingHttpResponse(blocks, content_type=CONTENT_TYPES[packing.format])
    file_name = f"{_bare(name, packing.format)}.{packing.format}"
    disposition = content_disposition_header(True, file_name)
    response["Content-Disposition"] = disposition or "attachment"
    response["Cache-Control"] = _PRIVATE
    return response


def _bare(name: str, format: str) -> str:
    last = name.rpartition("/")[2].removesuffix(f".{format}")
    return "".join(char for char in last if char.isprintable())[:200] or "archive"


def _selection(params: Params, resource_type: str) -> Selection:
    type = params.text("type") or "upload"
    for value, known in ((resource_type, _KINDS), (type, _TYPES)):
        if value not in known:
            raise BadRequestError(f"{value[:100]} is not offered in archives")
    return Selection(
        resource_type=resource_type,
        type=type,
        public_ids=params.array("public_ids"),
        tags=params.words("tags"),
        prefixes=[one for one in params.array("prefixes") if one],
        qualified=params.array("fully_qualified_public_ids"),
        allows_missing=params.flag("allow_missing"),
    )


def _packing(call: Call) -> Packing:
    params = call.params
    format = params.text("target_format") or "zip"
    if format not in archives.FORMATS:
        raise BadRequestError(f"Invalid value {format[:100]} for parameter target_format")
    given = params.array("transformations") or params.array("transformation")
    asked = deriving.split_eager("|".join(given))
    for _, text, _ in asked:
        parts.checked(call.cloud, text)
    return Packing(
        format=format,
        transformations=asked,
        is_flat=params.flag("flatten_folders"),
        uses_original_names=params.flag("use_original_filename"),
        hides_transformations=params.flag("skip_transformation_name"),
        keeps_derived=params.flag("keep_derived"),
        skips_missing=params.flag("allow_missing"),
    )
