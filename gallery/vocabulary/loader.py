"""Reads the vocabulary's files and refuses them, by file and line, when they contradict."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

FOLDER = Path(__file__).parent
TAGS_FILE = "tags.csv"
CATEGORIES_FILE = "categories.csv"
CLASSES_FILE = "classes.csv"
DENIED_FILE = "denied.csv"
WITHHELD_FILE = "withheld.csv"
OPPOSITES_FILE = "opposites.csv"
COLUMNS = {
    TAGS_FILE: ("label", "category", "parents", "aliases", "outputs", "brings", "muted"),
    CATEGORIES_FILE: ("slug", "label"),
    CLASSES_FILE: ("wnid", "lemma"),
    DENIED_FILE: ("words", "subject"),
    WITHHELD_FILE: ("tag", "when", "reason"),
    OPPOSITES_FILE: ("one", "other"),
}
VERSION_FILE = "version.txt"
LIST_SEPARATOR = ";"


class VocabularyError(Exception):
    """The vocabulary's files cannot be read or contradict each other; names file and line."""


@dataclass(frozen=True, slots=True)
class VocabularyTag:
    """One word: its category's slug, the tags it is a kind of, its other names.

    ``outputs`` are the ImageNet classes (WordNet ids such as ``n01882714``) that mean this very
    tag; a tag such as “animal” has none and lives by the tags below it. ``brings`` are tags that
    are nearly always true of the same photo: “skiing” is no kind of “snow”, and brings it.
    ``muted`` says why a photo library is better without the tag; empty when it is not. A muted
    tag is never said, and what it is a kind of or brings is said all the same.
    """

    label: str
    category: str
    parents: tuple[str, ...]
    aliases: tuple[str, ...]
    outputs: tuple[str, ...]
    brings: tuple[str, ...]
    muted: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """A tag that is not said, nor any kind of it, of a photo in which ``when`` may be seen."""

    tag: str
    when: str


@dataclass(frozen=True)
class Vocabulary:
    """All tags by label, all categories (slug → label), and the model's classes in its order.

    ``denied`` are words that are never said about a picture, in the form `spelling` gives them.
    Of ``opposites``, pairs of labels, no photo shows both.
    """

    version: int
    tags: Mapping[str, VocabularyTag]
    categories: Mapping[str, str]
    outputs: tuple[str, ...]
    denied: frozenset[str]
    withheld: tuple[Withheld, ...]
    opposites: tuple[tuple[str, str], ...]

    @cached_property
    def assignable(self) -> Mapping[str, VocabularyTag]:
        """The tags that may be said, by label."""
        return {label: tag for label, tag in self.tags.items() if not tag.muted}

    @cached_property
    def implied(self) -> Mapping[str, frozenset[str]]:
        """Each label with all that is true with it: what it is a kind of or brings, and so on."""
        return {label: self._all_implied(label) for label in self.tags}

    def _all_implied(self, label: str) -> frozenset[str]:
        reached: set[str] = set()
        waiting = [label]
        while waiting:
            current = waiting.pop()
            if current not in reached:
                reached.add(current)
                waiting += self.tags[current].parents + self.tags[current].brings
        return frozenset(reached)

    def is_denied(self, label: str) -> bool:
        """Whether a label has one of the words that are never said about a picture."""
        return _has_denied_word(label, self.denied)

    @cached_property
    def tag_of_output(self) -> Mapping[str, str]:
        """The label that each class means."""
        return {output: tag.label for tag in self.tags.values() for output in tag.outputs}

    @cached_property
    def closure(self) -> Mapping[str, frozenset[str]]:
        """Each label with itself and everything it is a kind of, however far up."""
        lineages: dict[str, frozenset[str]] = {}
        for label in _parents_first(self.tags):
            above = (lineages[parent] for parent in self.tags[label].parents)
            lineages[label] = frozenset({label}).union(*above)
        return lineages

    def assignable_parents(self, label: str) -> frozenset[str]:
        """The nearest tags that one is a kind of and that may be said."""
        found: set[str] = set()
        for parent in self.tags[label].parents:
            muted = bool(self.tags[parent].muted)
            found |= self.assignable_parents(parent) if muted else {parent}
        return frozenset(found)

    def ancestors(self, label: str) -> frozenset[str]:
        """Everything a tag is a kind of, without itself. Raises KeyError for an unknown label."""
        return self.closure[label] - {label}


@cache
def load(folder: Path = FOLDER) -> Vocabulary:
    """Return the vocabulary in a folder, read once per process. Raises VocabularyError."""
    categories = {row["slug"]: row["label"] for _, row in _rows(folder, CATEGORIES_FILE)}
    denied = frozenset(spelling(row["words"]) for _, row in _rows(folder, DENIED_FILE))
    outputs = tuple(sorted(row["wnid"] for _, row in _rows(folder, CLASSES_FILE)))
    lines = [(line, _tag(row)) for line, row in _rows(folder, TAGS_FILE)]
    _refuse_ambiguous_names(lines)
    _refuse_denied_names(lines, denied)
    _refuse_unknown_words(lines, categories)
    _refuse_wrong_outputs(lines, outputs)
    tags = {tag.label: tag for _, tag in lines}
    withheld = tuple(_withheld(folder, tags))
    _refuse_cycles(lines, tags)
    opposites = tuple(_opposites(folder, tags))
    return Vocabulary(_version(folder), tags, categories, outputs, denied, withheld, opposites)


