"""The effects by name: how strong each may be, and what else it may be told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .color import Color, read_color
from .errors import TransformationError

_NUMBER = re.compile(r"-?\d{1,6}(?:\.\d{1,6})?\Z", re.ASCII)
_POSITION = re.compile(r"\d{1,3}(?:\.\d{1,3})?p?\Z", re.ASCII)
MAX_TINTS = 10
#: Effects that only a generative or other large model can have.
NEEDS_MODEL = frozenset({
    "background_removal", "bgremoval", "camera", "dropshadow", "enhance", "extract",
    "gen_background_replace", "gen_fill", "gen_recolor", "gen_remove", "gen_replace",
    "gen_restore", "light", "style_transfer", "theme", "upscale", "zoompan", "adv_redeye",
    "viesus_correct", "make_background_transparent",
})  # fmt: skip
ART = frozenset({
    "al_dente", "athena", "audrey", "aurora", "daguerre", "eucalyptus", "fes", "frost",
    "hairspray", "hokusai", "incognito", "linen", "peacock", "primavera", "quartz", "red_rock",
    "refresh", "sizzle", "sonnet", "ukulele", "zorro",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tint:
    """A colour and where it stands between black, 0, and white, 1; None: evenly spaced."""

    color: Color
    position: float | None


@dataclass(frozen=True, slots=True)
class Effect:
    """``level`` is the strength in the effect's own range, ``second`` another number of it."""

    name: str
    level: float
    second: float = 0.0
    words: tuple[str, ...] = ()
    tints: tuple[Tint, ...] = ()


@dataclass(frozen=True, slots=True)
class Range:
    low: float
    high: float
    default: float


@dataclass(frozen=True, slots=True)
class Rules:
    """Numbers in their order, and the words that may stand before them."""

    numbers: tuple[Range, ...] = ()
    words: frozenset[str] = field(default_factory=frozenset)


_BLEND = Range(0, 100, 100)
RULES: Mapping[str, Rules] = {
    "grayscale": Rules(),
    "sepia": Rules((Range(1, 100, 80),)),
    "blackwhite": Rules((Range(0, 100, 50),)),
    "negate": Rules(),
    "blur": Rules((Range(1, 2000, 100),)),
    "blur_faces": Rules((Range(1, 2000, 500),)),
    "blur_region": Rules((Range(1, 2000, 100),)),
    "pixelate": Rules((Range(1, 200, 0),)),
    "pixelate_faces": Rules((Range(1, 200, 0),)),
    "pixelate_region": Rules((Range(1, 200, 0),)),
    "sharpen": Rules((Range(1, 2000, 100),)),
    "unsharp_mask": Rules((Range(1, 2000, 100),)),
    "brightness": Rules((Range(-99, 100, 80),)),
    "contrast": Rules((Range(-100, 100, 0),)),
    "saturation": Rules((Range(-100, 100, 80),)),
    "vibrance": Rules((Range(-100, 100, 20),)),
    "hue": Rules((Range(-100, 100, 80),)),
    "gamma": Rules((Range(-50, 150, 0),)),
    "red": Rules((Range(-100, 100, 0),)),
    "green": Rules((Range(-100, 100, 0),)),
    "blue": Rules((Range(-100, 100, 0),)),
    "auto_brightness": Rules((_BLEND,)),
    "auto_color": Rules((_BLEND,)),
    "auto_contrast": Rules((_BLEND,)),
    "improve": Rules((_BLEND,), frozenset({"outdoor", "indoor"})),
    "oil_paint": Rules((Range(0, 100, 30),)),
    "cartoonify": Rules((Range(0, 100, 50), Range(0, 100, 50))),
    "vignette": Rules((Range(0, 100, 20),)),
    "colorize": Rules((Range(0, 100, 100),)),
    "shadow": Rules((Range(0, 100, 40),)),
    "outline": Rules(
        (Range(1, 100, 5), Range(0, 2000, 0)),
        frozenset({"inner", "inner_fill", "outer", "fill"}),
    ),
    "trim": Rules((Range(0, 100, 10),)),
    "opacity_threshold": Rules((Range(1, 100, 50),)),
    "make_transparent": Rules((Range(0, 100, 10),)),
    "redeye": Rules(),
    "art": Rules(words=ART),
    "screen": Rules(),
    "multiply": Rules(),
    "overlay": Rules(),
    "mask": Rules(),
    "cut_out": Rules(),
}
#: How a layer is put onto what lies beneath it, rather than what is done to it.
BLENDS = frozenset({"screen", "multiply", "overlay", "mask", "cut_out"})
NEED_FACES = frozenset({"blur_faces", "pixelate_faces", "redeye"})
OF_REGIONS = frozenset({"blur_region", "pixelate_region"})


