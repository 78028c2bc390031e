"""What a search can say, by example: for the help page and for suggestions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """A search as the help page shows it; ``field`` names the field it is about, if one."""

    field: str
    example: str
    meaning: str


JOINS = (
    Example(
        "",
        "koala",
        "with that tag, by its name or another of its names, or with that word in title, caption, "
        "file name, place or camera",
    ),
    Example("", '"red panda"', "with that tag, or with these words one after the other"),
    Example("", "koala beach", "for which both hold; AND between them says the same"),
    Example("", "koala OR panda", "for which one of them holds"),
    Example("", "-koala", "for which it does not hold; NOT koala says the same"),
    Example(
        "",
        "animal -(cat OR dog)",
        "of animals, but neither cats nor dogs; NOT binds tightest, then AND, then OR",
    ),
    Example("", "beach*", "with a word that begins so"),
)
TAG_FORMS = (
    Example("tag", "tag:animal", "tagged animal or anything that is a kind of animal"),
    Example("tag", "tag:=animal", "tagged exactly animal"),
    Example("tag", 'tag:"hot dog"', "tagged with a name of several words"),
    Example("tag", "tag:dog|cat", "tagged with one of these"),
    Example("tag", "tag:dog>=0.7", "of which the tagger is at least so sure; also >, <, <=, ="),
    Example("tag", "tag:dog>=0.4<0.7", "of which it is so sure and not surer"),
    Example("tag", "tag:dog@confirmed", "on which a person has said so"),
    Example("tag", "tag:dog@manual", "on which a person has typed it"),
    Example("tag", "tag:dog@suggested", "on which it is only suggested, below the threshold"),
    Example("tag", "tag:dog@rejected", "of yours on which you have said no"),
    Example("tag", "tag:dog@bundled", "on which a tagger, by its name here, has said so"),
)
FIELD_HELP = (
    Example("tag", "tag:dog", "photos of dogs of every kind"),
    Example("category", "category:birds", "photos with a tag of this category"),
    Example("tags", "tags:>5", "photos with so many tags; tags:0 for none"),
    Example("by", "by:ann", "photos by a person; by:me for your own"),
    Example("is", "is:favourite", "public, private, favourite or mine"),
    Example("has", "has:place", "photos with a place, camera, date or title"),
    Example("taken", "taken:2024-05..2024-08", "when a photo was taken"),
    Example("added", "added:<7d", "when a photo came here"),
    Example("camera", "camera:canon", "the camera's name"),
    Example("place", "place:lisbon", "the place's name"),
    Example("format", "format:heic", "the kind of file"),
    Example("orientation", "orientation:portrait", "landscape, portrait or square"),
    Example("width", "width:>=4000", "how many pixels wide"),
    Example("height", "height:<1000", "how many pixels high"),
    Example("color", "color:teal", "a colour that stands out"),
    Example("like", "like:PHOTO", "photos that look like one, by the id in its address"),
    Example("sort", "sort:taken", "the order: newest, oldest, taken, confidence, similar, random"),
)
