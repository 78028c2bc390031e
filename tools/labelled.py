"""Reads labelled photos for the tools that train and measure: the tags that are true of each.

A folder may hold, at any depth:

- COCO: `names.txt`, `labels/*.txt` (YOLO: class index first) and `images/`; `areas.json`, if there,
  maps a file's name to the shares of things and stuff in it;
- ImageNet samples: files named `n01882714_koala.JPEG`;
- scenes: a folder named as in SCENES below, with photos in it.

Words are translated into tags by the vocabulary's names. What a data set labels exhaustively is
absent where it is not named; about everything else nothing is known.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gallery import vocabulary
from gallery.vocabulary.loader import spelling

PHOTO_SUFFIXES = {".jpeg", ".jpg", ".png", ".webp"}
BY_EYE = Path(__file__).with_name("seen_by_eye.csv")
#: Of these one is true of every photo; where neither was named, the photo does not tell.
CANNOT_BE_TOLD = frozenset({"indoors", "outdoors"})
#: Nobody was asked about these by eye, but they are not there where none of these words was named.
NOT_WITHOUT = {
    "ball sport": "sport", "winter sport": "sport", "sports field": "sport",
    "tennis court": "sport;tennis", "sports equipment": "sport;ball",
    "furniture": "bed;table;chair;sofa;shelf", "desk": "table;office;computer",
    "bookcase": "book;shelf;library", "electronics": "computer;phone;screen",
    "computer equipment": "computer;screen", "desktop computer": "computer;screen",
    "monitor": "computer;screen", "tableware": "food;meal;drink;dessert;table",
    "mammal": "animal", "landscape": "mountain;beach;lake;sea;river;field;forest;snow;waterfall",
    "cliff": "mountain;rock", "valley": "mountain;river;rock", "coast": "sea;beach;water",
}  # fmt: skip
#: Smaller shares of a picture are not counted as present, nor as absent.
NOTABLE_SHARE = 0.02

# Words of COCO that are no name of a tag: the tags that are true with them.
COCO_WORDS = {
    "giraffe": "wildlife", "sandwich": "food", "donut": "dessert", "cake": "dessert",
    "carrot": "vegetable", "wine glass": "drinking glass", "fork": "tableware",
    "spoon": "tableware", "baseball bat": "baseball", "baseball glove": "baseball",
    "frisbee": "", "kite": "", "mouse": "computer mouse", "fire hydrant": "", "stop sign": "sign",
    "tie": "necktie", "toothbrush": "", "scissors": "", "suitcase": "bag",
    "food": "food", "playingfield": "sports field", "water": "water", "pavement": "",
    "light": "", "paper": "", "floor": "", "ceiling": "", "dirt": "", "net": "", "platform": "",
    "roof": "", "counter": "", "shelf": "", "mirror": "", "banner": "", "cardboard": "",
    "stairs": "", "blanket": "", "plastic": "", "leaves": "", "gravel": "", "railroad": "railway",
    "door": "door", "window": "window", "wall": "wall", "house": "house", "road": "street",
}  # fmt: skip
_DECORATION = re.compile(r"-(merged|other|stuff|wood|brick|tile|stone|concrete|blind).*$")

# Scenes by the name of their folder: what is true of them all, and what of none.
_INDOORS_NEVER = "outdoors sea mountain sky beach forest snow landscape street animal vehicle"
_OUTDOORS_NEVER = "indoors kitchen bedroom bathroom office library furniture food"
SCENES = {
    "art_gallery": ("art gallery;indoors", _INDOORS_NEVER),
    "computer_room": ("computer room;computer;indoors", _INDOORS_NEVER + " food"),
    "library": ("library;indoors", _INDOORS_NEVER + " food"),
    "garden": ("garden;plant;outdoors", _OUTDOORS_NEVER + " sea snow vehicle"),
    "mountain": ("mountain;outdoors;landscape", _OUTDOORS_NEVER + " vehicle clothing"),
    "ocean": ("sea;water;outdoors", _OUTDOORS_NEVER + " mountain garden tree"),
    "tennis_court": ("tennis court;tennis;sport", "sea mountain snow food kitchen bedroom animal"),
    "ice_skating": ("ice skating;sport", "sea beach garden food kitchen bedroom animal"),
}


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """A photo with the tags that are true of it, and those that are not; the rest is unknown."""

    path: Path
    source: str
    present: frozenset[str]
    absent: frozenset[str]

    @property
    def kind(self) -> str:
        """What the photo was chosen for: its kind of scene, or else where it comes from."""
        return self.path.parent.name if self.source == "scenes" else self.source


def read(folders: Iterable[Path], *, by_eye: Path | None = BY_EYE) -> list[LabelledPhoto]:
    """Return every labelled photo in these folders, in a stable order.

    ``by_eye`` is a CSV file of what a person saw in some of them (`photo,shows,wrong`).
    """
    seen = _seen_by_eye(by_eye) if by_eye else {}
    photos = [photo for folder in folders for photo in _in_folder(folder)]
    return [_with_eyes(photo, seen.get(photo.path.name)) for photo in photos]


def _in_folder(folder: Path) -> Iterator[LabelledPhoto]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in PHOTO_SUFFIXES:
            continue
        if (path.parent.parent / "names.txt").exists():
            yield _coco(path)
        elif re.match(r"n\d{8}_", path.name):
            yield _imagenet(path)
        elif path.parent.name in SCENES:
            yield _scene(path)


# --- One data set each ------------------------------------------------------------------------


def _coco(path: Path) -> LabelledPhoto:
    root = path.parent.parent
    names = (root / "names.txt").read_text(encoding="utf-8").split("\n")
    names = [name.strip() for name in names if name.strip()]
    labels = root / "labels" / f"{path.stem}.txt"  # there is none for a photo without a thing
    lines = labels.read_text(encoding="utf-8").splitlines() if labels.exists() else []
    things = [names[int(line.split()[0])] for line in lines if line.strip()]
    shares = _areas(root).get(path.name)
    stuff = {} if shares is None else {_plain(word): share for word, share in shares.items()}
    notable = {word for word, share in stuff.items() if share >= NOTABLE_SHARE}
    present = _tags(set(things) | notable)
    if things.count("person") > 1:
        present |= {"people"}
    labelled = set(names) if shares is None else set(names) | _all_stuff(root)
    absent = _tags(labelled) - _tags(set(things) | stuff.keys()) - {"food", "sign", "bag"}
    return _photo(path, "coco", present, absent)


@cache
def _areas(root: Path) -> Mapping[str, Mapping[str, float]]:
    path = root / "areas.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


@cache
def _all_stuff(root: Path) -> frozenset[str]:
    return frozenset(_plain(word) for shares in _areas(root).values() for word in shares)


def _plain(word: str) -> str:
    return _DECORATION.sub("", word)


def _imagenet(path: Path) -> LabelledPhoto:
    words = vocabulary.load()
    tag = words.tag_of_output.get(path.name.partition("_")[0])
    if tag is None:
        return _photo(path, "imagenet", frozenset(), frozenset())
    siblings = {
        other
        for other in words.tags
        if set(words.tags[other].parents) & set(words.tags[tag].parents)
    }
    return _photo(path, "imagenet", frozenset({tag}), frozenset(siblings - {tag}))


def _scene(path: Path) -> LabelledPhoto:
    shown, never = SCENES[path.parent.name]
    return _photo(path, "scenes", frozenset(shown.split(";")), frozenset(never.split()))


# --- By eye -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    shows: frozenset[str]
    right: frozenset[str]
    wrong: frozenset[str]


@cache
def _seen_by_eye(path: Path) -> Mapping[str, Seen]:
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["photo"]: Seen(*(_split(row[part]) for part in ("shows", "right", "wrong")))
            for row in csv.DictReader(file)
        }


@cache
def asked_by_eye(path: Path = BY_EYE) -> frozenset[str]:
    """Return the tags that whoever looked was asked about, for every photo."""
    return _tags({word for seen in _seen_by_eye(path).values() for word in seen.shows})


def _split(cell: str) -> frozenset[str]:
    return frozenset(word for word in cell.split(";") if word)


def _with_eyes(photo: LabelledPhoto, seen: Seen | None) -> LabelledPhoto:
    """An eye outweighs the data set, whose labels are of tiny things too."""
    if seen is None:
        return photo
    shows = _tags(seen.shows | seen.right)
    wrong = _known(seen.wrong) | (asked_by_eye() - _closure(shows))
    wrong |= {tag for tag, words in NOT_WITHOUT.items() if not seen.shows & _split(words)}
    if not seen.shows & CANNOT_BE_TOLD:
        wrong -= CANNOT_BE_TOLD
    present = (photo.present - wrong) | shows
    return _photo(photo.path, photo.source, present, (photo.absent | wrong) - _closure(shows))


# --- Words and tags ---------------------------------------------------------------------------


def _photo(
    path: Path, source: str, present: frozenset[str], absent: frozenset[str]
) -> LabelledPhoto:
    """Fill in what follows: all that a tag is a kind of is there; no kind of an absent tag is."""
    words = vocabulary.load()
    present = _closure(present)
    below = frozenset(label for label in words.tags if words.closure[label] & absent)
    return LabelledPhoto(path, source, present, (absent | below) - present)


def _closure(labels: Iterable[str]) -> frozenset[str]:
    words = vocabulary.load()
    return frozenset(above for label in labels for above in words.closure[label])


def _tags(names: Iterable[str]) -> frozenset[str]:
    """Translate names; those that no tag has are left out."""
    return frozenset(tag for name in names if (tag := _tag(COCO_WORDS.get(name, name))))


def _known(labels: Iterable[str]) -> frozenset[str]:
    return frozenset(labels) & vocabulary.load().tags.keys()


@cache
def _tag(name: str) -> str:
    return _names().get(spelling(name), "")


@cache
def _names() -> Mapping[str, str]:
    tags = vocabulary.load().tags.values()
    return {spelling(name): tag.label for tag in tags for name in (*tag.aliases, tag.label)}
