"""What each parameter is called and may say: text in, typed values out."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .color import Color, read_background, read_color
from .effect_names import Effect, read_effect
from .errors import TransformationError

CROPS = frozenset({
    "scale", "fit", "limit", "mfit", "fill", "lfill", "pad", "lpad", "mpad", "fill_pad",
    "auto_pad", "crop", "thumb", "auto",
})  # fmt: skip
COMPASS = frozenset({
    "center", "north", "north_east", "east", "south_east", "south", "south_west", "west",
    "north_west",
})  # fmt: skip
#: What may stand behind g_auto; what it is about decides between faces, areas and the rest.
AUTO_SUBJECTS = frozenset({
    "", "subject", "classic", "face", "faces", "custom", "custom_no_override", "none",
})  # fmt: skip
#: The vendor's names of formats, and what else they are called.
FORMATS = frozenset(
    {"jpg", "png", "webp", "avif", "gif", "heic", "tif", "bmp", "ico", "pdf", "jp2"}
)
FORMAT_ALIASES = {
    "jpeg": "jpg", "jpe": "jpg", "jfif": "jpg", "tiff": "tif", "heif": "heic", "j2k": "jp2",
}  # fmt: skip
FLAGS = frozenset({
    "animated", "any_format", "attachment", "awebp", "force_strip", "getinfo",
    "ignore_aspect_ratio", "immutable_cache", "keep_attribution", "keep_iptc", "layer_apply",
    "lossy", "no_overflow", "png8", "preserve_transparency", "progressive", "region_relative",
    "relative", "strip_profile", "text_no_trim", "tiled",
})  # fmt: skip
LEVELS = ("best", "good", "eco", "low")
TURNS = frozenset({"vflip", "hflip", "ignore", "auto_right", "auto_left", "exif"})
COLOR_SPACES = frozenset({"srgb", "srgb:truecolor", "tinysrgb", "no_cmyk", "cmyk"})

_NUMBER = re.compile(r"-?\d{1,9}(?:\.\d{1,9})?\Z", re.ASCII)
_BREAKPOINTS = re.compile(r"breakpoints(?:_(\d{1,5})_(\d{1,5})_(\d{1,4})_(\d{1,3}))?\Z", re.ASCII)
_BORDER = re.compile(r"(\d{1,3})px_solid_(.+)\Z", re.ASCII)
_NAME = re.compile(r"[\w.\- ]{1,200}\Z")


@dataclass(frozen=True, slots=True)
class AutoWidth:
    """``w_auto``: widths where a picture's size in bytes changes by ``step_kb``, if asked for."""

    min_px: int = 50
    max_px: int = 1000
    step_kb: int = 20
    max_images: int = 20
    fallback_px: int | None = None
    wants_breakpoints: bool = False
    wants_json: bool = False


@dataclass(frozen=True, slots=True)
class Length:
    """A side: so many pixels, a share of what there is, or left to us."""

    px: int | None = None
    factor: float | None = None
    auto: AutoWidth | None = None


@dataclass(frozen=True, slots=True)
class Offset:
    """A distance in pixels or, where relative, as a share of the picture's side."""

    value: float
    is_relative: bool = False

    def px(self, side_px: float) -> float:
        return self.value * side_px if self.is_relative else self.value


@dataclass(frozen=True, slots=True)
class Gravity:
    """``kind`` is one of the compass, or face, faces, auto, custom, xy_center.

    ``fallback`` is what holds when there is no such thing in the picture; ``subject`` is of auto.
    """

    kind: str
    fallback: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Quality:
    """1 to 100, or a level; ``chroma`` is 420 or 444, 0 where it is left to us."""

    value: int | None = None
    level: str = ""
    chroma: int = 0


@dataclass(frozen=True, slots=True)
class Border:
    width_px: int
    color: Color


@dataclass(frozen=True, slots=True)
class Parameter:
    """``spells`` writes a value in the one way that all its spellings have in common."""

    name: str
    read: Callable[[str], Any]
    is_number: bool = False
    spells: Callable[[str], str] = field(default=str)


def number(text: str, low: float, high: float, what: str) -> float:
    """Read a plain decimal number from ``low`` to ``high``."""
    if not _NUMBER.match(text) or not low <= float(text) <= high:
        raise TransformationError(
            f"{what} has to be a number from {low:g} to {high:g}; this is “{text[:40]}”."
        )
    return float(text)


def whole(text: str, low: int, high: int, what: str) -> int:
    value = number(text, low, high, what)
    if not value.is_integer():
        raise TransformationError(f"{what} has to be a whole number; this is “{text[:40]}”.")
    return int(value)


