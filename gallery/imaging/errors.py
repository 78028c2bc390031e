"""What can be wrong with a file; every message is one sentence for the person."""

ACCEPTED = "JPEG, PNG, WebP, GIF, TIFF, AVIF, HEIC and BMP photos"


class ImageError(Exception):
    """The file cannot be taken as a photo; trying again with the same file cannot help."""


class EmptyFileError(ImageError):
    def __init__(self) -> None:
        super().__init__("This file is empty.")


class NotAnImageError(ImageError):
    def __init__(self) -> None:
        super().__init__(f"This is not an image; {ACCEPTED} are accepted.")


class UnsupportedImageError(ImageError):
    """``kind`` continues the sentence "This is …", as in "a video"."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"This is {kind}; {ACCEPTED} are accepted.")
        self.kind = kind


class DamagedImageError(ImageError):
    def __init__(self) -> None:
        super().__init__("This image is damaged or cut short.")


class TooManyPixelsError(ImageError):
    """``pixels`` is None where only their being too many is known."""

    def __init__(self, max_pixels: int, *, pixels: int | None = None) -> None:
        count = "too many" if pixels is None else f"{pixels / 1e6:,.0f}"
        limit = f"{max_pixels / 1e6:,.0f}"
        super().__init__(f"This image has {count} megapixels; up to {limit} are accepted.")
