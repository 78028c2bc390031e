"""Pictures made of words and of many pictures: texts, sheets, animations, single pages."""

from __future__ import annotations

import hashlib
import json
import math
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from PIL import Image

from .. import ingest
from ..models import ApiKey, Asset, Cloud, DeliveryType, ResourceType
from ..models.assets import new_id
from ..transformations.color import TRANSPARENT, Color
from ..transformations.encode import ANIMATED, Output, encode
from ..transformations.layer_names import TextStyle, read_text
from ..transformations.text import Ink, draw_text
from . import deriving, labels, naming, parts
from .errors import InvalidError, MissingError
from .parts import Part, limits, parts_of_assets, rendered_part

MAX_PARTS = 100
MAX_PAGES = 100
#: How long each picture of an animation is shown.
FRAME_MS = 100
_SHEETS = ("png", "jpg", "webp", "avif", "gif")
_PAGED = ("pdf", "tif")
#: What holds one picture only: the first stands for all.
_STILL = ("jpg", "avif")
MANY = (*sorted(ANIMATED), "png", *_PAGED, *_STILL)
ALL_PAGES = "pg_all"
_NOT_IN_NAMES = re.compile(r"[^\w.,:-]+")
_NOT_IN_CLASSES = re.compile(r"[^\w-]+")
_MAX_NAME_CHARS = 120
#: What the names of a sheet's style sheet and JSON end in.
_OF_SHEETS = (".css", ".json")


@dataclass(frozen=True, slots=True)
class Made:
    """A file that was made; sizes are None for what is no picture."""

    content: bytes
    format: str
    width: int | None = None
    height: int | None = None
    pages: int = 1


# --- Which pictures ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """Pictures of a tag, or those of addresses, and what is done with each.

    ``text`` is the transformation as it was asked for, ``hosts`` the site's own. ``public_id`` is
    how what is made is to be called, "" for a name made of the others.
    """

    cloud: Cloud
    public_id: str = ""
    tag: str = ""
    urls: tuple[str, ...] = ()
    text: str = ""
    hosts: tuple[str, ...] = ()

    @property
    def each(self) -> str:
        """What is done with each picture: all but the format."""
        return parts.without_format(self.text)[0]

    @property
    def format(self) -> str:
        return parts.without_format(self.text)[1]

    def parts(self) -> list[Part]:
        """Return the pictures in order. Raises InvalidError, MissingError."""
        if bool(self.tag) == bool(self.urls):
            raise InvalidError("Either tag or urls must be given")
        parts.checked(self.cloud, self.text)
        _check_name(self.public_id)
        found = parts.parts_of_urls(self.urls) if self.urls else self._tagged()
        if not found:
            raise MissingError(f"No images were found with tag {self.tag}")
        if len(found) > MAX_PARTS:
            raise InvalidError(f"Up to {MAX_PARTS} pictures are put together")
        return found

    def _tagged(self) -> list[Part]:
        images = Asset.objects.of(self.cloud).filter(
            resource_type=ResourceType.IMAGE, type=DeliveryType.UPLOAD
        )
        rows = labels.tagged(images, self.tag).select_related("photo")
        assets = list(rows.order_by("public_id")[: MAX_PARTS + 1])
        for asset in assets:
            asset.cloud = self.cloud
        return parts_of_assets(assets)

    def pictures(self) -> list[tuple[str, Image.Image]]:
        """Return the pictures, decoded, each under a name that no other has."""
        found: list[tuple[str, Image.Image]] = []
        pixels, names = 0, _FreeNames()
        for part in self.parts():
            made = rendered_part(self.cloud, part, self.each, hosts=self.hosts)
            image = _decoded(made.content)
            pixels += image.width * image.height
            if pixels > limits().max_output_pixels:
                raise InvalidError("These pictures are too large to be put together")
            found.append((names.free(part.name), image))
        return found

    @property
    def name(self) -> str:
        """The name of what is made: the tag or what stands for the addresses, and the text."""
        if self.public_id:
            return self.public_id
        of = self.tag or hashlib.sha256("\n".join(self.urls).encode()).hexdigest()[:32]
        told = ",".join(filter(None, (of, self.text)))
        plain = _NOT_IN_NAMES.sub("_", told).strip("_.") or "all"
        is_ours = told.endswith(_OF_SHEETS)
        if plain == told and len(told) <= _MAX_NAME_CHARS and not is_ours:
            return told
        return f"{plain[:_MAX_NAME_CHARS]}_{hashlib.sha256(told.encode()).hexdigest()[:12]}"


def _check_name(public_id: str) -> None:
    """Raise InvalidError for a name that nothing may have, or that another's sheet may need."""
    if public_id and naming.check_public_id(public_id).endswith(_OF_SHEETS):
        raise InvalidError(f"public_id ({public_id}) is invalid")


class _FreeNames:
    def __init__(self) -> None:
        self._taken: set[str] = set()

    def free(self, name: str) -> str:
        """Return the name, with a number behind it when it is taken."""
        found, number = name, 1
        while found in self._taken:
            number += 1
            found = f"{name}_{number}"
        self._taken.add(found)
        return found


