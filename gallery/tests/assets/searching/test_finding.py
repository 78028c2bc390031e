"""Searches compared with a plain reading of the same expression, and single fields in tables."""

from __future__ import annotations

import operator
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gallery.assets.errors import InvalidError
from gallery.assets.searching import finding
from gallery.assets.searching.finding import Key, Range, Search
from gallery.assets.searching.language import MistakeError
from gallery.models import (
    Asset,
    AssetContext,
    AssetTag,
    Cloud,
    Folder,
    MetadataEntry,
    MetadataField,
    MetadataValue,
    Photo,
    PhotoTag,
    PhotoWord,
    Tag,
    TagState,
)
from gallery.tests.factories import make_asset, make_cloud, make_photo

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 10, 12, tzinfo=UTC)


def tag(asset: Asset, *names: str, state: str = TagState.CONFIRMED) -> None:
    """Tag as programs do: on the photo where it can be, in the spelling given."""
    for name in names:
        found = Tag.objects.by_label([name])
        if (
            asset.photo is None
            or name not in found
            or PhotoTag.objects.filter(photo=asset.photo, tag=found[name])
        ):
            AssetTag.objects.create(asset=asset, name=name)
            continue
        spelling = None if found[name].label == name else name
        PhotoTag.objects.create(
            photo=asset.photo, tag=found[name], confidence=1, state=state, spelling=spelling
        )


def keys(cloud: Cloud, expression: str, **order: Any) -> list[str]:
    """Return the names found, and see to it that they are counted as well."""
    search = Search(cloud, expression, now=NOW, **order)
    found, _ = search.page(limit=500, total=search.count())
    assert search.count() == len(found)
    return [asset.public_id for asset in found]


def names(cloud: Cloud, expression: str) -> str:
    return " ".join(sorted(keys(cloud, expression)))


# --- A plain reading --------------------------------------------------------------------------


class Plain:
    """What is known of one asset, and whether a leaf of an expression holds, read word by word."""

    def __init__(
        self, name: str, tags: list[str], context: dict[str, str], width: int | None
    ) -> None:
        self.name, self.tags, self.context, self.width = name, tags, context, width

    def holds(self, field: str, sign: str, value: str) -> bool:
        if field == "width":
            compare = {">": operator.gt, "<=": operator.le, ":": operator.eq}[sign]
            return self.width is not None and compare(self.width, int(value))
        texts = {"tags": self.tags, "public_id": [self.name]}.get(field)
        if texts is None:
            texts = [self.context[field[8:]]] if field[8:] in self.context else []
        return any(_fits(text, sign, value) for text in texts)


def _fits(text: str, sign: str, value: str) -> bool:
    bare = value.strip('"*').replace('"', "")
    if value.endswith("*") and not bare:
        return text != ""
    if sign == "=":
        return text.startswith(bare) if value.endswith("*") else text == bare
    have, wanted = _words(text), _words(bare)
    ends = [have[start : start + len(wanted)] for start in range(len(have))]
    if value.endswith("*"):
        return any(
            part[:-1] == wanted[:-1]
            and len(part) == len(wanted)
            and part[-1].startswith(wanted[-1])
            for part in ends
        )
    return wanted in ends


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


WORDS = ["Cat", "cat", "red cat", "c++", "black-cat", "Katze", "catalogue", "dog", "rot/cat", "2"]
PLAIN = [
    Plain("pets/cat_1", ["Cat", "dog"], {"alt": "red cat"}, 100),
    Plain("pets/dog", ["cat"], {"alt": "dog"}, 200),
    Plain("Cat", ["red cat", "black-cat", "c++"], {}, 300),
    Plain("catalogue.pdf", ["cat", "2"], {"alt": "Katze"}, None),
    Plain("other", [], {"alt": "cat", "more": "dog"}, 200),
    Plain("raw-2.bin", ["catalogue", "red cat"], {"more": "red"}, None),
    Plain("rejected", [], {}, 50),
]


