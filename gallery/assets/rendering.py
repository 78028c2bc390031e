"""One picture that is wished for: found where it is stored, else rendered and stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import IO, Any, TypeVar

from django.conf import settings
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import Count, Sum

from .. import ingest, transformations
from ..models import Asset, Derived
from ..transformations import Breakpoint, BreakpointSpec, Limits, Transformation
from ..transformations import Derived as Rendered
from ..transformations.parameters import read_format
from . import known, lookup, scenes, usage
from .errors import AssetError, MissingError
from .turns import alone, turn
from .urls import escape_words

#: Part of every key: another number makes all pictures anew.
KEYED = 1
_TOLD_S = 3600.0
_T = TypeVar("_T")


class StrictError(AssetError):
    """Only known transformations are made for addresses without a signature."""

    def __init__(self) -> None:
        super().__init__("This transformation needs a signed address")


class TooManyError(AssetError):
    """So many pictures were made of the asset that no more are for addresses without signature."""


@dataclass(frozen=True)
class Wish:
    """What is asked of an asset.

    ``text`` is the transformation as it stands in addresses, ``parsed`` the same with its names
    still in it, ``whole`` with what they stand for. ``format`` is the vendor's name of what the
    address asks for, "" for the stored one; ``accept`` what of the header counts, "" where nothing
    depends on it. ``is_signed``: a holder of a key asks.
    """

    asset: Asset
    text: str
    parsed: Transformation
    whole: Transformation
    around: scenes.Surroundings
    format: str
    accept: str
    is_signed: bool

    @property
    def depends_on_accept(self) -> bool:
        return (self.whole.format or self.format) == "auto"

    @cached_property
    def key(self) -> str:
        """The SHA-256 of all that the result depends on."""
        format = self.whole.format or self.format or self.asset.format
        decisive = [KEYED, self.asset.version_id, self.whole.canonical, format, self.accept]
        text = json.dumps([*decisive, self.around.decisive()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def wish(
    asset: Asset,
    text: str,
    *,
    format: str | None = None,
    accept: str = "",
    is_signed: bool,
    parsed: Transformation | None = None,
) -> Wish:
    """Understand what is asked; ``text`` as it is in an address that was decoded once.

    The asset comes with its cloud and photo. Raises TransformationError.
    """
    parsed = parsed or parsed_from(text)
    whole = parsed
    if parsed.named:
        whole = transformations.expand(parsed, known.definitions(asset.cloud, parsed).get)
    name = read_format(format) if format else ""
    counts = (whole.format or name) == "auto"
    around = scenes.surroundings(asset, whole, is_signed=is_signed)
    return Wish(
        asset, escape_words(text), parsed, whole, around, name,
        _accepted(accept) if counts else "", is_signed,
    )  # fmt: skip


def parsed_from(text: str) -> Transformation:
    """Parse what an address says, decoded once. Raises TransformationError."""
    return transformations.parse(text.replace("\n", "%0A"))  # texts may have several lines


def _accepted(accept: str) -> str:
    """Return what of an Accept header decides between formats, in one spelling."""
    kinds = [kind.replace(" ", "").lower().split(";") for kind in accept[:2000].split(",")]
    named = {kind for kind, *rest in kinds if "q=0" not in rest}
    return ",".join(kind for kind in ("image/avif", "image/webp") if kind in named)


def find(wanted: Wish) -> Derived | None:
    """Return the picture if it was made before; one statement."""
    return lookup.derived(wanted.asset, wanted.key)


def make(wanted: Wish) -> Derived:
    """Render and store a picture; of simultaneous wishes for the same one only one renders it."""
    _refuse_unless_allowed(wanted)
    with alone(f"{wanted.asset.pk} {wanted.key}"):
        if found := find(wanted):
            return found
        rendered = _rendered(wanted, transformations.render)
        derived = keep(wanted, rendered)
    known.note_use(wanted.asset.cloud, wanted.parsed, wanted.text, is_signed=wanted.is_signed)
    return derived


def made_anew(wanted: Wish, lost: Derived) -> Derived:
    """Render again what was stored and whose file is lost."""
    Derived.objects.filter(pk=lost.pk).delete()
    with alone(f"{wanted.asset.pk} {wanted.key}"):
        return keep(wanted, _rendered(wanted, transformations.render))


def told(wanted: Wish, *, before: Callable[[], None] = lambda: None) -> dict[str, Any] | None:
    """Return what is asked to be told of a picture instead of it; None where it is the picture.

    It is remembered for an hour; ``before`` is called where it is not. Raises like `make`.
    """
    asked = transformations.auto_breakpoints(wanted.whole, format=wanted.format or None)
    wants_widths = asked is not None and asked[1]
    if not wants_widths and "getinfo" not in wanted.whole.flags:
        return None
    key = f"told-{wanted.asset.pk}-{wanted.key}"
    if (known_answer := cache.get(key)) is not None:
        return dict(known_answer)
    before()
    _refuse_unless_allowed(wanted)
    with alone(key):
        if asked and wants_widths:
            answer = transformations.widths_json(widths(wanted, asked[0]))
        else:
            answer = _rendered(wanted, transformations.info_json)
    cache.set(key, answer, _TOLD_S)
    return dict(answer)


def widths(wanted: Wish, spec: BreakpointSpec) -> list[Breakpoint]:
    """Return the widths that a picture is worth having in, the largest first."""

    def work(file: IO[bytes]) -> list[Breakpoint]:
        scene = wanted.around.scene()
        return transformations.breakpoints(file, spec, scene=scene, limits=_limits())

    return _worked(wanted, work)


def keep(wanted: Wish, rendered: Rendered) -> Derived:
    """Store a picture. Raises MissingError when its asset is gone meanwhile."""
    content = rendered.content
    derived = Derived(
        asset=wanted.asset,
        key=wanted.key,
        transformation=wanted.text,
        format=rendered.format,
        content_type=rendered.content_type,
        width=rendered.width_px,
        height=rendered.height_px,
        size_bytes=len(content),
        etag=hashlib.md5(content, usedforsecurity=False).hexdigest(),
    )
    derived.file.save(f"derived.{rendered.format}", ContentFile(content), save=False)
    try:
        with transaction.atomic():
            derived.save(force_insert=True)
    except BaseException as error:
        ingest.remove_file(derived.file)
        if not isinstance(error, IntegrityError):
            raise
        if found := find(wanted):  # another process was first
            return found
        raise MissingError.asset(wanted.asset.public_id) from error
    return derived


def _refuse_unless_allowed(wanted: Wish) -> None:
    """Raise StrictError or TooManyError for what is not made without a signature."""
    if wanted.is_signed:
        return
    cloud = wanted.asset.cloud
    is_strict = cloud.strict_transformations and wanted.text
    if is_strict and not known.is_allowed_for_strict(cloud, wanted.parsed):
        raise StrictError
    most, most_bytes = settings.MAX_DERIVED, settings.MAX_DERIVED_BYTES
    made = Derived.objects.filter(asset_id=wanted.asset.pk).aggregate(
        count=Count("pk"), size_bytes=Sum("size_bytes")
    )
    if made["count"] >= most:
        raise TooManyError(f"There are {most:,} pictures made of this one; more need signatures")
    if (made["size_bytes"] or 0) >= most_bytes:
        raise TooManyError(
            f"Pictures made of this one have {most_bytes:,} bytes; more need signatures"
        )


def _rendered(wanted: Wish, tool: Callable[..., _T]) -> _T:
    def work(file: IO[bytes]) -> _T:
        return tool(
            file,
            wanted.whole,
            format=wanted.format or None,
            accept=wanted.accept,
            scene=wanted.around.scene(),
            limits=_limits(),
        )

    return _worked(wanted, work)


def _worked(wanted: Wish, work: Callable[[IO[bytes]], _T]) -> _T:
    try:
        with turn(), scenes.open_stored(wanted.asset) as file:
            result = work(file)
    except KeyError as error:
        raise MissingError.asset(wanted.asset.public_id) from error
    usage.count(wanted.asset.cloud_id, transformations=1)
    return result


def _limits() -> Limits:
    return Limits(
        max_output_pixels=settings.MAX_DERIVED_PIXELS,
        max_input_pixels=settings.MAX_PIXELS,
        cpu_s=settings.DERIVE_CPU_S,
    )
