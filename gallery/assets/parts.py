"""Pictures rendered to be put into something else, and not kept for themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath
from typing import IO
from urllib.parse import unquote, urlsplit

from django.conf import settings

from .. import transformations
from ..models import Asset, Cloud, Derived
from ..outbound import OutboundError
from ..transformations import Limits, Scene, TransformationError
from . import access, incoming, outside, rendering, scenes, usage
from .errors import InvalidError, MissingError
from .turns import turn


def limits() -> Limits:
    return Limits(
        max_output_pixels=settings.MAX_DERIVED_PIXELS,
        max_input_pixels=settings.MAX_PIXELS,
        cpu_s=settings.DERIVE_CPU_S,
    )


@dataclass(frozen=True, slots=True)
class Picture:
    """A rendered file; ``format`` is the vendor's name of it."""

    content: bytes
    format: str


def rendered(asset: Asset, text: str, *, format: str | None = None) -> Picture:
    """Return what a transformation makes of an asset: found where it is stored, else not stored.

    The asset comes with its cloud and photo. Raises TransformationError and AssetError.
    """
    wanted = rendering.wish(asset, unquote(text), format=format, is_signed=True)
    if found := rendering.find(wanted):
        try:
            return Picture(_content(found), found.format)
        except FileNotFoundError:
            pass  # then it is made anew
    try:
        with turn(), scenes.open_stored(asset) as file:
            made = transformations.render(
                file,
                wanted.whole,
                format=wanted.format or None,
                scene=wanted.around.scene(),
                limits=limits(),
            )
    except KeyError as error:
        raise MissingError.asset(asset.public_id) from error
    usage.count(asset.cloud_id, transformations=1)
    return Picture(made.content, made.format)


def _content(derived: Derived) -> bytes:
    with derived.file.storage.open(derived.file.name or "", "rb") as file:
        content: bytes = file.read()
    return content


# --- Pictures of this site and of others --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """A picture that is to be part of another: an asset, or what an address names."""

    name: str
    asset: Asset | None = None
    url: str = ""


def parts_of_urls(urls: Sequence[str]) -> list[Part]:
    return [Part(_name_of(url), url=url) for url in urls]


def parts_of_assets(assets: Sequence[Asset]) -> list[Part]:
    """Return those that everyone may see: what is made of them is for everyone as well."""
    return [
        Part(asset.public_id, asset) for asset in assets if access.is_open(asset, is_original=False)
    ]


def _name_of(url: str) -> str:
    try:
        return PurePosixPath(unquote(urlsplit(url).path)).stem or "picture"
    except ValueError:
        raise InvalidError(f"Unsupported source URL: {url[:300]}") from None


def rendered_part(cloud: Cloud, part: Part, text: str, *, hosts: Sequence[str] = ()) -> Picture:
    """Return a part transformed, as PNG unless the transformation says otherwise.

    ``hosts`` are this site's own, whose files are read where they are stored. Raises
    TransformationError, AssetError and ImageError.
    """
    if part.asset is not None:
        return rendered(part.asset, text, format="png")
    parsed = incoming.understood(cloud, unquote(text))
    layers = scenes.layers_of(cloud, parsed.layers, True)
    scene = Scene(open_layer=lambda name: scenes.open_stored(layers[name]))
    with _fetched(cloud, part.url, hosts) as file, turn():
        made = transformations.render(file, parsed, format="png", scene=scene, limits=limits())
    usage.count(cloud.pk, transformations=1)
    return Picture(made.content, made.format)


@contextmanager
def _fetched(cloud: Cloud, url: str, hosts: Sequence[str]) -> Iterator[IO[bytes]]:
    try:
        fetched = outside.fetch(cloud, url, hosts=hosts, is_signed=True)
    except OutboundError as error:
        raise InvalidError(f"Error in loading {url[:300]} - {error}") from error
    with fetched.file:
        yield BytesIO(fetched.file.read())


def without_format(text: str) -> tuple[str, str]:
    """Return a transformation without the formats in it, and the last of these."""
    format, components = "", []
    for component in text.split("/"):
        items = component.split(",")
        asked = [item[2:] for item in items if item.startswith("f_")]
        format = asked[-1] if asked else format
        components.append(",".join(item for item in items if not item.startswith("f_")))
    return "/".join(filter(None, components)), format


def checked(cloud: Cloud, text: str) -> None:
    """Raise TransformationError for a text that is no transformation."""
    if len(text) > 2000:
        raise TransformationError("The transformation is too long.")
    incoming.understood(cloud, unquote(text))
