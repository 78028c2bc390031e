"""Keywords in XMP packets: read, and written among whatever else a packet says.

XMP is ISO 16684-1; Dublin Core's subject holds plain keywords, and programs add properties of
their own for keywords with a place in a hierarchy.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

#: Packets beyond this are no one's keywords.
MAX_PACKET_BYTES = 4_000_000

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_X = "{adobe:ns:meta/}"
_SUBJECT = "{http://purl.org/dc/elements/1.1/}subject"


@dataclass(frozen=True, slots=True)
class Paths:
    """A property that holds keywords with what they stand under, and what parts these."""

    name: str
    separator: str

    def last(self, path: str) -> str:
        return path.rsplit(self.separator, 1)[-1]


HIERARCHIES = (
    Paths("{http://ns.adobe.com/lightroom/1.0/}hierarchicalSubject", "|"),
    Paths("{http://www.digikam.org/ns/1.0/}TagsList", "/"),
    Paths("{http://ns.microsoft.com/photo/1.0/}LastKeywordXMP", "/"),
    Paths("{http://ns.iview-multimedia.com/mediapro/1.0/}CatalogSets", "|"),
)

# How programs write these names; ElementTree would call them ns0, ns1 …
_PREFIXES = {
    "x": "adobe:ns:meta/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "crs": "http://ns.adobe.com/camera-raw-settings/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
    "mediapro": "http://ns.iview-multimedia.com/mediapro/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
}
for _prefix, _uri in _PREFIXES.items():
    ET.register_namespace(_prefix, _uri)

_HEAD = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_TAIL = b'\n<?xpacket end="w"?>'
#: A byte order mark or “<”, in the encodings of Unicode that are not UTF-8; the longer first.
_STARTS = {
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"<\0\0\0": "utf-32-le",
    b"\0\0\0<": "utf-32-be",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
#: Characters that XML 1.0 has no way to write.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def keywords_of(packet: bytes) -> list[str]:
    """Return the keywords of a packet as they stand there; none when it cannot be read."""
    tree = _parsed(packet)
    if tree is None:
        return []
    return [*_plain(tree), *(path.last(text) for path, text in _paths(tree))]


def properties_of(packet: bytes) -> list[tuple[str, str]]:
    """Return the plain properties and arrays of a packet, by names without their namespaces.

    What is inside of structures is left out; the items of an array are joined by commas.
    """
    tree = _parsed(packet)
    if tree is None:
        return []
    described = list(tree.iter(f"{RDF}Description"))
    written = [pair for one in described for pair in one.attrib.items()]
    written += [(child.tag, _text(child)) for one in described for child in one]
    return [(name.rpartition("}")[2], text) for name, text in written if not name.startswith(RDF)]


def with_keywords(packet: bytes, keywords: Sequence[str]) -> bytes:
    """Return a packet that says what this one says, but with these keywords.

    A packet that cannot be read is replaced.
    """
    tree = _parsed(packet)
    rdf = None if tree is None else next(tree.iter(f"{RDF}RDF"), None)
    if tree is None or rdf is None:
        tree = ET.Element(f"{_X}xmpmeta")
        rdf = ET.SubElement(tree, f"{RDF}RDF")
    _drop_subjects(rdf)
    _drop_paths_but(rdf, {keyword.casefold() for keyword in keywords})
    if keywords:
        _add_subject(rdf, keywords)
    ET.indent(tree)
    written: bytes = ET.tostring(tree, encoding="utf-8")
    return _HEAD + written + _TAIL


# --- Reading ----------------------------------------------------------------------------------


def _parsed(packet: bytes) -> ET.Element | None:
    if len(packet) > MAX_PACKET_BYTES:
        return None
    try:
        tree: ET.Element = fromstring(_as_text(packet), forbid_dtd=True)
    except (ET.ParseError, DefusedXmlException, ValueError, LookupError, RecursionError):
        return None
    return tree


def _as_text(packet: bytes) -> str:
    """Decode a packet, by how its first character is written."""
    encoding = next((name for start, name in _STARTS.items() if packet.startswith(start)), "utf-8")
    return _trimmed(packet.decode(encoding, "replace"))


def _trimmed(text: str) -> str:
    """Leave out what stands before and behind the XML, and the declaration of its encoding."""
    text = text.strip("\ufeff\0 \t\r\n")
    return re.sub(r"^<\?xml[^>]*\?>", "", text, count=1)


def _plain(tree: ET.Element) -> Iterator[str]:
    for element in tree.iter(_SUBJECT):
        yield from _items(element)


def _paths(tree: ET.Element) -> Iterator[tuple[Paths, str]]:
    for path in HIERARCHIES:
        for element in tree.iter(path.name):
            yield from ((path, text) for text in _items(element))


def _text(element: ET.Element) -> str:
    """Return the text of a property, or of each item of an array; "" for a structure."""
    if not len(element):
        return element.text or ""
    items = [item for array in element for item in array if item.tag == f"{RDF}li"]
    return ", ".join(item.text.strip() for item in items if item.text and not len(item))


def _items(element: ET.Element) -> list[str]:
    """Return the items of an array, or the text of what should have been one."""
    items = [item.text or "" for item in element.iter(f"{RDF}li")]
    return items or [element.text or ""]


# --- Writing ----------------------------------------------------------------------------------


def _drop_subjects(rdf: ET.Element) -> None:
    for description in rdf.findall(f"{RDF}Description"):
        for subject in description.findall(_SUBJECT):
            description.remove(subject)


def _drop_paths_but(rdf: ET.Element, keywords: Collection[str]) -> None:
    """Drop what places keywords in a hierarchy that are no longer keywords."""
    for description in rdf.findall(f"{RDF}Description"):
        for path in HIERARCHIES:
            for element in description.findall(path.name):
                if not _kept(element, path, keywords):
                    description.remove(element)


def _kept(element: ET.Element, path: Paths, keywords: Collection[str]) -> bool:
    """Drop the stale items of an array; False when nothing is left."""
    for array in list(element):
        for item in list(array):
            if path.last(item.text or "").strip().casefold() not in keywords:
                array.remove(item)
    return any(len(array) for array in element)


def _add_subject(rdf: ET.Element, keywords: Sequence[str]) -> None:
    description = rdf.find(f"{RDF}Description")
    if description is None:
        description = ET.SubElement(rdf, f"{RDF}Description", {f"{RDF}about": ""})
    bag = ET.SubElement(ET.SubElement(description, _SUBJECT), f"{RDF}Bag")
    for keyword in keywords:
        ET.SubElement(bag, f"{RDF}li").text = _UNWRITABLE.sub("", keyword)
