"""What can be wrong with a file; every message is one sentence for the person."""

ACCEPTED = "JPEG, PNG, WebP, GIF, TIFF, AVIF and HEIC photos"


class ImageError(Exception):
    """The file cannot be taken as a photo."""


class EmptyFileError(ImageError):
    def __init__(self) -> None:
        super().__init__("This file is empty.")


class NotAnImageError(ImageError):
    def __init__(self) -> None:
        super().__init__(f"This is not an image; {ACCEPTED} are accepted.")


class UnsupportedImageError(ImageError):
    def __init__(self, kind: str) -> None:
        super().__init__(f"This is {kind}; {ACCEPTED} are accepted.")


class DamagedImageError(ImageError):
    def __init__(self) -> None:
        super().__init__("This image is damaged or cut short.")


class TooManyPixelsError(ImageError):
    def __init__(self, width_px: int, height_px: int, max_pixels: int) -> None:
        super().__init__(
            f"This image has {width_px * height_px / 1e6:,.0f} megapixels; "
            f"up to {max_pixels / 1e6:,.0f} are accepted."
        )