def stored(cloud: Cloud) -> None:
    for plain in PLAIN:
        kind = "image" if plain.width else "raw"
        photo = make_photo(cloud.owner, width=plain.width) if plain.width else None
        asset = make_asset(cloud, plain.name, resource_type=kind, photo=photo)
        tag(asset, *plain.tags)
        for key, value in plain.context.items():
            AssetContext.objects.create(asset=asset, key=key, value=value)
    tag(Asset.objects.get(public_id="rejected"), "cat", "dog", state=TagState.REJECTED)


def _leaf(field: str, sign: str, value: str) -> tuple[str, Any]:
    return f"{field}{sign}{value}", lambda one: one.holds(field, sign, value)


values = st.sampled_from(WORDS).flatmap(
    lambda word: st.sampled_from([f'"{word}"', f'"{word}"*', f'"{word[:2]}"*', "*"])
)
leaves = st.one_of(
    st.builds(
        _leaf,
        st.sampled_from(["tags", "public_id", "context.alt", "context.more"]),
        st.sampled_from(":="),
        values,
    ),
    st.builds(
        _leaf,
        st.just("width"),
        st.sampled_from([":", ">", "<="]),
        st.sampled_from(["100", "200", "250"]),
    ),
)


def _joined(parts: list[tuple[str, Any]], word: str, decide: Any) -> tuple[str, Any]:
    text = "(" + f" {word} ".join(part for part, _ in parts) + ")"
    return text, lambda one: decide(holds(one) for _, holds in parts)


expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda every: _joined(every, "AND", all)),
        st.lists(inner, min_size=2, max_size=3).map(lambda every: _joined(every, "OR", any)),
        inner.map(lambda one: (f"NOT {one[0]}", lambda plain: not one[1](plain))),
    ),
    max_leaves=6,
)


@given(expression=expressions, other=expressions)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_searches_find_what_a_plain_reading_finds(
    cloud_of_plain: Cloud, expression: tuple[str, Any], other: tuple[str, Any]
) -> None:
    (text, holds), (second, _) = expression, other
    expected = sorted(one.name for one in PLAIN if holds(one))
    assert sorted(keys(cloud_of_plain, text)) == expected
    one, two = f"NOT ({text} AND {second})", f"(NOT {text}) OR (NOT {second})"
    assert keys(cloud_of_plain, one) == keys(cloud_of_plain, two)


@pytest.fixture
def cloud_of_plain() -> Cloud:
    cloud = make_cloud()
    stored(cloud)
    strange = make_cloud()
    tag(make_asset(strange, "pets/strange"), "Cat", "cat", "dog")
    return cloud


@pytest.mark.parametrize("few", [0, 3, 2000])
@pytest.mark.parametrize("short", [0, 2000])
def test_the_way_does_not_change_what_is_found(
    cloud_of_plain: Cloud, monkeypatch: pytest.MonkeyPatch, few: int, short: int
) -> None:
    monkeypatch.setattr(finding, "FEW", few)
    monkeypatch.setattr(finding, "SHORT", short)
    found = names(cloud_of_plain, "tags=cat AND NOT tags=2")
    assert found == "pets/dog"


# --- Fields -----------------------------------------------------------------------------------


