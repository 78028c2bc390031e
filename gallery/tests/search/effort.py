"""How hard the property tests of searches try.

SEARCH_EFFORT=20 tries twenty times as many examples; SEARCH_SHRINK=1 looks for the smallest one
that fails, which may take minutes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import HealthCheck, Phase, settings

EFFORT = float(os.environ.get("SEARCH_EFFORT", "1"))
PHASES = [Phase.explicit, Phase.generate] + [Phase.shrink] * ("SEARCH_SHRINK" in os.environ)


def examples(count: int) -> settings:
    """Return settings for about so many examples at the usual effort."""
    return settings(
        max_examples=max(1, round(count * EFFORT)),
        phases=PHASES,
        deadline=None,
        database=None,
        derandomize="CI" in os.environ,  # there, what passed once passes again
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
        ],
    )


@contextmanager
def few_calls(most: int) -> Iterator[None]:
    """Fail when the work inside calls more functions than that: the same on any machine."""
    count = 0

    def counted(_frame: object, event: str, _of: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before: Callable[..., Any] | None = sys.getprofile()
    sys.setprofile(counted)
    try:
        yield
    finally:
        sys.setprofile(before)
    assert count <= most
