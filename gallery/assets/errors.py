"""What assets refuse; every message is one sentence for whoever wrote the program."""

from __future__ import annotations


class AssetError(Exception):
    """What was asked cannot be done; nothing has changed."""


class InvalidError(AssetError):
    """A value is none that can be taken."""


class MissingError(AssetError):
    """There is no such asset, or no such thing that belongs to one."""

    @classmethod
    def asset(cls, public_id: str) -> MissingError:
        return cls(f"Resource not found - {public_id}")


class TakenError(AssetError):
    """The name is another's already."""
