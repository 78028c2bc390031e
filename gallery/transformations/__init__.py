"""Transformations: the vendor's language for derived pictures, and their rendering."""

from .breakpoints import Breakpoint, BreakpointSpec, auto_breakpoints, breakpoints, widths_json
from .errors import TooMuchError, TransformationError
from .geometry import Box
from .language import Transformation, expand, looks_like_component, parse
from .limits import Limits
from .render import Derived, info_json, render
from .scene import Scene

__all__ = [
    "Box", "Breakpoint", "BreakpointSpec", "Derived", "Limits", "Scene", "TooMuchError",
    "Transformation", "TransformationError", "auto_breakpoints", "breakpoints", "expand",
    "info_json", "looks_like_component", "parse", "render", "widths_json",
]  # fmt: skip
