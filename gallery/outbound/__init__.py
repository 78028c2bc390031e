"""Outbound: careful HTTP on behalf of callers, to public addresses and what the operator allows."""

from .errors import OutboundError, RefusedAddressError
from .fetching import Fetched, fetch
from .posting import post
from .rules import Rules

__all__ = ["Fetched", "OutboundError", "RefusedAddressError", "Rules", "fetch", "post"]