@pytest.fixture
def cloud() -> Cloud:
    """A cloud of three assets, a and a/b/c pictures, f.bin a file."""
    cloud = make_cloud()
    photo = make_photo(
        cloud.owner, width=1600, height=900, caption="Nähe zum Meer", place="Lake", colors=1
    )
    analysis = {
        "faces": [[1, 2, 3, 4]],
        "grayscale": False,
        "illustration_score": 0.25,
        "image_metadata": {"Model": "X100", "ISO": "200"},
        "quality_analysis": {"focus": 0.5},
    }
    make_asset(
        cloud, "a", photo=photo, analysis=analysis, size_bytes=2048, format="jpg",
        created_at=NOW - timedelta(days=2), etag="ab" * 16, asset_id="1" * 32,
    )  # fmt: skip
    private = make_photo(cloud.owner, width=100, height=100, visibility="private")
    make_asset(
        cloud, "a/b/c", photo=private, format="png", display_name="Blue Sky",
        created_at=NOW - timedelta(days=40), moderation_kind="manual", moderation_status="pending",
    )  # fmt: skip
    raw = make_asset(
        cloud, "f.bin", resource_type="raw", created_at=datetime(2024, 2, 29, 10, tzinfo=UTC)
    )
    AssetTag.objects.create(asset=raw, name="Two Words")
    Folder.objects.bulk_create(Folder(cloud=cloud, path=path) for path in ("a", "a/b"))
    number = MetadataField.objects.create(cloud=cloud, external_id="n", type="integer", label="N")
    text = MetadataField.objects.create(cloud=cloud, external_id="t", type="string", label="T")
    several = MetadataField.objects.create(cloud=cloud, external_id="s", type="set", label="S")
    day = MetadataField.objects.create(cloud=cloud, external_id="d", type="date", label="D")
    MetadataEntry.objects.create(field=several, external_id="id1", value="Größe")
    for field, value in ((number, 12), (text, "grüne Wiese"), (several, ["id1"])):
        MetadataValue.objects.create(asset=raw, field=field, value=value)
    MetadataValue.objects.create(asset=raw, field=day, value="2024-05-01")
    return cloud


