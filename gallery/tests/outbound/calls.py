"""What the tests of calls share: rules, what is fetched by them, and a refusal's words."""

from __future__ import annotations

from typing import Any

import pytest

from gallery.outbound import OutboundError, Rules, fetch


def rules(*allowed: str, **bounds: Any) -> Rules:
    chosen: dict[str, Any] = {"max_bytes": 1000, "timeout_s": 5.0, "total_s": 10.0, **bounds}
    return Rules(allowed=allowed, **chosen)


def content(url: str, *allowed: str, **bounds: Any) -> bytes:
    with fetch(url, rules=rules(*allowed, **bounds)).file as file:
        return file.read()


def refusal(url: Any, *allowed: str, **bounds: Any) -> str:
    with pytest.raises(OutboundError) as caught:
        fetch(url, rules=rules(*allowed, **bounds))
    return str(caught.value)