def one_of(names: frozenset[str], what: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in names:
            raise TransformationError(f"There is no {what} “{text[:60]}”.")
        return text

    return read


def read_length(text: str) -> Length:
    if text == "auto" or text.startswith("auto:"):
        return Length(auto=_auto_width(text[5:]))
    if "." in text:
        return Length(factor=number(text, 0.0001, 100, "A factor"))
    return Length(px=whole(text, 1, 1_000_000, "A width or height"))


def _auto_width(rest: str) -> AutoWidth:
    words = rest.split(":") if rest else []
    wants_json = words[-1:] == ["json"]
    words = words[: len(words) - wants_json]
    if words and words[0].startswith("breakpoints"):
        return _breakpoints(words, wants_json=wants_json)
    if wants_json or len(words) > 2:
        raise TransformationError(f"“auto:{rest[:40]}” is no width.")
    sides = [whole(word, 1, 1_000_000, "A width") for word in words]
    return AutoWidth(fallback_px=sides[-1] if sides else None)


def _breakpoints(words: list[str], *, wants_json: bool) -> AutoWidth:
    found = _BREAKPOINTS.match(words[0])
    if not found or len(words) > 1:
        raise TransformationError(f"“{':'.join(words)[:60]}” is no choice of breakpoints.")
    if found[1] is None:
        return AutoWidth(wants_breakpoints=True, wants_json=wants_json)
    low, high, step, count = (int(part) for part in found.groups())
    if not (1 <= low <= high and step >= 1 and 1 <= count <= 200):
        raise TransformationError("Breakpoints need 1 ≤ min ≤ max, a step, and 1 to 200 images.")
    return AutoWidth(low, high, step, count, wants_breakpoints=True, wants_json=wants_json)


def read_offset(text: str) -> Offset:
    value = number(text, -1_000_000, 1_000_000, "An offset")
    return Offset(value, is_relative="." in text and abs(value) <= 1)


def read_gravity(text: str) -> Gravity:
    kind, _, rest = text.replace("faces_center", "faces:center").replace(
        "face_center", "face:center"
    ).partition(":")  # fmt: skip
    if kind in COMPASS or kind == "xy_center":
        good = not rest
    elif kind in ("face", "faces"):
        good = rest in ("", "center", "auto")
    elif kind == "custom":
        good = rest in ("", "face", "faces", "center", "auto")
    else:
        good = kind == "auto" and rest in AUTO_SUBJECTS
    if not good:
        raise TransformationError(f"There is no gravity “{text[:60]}” here.")
    return Gravity(kind, subject=rest) if kind == "auto" else Gravity(kind, fallback=rest)


def read_quality(text: str) -> Quality:
    first, *rest = text.split(":")
    if first == "auto":
        return _auto_quality(rest)
    value = whole(first, 1, 100, "The quality")
    if rest not in ([], ["420"], ["444"]):
        raise TransformationError(f"There is no quality “{text[:40]}”.")
    return Quality(value, chroma=int(rest[0]) if rest else 0)


def _auto_quality(rest: list[str]) -> Quality:
    chroma = int(rest.pop()) if rest and rest[-1] in ("420", "444") else 0
    if rest[-1:] == ["sensitive"]:  # keep small differences of colour as well
        rest, chroma = rest[:-1], chroma or 444
    level = rest.pop(0) if rest else "good"
    if rest or level not in LEVELS:
        raise TransformationError("The quality auto may be best, good, eco or low.")
    return Quality(level=level, chroma=chroma)


def read_format(text: str) -> str:
    """Return the vendor's name of a format, or auto."""
    name = text.partition(":")[0]
    name = FORMAT_ALIASES.get(name.lower(), name.lower())
    if name == "auto" and text in ("auto", "auto:image", "auto:animated"):
        return "auto"
    if name not in FORMATS or ":" in text:
        raise TransformationError(f"There is no format “{text[:40]}”.")
    return name


def read_ratio(text: str) -> float:
    """Read ``16:9`` or ``1.5``; width divided by height."""
    width, colon, height = text.partition(":")
    ratio = number(width, 0.001, 100_000, "A ratio")
    if colon:
        ratio /= number(height, 0.001, 100_000, "A ratio")
    if not 0.001 <= ratio <= 1000:
        raise TransformationError("A ratio has to be from 0.001 to 1000.")
    return ratio


def read_dpr(text: str) -> float:
    return 1.0 if text == "auto" else number(text, 0.05, 20, "The pixel ratio")


def read_radius(text: str) -> tuple[float, float, float, float]:
    """Return the corners' radii in pixels from the top left on, clockwise; inf for max."""
    radii = [
        math.inf if part == "max" else number(part, 0, 1_000_000, "A radius")
        for part in text.split(":")
    ]
    if len(radii) > 4:
        raise TransformationError("A picture has four corners.")
    top_left = radii[0]
    top_right = radii[1] if len(radii) > 1 else top_left
    bottom_right = radii[2] if len(radii) > 2 else top_left
    bottom_left = radii[3] if len(radii) > 3 else top_right
    return top_left, top_right, bottom_right, bottom_left


def read_angle(text: str) -> tuple[float | str, ...]:
    """Return turns in the order to be made: degrees clockwise, or `TURNS`."""
    turns: list[float | str] = []
    for part in re.split(r"\.(?=[a-z])|(?<=[a-z])\.", text):
        turns += [part] if part in TURNS else _degrees(part)
    if len(turns) > 10:
        raise TransformationError("A picture is turned ten times at most in one component.")
    return tuple(turns)


def _degrees(part: str) -> list[float | str]:
    """Read ``45``; ``22.5`` is one angle of that many degrees, ``10.20.30`` are three."""
    if _NUMBER.match(part):
        return [number(part, -36_000, 36_000, "An angle")]
    return [number(one, -36_000, 36_000, "An angle") for one in part.split(".")]


def read_border(text: str) -> Border:
    found = _BORDER.match(text)
    if not found:
        raise TransformationError("A border is written as 5px_solid_red.")
    return Border(int(found[1]), read_color(found[2].replace("rgb_", "rgb:")))


def read_flags(text: str) -> tuple[str, ...]:
    """Return the flags with what follows their colon; an attachment's name may have dots."""
    flags: list[str] = []
    for part in text.split("."):
        name, colon, rest = part.partition(":")
        if name in FLAGS and (not colon or _is_flag_with_word(name, rest)):
            flags.append(part)
        elif flags and flags[-1].startswith("attachment:") and _NAME.match(part):
            flags[-1] += f".{part}"
        else:
            raise TransformationError(f"There is no flag “{part[:40]}”.")
    return tuple(flags)


def _is_flag_with_word(name: str, word: str) -> bool:
    if name == "progressive":
        return word in ("none", "semi", "steep")
    return name == "attachment" and bool(_NAME.match(word))


def read_names(text: str) -> tuple[str, ...]:
    if not _NAME.match(text):
        raise TransformationError(f"“{text[:60]}” is no name of a transformation.")
    return tuple(text.split("."))


def _same(text: str) -> str:
    return text


def _spelled_quality(text: str) -> str:
    return "auto" if text == "auto:good" else text


def _spelled_number(text: str) -> str:
    """Drop zeros that say nothing; a dot stays, as it makes a factor of a number of pixels."""
    if not _NUMBER.match(text):
        return text
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    integer, dot, decimals = digits.partition(".")
    return sign + (integer.lstrip("0") or "0") + dot + (decimals.rstrip("0") or "0" if dot else "")


PARAMETERS: Mapping[str, Parameter] = {
    "w": Parameter("width", read_length, is_number=True, spells=_spelled_number),
    "h": Parameter("height", read_length, is_number=True, spells=_spelled_number),
    "c": Parameter("crop", one_of(CROPS, "way to crop")),
    "g": Parameter("gravity", read_gravity),
    "q": Parameter("quality", read_quality, is_number=True, spells=_spelled_quality),
    "f": Parameter("fetch_format", read_format, spells=read_format),
    "ar": Parameter("aspect_ratio", read_ratio, is_number=True),
    "dpr": Parameter("dpr", read_dpr, is_number=True),
    "r": Parameter("radius", read_radius, is_number=True),
    "a": Parameter("angle", read_angle, is_number=True),
    "e": Parameter("effect", read_effect),
    "b": Parameter("background", read_background),
    "x": Parameter("x", read_offset, is_number=True, spells=_spelled_number),
    "y": Parameter("y", read_offset, is_number=True, spells=_spelled_number),
    "o": Parameter(
        "opacity", lambda text: whole(text, 0, 100, "The opacity"),
        is_number=True, spells=_spelled_number,
    ),
    "bo": Parameter("border", read_border),
    "co": Parameter("color", read_color),
    "t": Parameter("transformation", read_names),
    "fl": Parameter("flags", read_flags),
    "z": Parameter("zoom", lambda text: number(text, 0.01, 100, "The zoom"), is_number=True),
    "d": Parameter("default_image", _same),
    "pg": Parameter("page", lambda text: whole(text, 1, 10_000, "The page"), is_number=True),
    "dn": Parameter("density", lambda text: whole(text, 1, 2400, "The density"), is_number=True),
    "cs": Parameter("color_space", one_of(COLOR_SPACES, "colour space")),
}  # fmt: skip
#: Those whose values are worked out to whole numbers.
WHOLE = frozenset({"w", "h", "x", "y", "r", "q", "o", "pg", "dn", "e"})
__all__ = ["PARAMETERS", "WHOLE", "Border", "Effect", "Gravity", "Length", "Offset", "Quality"]
