"""How hard the property tests of searches try.

SEARCH_EFFORT=20 tries twenty times as many examples; SEARCH_SHRINK=1 looks for the smallest one
that fails, which may take minutes.
"""

from __future__ import annotations

import os

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
