"""Who may use the processor for rendering now, and who waits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from .errors import AssetError

#: So long does a wish wait for its turn, in seconds.
WAIT_S = 20.0
#: So many wait in one process; whoever comes then is sent away, so that threads are left for those
#: that ask for what is stored.
MAX_WAITING = 12

_guard = Lock()
_alone: dict[str, tuple[Lock, int]] = {}
_waiting = 0
# One large original takes hundreds of megabytes while it is decoded.
_slots = BoundedSemaphore(min(os.cpu_count() or 1, 4))


class BusyError(AssetError):
    """Too much is being made already; it may be asked for again."""

    def __init__(self) -> None:
        super().__init__("Too many pictures are being made; ask again in some seconds")


@contextmanager
def alone(key: str) -> Iterator[None]:
    """Let one thread of this process at a time work for a key. Raises BusyError."""
    with _guard:
        lock, holders = _alone.get(key, (Lock(), 0))
        if holders > MAX_WAITING:
            raise BusyError
        _alone[key] = lock, holders + 1
    try:
        if not lock.acquire(timeout=WAIT_S):
            raise BusyError
        try:
            yield
        finally:
            lock.release()
    finally:
        with _guard:
            lock, holders = _alone.pop(key)
            if holders > 1:
                _alone[key] = lock, holders - 1


@contextmanager
def turn() -> Iterator[None]:
    """Wait until the processor is free for one more picture. Raises BusyError."""
    global _waiting
    if not _slots.acquire(blocking=False):
        with _guard:
            if _waiting >= MAX_WAITING:
                raise BusyError
            _waiting += 1
        try:
            if not _slots.acquire(timeout=WAIT_S):
                raise BusyError
        finally:
            with _guard:
                _waiting -= 1
    try:
        yield
    finally:
        _slots.release()
