"""Everything that indexes of vectors are kept of, for the commands that keep them."""

from __future__ import annotations

from .. import similar
from ..interests import people
from ..vectors import Space


def every_space() -> list[Space]:
    return [*similar.spaces(), *people.spaces()]
