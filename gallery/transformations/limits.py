"""How much one transformation may take, and the watch on it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from .errors import TooMuchError


@dataclass(frozen=True, slots=True)
class Limits:
    """``max_input_pixels`` holds for each file, and for all frames of an animation together."""

    max_output_pixels: int = 25_000_000
    max_output_side_px: int = 16_000
    max_input_pixels: int = 120_000_000
    max_components: int = 30
    max_layers: int = 10
    cpu_s: float = 20.0

    def check_size(self, width_px: float, height_px: float, *, frames: int = 1) -> None:
        """Raise TooMuchError where a picture of this size may not be made."""
        side, pixels = max(width_px, height_px), width_px * height_px
        if side > self.max_output_side_px or pixels > self.max_output_pixels:
            raise TooMuchError(
                f"The picture would have {width_px:,.0f} × {height_px:,.0f} pixels; "
                f"up to {self.max_output_side_px:,} on a side and "
                f"{self.max_output_pixels / 1e6:,.0f} megapixels are made."
            )
        if pixels * frames > 2 * self.max_output_pixels:
            raise TooMuchError(f"The animation would have {frames:,} frames that are too large.")


class Budget:
    """The time of the processor that a thread may spend from now on."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.layers = 0
        self._ends_at_s = time.thread_time() + limits.cpu_s

    def check(self) -> None:
        """Raise TooMuchError when the time is spent."""
        if time.thread_time() > self._ends_at_s:
            raise TooMuchError(
                f"This transformation takes more than {self.limits.cpu_s:g} seconds."
            )

    def count_layer(self) -> None:
        self.layers += 1
        if self.layers > self.limits.max_layers:
            raise TooMuchError(f"A picture may have {self.limits.max_layers} layers.")
