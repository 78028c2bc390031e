"""Pictures made of texts and of many pictures: text, sprite, multi, explode."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from ..assets import generating, jobs, storing
from ..assets.generating import Made, Many, Words
from ..models import ApiJob, Asset, ResourceType
from ..transformations.color import Color, read_color
from ..transformations.encode import CONTENT_TYPES
from ..transformations.layer_names import ALIGNMENTS, MAX_FONT_PX, WEIGHTS, TextStyle
from . import later, payloads
from .archives import check_time
from .doors import Answer, Call
from .errors import ApiError, BadRequestError, UnauthorizedError
from .params import Params

MAX_URLS = 1000
_FONT, _FONT_SIZE = "Arial", 12.0
_DECORATIONS = {"none": "", "underline": "underline", "line-through": "strikethrough"}


def _check(call: Call, resource_type: str) -> None:
    """Raise ApiError for those without a key, for old links and for what is no picture."""
    if not call.is_signed:
        raise UnauthorizedError("This needs a signature")
    check_time(call.params)
    if resource_type != ResourceType.IMAGE:
        raise BadRequestError(f"This is made of images, not of {resource_type}")


# --- Text -------------------------------------------------------------------------------------


def text(call: Call, resource_type: str) -> Answer:
    """Draw a text and store it as a picture."""
    _check(call, resource_type)
    params = call.params
    words = Words(
        params.required("text"),
        _style(params),
        _color(params, "font_color", "black"),
        _color(params, "background", "transparent"),
        _share(params),
    )
    public_id = params.text("public_id")
    asset = generating.store_words(call.cloud, words, public_id=public_id, key=call.key)
    return payloads.upload_answer(call, asset)


def _style(params: Params) -> TextStyle:
    size = params.number("font_size", _FONT_SIZE)
    family = params.text("font_family") or _FONT
    if size is None or not 1 <= size <= MAX_FONT_PX:
        raise BadRequestError(f"font_size is from 1 to {MAX_FONT_PX}")
    if len(family) > 80 or not family.isprintable():
        raise BadRequestError("Invalid value for parameter font_family")
    decoration = _one_of(params, "text_decoration", _DECORATIONS, "none")
    return TextStyle(
        family,
        size,
        weight=_one_of(params, "font_weight", WEIGHTS, "normal"),
        is_italic=_one_of(params, "font_style", {"normal": False, "italic": True}, "normal"),
        is_underlined=decoration == "underline",
        is_struck=decoration == "strikethrough",
        alignment=_one_of(params, "text_align", ALIGNMENTS, "left"),
        letter_spacing_px=_spacing(params, "letter_spacing"),
        line_spacing_px=_spacing(params, "line_spacing"),
    )


def _one_of(params: Params, name: str, known: Any, default: str) -> Any:
    value = (params.text(name) or default).strip().lower()
    if value not in known:
        raise BadRequestError(f"Invalid value {value[:100]} for parameter {name}")
    return known[value]


def _spacing(params: Params, name: str) -> float:
    number = params.number(name, 0.0)
    if number is None or not -MAX_FONT_PX <= number <= MAX_FONT_PX:
        raise BadRequestError(f"Invalid value for parameter {name}")
    return number


def _share(params: Params) -> float:
    share = params.number("opacity", 100.0)
    if share is None or not 0 <= share <= 100:
        raise BadRequestError("opacity is from 0 to 100")
    return share


def _color(params: Params, name: str, default: str) -> Color:
    """Read a colour: a name, ``#rrggbb`` or ``rgb:rrggbb``."""
    text = (params.text(name) or default).strip()
    return read_color(f"rgb:{text[1:]}" if text.startswith("#") else text)


# --- Many pictures ----------------------------------------------------------------------------


def sprite(call: Call, resource_type: str) -> Answer:
    """Put pictures on one sheet; ``mode=download`` returns it and stores nothing."""
    _check(call, resource_type)
    many = _many(call)
    if _is_download(call):
        return _file(generating.sheet(many).made, many.tag)
    if call.params.flag("async"):
        many.parts()
        return later.queue(call, "sprite")
    return _sprite(call)


