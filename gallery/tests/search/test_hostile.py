"""Whatever is typed or put into an address: an answer at once, and never a broken page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client
from hypothesis import given

from gallery.models import User
from gallery.tests.factories import make_photo, make_tag, make_user
from gallery.tests.search.effort import examples, few_calls
from gallery.tests.search.trees import rubbish

pytestmark = pytest.mark.django_db

#: The first page of a process takes more than any other.
ENOUGH_CALLS = 2_500_000
TEXTS = {
    "ten thousand characters": "x" * 10_000,
    "ten thousand words": "a b " * 2500,
    "many words": "a " * 40,
    "many phrases": '"a b c" ' * 40,
    "many prefixes": "a* " * 40,
    "many alternatives": " OR ".join("a" * n for n in range(1, 41)),
    "many tags": "tag:" + "|".join(f"t{number}" for number in range(20)),
    "many tags many times": " ".join(f"-tag:a{n}|b{n}>0<1" for n in range(40)),
    "many people": " OR ".join(f"by:nobody{n}" for n in range(40)),
    "many likenesses": " ".join(f"like:{n}" for n in range(40)),
    "many cameras": "camera:" + "|".join("abcdefghijklmnopqrst"),
    "many counts": " ".join(f"tags:>{n}" for n in range(40)),
    "many times": " ".join(f"added:>{n}d taken:<{n}y" for n in range(20)),
    "deep": "(" * 500 + "a" + ")" * 500,
    "as deep as may be": "-(a OR " * 12 + "b" + ")" * 12,
    "negations": "NOT " * 249 + "a",
    "dashes": "-" * 999 + "a",
    "dashes alone": "-" * 1000,
    "open brackets": "(" * 1000,
    "closed brackets": ")" * 1000,
    "quotation marks": '"' * 999,
    "operators": "AND OR NOT " * 80,
    "nothing": "\x00",
    "control characters": "".join(map(chr, range(32))) + "\x7f\x85\u2028",
    "half characters": "\ud800 \udfff",
    "turned writing": "\u202etag:\u2066dog\u200b\ufeff",
    "accents on accents": "a" + "\u0301" * 900,
    "letters that grow": "ﷺ" * 900,
    "other digits": "width:٤٢ tags:\uff11",
    "half a digit": "½ ² tag:½ width:½",
    "SQL": "'; DROP TABLE gallery_photo; -- \" OR 1=1 /* tag:x' OR '1'='1",
    "SQL in a name": "by:\"' OR 1=1 --\" camera:\"'; SELECT pg_sleep(9)\" place:\"');--\"",
    "expressions": 'camera:"(a+)+$" place:".*" camera:"[" place:"\\\\" a.*b (?<x>)',
    "expressions that take long": f'camera:"{"a?" * 200}{"a" * 200}"',
    "wildcards": "% _ tag:% by:_ camera:%%% place:_% %dog% d_g*",
    "percent signs": "%s %(x)s %00 %",
    "templates": "{{ 7|add:7 }} {% debug %} ${x} #{x}",
    "tags of HTML": "<script>alert(1)</script> tag:\"<b>\" by:\"&amp;\"",
    "no month": "taken:2024-99",
    "no day": "taken:2023-02-30 OR added:2023-02-30",
    "year nothing": "taken:0000",
    "last year": "taken:9999-12-31..9999",
    "first years": "taken:1800..1800 added:1800",
    "last years": "taken:2199.. added:..2199",
    "turned time": "taken:2024..2023",
    "long ago": "added:>200y",
    "longer ago": "added:>" + "9" * 500 + "y",
    "no time ago": "added:<0h taken:>0d",
    "huge numbers": "width:>999999999999999999999 tags:1e309 height:<1e-309",
    "great numbers": "width:>1000000000 height:<=1000000000 tags:1000000000",
    "no numbers": "width:nan tags:inf height:-inf",
    "negative numbers": "width:-1 tags:<-5",
    "shares": "tag:dog>=1e309 tag:dog>=-1 tag:dog>nan tag:dog>=1000%",
    "empty values": "tag: by: taken: sort: width:",
    "no names": 'tag:"" by:| tag:|| tag:=',
    "orders": "sort:newest sort:oldest",
    "order of nothing": "sort:similar",
    "likeness to nothing": "like:../../etc/passwd",
    "marks": "tag:dog@@ tag:dog@nobody tag:dog@manual@bundled",
    "paths": "../../../etc/passwd file:///etc/passwd",
}  # fmt: skip
PLACES = (
    "x", "-1", "0", "9" * 40, "\x00", "~", "~~", "0~~1", "0~nan~1", "0~inf~1", "0~1e309~1",
    "0~-1~1", f"1~{'9' * 40}~{'9' * 40}", "1~0.5~3", "2~0~0", "½", "' OR 1=1", "x" * 5000,
)  # fmt: skip
SORTS = ("", "sort:taken", "sort:random", "dog sort:confidence", "like:seen")


@pytest.fixture(autouse=True)
def library(client: Client) -> User:
    """Somebody signed in, and a few photos."""
    ann = make_user("ann")
    make_tag("dog", category="pets")
    make_photo(ann, tags={"dog": 0.9}, title="A dog", camera="aaaaaaaaaa", public_id="seen")
    make_photo(tags={"dog": 0.5}, place="Lisbon")
    client.force_login(ann)
    return ann


def answer(client: Client, path: str, asked: Mapping[str, str], **more: Any) -> Any:
    """Get a page, of which nothing may break and nothing take long, and those it leads on to."""
    with few_calls(ENOUGH_CALLS):
        got = client.get(path, asked, **more)
        for _ in range(3):
            if got.status_code in (301, 302):
                got = client.get(got.headers["Location"])
    assert got.status_code == 200
    return got


def sent(text: str) -> str:
    """The text as a browser would send it."""
    return text.encode(errors="replace").decode()


@pytest.mark.parametrize("text", [*map(sent, TEXTS.values())], ids=[*TEXTS])
def test_any_text_is_answered(text: str, client: Client) -> None:
    page = answer(client, "/search/", {"q": text}).content.decode()
    assert "<script>alert" not in page
    answer(client, "/search/suggestions/", {"q": text})
    answer(client, "/mine/edit/", {"q": text})
    Client().get("/search/", {"q": text})


@given(rubbish)
@examples(25)
def test_any_rubbish_is_answered(text: str) -> None:
    client = Client()
    client.force_login(User.objects.get(username="ann"))
    text = sent(text)
    answer(client, "/search/", {"q": text})
    answer(client, "/search/suggestions/", {"q": text})


@pytest.mark.parametrize("place", PLACES)
def test_any_place_is_answered(place: str, client: Client) -> None:
    for sort in SORTS:
        answer(client, "/search/", {"q": sort, "before": place})
        answer(client, "/search/", {"q": sort, "after": place})
    for path in ("/", "/mine/", "/mine/edit/"):
        answer(client, path, {"before": place})


@pytest.mark.parametrize(
    "month",
    ["x", "2024-13", "2024-00", "0000-00", "0001-01", "9999-12", "99999-01", "-1", "2024-1-1\x00",
     "\u0662\u0660\u0662\u0664-\u0660\u0661"],
)  # fmt: skip
def test_any_month_is_answered(month: str, client: Client) -> None:
    for sort in SORTS:
        answer(client, "/search/", {"q": sort, "month": month})


@pytest.mark.parametrize("seed", ["x", "-1", "9" * 5000, "½", "²", "1e9", "\x00", "٣", "nan"])
def test_any_seed_is_answered(seed: str, client: Client) -> None:
    answer(client, "/search/", {"q": "sort:random", "seed": seed})


@pytest.mark.parametrize(
    "fields",
    [
        {"tags": "\x00"},
        {"tags": ",".join("abcdefghijklmnopqrstu")},
        {"tags": '"'},
        {"tags": "a|b, (c, -d"},
        {"min_confidence": "nan"},
        {"min_confidence": "1e309"},
        {"min_confidence": "-1"},
        {"min_confidence": "0.123456789012345"},
        {"owner": "' OR 1=1"},
        {"owner": '"'},
        {"taken_from": "9999-12-31"},
        {"taken_from": "0001-01-01", "taken_to": "9999-12-31"},
        {"taken_from": "2024-02-30"},
        {"orientation": "upside"},
        {"color": "x"},
        {"sort": "x"},
        {"sort": "similar"},
        {"sort": "confidence"},
        {"q": "(", "tags": "dog"},
        {"q": "x" * 10_000, "tags": "dog"},
        {"q": "a " * 40, "tags": "dog", "sort": "oldest"},
        {"q": "sort:oldest", "sort": "newest"},
        {"q": "tag:nothing", "tags": "nothing"},
    ],
)
def test_anything_in_the_form_is_answered(fields: dict[str, str], client: Client) -> None:
    for path in ("/search/", "/mine/edit/", "/mine/retag/"):
        answer(client, path, fields)


def test_fragment_of_a_mistaken_search_is_answered(client: Client) -> None:
    for text in [*TEXTS.values()][::3]:
        answer(client, "/search/", {"q": sent(text)}, headers={"X-Fragment": "1"})


@pytest.mark.parametrize("text", ["", "\x00", "(", "x" * 10_000, "tag:nothing"])
@pytest.mark.parametrize("name", ["", "\x00", "n", "x" * 10_000])
def test_any_search_to_be_kept_is_answered(text: str, name: str, client: Client) -> None:
    kept = client.post("/search/saved/add/", {"name": name, "query": text}, follow=True)
    assert kept.status_code == 200