def read_effect(text: str) -> Effect:
    """Read ``name``, ``name:level`` or what else the effect takes. Raises TransformationError."""
    name, _, rest = text.partition(":")
    arguments = rest.split(":") if rest else []
    if name in NEEDS_MODEL or name.startswith("gen_"):
        raise TransformationError(f"The effect “{name[:40]}” needs a model that is not offered.")
    if name in _OWN_WAYS:
        return _OWN_WAYS[name](name, arguments)
    if name not in RULES:
        raise TransformationError(f"There is no effect “{name[:40]}”.")
    return _by_rules(name, arguments, RULES[name])


def _by_rules(name: str, arguments: list[str], rules: Rules) -> Effect:
    words = tuple(word for word in arguments if word in rules.words)
    numbers = [word for word in arguments if word not in rules.words]
    if len(words) > 1 or len(numbers) > len(rules.numbers) or (name == "art" and not words):
        raise TransformationError(
            f"The effect “{name}” cannot be told “{':'.join(arguments)[:60]}”."
        )
    values = [one.default for one in rules.numbers]
    for place, text in enumerate(numbers):
        values[place] = _number(name, text, rules.numbers[place])
    level, second = [*values, 0.0, 0.0][:2]
    return Effect(name, level, second, words)


def _number(name: str, text: str, allowed: Range) -> float:
    if not _NUMBER.match(text) or not allowed.low <= float(text) <= allowed.high:
        raise TransformationError(
            f"The effect “{name}” takes numbers from {allowed.low:g} to {allowed.high:g}; "
            f"this is “{text[:40]}”."
        )
    return float(text)


def _cartoon(name: str, arguments: list[str]) -> Effect:
    """Read ``cartoonify:line strength:colour reduction``, the last of which may be ``bw``."""
    is_bw = arguments[-1:] == ["bw"]
    effect = _by_rules(name, arguments[: len(arguments) - is_bw], RULES[name])
    return Effect(name, effect.level, effect.second, ("bw",) if is_bw else ())


def _trim(name: str, arguments: list[str]) -> Effect:
    """Read ``trim:tolerance:colour`` where the colour is that of the edges to cut off."""
    level = _number(name, arguments[0], RULES[name].numbers[0]) if arguments else 10.0
    color = ":".join(arguments[1:])
    return Effect(name, level, tints=(Tint(read_color(color), None),) if color else ())


def _tint(name: str, arguments: list[str]) -> Effect:
    """Read ``tint:equalize:amount:colour:position:colour:position…``, all of it optional."""
    words = ("equalize",) if arguments[:1] == ["equalize"] else ()
    rest = arguments[len(words) :]
    level = 60.0
    if rest and _NUMBER.match(rest[0]):
        level = _number(name, rest.pop(0), Range(0, 100, 60))
    tints = tuple(_tints(rest))
    if len(tints) > MAX_TINTS:
        raise TransformationError(f"A tint may have {MAX_TINTS} colours.")
    return Effect(name, level, words=words, tints=tints or _default_tints())


def _tints(words: list[str]) -> list[Tint]:
    found: list[Tint] = []
    rest = list(words)
    while rest:
        color = rest.pop(0)
        if color == "rgb" and rest:
            color += f":{rest.pop(0)}"
        position = None
        if rest and _POSITION.match(rest[0]):
            position = min(100.0, float(rest.pop(0).rstrip("p"))) / 100
        found.append(Tint(read_color(color), position))
    return found


def _default_tints() -> tuple[Tint, ...]:
    return Tint(read_color("red"), None), Tint(read_color("yellow"), None)


_OWN_WAYS: Mapping[str, Callable[[str, list[str]], Effect]] = {
    "cartoonify": _cartoon,
    "trim": _trim,
    "tint": _tint,
}