def spelling(name: str) -> str:
    """Return what is left of a name when case, accents' encoding and punctuation do not count.

    It is the slug under which the site finds a tag, so no two names may share one.
    """
    letters = re.sub(r"[^\w\s-]", "", unicodedata.normalize("NFKC", name).lower())
    return re.sub(r"[-\s]+", "-", letters).strip("-_")


def _version(folder: Path) -> int:
    try:
        return int((folder / VERSION_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise VocabularyError(f"{VERSION_FILE}: must hold one whole number.") from error


def _rows(folder: Path, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, strict=True)
            _refuse_other_columns(name, next(reader, []))
            for cells in reader:
                if len(cells) != len(COLUMNS[name]):
                    raise _refusal(name, reader.line_num, "has the wrong number of columns.")
                yield reader.line_num, dict(zip(COLUMNS[name], cells, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise VocabularyError(f"{name}: cannot be read ({error}).") from error


def _refuse_other_columns(name: str, found: list[str]) -> None:
    for column in COLUMNS[name]:
        if column not in found:
            raise VocabularyError(f"{name}: has no column “{column}”.")
    if tuple(found) != COLUMNS[name]:
        raise VocabularyError(f"{name}: its columns must be {', '.join(COLUMNS[name])}.")


def _tag(row: Mapping[str, str]) -> VocabularyTag:
    return VocabularyTag(
        label=row["label"],
        category=row["category"],
        parents=_list(row["parents"]),
        aliases=_list(row["aliases"]),
        outputs=_list(row["outputs"]),
        brings=_list(row["brings"]),
        muted=row["muted"],
    )


def _withheld(folder: Path, tags: Mapping[str, VocabularyTag]) -> Iterator[Withheld]:
    for line, row in _rows(folder, WITHHELD_FILE):
        _refuse_unknown_tags(WITHHELD_FILE, line, (row["tag"], row["when"]), tags)
        yield Withheld(tag=row["tag"], when=row["when"])


def _opposites(folder: Path, tags: Mapping[str, VocabularyTag]) -> Iterator[tuple[str, str]]:
    for line, row in _rows(folder, OPPOSITES_FILE):
        _refuse_unknown_tags(OPPOSITES_FILE, line, (row["one"], row["other"]), tags)
        yield row["one"], row["other"]


def _refuse_unknown_tags(
    file: str, line: int, labels: Iterable[str], tags: Mapping[str, VocabularyTag]
) -> None:
    for label in labels:
        if label not in tags:
            raise _refusal(file, line, f"there is no tag “{label}”.")


def _list(cell: str) -> tuple[str, ...]:
    return tuple(cell.split(LIST_SEPARATOR)) if cell else ()


def _refuse_ambiguous_names(lines: Iterable[tuple[int, VocabularyTag]]) -> None:
    seen: dict[str, int] = {}
    for line, tag in lines:
        for name in (tag.label, *tag.aliases):
            key = spelling(name)
            if not key or name != name.strip():
                raise _refusal(TAGS_FILE, line, f"“{name}” is not a name.")
            if key in seen:
                raise _refusal(TAGS_FILE, line, f"“{name}” is already on line {seen[key]}.")
            seen[key] = line


def _refuse_denied_names(
    lines: Iterable[tuple[int, VocabularyTag]], denied: frozenset[str]
) -> None:
    for line, tag in lines:
        for name in (tag.label, *tag.aliases):
            if not tag.muted and _has_denied_word(name, denied):
                raise _refusal(TAGS_FILE, line, f"“{name}” has a word that {DENIED_FILE} denies.")


def _has_denied_word(name: str, denied: frozenset[str]) -> bool:
    padded = f"-{spelling(name)}-"
    return any(f"-{words}-" in padded for words in denied)


def _refuse_unknown_words(
    lines: Iterable[tuple[int, VocabularyTag]], categories: Mapping[str, str]
) -> None:
    lines = list(lines)
    labels = {tag.label for _, tag in lines}
    for line, tag in lines:
        if tag.category not in categories:
            raise _refusal(TAGS_FILE, line, f"there is no category “{tag.category}”.")
        for parent in tag.parents:
            if parent not in labels:
                raise _refusal(TAGS_FILE, line, f"there is no tag “{parent}” to be its parent.")
        for companion in tag.brings:
            if companion not in labels:
                raise _refusal(TAGS_FILE, line, f"there is no tag “{companion}” for it to bring.")


def _refuse_wrong_outputs(
    lines: Iterable[tuple[int, VocabularyTag]], outputs: tuple[str, ...]
) -> None:
    unclaimed = set(outputs)
    for line, tag in lines:
        for output in tag.outputs:
            if output not in unclaimed:
                raise _refusal(TAGS_FILE, line, f"{output} is no class, or is claimed twice.")
            unclaimed.remove(output)
    if unclaimed:
        raise VocabularyError(f"{TAGS_FILE}: no tag claims {', '.join(sorted(unclaimed))}.")


def _refuse_cycles(
    lines: Iterable[tuple[int, VocabularyTag]], tags: Mapping[str, VocabularyTag]
) -> None:
    try:
        list(_parents_first(tags))
    except CycleError as error:
        circle: list[str] = error.args[1]
        line = next(line for line, tag in lines if tag.label in circle)
        raise _refusal(TAGS_FILE, line, f"parents run in a circle: {circle}.") from error


def _parents_first(tags: Mapping[str, VocabularyTag]) -> Iterable[str]:
    return TopologicalSorter({tag.label: tag.parents for tag in tags.values()}).static_order()


def _refusal(name: str, line: int, reason: str) -> VocabularyError:
    return VocabularyError(f"{name}, line {line}: {reason}")
