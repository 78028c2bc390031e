"""The Admin API's transformations."""

from __future__ import annotations

from typing import Any

BY_PARAMETER: dict[str, Any] = {}


BY_PATH: dict[str, Any] = {}
