"""Addresses as callers write them, and as attackers do."""

from __future__ import annotations

from typing import Any

import pytest

from gallery.outbound import OutboundError, RefusedAddressError
from gallery.outbound.urls import file_name, read_url

from .calls import refusal, rules


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "only http and https"),
        ("a.jpg", "only http and https"),
        ("//photos.example/a.jpg", "only http and https"),
        ("ftp://photos.example/a.jpg", "only http and https"),
        ("file:///etc/passwd", "only http and https"),
        ("gopher://photos.example:6379/_FLUSHALL", "only http and https"),
        ("http://", "names no host"),
        ("http:///a.jpg", "names no host"),
        ("http://:80/", "names no host"),
        ("http://./", "names no host"),
        ("http://a..b/", "names no host"),
        ("http://ex%61mple.org/", "names no host"),
        ("http://-a.example/", "names no host"),
        ("http://" + "a" * 300 + "/", "names no host"),
        ("http://xn--\u00fc.example/", "names no host"),
        ("http://[fe80::1%25eth0]/", "names no host"),
        ("http://[::1/", "the address is none"),
        ("http://[nonsense]/", "the address is none"),
        ("http://user:secret@photos.example/", "user name or password"),
        ("http://@photos.example/", "user name or password"),
        ("http://photos.example:0/", "a port that is none"),
        ("http://photos.example:65536/", "a port that is none"),
        ("http://photos.example:http/", "a port that is none"),
        ("http://photos.example/\r\nHost: inner", "the address is none"),
        ("http://photos.example\t/", "the address is none"),
        (" http://photos.example/", "the address is none"),
        ("http://photos.example/a b.jpg", "the address is none"),
        ("http://photos.example\\@inner/", "the address is none"),
        ("http://photos.example/\0", "the address is none"),
        ("http://photos.example/\ud800", "the address is none"),
        ("http://photos.example/" + "a" * 9000, "the address is none"),
        (None, "the address is none"),
        (b"http://photos.example/", "the address is none"),
        (7, "the address is none"),
    ],
)
def test_address_that_is_none_is_refused(url: Any, words: str) -> None:
    assert words in refusal(url)


@pytest.mark.parametrize("port", [1, 22, 25, 110, 445, 1023, 3306, 5432, 6379, 9200, 11211])
def test_ports_of_other_protocols_are_refused(port: int) -> None:
    with pytest.raises(RefusedAddressError, match=f"port {port} is not for web servers"):
        read_url(f"http://photos.example:{port}/", rules())


def test_port_the_operator_names_is_let_in() -> None:
    named = rules("photos.example:81", "10.0.0.1:82")
    assert read_url("http://photos.example:81/", named).port == 81
    assert read_url("http://files.example:82/", named).port == 82
    with pytest.raises(OutboundError):
        read_url("http://other.example:81/", named)


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("HTTP://Photos.Example", "http://photos.example/"),
        ("https://photos.example:443/a?b=c#d", "https://photos.example/a?b=c"),
        ("http://photos.example.:8080/", "http://photos.example:8080/"),
        ("http://photos.example?a", "http://photos.example/?a"),
        ("http://bücher.example/ü%20ü?ü", "http://xn--bcher-kva.example/%C3%BC%20%C3%BC?%C3%BC"),
        ("http://[2606:4700::1111]:8080/a", "http://[2606:4700::1111]:8080/a"),
        ("http://a_b.example/%2e%2e/%0d%0a", "http://a_b.example/%2e%2e/%0d%0a"),
        ('http://photos.example/"<>^`{}', "http://photos.example/%22%3C%3E%5E%60%7B%7D"),
    ],
)
def test_address_is_read_into_ascii(url: str, read: str) -> None:
    assert str(read_url(url, rules())) == read


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/a/b.jpg?c=d/e.png", "b.jpg"),
        ("/my%20photo%C3%BC.jpg", "my photoü.jpg"),
        ("/..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("/..%5C..%5Cboot.ini", "boot.ini"),
        ("/%2e%2e", ""),
        ("/a%00%0d%0ab.jpg", "ab.jpg"),
        ("/" + "a" * 300, "a" * 255),
        ("/%ff.jpg", "\ufffd.jpg"),
        ("/a/", ""),
        ("", ""),
    ],
)
def test_name_of_a_file_is_its_last_part_and_no_folder(path: str, name: str) -> None:
    assert file_name(read_url(f"http://photos.example{path}", rules())) == name
