"""What an upload asks for, read and checked before anything is fetched or stored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..assets import add_ons, deriving, fields, incoming, labels, naming, notifying
from ..assets.moderating import BY_HAND, PENDING
from ..assets.storing import UPLOADED_TYPES, Draft
from ..models import Asset, ResourceType
from ..transformations.parameters import read_format
from . import payloads
from .doors import Call
from .errors import BadRequestError
from .params import Params
from .resources import values

#: What belongs to services that this site does not have, and how any value of it is refused.
_NOT_OFFERED: Mapping[str, str] = {
    "detection": "Detection invalid model '{}'",
    "ocr": "Ocr {} is not valid",
    "raw_convert": "Raw convert is invalid: {}",
    "background_removal": "Background removal {} is invalid",
    "similarity_search": "Similarity search {} is not valid",
    "visual_search": "Visual search {} is not valid",
    "auto_transcription": "Auto transcription {} is not valid",
    "auto_chaptering": "Auto chaptering {} is not valid",
    "eval": "Eval is not offered here: {}",
    "on_success": "On success is not offered here: {}",
}
_NOTHING = ("", "0", "false")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,100}: ?[\x20-\x7e]{0,1000}", re.ASCII)
#: What deliveries must not have set for them, as it would speak for the whole site.
_OWN_HEADERS = re.compile(
    r"(?:set-cookie|content-(?!disposition|language)|transfer-|connection|location|clear-site-data"
    r"|strict-transport|access-control|host|date|server|www-auth|service-worker|refresh|sec-|nel"
    r"|report|cross-origin|x-frame|permissions|x-accel|x-sendfile|x-cld|status|trailer|upgrade"
    r"|alt-svc|proxy|vary|accept-ranges|etag|age|keep-alive|te\b)",
    re.IGNORECASE,
)
MAX_HEADERS_CHARS = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is to be done once the asset is safe, for upload and explicit alike.

    ``eager`` and ``breakpoints`` are as sent; ``told`` are addresses that want to know.
    """

    add_ons: tuple[str, ...] = ()
    threshold: float | None = None
    analyses: frozenset[str] = frozenset()
    eager: str = ""
    is_eager_async: bool = False
    breakpoints: Sequence[Mapping[str, Any]] = ()
    told: tuple[str, ...] = ()
    told_of_eager: tuple[str, ...] = ()
    wants_token: bool = False
    is_async: bool = False


def wishes(call: Call) -> Wishes:
    """Read what is to be done with an asset. Raises ApiError, AssetError, TransformationError."""
    params = call.params
    refuse_not_offered(params)
    told = tuple(notifying.checked_urls(params.text("notification_url")))
    told_of_eager = tuple(notifying.checked_urls(params.text("eager_notification_url"))) or told
    return Wishes(
        add_ons=_add_ons(params),
        threshold=add_ons.threshold_of(params.get("auto_tagging")),
        analyses=frozenset(payloads.wanted_analyses(params)),
        eager=_eager(call),
        is_eager_async=params.flag("eager_async"),
        breakpoints=_breakpoints(call),
        told=told,
        told_of_eager=told_of_eager,
        wants_token=params.flag("return_delete_token"),
        is_async=params.flag("async"),
    )


def refuse_not_offered(params: Params) -> None:
    for name, refusal in _NOT_OFFERED.items():
        text = str(params.get(name) or "").strip()
        if text.lower() not in _NOTHING:
            raise BadRequestError(refusal.format(text[:200]))


def _add_ons(params: Params) -> tuple[str, ...]:
    given = params.array("categorization")
    try:
        return add_ons.known(given) if given else ()
    except add_ons.UnknownAddOnError as error:
        raise BadRequestError(str(error)) from error


def _eager(call: Call) -> str:
    """Return the eager transformations, one text, each of them checked."""
    spec = "|".join(call.params.array("eager"))
    for _, text, format in deriving.split_eager(spec):
        incoming.understood(call.cloud, text)
        if format:
            read_format(format)
    return spec


def _breakpoints(call: Call) -> list[dict[str, Any]]:
    """Return the widths that are asked for, each spec checked."""
    specs = [
        spec
        for _, spec in deriving.read_breakpoints(call.params.json("responsive_breakpoints") or [])
    ]
    for spec in specs:
        incoming.understood(call.cloud, spec.get("transformation") or "")
    return specs


# --- What an upload says of the asset ---------------------------------------------------------


