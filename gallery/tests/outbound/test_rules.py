"""What an operator may write into the list of what is let in."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from .calls import rules


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("10.0.0.0/8", "10.9.9.9"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("[::1]:80", "::1"),
        ("fd00::/8", "fd12::1"),
        (" 127.0.0.1:80 ", "127.0.0.1"),
    ],
)
def test_addresses_and_networks_are_understood(entry: str, address: str) -> None:
    assert rules(entry).allow_address(ip_address(address), 80)


@pytest.mark.parametrize(
    "entry",
    ["", " ", ":80", "files.lan:", "files.lan:0", "files.lan:65536", "files.lan:" + "9" * 5000,
     "http://files.lan", "files.lan/a", "a b", "*", "10.0.0.1/8", "\r\n", "user@files.lan"],
)  # fmt: skip
def test_entry_that_is_none_is_refused_at_start_up(entry: str) -> None:
    with pytest.raises(ValueError, match="neither a host nor an address nor a network"):
        rules(entry)
