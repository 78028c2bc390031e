"""What a layer shows: a stored picture, one from elsewhere, or a text in a style."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

from .errors import TransformationError

MAX_TEXT_CHARS = 1000
MAX_FONT_PX = 1000
MAX_SPACING_PX = 1000
_SIZE = re.compile(r"\d{1,4}(?:\.\d{1,3})?\Z", re.ASCII)
_SPACING = re.compile(r"-?\d{1,4}(?:\.\d{1,3})?\Z", re.ASCII)
_FAMILY = re.compile(r"[\w .\-]{1,80}\Z")
_REFUSED = frozenset({
    "video", "subtitles", "lut", "auto", "private", "authenticated", "style", "slideshow",
})  # fmt: skip
#: The names of weights in the vendor's and the Web's words.
WEIGHTS = {
    "thin": 100, "light": 300, "normal": 400, "medium": 500, "semibold": 600, "bold": 700,
    "extrabold": 800, "black": 900, **{str(weight): weight for weight in range(100, 1000, 100)},
}  # fmt: skip
ALIGNMENTS = {
    "left": "left", "start": "left", "center": "center", "right": "right", "end": "right",
    "justify": "justify",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoredLayer:
    public_id: str


@dataclass(frozen=True, slots=True)
class FetchedLayer:
    url: str


@dataclass(frozen=True, slots=True)
class TextStyle:
    """``weight`` is 100 to 900; ``size_px`` the height of the font."""

    family: str
    size_px: float
    weight: int = 400
    is_italic: bool = False
    is_underlined: bool = False
    is_struck: bool = False
    has_stroke: bool = False
    alignment: str = "left"
    letter_spacing_px: float = 0.0
    line_spacing_px: float = 0.0

    def times(self, factor: float) -> TextStyle:
        """Return the same so many times as large, within what may be drawn."""
        return replace(
            self,
            size_px=min(float(MAX_FONT_PX), self.size_px * factor),
            letter_spacing_px=self.letter_spacing_px * factor,
            line_spacing_px=self.line_spacing_px * factor,
        )


@dataclass(frozen=True, slots=True)
class TextLayer:
    style: TextStyle
    text: str


Layer = StoredLayer | FetchedLayer | TextLayer


def read_layer(value: str) -> Layer:
    """Read what stands behind ``l_`` or ``u_``. Raises TransformationError."""
    kind, colon, rest = value.partition(":")
    if kind == "text" and colon:
        return _text_layer(rest)
    if kind == "fetch" and colon:
        return FetchedLayer(_url(rest))
    if kind in _REFUSED and colon:
        raise TransformationError(f"Layers of the kind “{kind}” are not offered.")
    if kind == "image" and colon:
        value = rest
    return StoredLayer(read_public_id(value.removeprefix("upload:")))


def read_public_id(value: str) -> str:
    """Return a public id, its folders by slashes, which travel as colons."""
    public_id = unquote(value).replace(":", "/")
    parts = public_id.split("/")
    if not public_id.isprintable() or len(public_id) > 255 or not all(parts) or ".." in parts:
        raise TransformationError(f"“{value[:60]}” is no public id.")
    return public_id


def _url(text: str) -> str:
    try:
        url = base64.b64decode(_padded(text), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise TransformationError("The address of this layer is not base64.") from error
    if not url.startswith(("http://", "https://")) or not url.isprintable():
        raise TransformationError("The address of this layer is none of the Web.")
    return url


def _padded(text: str) -> str:
    return text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)


def _text_layer(rest: str) -> TextLayer:
    style, colon, text = rest.partition(":")
    if not colon:
        raise TransformationError("A text layer is written as text:Font_size:words.")
    return TextLayer(read_style(unquote(style)), read_text(text))


def read_text(text: str) -> str:
    """Return the words, which may be percent-encoded once or, for , and /, twice."""
    words = unquote(unquote(text)).replace("\r\n", "\n").replace("\t", " ")
    if len(words) > MAX_TEXT_CHARS:
        raise TransformationError(f"A text may have {MAX_TEXT_CHARS:,} characters.")
    if not all(char == "\n" or char.isprintable() for char in words) or not words.strip():
        raise TransformationError("This text is empty or has characters that cannot be drawn.")
    return words


def read_style(text: str) -> TextStyle:
    """Read ``Arial_40_bold_letter_spacing_5`` and the like."""
    family, _, rest = text.partition("_")
    size, *words = rest.split("_")
    if not _FAMILY.match(family) or not _SIZE.match(size) or not 1 <= float(size) <= MAX_FONT_PX:
        raise TransformationError(f"“{text[:60]}” is no font and size from 1 to {MAX_FONT_PX:,}.")
    style = TextStyle(family, float(size))
    while words:
        word = words.pop(0)
        if word in _TWO_WORDS:
            style = _spaced(style, word, words)
        elif word in _IGNORED:
            del words[:1]
        else:
            style = _styled(style, word)
    return style


def _spaced(style: TextStyle, word: str, words: list[str]) -> TextStyle:
    second, number = [*words, "", ""][:2]
    if second != "spacing" or not _SPACING.match(number):
        raise TransformationError(f"Behind “{word}” should stand spacing and a number.")
    del words[:2]
    name = f"{word}_spacing_px"
    return replace(style, **{name: float(number)})  # type: ignore[arg-type]


def _styled(style: TextStyle, word: str) -> TextStyle:
    if word in WEIGHTS:
        return replace(style, weight=WEIGHTS[word])
    if word in ALIGNMENTS:
        return replace(style, alignment=ALIGNMENTS[word])
    if word in _SWITCHES:
        return _SWITCHES[word](style)
    raise TransformationError(f"There is no style of text “{word[:40]}”.")


_TWO_WORDS = frozenset({"letter", "line"})
#: They tell a rasterizer of another make what to do; each takes one word.
_IGNORED = frozenset({"antialias", "hinting"})
_SWITCHES: Mapping[str, Callable[[TextStyle], TextStyle]] = {
    "italic": lambda style: replace(style, is_italic=True),
    "underline": lambda style: replace(style, is_underlined=True),
    "strikethrough": lambda style: replace(style, is_struck=True),
    "stroke": lambda style: replace(style, has_stroke=True),
    "none": lambda style: style,
}
