"""What can go wrong with a call on somebody's behalf."""


class OutboundError(Exception):
    """The message is a fragment that ends “Error in loading <url> - …”, without a full stop."""


class RefusedAddressError(OutboundError):
    """The address is none that callers may reach through this server."""