ALL = "a a/b/c f.bin"


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("", ALL),
        ("*", ALL),
        ("NOT *", ""),
        ("public_id=a", "a"),
        ("public_id=A", ""),
        ("public_id:A", "a a/b/c"),
        ("public_id=a*", "a a/b/c"),
        ("public_id=a/*", "a/b/c"),
        ("public_id:B/c", "a/b/c"),
        (f"asset_id={'1' * 32}", "a"),
        (f"asset_id:{'1' * 32}", "a"),
        ("asset_id=111*", "a"),
        ("folder=a", ""),
        ("folder=a/b", "a/b/c"),
        ("folder=a/*", "a/b/c"),
        ("folder:A/*", "a/b/c"),
        ("folder:b", "a/b/c"),
        ("asset_folder:a/b", "a/b/c"),
        ('folder=""', "a f.bin"),
        ("-folder=a/b", "a f.bin"),
        ("folder:*", "a/b/c"),
        ("filename=c", "a/b/c"),
        ("filename:c", "a/b/c"),
        ("filename:b", ""),
        ("filename=f.*", "f.bin"),
        ('filename="b/c"', ""),
        ("display_name:sky", "a/b/c"),
        ('display_name="Blue Sky"', "a/b/c"),
        ("tags:words", "f.bin"),
        ("tags=words", ""),
        ('tags="Two Words"', "f.bin"),
        ("-tags", "a a/b/c"),
        ("tags:*", "f.bin"),
        ("context:caption", "a"),
        ("-context", "a/b/c f.bin"),
        ("context.caption:meer", "a"),
        ('context.caption="Nähe zum Meer"', "a"),
        ("resource_type:image", "a a/b/c"),
        ("resource_type=raw", "f.bin"),
        ("resource_type:video", ""),
        ("type:upload", ALL),
        ("type:private", ""),
        ("format:JPG", "a"),
        ("format=JPG", ""),
        ("format:(jpg OR png)", "a a/b/c"),
        ("format=p*", "a/b/c"),
        (f"etag:{'AB' * 16}", "a"),
        ("status:active", ALL),
        ("status:deleted", ""),
        ("moderation_kind:manual", "a/b/c"),
        ("moderation_status=pending", "a/b/c"),
        ("-moderation_status", "a f.bin"),
        ("access_mode:authenticated", "a/b/c"),
        ("access_mode:public", "a f.bin"),
        ("bytes=2kb", "a"),
        ("bytes>1kb", "a"),
        ("bytes<2KB", "a/b/c f.bin"),
        ("bytes:[1000 TO 2048]", ALL),
        ("bytes:[1000 TO 2048}", "a/b/c f.bin"),
        ("bytes:{1000 TO *]", "a"),
        ("width>=1600", "a"),
        ("NOT width>=1600", "a/b/c f.bin"),
        ("height:(100 OR 900)", "a a/b/c"),
        ("pixels>1000000", "a"),
        ("aspect_ratio=16:9", "a"),
        ('aspect_ratio:"16:9"', "a"),
        ("aspect_ratio:1.78", "a"),
        ("aspect_ratio<=1", "a/b/c"),
        ("face_count>0", "a"),
        ("face_count:1", "a"),
        ("illustration_score<0.5", "a"),
        ("grayscale:false", "a"),
        ("grayscale:true", ""),
        ("transparent:true", ""),
        ("quality_analysis.focus>=0.5", "a"),
        ("image_metadata.Model:x100", "a"),
        ("image_metadata.ISO>100", "a"),
        ("image_metadata.None=1", ""),
        ("location:lake", "a"),
        ("created_at>1w", "a"),
        ("uploaded_at<1y", ""),
        ("created_at<1w", "a/b/c f.bin"),
        ("created_at:2024", "f.bin"),
        ("created_at:2024-02", "f.bin"),
        ("created_at=2024-02-29", "f.bin"),
        ("created_at>2024-02-29", "a a/b/c"),
        ("created_at>=2024-02-29", ALL),
        ("created_at<2024-02-29T10:00:00Z", ""),
        ("created_at<=2024-02-29T10:00:00Z", "f.bin"),
        ('created_at:["2024-02-29T11:00:00+02:00" TO 2024-03]', "f.bin"),
        ("created_at<1709200801", "f.bin"),
        ("created_at:[4w TO *]", "a"),
        ("last_updated.tags_updated_at>1y", ""),
        ("taken_at:*", ""),
        ("metadata.n=12", "f.bin"),
        ("metadata.n>12", ""),
        ("metadata.n:[1 TO 12]", "f.bin"),
        ("metadata.t:GRÜNE", "f.bin"),
        ("metadata.t=grüne", ""),
        ('metadata.t="grüne Wiese"', "f.bin"),
        ("metadata.s=id1", "f.bin"),
        ("metadata.s=Größe", "f.bin"),
        ("metadata.s=größe", ""),
        ("metadata.d>=2024-05-01", "f.bin"),
        ("metadata.d<2024-05", ""),
        ("metadata:n", "f.bin"),
        ("-metadata", "a a/b/c"),
        ("meer", "a"),
        ("lak*", "a"),
        ('"zum Meer"', "a"),
        ("sky", "a/b/c"),
        ("words", "f.bin"),
        ("wiese", "f.bin"),
        ("Größe", "f.bin"),
        ("nothing", ""),
        ("public_id:'; DROP", ""),
        ("public_id:%", ""),
        ("public_id=a_b", ""),
        ("public_id=%*", ""),
    ],
)
def test_a_field_is_compared(cloud: Cloud, expression: str, found: str) -> None:
    assert names(cloud, expression) == found


def test_colours_are_those_that_stand_out(cloud: Cloud) -> None:
    from gallery.imaging import colors

    first = next(name for name, bit in colors.BITS.items() if bit == 1)
    assert names(cloud, f"colors:{first}") == "a"
    assert names(cloud, f"NOT colors:{first}") == "a/b/c f.bin"


@pytest.mark.parametrize(
    "expression",
    [
        "sizes:5",
        "tags>a",
        "tags:[a TO b]",
        "width:big",
        "width:1*",
        "bytes>1tb",
        "created_at:yesterday",
        "created_at:2024-02-30",
        "created_at>99999y",
        "created_at>9999-12-31T23:59:59Z",
        "aspect_ratio:1:0",
        "metadata.unknown:5",
        "last_updated.x>1d",
        "nothing.x:1",
        "width:99999999999999999999",
    ],
)
def test_what_no_field_can_be_is_refused(cloud: Cloud, expression: str) -> None:
    with pytest.raises(MistakeError):
        keys(cloud, expression)


