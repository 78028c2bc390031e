"""Draws text: fonts of the system where they are, else the one that Pillow brings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from .color import BLACK, Color
from .layer_names import TextStyle
from .limits import Limits

_FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts",
    "C:/Windows/Fonts",
)  # fmt: skip
MAX_FONTS = 5000
#: Free fonts that look like, and are as wide as, those that people name.
_SANS, _SERIF, _MONO = "liberationsans", "liberationserif", "liberationmono"
_LIKE = {
    "arial": _SANS, "helvetica": _SANS, "helveticaneue": _SANS, "sansserif": _SANS,
    "times": _SERIF, "timesnewroman": _SERIF, "georgia": _SERIF, "serif": _SERIF,
    "courier": _MONO, "couriernew": _MONO, "monospace": _MONO, "consolas": _MONO,
    "arialnarrow": "liberationsansnarrow", "verdana": "dejavusans", "tahoma": "dejavusans",
    "lucidasans": "dejavusans", "trebuchetms": "dejavusans",
}  # fmt: skip
#: What unknown names are drawn in, where it is there: it has the letters of most alphabets.
_WIDEST = "dejavusans"
_BOLD_FROM = 600
_SLANT = 0.2
_ELLIPSIS = "…"

Font = ImageFont.FreeTypeFont


@dataclass(frozen=True, slots=True)
class Face:
    """A font, and what has to be made up as the font does not have it."""

    font: Font
    bold_px: float = 0.0
    is_slanted: bool = False


@dataclass(frozen=True, slots=True)
class Ink:
    """``stroke_px`` is the width of the line around letters; no ``ground`` is no background."""

    color: Color = BLACK
    stroke: Color = BLACK
    stroke_px: int = 0
    ground: Color | None = None


def draw_text(
    text: str, style: TextStyle, ink: Ink, limits: Limits, *,
    width_px: int | None = None, height_px: int | None = None, is_trimmed: bool = True,
) -> Image.Image:  # fmt: skip
    """Return an RGBA image of the text, wrapped to a width and cut to a height where given.

    Without a background it is cut to its ink. Raises TooMuchError.
    """
    face = _face(style.family, style.size_px, style.weight >= _BOLD_FROM, style.is_italic)
    pen = _Pen(face, style, ink)
    lines = pen.wrapped(text, width_px) if width_px else text.split("\n")
    lines = pen.cut(lines, width_px, height_px) if height_px else lines
    limits.check_size(*pen.size(lines))
    image = pen.drawn(lines, width_px)
    if is_trimmed and ink.ground is None and (box := image.getbbox()):
        image = image.crop(box)
    if ink.ground is not None:
        ground = Image.new("RGBA", image.size, ink.ground)
        ground.alpha_composite(image)
        return ground
    return image


class _Pen:
    def __init__(self, face: Face, style: TextStyle, ink: Ink) -> None:
        self.face, self.style, self.ink = face, style, ink
        ascent, descent = face.font.getmetrics()
        self.ascent = ascent
        self.line_px = max(1.0, ascent + descent + style.line_spacing_px)
        self.room = ink.stroke_px + round(style.size_px * (0.4 if face.is_slanted else 0.2)) + 1

    def length(self, line: str) -> float:
        spaces = self.style.letter_spacing_px * max(0, len(line) - 1)
        return self.face.font.getlength(line) + spaces

    def wrapped(self, text: str, width_px: int) -> list[str]:
        lines: list[str] = []
        for paragraph in text.split("\n"):
            line = ""
            for word in paragraph.split(" "):
                longer = f"{line} {word}" if line else word
                if line and self.length(longer) > width_px:
                    lines.append(line)
                    line = word
                else:
                    line = longer
            lines.append(line)
        return lines

    def cut(self, lines: list[str], width_px: int | None, height_px: int) -> list[str]:
        """Drop lines that stand below the height; the last that stays ends in an ellipsis."""
        most = max(1, int(height_px / self.line_px))
        if len(lines) <= most:
            return lines
        last = lines[most - 1].rstrip() + _ELLIPSIS
        while width_px and len(last) > 2 and self.length(last) > width_px:
            last = last[:-2].rstrip() + _ELLIPSIS
        return [*lines[: most - 1], last]

    def size(self, lines: Sequence[str]) -> tuple[int, int]:
        width = max(map(self.length, lines))
        height = self.line_px * (len(lines) - 1) + sum(self.face.font.getmetrics())
        return round(width) + 2 * self.room, round(max(1.0, height)) + 2 * self.room

    def drawn(self, lines: Sequence[str], width_px: int | None) -> Image.Image:
        width, height = self.size(lines)
        image = Image.new("RGBA", (width, height), (*self.ink.color[:3], 0))
        draw = ImageDraw.Draw(image)
        inner = width - 2 * self.room
        for row, line in enumerate(lines):
            is_last = row == len(lines) - 1
            y = self.room + self.ascent + row * self.line_px
            self._line(draw, line, inner, y, is_justified=bool(width_px) and not is_last)
        if self.face.is_slanted:
            image = _slanted(image)
        return image

    def _line(
        self, draw: ImageDraw.ImageDraw, line: str, inner: float, y: float, *, is_justified: bool
    ) -> None:
        length = self.length(line)
        share = {"center": 0.5, "right": 1.0}.get(self.style.alignment, 0.0)
        x = self.room + (inner - length) * share
        gaps = line.count(" ")
        if self.style.alignment == "justify" and is_justified and gaps:
            more = (inner - length) / gaps
            for word in line.split(" "):
                self._letters(draw, word, x, y)
                x += self.length(f"{word} ") + self.style.letter_spacing_px + more
            length = inner
        else:
            self._letters(draw, line, x, y)
        self._rules(draw, x if not is_justified else self.room, length, y)

    def _letters(self, draw: ImageDraw.ImageDraw, text: str, x: float, y: float) -> None:
        if not self.style.letter_spacing_px:
            self._glyphs(draw, text, x, y)
            return
        for at, letter in enumerate(text):
            before = self.face.font.getlength(text[: at + 1]) - self.face.font.getlength(letter)
            self._glyphs(draw, letter, x + before + at * self.style.letter_spacing_px, y)

    def _glyphs(self, draw: ImageDraw.ImageDraw, text: str, x: float, y: float) -> None:
        bold, stroke = self.face.bold_px, self.ink.stroke_px
        if stroke:
            draw.text(
                (x, y), text, self.ink.stroke, self.face.font, "ls", stroke_width=stroke + bold,
                stroke_fill=self.ink.stroke,
            )  # fmt: skip
        draw.text(
            (x, y), text, self.ink.color, self.face.font, "ls", stroke_width=bold,
            stroke_fill=self.ink.color,
        )  # fmt: skip

    def _rules(self, draw: ImageDraw.ImageDraw, x: float, length: float, y: float) -> None:
        thick = max(1, round(self.style.size_px / 15))
        heights = [y + self.style.size_px * 0.12] if self.style.is_underlined else []
        heights += [y - self.style.size_px * 0.28] if self.style.is_struck else []
        for height in heights:
            top = round(height)
            draw.rectangle((round(x), top, round(x + length), top + thick - 1), self.ink.color)


def _slanted(image: Image.Image) -> Image.Image:
    back = _SLANT * image.height / 2
    return image.transform(
        image.size, Image.Transform.AFFINE, (1, _SLANT, -back, 0, 1, 0),
        resample=Image.Resampling.BICUBIC,
    )  # fmt: skip


# --- Fonts ------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _face(family: str, size_px: float, is_bold: bool, is_italic: bool) -> Face:
    """Return the family's face, or Pillow's own font, bold and slant made up where missing."""
    stem = re.sub(r"\.(ttf|otf|woff2?)$", "", family.lower())
    stem = re.sub(r"[^a-z0-9]", "", stem)
    for name in dict.fromkeys((stem, _LIKE.get(stem, stem), _WIDEST)):
        for bold, italic in dict.fromkeys(
            ((is_bold, is_italic), (is_bold, False), (False, is_italic), (False, False))
        ):
            if path := _path(name, bold, italic):
                font = ImageFont.truetype(path, size_px)
                return _made_up(font, size_px, is_bold and not bold, is_italic and not italic)
    bundled = ImageFont.load_default(size_px)
    assert isinstance(bundled, Font)  # it is another one only where there is no FreeType
    return _made_up(bundled, size_px, is_bold, is_italic)


def _made_up(font: Font, size_px: float, lacks_bold: bool, lacks_italic: bool) -> Face:
    return Face(font, size_px / 36 if lacks_bold else 0.0, lacks_italic)


def _path(stem: str, is_bold: bool, is_italic: bool) -> str | None:
    bold = "bold" if is_bold else ""
    slants = ("italic", "oblique") if is_italic else ("",)
    names = [f"{stem}{bold}{slant}" for slant in slants]
    names += [f"{stem}regular"] if names == [stem] else []
    return next((found for name in names if (found := _installed().get(name))), None)


@cache
def _installed() -> dict[str, str]:
    """Return the files of fonts by their names in small letters and digits."""
    files: dict[str, str] = {}
    for folder in map(Path, _FOLDERS):
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.suffix.lower() in (".ttf", ".otf") and len(files) < MAX_FONTS:
                files.setdefault(re.sub(r"[^a-z0-9]", "", path.stem.lower()), str(path))
    return files
