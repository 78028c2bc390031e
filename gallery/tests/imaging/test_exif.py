"""When and with which camera, from EXIF as cameras really write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from typing import Any

import pytest

from gallery.imaging.decode import decode

from .makers import encoded, scene, with_exif

MAKE, MODEL, TAKEN, OFFSET = 0x010F, 0x0110, 0x9003, 0x9011


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("PENTAX", "PENTAX K-5", "PENTAX K-5"),
        ("NIKON CORPORATION", "NIKON D750", "NIKON D750"),
        ("Apple", "iPhone 15", "Apple iPhone 15"),
        ("", "X100", "X100"),
        ("Leica\0\0junk", "Q2\n", "Leica Q2"),
        ("", "m" * 300, "m" * 100),
        ("", "", ""),
    ],
)
def test_camera_is_make_and_model_without_repetition(make: str, model: str, camera: str) -> None:
    decoded = decode(BytesIO(with_exif({MAKE: make, MODEL: model})))
    assert decoded.facts.camera == camera


@pytest.mark.parametrize(
    ("inner", "taken_at"),
    [
        ({TAKEN: "2019:08:03 14:05:59"}, datetime(2019, 8, 3, 14, 5, 59, tzinfo=UTC)),
        (
            {TAKEN: "2019:08:03 14:05:59", OFFSET: "+10:00"},
            datetime(2019, 8, 3, 14, 5, 59, tzinfo=timezone(timedelta(hours=10))),
        ),
        ({TAKEN: "2019:08:03 14:05:59", OFFSET: "nowhere"},
         datetime(2019, 8, 3, 14, 5, 59, tzinfo=UTC)),
        ({TAKEN: "0000:00:00 00:00:00"}, None),
        ({TAKEN: "9999:01:01 00:00:00"}, None),
        ({TAKEN: "yesterday"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_time_is_read_with_its_offset_or_not_at_all(
    inner: dict[int, Any], taken_at: datetime | None
) -> None:
    assert decode(BytesIO(with_exif({}, inner))).facts.taken_at == taken_at


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"Exif\0\0II*\0\x08\0\0\0\xff\xff"]
)
def test_broken_exif_costs_nobody_a_photo(exif: bytes) -> None:
    facts = decode(BytesIO(encoded(scene(), exif=exif))).facts
    assert (facts.camera, facts.taken_at) == ("", None)
