"""From a file to a file: opens, transforms each frame, chooses the format, writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import IO, Any

from PIL import Image

from . import resizing
from .blocks import Node, Step
from .chain import Chain, Memory
from .component import Component
from .encode import ANIMATED, CONTENT_TYPES, DEFAULT, OPAQUE, Output, encode
from .errors import TooMuchError, TransformationError
from .geometry import Map
from .language import Transformation
from .limits import Budget, Limits
from .parameters import read_angle, read_format
from .picture import Picture, Source, open_source
from .scene import Scene

#: AVIF takes long to write; larger pictures are WebP where the format is left to us.
AVIF_PIXELS = 2_000_000
#: What is left of a picture may be so much smaller than what is needed, by rounding.
_SAFETY = 1.02
#: Their pages are frames of an animation; those of other formats are pages.
_MOVING = frozenset({"gif", "webp", "png", "avif"})
_NO_WORK = frozenset({"q", "f", "fl", "d", "dn", "cs", "pg", "dpr"})
_PLAIN_CROPS = frozenset({
    "scale", "fit", "limit", "mfit", "fill", "lfill", "pad", "lpad", "thumb", "auto",
    "fill_pad", "auto_pad",
})  # fmt: skip


@dataclass(frozen=True)
class Derived:
    """A rendered file. ``format`` is the vendor's name: jpg, png, webp, avif, gif, heic, tif, …

    ``depends_on_accept`` says that another reader may get another format.
    """

    content: bytes
    format: str
    width_px: int
    height_px: int
    content_type: str
    depends_on_accept: bool


@dataclass
class Result:
    """Frames that have been transformed, and what the chain says of how to write them."""

    frames: list[Image.Image]
    durations_ms: list[int]
    chain: Chain
    source: Source

    def output(self, format: str) -> Output:
        outputs, flags = self.chain.outputs, frozenset(self.chain.flags)
        keeps = {"keep_iptc", "keep_attribution"} & flags and "force_strip" not in flags
        return Output(
            format, outputs.get("q", DEFAULT), flags, outputs.get("dn", 0),
            outputs.get("cs", ""), self.source.attribution().tobytes() if keeps else b"",
            tuple(self.durations_ms), self.source.loops,
        )  # fmt: skip


def render(
    file: IO[bytes],
    transformation: Transformation,
    *,
    format: str | None,
    accept: str = "",
    scene: Scene | None = None,
    limits: Limits | None = None,
) -> Derived:
    """Transform a seekable file, which stays open.

    ``format`` is that of the address, None for the stored one; one in the transformation wins.
    ``accept`` is the header that chooses where the format is auto. Raises TransformationError:
    also where the file is no picture, and TooMuchError where it would take too much.
    """
    limits = limits or Limits()
    check_components(transformation, limits)
    asked = transformation.format or (read_format(format) if format else None)
    with open_source(file, limits) as source:
        chosen = _before(asked, source, accept)
        result = transformed(source, transformation, chosen, scene or Scene(), Budget(limits))
        name = chosen or _after(asked, source, accept, result.frames)
        return derived(result, name, depends_on_accept=asked == "auto")


def derived(result: Result, format: str, *, depends_on_accept: bool = False) -> Derived:
    first = result.frames[0]
    frames = result.frames if format in ANIMATED else result.frames[:1]
    result.chain.budget.check()
    content = encode(frames, result.output(format))
    return Derived(
        content, format, first.width, first.height, CONTENT_TYPES[format], depends_on_accept
    )


def info_json(
    file: IO[bytes],
    transformation: Transformation,
    *,
    format: str | None,
    accept: str = "",
    scene: Scene | None = None,
    limits: Limits | None = None,
) -> dict[str, Any]:
    """Return what ``fl_getinfo`` tells: sizes and formats of what goes in and what comes out."""
    made = render(file, transformation, format=format, accept=accept, scene=scene, limits=limits)
    with open_source(file, limits or Limits()) as source:
        width, height = source.size
        given = {"width": width, "height": height, "format": source.format}
    given["bytes"] = file.seek(0, 2)
    return {
        "input": given,
        "output": {"width": made.width_px, "height": made.height_px, "format": made.format,
                   "bytes": len(made.content)},
    }  # fmt: skip


def check_components(transformation: Transformation, limits: Limits) -> None:
    if transformation.named:
        raise TransformationError("A named transformation has to be looked up before rendering.")
    if len(transformation.components) > limits.max_components:
        raise TooMuchError(f"A transformation may have {limits.max_components} components.")


# --- The format -------------------------------------------------------------------------------


def _before(asked: str | None, source: Source, accept: str) -> str | None:
    """Return the format where it does not depend on what the picture becomes."""
    if asked is None:
        return source.format
    if asked != "auto":
        return asked
    if source.frames > 1 and source.format in ANIMATED:
        return "webp" if _accepts(accept, "webp") else "gif"
    return None


def _after(asked: str | None, source: Source, accept: str, frames: Sequence[Image.Image]) -> str:
    """Choose by what the reader accepts and what the picture needs."""
    assert asked == "auto"
    pixels = frames[0].width * frames[0].height
    if _accepts(accept, "avif") and pixels <= AVIF_PIXELS:
        return "avif"
    if _accepts(accept, "webp") and max(frames[0].size) <= 16383:
        return "webp"
    return "png" if has_transparency(frames[0]) else "jpg"


def _accepts(accept: str, format: str) -> bool:
    kinds = [kind.strip().lower() for kind in accept[:2000].split(",")]
    return any(
        kind.partition(";")[0].strip() == f"image/{format}" and "q=0" not in kind.split(";")[1:]
        for kind in kinds
    )


def has_transparency(image: Image.Image) -> bool:
    return image.mode == "RGBA" and image.getchannel("A").getextrema()[0] != 255


# --- The pictures -----------------------------------------------------------------------------


def transformed(
    source: Source, transformation: Transformation, format: str | None, scene: Scene, budget: Budget
) -> Result:
    """Transform the page asked for, or all frames where the format can move."""
    scene = replace(scene, page_count=source.frames)
    page = _page(transformation)
    is_moving = source.frames > 1 and source.format in _MOVING and format in ANIMATED
    count = source.frames if is_moving and page is None else 1
    if count > 1:
        source.check_animation()
    first = 0 if page is None else page - 1
    return _run(source, transformation, scene, budget, range(first, first + count), format)


def _run(
    source: Source, transformation: Transformation, scene: Scene, budget: Budget,
    pages: range, format: str | None,
) -> Result:  # fmt: skip
    memory, dpr = Memory(), _chain_dpr(transformation)
    frames, durations_ms = [], []
    is_upright = not _ignores_exif(transformation)
    for page in pages:
        budget.check()
        durations_ms.append(source.seek(page))
        budget.layers = memory.steps = 0
        chain = Chain(
            Picture(Image.new("RGB", (1, 1)), source.size, Map()), scene, budget, source.size,
            dpr, len(pages), memory=memory,
        )  # fmt: skip
        scale = _scale_needed(transformation.nodes, chain) if is_upright else 1.0
        chain.picture = source.picture(scale=scale, is_upright=is_upright)
        chain.original = chain.picture.size
        chain.run(transformation.nodes)
        _scale_for_dpr(chain, transformation, dpr)
        budget.limits.check_size(*chain.picture.size, frames=len(pages))
        frames.append(_final(chain.picture.image, format))
    return Result(frames, durations_ms, chain, source)


def _final(image: Image.Image, format: str | None) -> Image.Image:
    """Drop an alpha that says nothing, so that a frame takes no more memory than it needs."""
    if image.mode == "RGBA" and not has_transparency(image) and format not in OPAQUE:
        return image.convert("RGB")
    return image


def _page(transformation: Transformation) -> int | None:
    pages = [one.get("pg") for one in transformation.components if not one.layer]
    texts = [page for page in pages if page]
    return int(texts[-1]) if texts and texts[-1].isdecimal() else None


def _ignores_exif(transformation: Transformation) -> bool:
    angles = [component.get("a") for component in transformation.components if not component.layer]
    return any("ignore" in read_angle(one) for one in angles if one and "$" not in one)


def _has_size(component: Component) -> bool:
    return any(component.get(key) for key in ("w", "h", "ar"))


def _chain_dpr(transformation: Transformation) -> float:
    """Return the pixel ratio that stands alone and so holds for all that have none of their own."""
    alone = [
        component.get("dpr") for component in transformation.components
        if component.get("dpr") and not _has_size(component)
    ]  # fmt: skip
    return 1.0 if not alone or alone[-1] == "auto" or "$" in alone[-1] else float(alone[-1])


def _scale_for_dpr(chain: Chain, transformation: Transformation, dpr: float) -> None:
    """Enlarge a picture that no component gives a size, so that the ratio has an effect."""
    if dpr == 1 or any(map(_has_size, transformation.components)):
        return
    width, height = (max(1, round(side * dpr)) for side in chain.picture.size)
    chain.check_size(width, height)
    chain.picture.become(chain.picture.image.resize((width, height), Image.Resampling.LANCZOS))


def _scale_needed(nodes: Sequence[Node], chain: Chain) -> float:
    """Return to what share of its sides the picture may be decoded: what the first resizing needs.

    It is 1 where something else comes first.
    """
    component = next(_working(nodes), None)
    if component is None or not _is_plain(component):
        return 1.0
    view = chain.view(values := chain.values(component))
    plan = resizing.plan(_widest(values), replace(view, saliency=None))
    return min(1.0, plan.scale * _SAFETY) if plan else 1.0


def _widest(values: dict[str, Any]) -> dict[str, Any]:
    is_keeping = values.get("c") in ("fill_pad", "auto_pad")
    return {**values, "c": "fill"} if is_keeping else values


def _working(nodes: Sequence[Node]) -> Iterator[Component]:
    """Yield the first component that does something; an empty one for what is not a plain step."""
    for node in nodes:
        if not isinstance(node, Step):
            yield Component("")
        elif any(key not in _NO_WORK for key, _ in node.component.parameters):
            yield node.component


def _is_plain(component: Component) -> bool:
    """Say whether all that a component does comes after its resizing and hangs on no pixels."""
    effect = component.get("e").partition(":")[0]
    return (
        _has_size(component)
        and (component.get("c") or "scale") in _PLAIN_CROPS
        and effect not in ("trim", "blur_region", "pixelate_region")
        and "auto_" not in component.get("a")
        and "$" not in component.text
    )
