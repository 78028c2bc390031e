"""Analyses on request: worked out once, kept, in the form they are answered in."""

from __future__ import annotations

import json
import re
from typing import Any
from unittest.mock import Mock

import pytest

from gallery import renditions
from gallery.assets import analysing
from gallery.imaging.errors import ImageError
from gallery.imaging.faces import Box, FacesError
from gallery.models import Asset
from gallery.tests.assets.stored import make_stored
from gallery.tests.factories import make_asset
from gallery.tests.pictures import picture

pytestmark = pytest.mark.django_db

ALL = {"faces", "colors", "phash", "quality_analysis", "image_metadata", "exif"}


@pytest.fixture
def asset() -> Asset:
    return make_stored()


def analysis(asset: Asset, *wanted: str) -> dict[str, Any]:
    analysing.analyse(asset, set(wanted))
    stored: dict[str, Any] = json.loads(json.dumps(Asset.objects.get(pk=asset.pk).analysis))
    assert stored == json.loads(json.dumps(asset.analysis))
    return stored


def test_all_at_once_is_decoded_once(asset: Asset, monkeypatch: pytest.MonkeyPatch) -> None:
    decode = Mock(wraps=renditions.decode_original)
    monkeypatch.setattr(renditions, "decode_original", decode)
    assert analysis(asset, *ALL).keys() >= ALL
    analysing.analyse(asset, ALL)
    assert decode.call_count == 1


def test_colors_fall_and_make_about_a_hundred(asset: Asset) -> None:
    found = analysis(asset, "colors")
    shares = [share for _, share in found["colors"]]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(100, abs=2)
    assert all(re.fullmatch("#[0-9A-F]{6}", color) for color, _ in found["colors"])
    assert found["predominant"].keys() == {"google", "cloudinary"}
    assert found["semi_transparent"] is False
    assert isinstance(found["grayscale"], bool)


def test_phash_is_sixteen_digits(asset: Asset) -> None:
    assert re.fullmatch("[0-9a-f]{16}", analysis(asset, "phash")["phash"])


def test_quality_is_floats_also_where_they_are_whole(asset: Asset) -> None:
    analysing.analyse(asset, {"quality_analysis"})
    measures = asset.analysis["quality_analysis"]
    assert "focus" in measures
    assert all(type(value) is float and 0 <= value <= 1 for value in measures.values())


def test_metadata_is_texts(asset: Asset) -> None:
    found = analysis(asset, "media_metadata", "exif")
    assert found["image_metadata"]["Colorspace"] == "RGB"
    assert found["exif"] == {}


def test_faces_are_in_pixels_of_the_original(monkeypatch: pytest.MonkeyPatch) -> None:
    asset = make_stored(content=picture(4096, 1024))
    monkeypatch.setattr(analysing, "find_faces", lambda image: [Box(1024, 100, 1024, 412)])
    assert analysing.faces_of(asset) == [[2048, 200, 2048, 824]]
    assert Asset.objects.get(pk=asset.pk).analysis == {"faces": [[2048, 200, 2048, 824]]}


def test_boxes_that_callers_gave_override_what_is_found(
    asset: Asset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysing, "find_faces", lambda image: [Box(1, 2, 3, 4)])
    asset.coordinates = {"faces": [[120, 30, 150, 150]], "custom": [[5, 5, 9, 9]]}
    assert analysing.faces_of(asset) == [[120, 30, 150, 150]]
    assert analysing.custom_of(asset) == [[5, 5, 9, 9]]
    asset.coordinates = {}
    assert analysing.faces_of(asset) == [[1, 2, 3, 4]]
    assert analysing.custom_of(asset) == []


def test_without_a_detector_there_are_no_faces_and_nothing_is_kept(
    asset: Asset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(image: Any) -> Any:
        raise FacesError("no model")

    monkeypatch.setattr(analysing, "find_faces", fail)
    assert analysing.faces_of(asset) == []
    assert analysis(asset, "faces", "phash").keys() == {"phash"}


def test_what_others_found_meanwhile_stays(asset: Asset) -> None:
    Asset.objects.filter(pk=asset.pk).update(analysis={"exif": {"Make": "Pentax"}})
    assert analysis(asset, "phash").keys() == {"exif", "phash"}


def test_findings_about_bytes_that_were_replaced_are_dropped(asset: Asset) -> None:
    Asset.objects.filter(pk=asset.pk).update(version_id="another")
    analysing.analyse(asset, {"phash"})
    assert Asset.objects.get(pk=asset.pk).analysis == {}


@pytest.mark.parametrize("wanted", [set(), {"nonsense"}, {"detection", ""}])
def test_nothing_known_is_nothing_done(wanted: set[str], asset: Asset) -> None:
    assert analysis(asset, *wanted) == {}


@pytest.mark.parametrize("content", [b"", b"no picture", picture()[:300]])
def test_damaged_file_tells_nothing(content: bytes) -> None:
    asset = make_stored(content=content)
    assert analysis(asset, "phash", "faces") == {}


def test_lost_file_and_file_that_is_no_picture_tell_nothing() -> None:
    assert analysis(make_asset(), *ALL) == {}
    assert analysis(make_stored(resource_type="raw", content=b"text"), *ALL) == {}
    lost = make_stored()
    lost.stored.storage.delete(lost.stored.name or "")
    assert analysis(lost, *ALL) == {}


def test_one_analysis_that_fails_leaves_what_was_found_before(
    asset: Asset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(image: Any) -> Any:
        raise ImageError("damaged")

    monkeypatch.setattr(analysing, "metadata_of", fail)
    assert analysis(asset, "phash", "image_metadata").keys() == {"phash"}
