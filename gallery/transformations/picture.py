"""A file opened for transforming, and the picture it becomes: upright, sRGB, with its alpha."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO

from PIL import ExifTags, Image
from PIL.JpegImagePlugin import JpegImageFile

from gallery.imaging import exif as exif_facts
from gallery.imaging.decode import as_image_errors, open_photo, refuse_too_many, turned
from gallery.imaging.errors import ImageError
from gallery.imaging.pixels import to_srgb_keeping_alpha

from .errors import TooMuchError, TransformationError
from .geometry import Map, Plan, Size
from .limits import Limits

#: Decoding stops at this many times what the first resizing needs, the rest is Lanczos.
SPARE = 1.5
_VENDORS_NAMES = {"jpeg": "jpg", "tiff": "tif"}
#: What a picture may still say of itself with keep_iptc: who made it and what it shows. Never
#: where it was taken.
_ATTRIBUTION = (ExifTags.Base.ImageDescription, ExifTags.Base.Artist, ExifTags.Base.Copyright)
_DEFAULT_FRAME_MS = 100


@dataclass(slots=True)
class Picture:
    """An image of mode RGB or RGBA, and where points of the upright original have got to.

    ``size`` is what geometry reckons with. Until the first resizing the image itself may be
    smaller, its sides divided by ``shrunk``.
    """

    image: Image.Image
    size: Size
    mapping: Map
    shrunk: int = 1

    @classmethod
    def of(cls, image: Image.Image) -> Picture:
        return cls(image, image.size, Map())

    @property
    def has_alpha(self) -> bool:
        return self.image.mode == "RGBA"

    def become(self, image: Image.Image, mapping: Map | None = None) -> None:
        """Take the image for this one; ``mapping`` tells where its points are now."""
        self.image, self.size, self.shrunk = image, image.size, 1
        if mapping:
            self.mapping = self.mapping.then(mapping)

    def cut_and_scale(self, plan: Plan) -> None:
        """Carry out what a plan says up to its canvas."""
        left, top, right, bottom = (at / self.shrunk for at in plan.box.corners)
        right, bottom = min(right, self.image.width), min(bottom, self.image.height)
        box = left, top, right, bottom
        is_exact = self.shrunk == 1 and plan.size == (plan.box.w, plan.box.h)
        if is_exact and all(float(at).is_integer() for at in box):
            image = self.image.crop((int(left), int(top), int(right), int(bottom)))
        else:
            image = self.image.resize(
                plan.size, Image.Resampling.LANCZOS, box=box, reducing_gap=2.0
            )
        across, down = plan.size[0] / plan.box.w, plan.size[1] / plan.box.h
        x, y = -plan.box.x * across, -plan.box.y * down
        self.become(image, Map(across, 0, x, 0, down, y))


@dataclass(slots=True)
class Source:
    """An open file. ``size`` is that of the upright picture; ``frames`` is 1 for a still one."""

    opened: Image.Image
    format: str
    size: Size
    frames: int
    orientation: int
    limits: Limits

    @property
    def loops(self) -> int:
        return int(self.opened.info.get("loop", 1))

    def attribution(self) -> Image.Exif:
        """Return what the picture says of who made it, as Exif of its own."""
        exif, kept = exif_facts.read_exif(self.opened), Image.Exif()
        for tag in _ATTRIBUTION:
            if isinstance(value := exif.get(tag), str):
                kept[tag] = value
        return kept

    def check_animation(self) -> None:
        """Raise TooMuchError where there are more pixels in all frames than may be read."""
        pixels = self.opened.width * self.opened.height * self.frames
        if pixels > self.limits.max_input_pixels:
            raise TooMuchError(f"This animation has {self.frames:,} frames, too many of its size.")

    def seek(self, frame: int) -> int:
        """Go to a frame, from 0 on; return for how many milliseconds it is shown."""
        if not 0 <= frame < self.frames:
            raise TransformationError(f"This picture has {self.frames:,} pages.")
        if self.frames > 1:
            with _reading(self.limits):
                self.opened.seek(frame)
                refuse_too_many(self.opened, self.limits.max_input_pixels)
            self.size = _upright(self.opened.size, self.orientation)
        return int(self.opened.info.get("duration", 0)) or _DEFAULT_FRAME_MS

    def picture(self, *, scale: float = 1.0, is_upright: bool = True) -> Picture:
        """Decode the frame; ``scale`` is the least share of its sides that is needed."""
        opened = self.opened
        size = opened.size
        draft = 1
        if isinstance(opened, JpegImageFile) and scale < 1:
            draft = _draft(opened, scale)
        factor = max(1, int(1 / (scale * draft * SPARE)))
        with _reading(self.limits):
            opened.load()
            image = to_srgb_keeping_alpha(opened, factor)
        orientation = self.orientation
        if is_upright:
            image = turned(image, orientation)
            return Picture(image, self.size, Map(), shrunk=draft * factor)
        return Picture(image, size, _lain_down(self.size, orientation), shrunk=draft * factor)


def _draft(opened: JpegImageFile, scale: float) -> int:
    """Have a JPEG decoded smaller; return by what its sides are divided: 1, 2, 4 or 8."""
    width, height = opened.size
    opened.draft(None, (max(1, int(width * scale)), max(1, int(height * scale))))
    divisors = (1, 2, 4, 8)
    return next(by for by in divisors if opened.size == (-(-width // by), -(-height // by)))


def _upright(size: Size, orientation: int) -> Size:
    return size[::-1] if orientation in (5, 6, 7, 8) else size


def _lain_down(upright: Size, orientation: int) -> Map:
    """Return where points of the upright picture are in one stored in this orientation."""
    w, h = upright
    return {
        2: Map(-1, 0, w, 0, 1, 0), 3: Map(-1, 0, w, 0, -1, h), 4: Map(1, 0, 0, 0, -1, h),
        5: Map(0, 1, 0, 1, 0, 0), 6: Map(0, 1, 0, -1, 0, w), 7: Map(0, -1, h, -1, 0, w),
        8: Map(0, -1, h, 1, 0, 0),
    }.get(orientation, Map())  # fmt: skip


@contextmanager
def open_source(file: IO[bytes], limits: Limits) -> Iterator[Source]:
    """Open a file. Raises TransformationError for what is no picture."""
    with ExitStack() as stack:
        with _reading(limits):
            opened, kind = stack.enter_context(open_photo(file, max_pixels=limits.max_input_pixels))
            source = _source(opened, kind, limits)
        try:
            yield source
        finally:
            stack.close()  # here, so that no mistake of ours is taken for one of the file


@contextmanager
def _reading(limits: Limits) -> Iterator[None]:
    """Say TransformationError for what is wrong with a file."""
    try:
        with as_image_errors(limits.max_input_pixels):
            yield
    except ImageError as error:
        raise TransformationError(str(error)) from error


def _source(opened: Image.Image, kind: str, limits: Limits) -> Source:
    orientation = exif_facts.orientation(exif_facts.read_exif(opened))
    frames = 1 if kind == "jpeg" else int(getattr(opened, "n_frames", 1))
    name = _VENDORS_NAMES.get(kind, kind)
    return Source(opened, name, _upright(opened.size, orientation), frames, orientation, limits)
