"""What files say of themselves, as texts, within bounds, whatever they hold."""

from __future__ import annotations

import random
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from gallery.imaging.errors import ImageError
from gallery.imaging.metadata import exif_of, metadata_of

from .makers import FORMATS, encoded, scene, with_exif

XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    'xmp:Rating="5"><dc:title><rdf:Alt><rdf:li xml:lang="x-default">A day out</rdf:li></rdf:Alt>'
    "</dc:title><dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>sun</rdf:li></rdf:Bag>"
    "</dc:subject><xmp:Label>blue</xmp:Label></rdf:Description></rdf:RDF></x:xmpmeta>"
)


def told(content: bytes) -> dict[str, str]:
    return metadata_of(BytesIO(content))


def with_gps(entries: dict[int, Any]) -> bytes:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(entries)
    return encoded(scene(), exif=exif.tobytes())


def with_iptc(*datasets: tuple[int, bytes]) -> bytes:
    block = b"".join(
        b"\x1c\x02" + bytes([number]) + len(text).to_bytes(2, "big") + text
        for number, text in datasets
    )
    padded = block + b"\0" * (len(block) % 2)
    resource = b"8BIM\x04\x04\0\0" + len(block).to_bytes(4, "big") + padded
    body = b"Photoshop 3.0\0" + resource
    segment = b"\xff\xed" + (len(body) + 2).to_bytes(2, "big") + body
    content = encoded(scene())
    return content[:2] + segment + content[2:]


def test_exif_comes_by_its_usual_names() -> None:
    content = with_exif(
        {0x010F: "Canon", 0x0110: "EOS R5", 0x0112: 1},
        {0x829A: IFDRational(1, 200), 0x829D: IFDRational(28, 10), 0x8827: 400,
         0x9003: "2019:08:03 14:05:59", 0x9000: b"0232", 0x9286: b"ASCII\0\0\0a fine day",
         0x927C: b"maker's own" * 99},
    )  # fmt: skip
    exif = exif_of(BytesIO(content))
    assert exif == {
        "Make": "Canon", "Model": "EOS R5", "Orientation": "1", "ExposureTime": "1/200",
        "FNumber": "2.8", "ISOSpeedRatings": "400", "DateTimeOriginal": "2019:08:03 14:05:59",
        "ExifVersion": "0232", "UserComment": "a fine day",
    }  # fmt: skip
    assert exif.items() <= told(content).items()


def test_place_is_told_in_degrees() -> None:
    content = with_gps({1: "S", 2: (33.0, 51.0, 25.2), 3: "E", 4: (151.0, 12.0, 40.5), 6: 17.5})
    exif = exif_of(BytesIO(content))
    assert exif["GPSLatitude"] == "33 deg 51' 25.20\" S"
    assert exif["GPSLongitude"] == "151 deg 12' 40.50\" E"
    assert exif["GPSAltitude"] == "17.5"


def test_facts_of_the_container_are_told() -> None:
    jpeg = told(encoded(scene(), dpi=(300, 200)))
    assert jpeg["JFIFVersion"] == "1.01"
    assert (jpeg["ResolutionUnit"], jpeg["DPI"]) == ("inches", "300")
    assert (jpeg["XResolution"], jpeg["YResolution"]) == ("300", "200")
    assert jpeg["Colorspace"] == "RGB"
    assert told(encoded(scene().convert("L")))["Colorspace"] == "Gray"
    assert told(encoded(scene().convert("CMYK")))["Colorspace"] == "CMYK"


def test_xmp_and_iptc_are_told() -> None:
    xmp = told(encoded(scene(), xmp=XMP.encode()))
    assert (xmp["Title"], xmp["Subject"]) == ("A day out", "sea, sun")
    assert (xmp["Rating"], xmp["Label"]) == ("5", "blue")
    iptc = told(with_iptc((25, b"sea"), (25, b"sun"), (90, "Zürich".encode()), (120, b"A day")))
    assert (iptc["Keywords"], iptc["City"]) == ("sea, sun", "Zürich")
    assert iptc["Caption-Abstract"] == "A day"


def test_exif_alone_is_no_xmp() -> None:
    assert exif_of(BytesIO(encoded(scene(), xmp=XMP.encode()))) == {}


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_tells_something(format: str) -> None:
    assert told(encoded(scene(), format))["Colorspace"] == "RGB"


def test_texts_and_their_number_are_bounded() -> None:
    many = "".join(f"<xmp:A{number}>{'b' * 5000}</xmp:A{number}>" for number in range(400))
    content = encoded(
        scene(), "WEBP", xmp=XMP.replace("<xmp:Label>blue</xmp:Label>", many).encode()
    )
    found = told(content)
    assert len(found) == 300
    assert max(map(len, found.values())) == 1000


def test_controls_and_lines_are_no_part_of_a_text() -> None:
    exif = exif_of(BytesIO(with_exif({0x010E: "a\r\nSet-Cookie: b\x1b[0m\u202e"})))
    assert all(text.isprintable() for text in exif.values())


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize(
    "exif",
    [b"Exif\0\0", b"Exif\0\0MM\0*\xff\xff\xff\xff",
     b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\xff" * 99],
)  # fmt: skip
def test_broken_exif_tells_nothing(exif: bytes) -> None:
    content = encoded(scene(), exif=exif)
    assert exif_of(BytesIO(content)) == {}
    assert told(content)["Colorspace"] == "RGB"


@pytest.mark.parametrize(
    "entries",
    [
        {1: "N", 2: (IFDRational(1, 0), 1.0, 1.0)},
        {1: "N", 2: (1.0,)},
        {1: "?", 2: (1.0, 2.0, 3.0)},
        {1: "N" * 5000, 2: (1.0, 2.0, 3.0), 29: "x" * 5000},
    ],
)
def test_place_that_is_none_stops_nothing(entries: dict[int, Any]) -> None:
    assert told(with_gps(entries))["Colorspace"] == "RGB"


def test_packets_that_attack_the_reader_tell_nothing() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "cccc">]>' + XMP.replace("A day out", "&b;")
    assert "Title" not in told(encoded(scene(), xmp=bomb.encode()))
    assert told(encoded(scene(), xmp=b"<" * 9000))["Colorspace"] == "RGB"


def test_spoilt_files_raise_nothing_but_image_errors() -> None:
    chosen = random.Random(11)  # noqa: S311
    whole = with_exif({0x010F: "Canon"}, {0x829A: IFDRational(1, 200)})
    for content in (whole, with_iptc((25, b"sea")), with_gps({1: "S", 2: (1.0, 2.0, 3.0)})):
        for _ in range(200):
            spoilt = bytearray(content)
            for _ in range(chosen.randrange(1, 9)):
                spoilt[chosen.randrange(2, 300)] = chosen.randrange(256)
            with suppress(ImageError):
                told(bytes(spoilt))


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\xff\xd8\xff", b"not a picture"])
def test_file_that_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(ImageError):
        metadata_of(BytesIO(content))