def _decoded(content: bytes) -> Image.Image:
    with Image.open(BytesIO(content)) as image:  # written by this site a moment ago
        return image.convert("RGBA")


# --- A sheet of pictures ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a picture stands on a sheet, in pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet, and where each picture is on it, by its name."""

    made: Made
    spots: dict[str, Spot] = field(default_factory=dict)

    def css(self, image_url: str) -> str:
        """Return one class for each picture, which shows it where it is applied."""
        classes, rules = _FreeNames(), []
        for name, spot in self.spots.items():
            own = classes.free(_class_name(name))
            rules.append(
                f".{own} {{ width: {spot.width}px; height: {spot.height}px; "
                f"background: url('{image_url}') no-repeat -{spot.x}px -{spot.y}px; }}\n"
            )
        return "".join(rules)

    def infos(self) -> dict[str, dict[str, int]]:
        return {
            name: {"width": spot.width, "height": spot.height, "x": spot.x, "y": spot.y}
            for name, spot in self.spots.items()
        }


def _class_name(name: str) -> str:
    plain = _NOT_IN_CLASSES.sub("-", name)
    return plain if plain[:1].isalpha() else f"i-{plain}"


def sheet(many: Many) -> Sheet:
    """Put pictures on one sheet. Raises AssetError, TransformationError and ImageError."""
    format = _checked_format(many.format or "png", _SHEETS)
    pictures = many.pictures()
    spots, size = _arranged([image.size for _, image in pictures])
    limits().check_size(*size)
    whole = Image.new("RGBA", size, TRANSPARENT)
    for (_, image), spot in zip(pictures, spots, strict=True):
        whole.paste(image, (spot.x, spot.y))
    content = encode([whole], Output(format))
    names = [name for name, _ in pictures]
    return Sheet(Made(content, format, *size), dict(zip(names, spots, strict=True)))


def _arranged(sizes: Sequence[tuple[int, int]]) -> tuple[list[Spot], tuple[int, int]]:
    """Put pictures in rows, in their order, so that the sheet is about as wide as high."""
    area = sum(width * height for width, height in sizes)
    widest = max(max(width for width, _ in sizes), math.isqrt(area))
    spots, x, y, row_height, sheet_width = list[Spot](), 0, 0, 0, 0
    for width, height in sizes:
        if x and x + width > widest:
            x, y, row_height = 0, y + row_height, 0
        spots.append(Spot(x, y, width, height))
        x, row_height = x + width, max(row_height, height)
        sheet_width = max(sheet_width, x)
    return spots, (sheet_width, y + row_height)


def _checked_format(format: str, known: Iterable[str]) -> str:
    format = {"jpeg": "jpg", "tiff": "tif"}.get(format.lower(), format.lower())
    if format not in known:
        raise InvalidError(f"Pictures are put together as {', '.join(known)}, not {format[:40]}")
    return format


@dataclass(frozen=True, slots=True)
class StoredSheet:
    image: Asset
    css: Asset
    json: Asset
    sheet: Sheet


def store_sheet(many: Many, *, key: ApiKey | None) -> StoredSheet:
    """Make a sheet and store it, with a style sheet and JSON that tell where pictures are."""
    made = sheet(many)
    image = keep(many.cloud, DeliveryType.SPRITE, many.name, made.made, key=key)
    path = deriving.url_path(image).rpartition("/")[2]
    css = Made(made.css(path).encode(), "")
    told = Made(json.dumps(made.infos(), ensure_ascii=False).encode(), "")
    return StoredSheet(
        image,
        keep(many.cloud, DeliveryType.SPRITE, f"{many.name}.css", css, key=key),
        keep(many.cloud, DeliveryType.SPRITE, f"{many.name}.json", told, key=key),
        made,
    )


# --- One after the other ----------------------------------------------------------------------


def sequence(many: Many, *, format: str = "") -> Made:
    """Put pictures one after the other: frames of an animation, or pages of a document.

    Of a format that holds one picture, it is the first.
    """
    format = _checked_format(many.format or format or "gif", MANY)
    images = [image for _, image in many.pictures()]
    images = images[:1] if format in _STILL else images
    width = max(image.width for image in images)
    height = max(image.height for image in images)
    limits().check_size(width, height, frames=len(images))
    frames = [_centered(image, (width, height)) for image in images]
    content = _document(frames, format) if format in _PAGED else _animation(frames, format)
    return Made(content, format, width, height, len(frames))


