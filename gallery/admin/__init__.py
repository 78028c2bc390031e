"""The operator's desk: the library itself, and the clouds that programs use."""

from . import clouds, library

__all__ = ["clouds", "library"]
