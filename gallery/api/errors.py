"""Refusals, each with the HTTP status that client libraries know how to read."""

from __future__ import annotations


class ApiError(Exception):
    """A request is refused; the message is one sentence for whoever wrote the program."""

    status = 400

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        if status is not None:
            self.status = status


class BadRequestError(ApiError):
    status = 400


class UnauthorizedError(ApiError):
    status = 401


class NotFoundError(ApiError):
    status = 404

    @classmethod
    def asset(cls, public_id: str) -> NotFoundError:
        return cls(f"Resource not found - {public_id}")


class AlreadyExistsError(ApiError):
    """For the Admin API alone: upload libraries cannot read it."""

    status = 409


class RateLimitedError(ApiError):
    status = 420
