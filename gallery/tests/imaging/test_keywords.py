"""Keywords in files: read from wherever programs put them, written without touching a pixel."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from defusedxml.ElementTree import fromstring
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gallery.imaging import xmp
from gallery.imaging.containers import UnwritableError
from gallery.imaging.errors import ImageError
from gallery.imaging.keywords import read_keywords, sidecar, with_keywords
from gallery.tests.imaging.makers import FORMATS, encoded, scene

NAMESPACES = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    'xmlns:lr="http://ns.adobe.com/lightroom/1.0/" '
    'xmlns:digiKam="http://www.digikam.org/ns/1.0/" '
    'xmlns:MicrosoftPhoto="http://ns.microsoft.com/photo/1.0/" '
    'xmlns:odd="http://example.org/odd/"'
)


def array(name: str, *items: str, kind: str = "Bag") -> str:
    inner = "".join(f"<rdf:li>{item}</rdf:li>" for item in items)
    return f"<{name}><rdf:{kind}>{inner}</rdf:{kind}></{name}>"


def packet(*properties: str, attributes: str = "") -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {NAMESPACES}>'
        f'<rdf:Description rdf:about="" {attributes}>{"".join(properties)}</rdf:Description>'
        "</rdf:RDF></x:xmpmeta>" + " " * 200 + '<?xpacket end="w"?>'
    ).encode()


def with_xmp(content: bytes, format: str = "JPEG", **options: Any) -> bytes:
    if format == "PNG":
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", content.decode())
    elif format == "TIFF":
        options["tiffinfo"] = {700: content}
    else:
        options["xmp"] = content
    return encoded(scene(), format, **options)


def dataset(record: int, number: int, text: bytes) -> bytes:
    return b"\x1c" + struct.pack(">BBH", record, number, len(text)) + text


def resource(key: int, data: bytes) -> bytes:
    return b"8BIM" + struct.pack(">HHI", key, 0, len(data)) + data + b"\0" * (len(data) % 2)


def with_iptc(*datasets: bytes, content: bytes = b"") -> bytes:
    """Return a JPEG file with IPTC-IIM datasets between two other resources."""
    block = b"".join(datasets)
    body = (
        b"Photoshop 3.0\0"
        + resource(0x03ED, b"\0" * 16)
        + resource(0x0404, block)
        + resource(0x0425, b"d" * 16)
    )
    content = content or encoded(scene())
    return content[:2] + b"\xff\xed" + struct.pack(">H", len(body) + 2) + body + content[2:]


def keywords(content: bytes) -> tuple[str, ...]:
    return read_keywords(BytesIO(content))


def pixels(content: bytes) -> list[bytes]:
    with Image.open(BytesIO(content)) as image:
        frames = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            frames.append(image.convert("RGBA").tobytes())
        return frames


# --- Reading ----------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS.keys() - {"GIF"})
def test_subjects_are_read_from_every_format(format: str) -> None:
    content = with_xmp(packet(array("dc:subject", "koala", "tall tree")), format)
    assert keywords(content) == ("koala", "tall tree")


@pytest.mark.parametrize(
    ("properties", "found"),
    [
        (array("dc:subject", "koala", kind="Seq"), ("koala",)),
        ("<dc:subject>koala</dc:subject>", ("koala",)),
        (array("dc:subject"), ()),
        (array("lr:hierarchicalSubject", "animal|bear|koala", "beach"), ("koala", "beach")),
        (array("digiKam:TagsList", "People/Rex", "beach", kind="Seq"), ("Rex", "beach")),
        (array("MicrosoftPhoto:LastKeywordXMP", "Places/Rome"), ("Rome",)),
        (array("dc:subject", "Koala") + array("lr:hierarchicalSubject", "a|koala"), ("Koala",)),
        (array("dc:subject", " two \n words ", "", "a\u200bb", "x" * 101), ("two words", "a b")),
        (array("dc:subject", "Cafe\u0301"), ("Caf\u00e9",)),
    ],
)
def test_keywords_are_found_where_programs_put_them(
    properties: str, found: tuple[str, ...]
) -> None:
    assert keywords(with_xmp(packet(properties))) == found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-16", "utf-32-be"])
def test_packets_are_read_in_every_encoding_of_unicode(encoding: str) -> None:
    text = packet(array("dc:subject", "Bär")).decode()
    assert xmp.keywords_of(text.encode(encoding)) == ["Bär"]


@pytest.mark.parametrize(
    ("datasets", "found"),
    [
        ([dataset(2, 25, b"koala"), dataset(2, 25, b"beach")], ("koala", "beach")),
        ([dataset(2, 25, b"koala")], ("koala",)),
        ([dataset(1, 90, b"\x1b%G"), dataset(2, 25, "Bär".encode())], ("Bär",)),
        ([dataset(2, 25, "Bär".encode("cp1252"))], ("Bär",)),
        ([dataset(2, 5, b"a title")], ()),
    ],
)
def test_iptc_keywords_are_read(datasets: list[bytes], found: tuple[str, ...]) -> None:
    assert keywords(with_iptc(*datasets)) == found


BOMB = b'<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY c "&a;&a;&a;">]><b>&c;</b>'


@pytest.mark.parametrize(
    "broken", [b"<x", b"", b"\0" * 100, BOMB, b"\xff\xfe<", packet()[:-300], b"<a/>" * 3]
)
def test_broken_packets_hold_no_keywords(broken: bytes) -> None:
    assert keywords(with_xmp(broken or b" ")) == ()


def test_packet_beyond_measure_is_not_read() -> None:
    many = array("dc:subject", *("x" * 90 for _ in range(50_000)))
    assert xmp.keywords_of(packet(many)) == []


def test_no_more_keywords_than_anyone_writes() -> None:
    content = with_xmp(packet(array("dc:subject", *map(str, range(900)))))
    assert len(keywords(content)) == 500


@pytest.mark.parametrize("at", range(20, 90, 7))
def test_broken_iptc_spoils_nothing_else(at: int) -> None:
    content = with_iptc(
        dataset(2, 25, b"beach"), content=with_xmp(packet(array("dc:subject", "koala")))
    )
    assert keywords(content[:at] + b"\x1c" * 8 + content[at + 8 :])[0] == "koala"


def test_what_is_no_image_is_refused() -> None:
    with pytest.raises(ImageError):
        keywords(b"just text")


# --- Writing ----------------------------------------------------------------------------------

WRITTEN = ("koala", "Bär", "“red” & <panda>")


def sized(mode: str, size: tuple[int, int] = (33, 21)) -> Image.Image:
    return scene(*size).convert(mode)


WRITABLE = {
    "jpeg": ("jpeg", encoded(scene(), exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0")),
    "jpeg, progressive": ("jpeg", encoded(scene(), progressive=True)),
    "png": ("png", encoded(scene(), "PNG", icc_profile=b"icc" * 9)),
    "png with a palette": ("png", encoded(sized("P"), "PNG")),
    "png with alpha": ("png", encoded(sized("RGBA"), "PNG")),
    "webp": ("webp", encoded(sized("RGB"), "WEBP")),
    "webp, lossless": ("webp", encoded(sized("RGB"), "WEBP", lossless=True)),
    "webp, lossless with alpha": ("webp", encoded(sized("RGBA"), "WEBP", lossless=True)),
    "webp, lossy with alpha": ("webp", encoded(sized("RGBA"), "WEBP")),
    "webp with more": ("webp", encoded(sized("RGB"), "WEBP", icc_profile=b"icc" * 9, exif=b"x")),
    "webp, animated": (
        "webp",
        encoded(sized("RGB"), "WEBP", save_all=True, append_images=[Image.new("RGB", (33, 21))]),
    ),
}


@pytest.mark.parametrize("name", WRITABLE)
def test_keywords_are_written_and_pixels_stay(name: str) -> None:
    format, content = WRITABLE[name]
    written = with_keywords(content, format, WRITTEN)
    assert keywords(written) == WRITTEN
    assert pixels(written) == pixels(content)
    assert with_keywords(written, format, WRITTEN) == written, "writing twice changes nothing"
    with Image.open(BytesIO(content)) as before, Image.open(BytesIO(written)) as after:
        for kind in ("icc_profile", "exif"):
            assert after.info.get(kind) == before.info.get(kind)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_whatever_else_a_packet_says_stays(format: str) -> None:
    own = packet(
        array("dc:subject", "old"),
        '<odd:note rdf:parseType="Resource"><odd:deep>kept</odd:deep></odd:note>',
        array("lr:hierarchicalSubject", "animal|koala", "animal|old"),
        array("digiKam:TagsList", "old", kind="Seq"),
        attributes='xmp:Rating="4"',
    )
    written = with_keywords(with_xmp(own, format), FORMATS[format], ["koala"])
    assert keywords(written) == ("koala",)
    with Image.open(BytesIO(written)) as image:
        text = image.info["xmp"].decode()
    for said in ('xmp:Rating="4"', ">kept<", "animal|koala", "parseType"):
        assert said in text
    assert "old" not in text
    assert text.count("<rdf:RDF") == 1


def test_iptc_keywords_give_way_and_other_datasets_stay() -> None:
    content = with_iptc(
        dataset(2, 5, b"A title"), dataset(2, 25, b"old"), dataset(2, 120, b"A caption")
    )
    written = with_keywords(content, "jpeg", ["koala"])
    assert keywords(written) == ("koala",)
    assert b"A title" in written
    assert b"A caption" in written


def test_no_keywords_leave_none() -> None:
    content = with_xmp(packet(array("dc:subject", "old")))
    assert keywords(with_keywords(content, "jpeg", [])) == ()


@pytest.mark.parametrize("format", ["GIF", "TIFF", "AVIF", "HEIF"])
def test_other_formats_are_refused(format: str) -> None:
    with pytest.raises(UnwritableError, match="cannot be written"):
        with_keywords(encoded(scene(), format), FORMATS[format], ["koala"])


def test_packet_that_no_jpeg_segment_can_hold_is_refused() -> None:
    with pytest.raises(UnwritableError, match="no room"):
        with_keywords(encoded(scene()), "jpeg", ["x" * 90 + str(n) for n in range(1000)])


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "webp with more"])
def test_files_cut_short_anywhere_are_refused_or_written(name: str) -> None:
    format, content = WRITABLE[name]
    for end in range(0, len(content), 3):
        try:
            with_keywords(content[:end], format, ["koala"])
        except ImageError:
            continue


# --- Sidecars ---------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_sidecar_says_the_keywords(format: str) -> None:
    told = sidecar(encoded(scene(), format), WRITTEN)
    assert xmp.keywords_of(told) == list(WRITTEN)


def test_sidecar_says_what_the_file_says() -> None:
    content = with_xmp(packet(array("dc:subject", "old"), attributes='xmp:Rating="4"'))
    told = sidecar(content, ["koala"])
    tree: ET.Element = fromstring(told.decode().split("?>", 1)[1].rsplit("<?", 1)[0])
    [description] = tree.iter(f"{xmp.RDF}Description")
    assert description.get("{http://ns.adobe.com/xap/1.0/}Rating") == "4"
    assert xmp.keywords_of(told) == ["koala"]


def test_letters_that_xml_cannot_hold_are_left_out() -> None:
    assert xmp.keywords_of(xmp.with_keywords(b"", ["a\x00b\x0bc"])) == ["abc"]