def _sprite(call: Call) -> dict[str, Any]:
    stored = generating.store_sheet(_many(call), key=call.key)
    answer: dict[str, Any] = {
        "public_id": stored.image.public_id,
        "version": stored.image.version,
        "asset_id": stored.image.asset_id,
        "image_infos": stored.sheet.infos(),
    }
    for name, asset in (("image", stored.image), ("css", stored.css), ("json", stored.json)):
        where = _urls(call, asset)
        answer |= {f"{name}_url": where["url"], f"secure_{name}_url": where["secure_url"]}
    return answer


def multi(call: Call, resource_type: str) -> Answer:
    """Put pictures one after the other; ``mode=download`` returns them and stores nothing."""
    _check(call, resource_type)
    many, format = _many(call), call.params.text("format")
    if _is_download(call):
        return _file(generating.sequence(many, format=format), many.tag)
    if call.params.flag("async"):
        many.parts()
        return later.queue(call, "multi")
    return _multi(call)


def _multi(call: Call) -> dict[str, Any]:
    format = call.params.text("format")
    asset = generating.store_sequence(_many(call), format=format, key=call.key)
    named = {name: getattr(asset, name) for name in ("asset_id", "public_id", "version")}
    return named | _urls(call, asset)


def _urls(call: Call, asset: Asset) -> dict[str, str]:
    """Return addresses in which the transformation, part of the name, is read as it was asked."""
    where = payloads.urls(call, asset)
    return {name: url.replace("%2C", ",") for name, url in where.items()}


@jobs.does("sprite")
def _sprite_job(job: ApiJob) -> None:
    later.perform(job, "sprite", _sprite)


@jobs.does("multi")
def _multi_job(job: ApiJob) -> None:
    later.perform(job, "multi", _multi)


def _many(call: Call) -> Many:
    params = call.params
    urls = params.array("urls")
    if len(urls) > MAX_URLS:
        raise BadRequestError("There are too many urls")
    text = "/".join(filter(None, params.array("transformation")))
    return Many(
        cloud=call.cloud,
        public_id=params.text("public_id"),
        tag=params.text("tag"),
        urls=tuple(urls),
        text=text,
        hosts=call.hosts,
    )


def _is_download(call: Call) -> bool:
    mode = call.params.text("mode")
    if mode not in ("", "create", "download"):
        raise BadRequestError(f"Invalid value {mode[:100]} for parameter mode")
    if mode != "download" and call.request.method == "GET":
        raise ApiError("By GET this is only downloaded; set mode=download", status=400)
    return mode == "download"


def _file(made: Made, name: str) -> HttpResponse:
    answer = HttpResponse(made.content, content_type=CONTENT_TYPES[made.format])
    bare = "".join(char for char in name if char.isprintable() and char != "/")[:200]
    file_name = f"{bare or 'pictures'}.{made.format}"
    disposition = content_disposition_header(True, file_name)
    answer["Content-Disposition"] = disposition or "attachment"
    answer["Cache-Control"] = "private, no-store"
    return answer


# --- Pages ------------------------------------------------------------------------------------


def explode(call: Call, resource_type: str) -> Answer:
    """Have a worker make a picture of each page of an asset."""
    _check(call, resource_type)
    params = call.params
    generating.check_pages(_asset(call), params.text("transformation"))
    return later.queue(call, "explode")


def _asset(call: Call) -> Asset:
    type = call.params.text("type") or "upload"
    return storing.find(call.cloud, "image", type, call.params.required("public_id"))


def _explode(call: Call) -> dict[str, Any]:
    asset, format = _asset(call), call.params.text("format") or None
    made = generating.explode(asset, call.params.text("transformation"), format=format)
    named = {name: getattr(asset, name) for name in payloads.NAMING}
    pages = [{"transformation": one, **payloads.urls(call, asset, one, format)} for one in made]
    return named | {"version": asset.version, "pages": pages}


@jobs.does("explode")
def _explode_job(job: ApiJob) -> None:
    later.perform(job, "explode", _explode)
