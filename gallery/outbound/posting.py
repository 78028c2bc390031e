"""Posts a message on behalf of a caller."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .errors import OutboundError
from .rules import Rules
from .urls import read_url

#: RFC 9110, 5.6.2 and 5.5; values are ASCII here.
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?|")
#: What decides where a message ends or goes is not for callers to say.
_OURS = {"host", "content-length", "transfer-encoding", "connection", "expect", "upgrade", "te"}


def post(url: str, *, body: bytes, headers: Mapping[str, str], rules: Rules) -> int:
    """Post a body once and return the status of the answer, whose own body is not read.

    Redirects are not followed. Raises OutboundError for an address or a header that is refused,
    and when no answer comes.
    """
    import httpcore  # only who really posts should pay for this

    from .connections import Deadline, open_pool, reason_of, url_of

    sent = _checked(headers)
    target = read_url(url, rules)
    try:
        with (
            open_pool(target, rules, Deadline(rules.total_s)) as pool,
            pool.stream("POST", url_of(target), headers=sent, content=body) as answer,
        ):
            return answer.status
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
        raise OutboundError(reason_of(error)) from error


def _checked(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or name.lower() in _OURS or not _VALUE.fullmatch(value):
            raise OutboundError("a header of the message is none that can be sent")
    named = {name.lower() for name in headers}
    agent = [] if "user-agent" in named else [("User-Agent", "photolib")]
    return [*headers.items(), *agent, ("Connection", "close")]
