"""How often one person may do one thing; the counting is the limits package's."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from limits import parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter


@cache
def _limiter() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(storage_from_string(settings.RATE_LIMITS_URL))


def allows(deed: str, *who: str) -> bool:
    """Count one more deed; False when that is one too many.

    ``deed`` is a key of ``settings.RATE_LIMITS``, where an empty rate means no limit.
    """
    rate = settings.RATE_LIMITS[deed]
    return not rate or _limiter().hit(parse(rate), deed, *who)


def is_exhausted(deed: str, *who: str) -> bool:
    """True when one more would be too many; counts nothing."""
    rate = settings.RATE_LIMITS[deed]
    return bool(rate) and not _limiter().test(parse(rate), deed, *who)


# --- Programs, which are told how much is left -------------------------------------------------

HOUR_S = 3600
#: What programs are told where nothing is limited.
ENDLESS = 1_000_000


@dataclass(frozen=True, slots=True)
class Window:
    """How often a deed is allowed in this hour, how often yet, and when the next one begins."""

    limit: int
    remaining: int
    reset_at: int


@cache
def _hourly() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(storage_from_string(settings.RATE_LIMITS_URL))


def allows_hourly(deed: str, *who: str) -> bool:
    """`allows`, for rates of so many an hour, counted from hour to hour."""
    rate = settings.RATE_LIMITS[deed]
    return not rate or _hourly().hit(parse(rate), deed, *who)


def window(deed: str, *who: str) -> Window:
    """Tell where the count of a deed stands; it counts nothing."""
    rate, next_hour = settings.RATE_LIMITS[deed], (int(time.time()) // HOUR_S + 1) * HOUR_S
    if not rate:
        return Window(ENDLESS, ENDLESS, next_hour)
    item = parse(rate)
    stats = _hourly().get_window_stats(item, deed, *who)
    return Window(item.amount, stats.remaining, next_hour)


def forget() -> None:
    """Forget all counts, as between tests."""
    _limiter().storage.reset()
    _hourly().storage.reset()


def client_address(request: HttpRequest) -> str:
    """Return the address a request came from, as the operator's own proxies saw it."""
    if settings.TRUSTED_PROXIES:
        hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        seen = hops[-settings.TRUSTED_PROXIES :]
        if seen[0].strip():
            return str(seen[0].strip())
    return str(request.META.get("REMOTE_ADDR", ""))