@pytest.mark.parametrize(
    "expression",
    [
        " ".join(f"-t{number}" for number in range(60)),
        " OR ".join(f"t{number}" for number in range(60)),
        " ".join(f"NOT bytes:[{number} TO 5]" for number in range(200)),
        " OR ".join(f"context.caption:k{number}" for number in range(200)),
        " ".join(f"-tags:t{number}" for number in range(200)),
        "(" * 20 + " ".join(f"-filename:t{number}" for number in range(200)) + ")" * 20,
        '"' + "a " * 50 + '"',
        "字" * 50,
    ],
)
def test_the_longest_expressions_are_answered(cloud: Cloud, expression: str) -> None:
    assert set(keys(cloud, expression)) <= {"a", "a/b/c", "f.bin"}


@pytest.mark.parametrize(
    "expression", ["字" * 51, 'filename:"' + "a " * 51 + '"', '"' + "a-b " * 30 + '"']
)
def test_more_words_are_refused(cloud: Cloud, expression: str) -> None:
    with pytest.raises(MistakeError):
        keys(cloud, expression)


def test_nothing_of_others_and_nothing_deleted_is_found(cloud: Cloud) -> None:
    make_asset(make_cloud(), "a/strange")
    make_asset(cloud, "a/gone", deleted_at=NOW)
    for expression in ("", "public_id=a*", "folder=a*", "public_id:strange OR public_id:gone", "a"):
        assert not {"a/strange", "a/gone"} & set(keys(cloud, expression))


# --- Pages and groups -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "order",
    [
        (),
        (Key("public_id"),),
        (Key("width", is_falling=True), Key("public_id")),
        (Key("format"), Key("bytes", is_falling=True)),
        (Key("score", is_falling=True),),
        (Key("aspect_ratio"),),
        (Key("created_at"),),
    ],
)
@pytest.mark.parametrize("few", [0, 2000])
def test_pages_together_are_the_whole(
    cloud_of_plain: Cloud, monkeypatch: pytest.MonkeyPatch, order: tuple[Key, ...], few: int
) -> None:
    monkeypatch.setattr(finding, "FEW", few)
    whole = keys(cloud_of_plain, "", order=order)
    search = Search(cloud_of_plain, "", now=NOW, order=order)
    paged: list[str] = []
    place: list[Any] | None = None
    while True:
        found, place = search.page(limit=2, total=search.count(), after=place)
        paged += [asset.public_id for asset in found]
        if place is None:
            break
    assert paged == whole
    assert len(paged) == len(PLAIN)


def test_the_newest_come_first(cloud: Cloud) -> None:
    assert keys(cloud, "") == ["a", "a/b/c", "f.bin"]
    assert keys(cloud, "", order=[Key("public_id", is_falling=True)]) == ["f.bin", "a/b/c", "a"]


def test_an_unknown_order_is_refused(cloud: Cloud) -> None:
    with pytest.raises(InvalidError):
        Search(cloud, "", now=NOW, order=[Key("owner__password")])


def test_assets_are_counted_by_what_they_are(cloud: Cloud) -> None:
    search = Search(cloud, "", now=NOW)
    assert search.groups("format") == {"jpg": 1, "png": 1}
    assert search.groups("resource_type") == {"image": 2, "raw": 1}
    assert search.groups("tags") == {"Two Words": 1}
    ranges = [Range("tiny", None, 500), Range("rest", 500)]
    assert search.ranges("bytes", ranges) == {"tiny": 0, "rest": 3}
    assert search.ranges("pixels", [Range("all", 0)]) == {"all": 2}


def test_words_of_a_photo_are_kept_when_it_is_made() -> None:
    photo = make_photo(title="Old Harbour")
    assert PhotoWord.objects.filter(photo=photo, word="harbour").exists()
    assert Photo.objects.get(pk=photo.pk).text