def draft(call: Call, resource_type: str, *, named_by: str = "") -> Draft:
    """Read what an upload says but its bytes; ``named_by`` is the name that its file came with."""
    params = call.params
    metadata = params.pairs("metadata")
    fields.validated(call.cloud, metadata)
    place, prefix = _place(params)
    filename = params.text("filename_override") or named_by
    uses_filename = params.flag("use_filename")
    name = "" if params.flag("disallow_public_id") else params.text("public_id")
    if name:
        naming.check_public_id(f"{prefix}/{name}" if prefix else name)
    return Draft(
        resource_type=resource_type,
        type=type_of(params),
        public_id=name,
        prefix=prefix,
        place=place,
        filename=_bare(filename),
        uses_filename=uses_filename,
        is_unique=params.flag("unique_filename", default=True),
        keeps_filename=not params.flag("discard_original_filename"),
        display_name=_display_name(params, filename),
        overwrite=params.flag("overwrite", default=True),
        allowed_formats=tuple(params.words("allowed_formats")),
        format=_format(params),
        transformation=_transformation(call),
        tags=tuple(labels.checked_names(params.words("tags"))),
        context=labels.checked_context(params.pairs("context")),
        metadata=metadata,
        coordinates=coordinates(params),
        regions=values.regions_of(params) if params.has("regions") else {},
        access_control=tuple(values.rules_of(params) if params.has("access_control") else ()),
        moderation=moderation(params),
        quality_override=quality(params),
        headers=headers(params),
        keeps_backups=params.flag("backup"),
        add_ons=_add_ons(params),
        api_key=call.key,
    )


def type_of(params: Params) -> str:
    type = params.text("type") or UPLOADED_TYPES[0].value
    if type not in UPLOADED_TYPES:
        raise BadRequestError(f"Invalid value {type[:100]} for parameter type")
    return type


def _place(params: Params) -> tuple[str | None, str]:
    """Return the folder an asset is shown in, None for that of its name, and its name's prefix."""
    folder = naming.check_folder(params.text("folder"))
    place = naming.check_folder(params.text("asset_folder")) if params.has("asset_folder") else None
    prefix = naming.check_folder(params.text("public_id_prefix")) or folder
    if place and params.flag("use_asset_folder_as_public_id_prefix"):
        prefix = place
    return place, prefix


def _bare(name: str) -> str:
    """Return the last part of a name's path, without what no name should have."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(char for char in last if char.isprintable())[:255]


def _display_name(params: Params, filename: str) -> str:
    if params.text("display_name"):
        return values.display_name(params)
    if params.flag("use_filename_as_display_name"):
        return _bare(filename).rpartition(".")[0] or _bare(filename)
    return ""


def _format(params: Params) -> str:
    text = params.text("format").strip()
    return read_format(text) if text else ""


def _transformation(call: Call) -> str:
    """Return the incoming transformation, checked; several are done one after the other."""
    text = "/".join(call.params.array("transformation"))
    incoming.understood(call.cloud, text)
    return text


def coordinates(params: Params) -> dict[str, Any]:
    """Return the boxes that are given, of faces and of what else counts."""
    names = {"faces": "face_coordinates", "custom": "custom_coordinates"}
    return {kind: values.boxes_of(params, name) for kind, name in names.items() if name in params}


def moderation(params: Params) -> tuple[dict[str, Any], ...]:
    """Return the moderation that is asked for: a person's, or none."""
    kinds = [kind.strip() for one in params.array("moderation") for kind in one.split("|")]
    for kind in filter(None, kinds):
        if kind != BY_HAND:
            raise BadRequestError(f"Moderation {kind[:100]} is not valid")
    return ({"kind": BY_HAND, "status": PENDING},) if any(kinds) else ()


def quality(params: Params) -> str:
    return values.quality(params.text("quality_override"))


def headers(params: Params) -> str:
    """Return headers for the delivery, one a line. Raises BadRequestError for others' business."""
    value = params.get("headers")
    if isinstance(value, Mapping):
        lines = [f"{name}: {one}" for name, one in value.items()]
    else:
        lines = [line for one in params.array("headers") for line in one.splitlines()]
    lines = [line.strip() for line in lines if line.strip()]
    for line in lines:
        if not _HEADER.fullmatch(line) or _OWN_HEADERS.match(line):
            raise BadRequestError(f"Header {line[:100]} cannot be set")
    text = "\n".join(lines)
    if len(text) > MAX_HEADERS_CHARS:
        raise BadRequestError("Parameter headers is too long")
    return text


# --- What explicit says of an asset -----------------------------------------------------------


def changes(asset: Asset, params: Params) -> dict[str, Any]:
    """Return the columns of an asset that a request sets, beside those of `values.columns`."""
    found = values.columns(asset, params)
    if params.has("headers"):
        found["headers"] = headers(params)
    if entries := moderation(params):
        found |= {
            "moderation": [*entries],
            "moderation_kind": entries[-1]["kind"],
            "moderation_status": entries[-1]["status"],
        }
    return found


def kind_of(resource_type: str) -> str:
    """Return the kind of asset that an address names; "auto" means a picture."""
    return resource_type if resource_type == ResourceType.RAW else ResourceType.IMAGE.value