def _centered(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    if image.size == size:
        return image
    canvas = Image.new("RGBA", size, TRANSPARENT)
    canvas.paste(image, ((size[0] - image.width) // 2, (size[1] - image.height) // 2))
    return canvas


def _animation(frames: list[Image.Image], format: str) -> bytes:
    return encode(frames, Output(format, durations_ms=(FRAME_MS,) * len(frames)))


def _document(frames: list[Image.Image], format: str) -> bytes:
    pages = []
    for frame in frames:
        page = Image.new("RGB", frame.size, "white")
        page.paste(frame, mask=frame.getchannel("A"))
        pages.append(page)
    content = BytesIO()
    kind = {"pdf": "PDF", "tif": "TIFF"}[format]
    pages[0].save(content, kind, save_all=True, append_images=pages[1:])
    return content.getvalue()


def store_sequence(many: Many, *, format: str = "", key: ApiKey | None) -> Asset:
    made = sequence(many, format=format)
    return keep(many.cloud, DeliveryType.MULTI, many.name, made, key=key)


# --- Words ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Words:
    """A text and how it is drawn; ``opacity`` is from 0 to 100."""

    text: str
    style: TextStyle
    color: Color
    background: Color = TRANSPARENT
    opacity: float = 100.0


def words(asked: Words) -> Made:
    """Draw a text as PNG. Raises TransformationError."""
    text = read_text(asked.text.replace("%", "%2525"))  # which is decoded twice
    ground = asked.background if asked.background.alpha else None
    image = draw_text(text, asked.style, Ink(asked.color, ground=ground), limits())
    if asked.opacity < 100:
        share = asked.opacity / 100
        image.putalpha(image.getchannel("A").point(lambda alpha: round(alpha * share)))
    return Made(encode([image], Output("png")), "png", image.width, image.height)


def store_words(cloud: Cloud, asked: Words, *, public_id: str, key: ApiKey | None) -> Asset:
    name = naming.check_public_id(public_id or naming.random_id())
    return keep(cloud, DeliveryType.TEXT, name, words(asked), key=key)


# --- Page by page -----------------------------------------------------------------------------


def check_pages(asset: Asset, text: str) -> None:
    """Raise InvalidError, TransformationError where pages cannot be made one by one."""
    if ALL_PAGES not in re.split("[,/]", text):
        raise InvalidError("The transformation of explode needs pg_all")
    if asset.pages > MAX_PAGES:
        raise InvalidError(f"Up to {MAX_PAGES} pages are made, not {asset.pages:,}")
    parts.checked(asset.cloud, _of_page(text, 1))


def explode(asset: Asset, text: str, *, format: str | None) -> list[str]:
    """Have each page of a picture made and stored; return their transformations."""
    check_pages(asset, text)
    texts = [_of_page(text, page) for page in range(1, asset.pages + 1)]
    for one in texts:
        deriving.find_or_render(asset, one, format=format, is_signed=True)
    return texts


def _of_page(text: str, page: int) -> str:
    return re.sub(rf"(^|[,/]){ALL_PAGES}(?=[,/]|$)", rf"\g<1>pg_{page}", text)


# --- Storing ----------------------------------------------------------------------------------

_ATTEMPTS = 3


def keep(
    cloud: Cloud, type: DeliveryType, public_id: str, made: Made, *, key: ApiKey | None
) -> Asset:
    """Store what was made under its name, in place of what was there."""
    naming.check_public_id(public_id)
    version_id = new_id()
    file = Asset(cloud=cloud, version_id=version_id).file
    extension = f".{made.format}" if made.format else ""
    file.save(f"made{extension}", ContentFile(made.content), save=False)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _written(cloud, type, public_id, made, file.name or "", version_id, key)
        except IntegrityError:  # somebody made the same at the same moment
            if attempt == _ATTEMPTS:
                ingest.remove_file(file)
                raise
        except BaseException:
            ingest.remove_file(file)
            raise
    raise AssertionError


@transaction.atomic
def _written(
    cloud: Cloud, type: DeliveryType, public_id: str, made: Made, stored: str,
    version_id: str, key: ApiKey | None,
) -> Asset:  # fmt: skip
    rows = Asset.objects.filter(
        cloud=cloud, resource_type=ResourceType.IMAGE, type=type, public_id=public_id
    )
    asset = rows.select_for_update().first() or Asset(
        cloud=cloud, resource_type=ResourceType.IMAGE, type=type, public_id=public_id
    )
    asset.cloud = cloud
    if asset.file.name:
        transaction.on_commit(partial(ingest.remove_file, Asset(file=asset.file.name).file))
        deriving.drop(asset)
    _describe(asset, made, stored, version_id)
    asset.api_key = key
    asset.folder = naming.folder_of(public_id)
    asset.save()
    naming.note_folders(cloud, asset.folder)
    return asset


def _describe(asset: Asset, made: Made, stored: str, version_id: str) -> None:
    now = timezone.now()
    asset.file.name, asset.version_id = stored, version_id
    asset.version = max((asset.version or 0) + 1, int(time.time()))
    asset.format, asset.width, asset.height = made.format, made.width, made.height
    asset.pages, asset.size_bytes, asset.analysis = made.pages, len(made.content), {}
    asset.etag = hashlib.md5(made.content, usedforsecurity=False).hexdigest()
    if asset.deleted_at is not None or asset.pk is None:
        asset.created_at, asset.deleted_at = now, None
    asset.uploaded_at = asset.updated_at = now
