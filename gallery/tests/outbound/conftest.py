"""A resolver that says what it is told, and a server on this machine that may be reached."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest


class ToldResolver:
    """Answers in turn, the last answer for ever, and remembers what it was asked."""

    def __init__(self, *answers: list[str], port: int | None = None) -> None:
        self._answers = list(answers)
        self._port = port
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        self.asked.append(host)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if not answer:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [_info(address, self._port or port) for address in answer]


def _info(address: str, port: int) -> Any:
    if ":" in address:
        return socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0)
    return socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ToldResolver]:
    """Resolve every name as told from here on."""

    def tell(*answers: list[str], port: int | None = None) -> ToldResolver:
        told = ToldResolver(*answers, port=port)
        monkeypatch.setattr(socket, "getaddrinfo", told)
        return told

    return tell
