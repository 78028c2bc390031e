"""Drafts the vocabulary's tags from a WordNet database, for a person to rewrite by hand."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

CLASSES = Path(__file__).resolve().parents[1] / "gallery" / "vocabulary" / "classes.csv"

# The few of WordNet's general words that people use: synset → (label, category).
GENERAL_WORDS = {
    "n00015388": ("animal", "animals"),
    "n01861778": ("mammal", "animals"),
    "n01503061": ("bird", "animals"),
    "n02084071": ("dog", "animals"),
    "n02121620": ("cat", "animals"),
    "n02131653": ("bear", "animals"),
    "n02484322": ("monkey", "animals"),
    "n01726692": ("snake", "animals"),
    "n01674464": ("lizard", "animals"),
    "n01639765": ("frog", "animals"),
    "n02512053": ("fish", "animals"),
    "n02159955": ("insect", "animals"),
    "n02164464": ("beetle", "animals"),
    "n02274259": ("butterfly", "animals"),
    "n01772222": ("spider", "animals"),
    "n01974773": ("crustacean", "animals"),
    "n12992868": ("fungus", "plants"),
    "n11669921": ("flower", "plants"),
    "n07707451": ("vegetable", "food"),
    "n07881800": ("drink", "food"),
    "n00021265": ("food", "food"),
    "n02913152": ("building", "buildings"),
    "n04524313": ("vehicle", "vehicles"),
    "n02958343": ("car", "vehicles"),
    "n04490091": ("truck", "vehicles"),
    "n02858304": ("boat", "vehicles"),
    "n04194289": ("ship", "vehicles"),
    "n02686568": ("aircraft", "vehicles"),
    "n03405725": ("furniture", "home"),
    "n03800933": ("musical instrument", "music"),
    "n04451818": ("tool", "tools"),
    "n03051540": ("clothing", "clothing"),
    "n04565375": ("weapon", "objects"),
    "n03964744": ("toy", "objects"),
}
OTHER_CATEGORY = "objects"
HYPERNYM_POINTERS = {"@", "@i"}


@dataclass(frozen=True, slots=True)
class Synset:
    """One meaning in WordNet: its names, best first, and the synsets it is a kind of."""

    lemmas: tuple[str, ...]
    hypernyms: tuple[str, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wordnet_dir", type=Path, help="folder with WordNet 3.0's data.noun")
    synsets = read_nouns(parser.parse_args().wordnet_dir / "data.noun")
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["label", "category", "parents", "aliases", "outputs"])
    for wnid in read_classes():
        writer.writerow(draft(wnid, synsets))


def read_classes() -> list[str]:
    with CLASSES.open(encoding="utf-8", newline="") as file:
        return [row["wnid"] for row in csv.DictReader(file)]


def read_nouns(path: Path) -> dict[str, Synset]:
    """Read WordNet's noun database; its format is described in the manual page wndb(5WN)."""
    with path.open(encoding="latin-1") as file:
        return {f"n{line[:8]}": parse(line) for line in file if not line.startswith(" ")}


def parse(line: str) -> Synset:
    fields = line.partition("|")[0].split()
    names_end = 4 + 2 * int(fields[3], 16)
    pointers = fields[names_end + 1 :]
    return Synset(
        lemmas=tuple(lemma.replace("_", " ") for lemma in fields[4:names_end:2]),
        hypernyms=tuple(
            f"n{target}"
            for symbol, target in zip(pointers[::4], pointers[1::4], strict=False)
            if symbol in HYPERNYM_POINTERS
        ),
    )


def draft(wnid: str, synsets: Mapping[str, Synset]) -> list[str]:
    label, *aliases = synsets[wnid].lemmas
    above = list(dict.fromkeys(nearest_general_words(wnid, synsets)))
    category = GENERAL_WORDS[above[0]][1] if above else OTHER_CATEGORY
    parents = [GENERAL_WORDS[word][0] for word in above]
    return [label, category, ";".join(parents), ";".join(aliases), wnid]


def nearest_general_words(wnid: str, synsets: Mapping[str, Synset]) -> Iterator[str]:
    for hypernym in synsets[wnid].hypernyms:
        if hypernym in GENERAL_WORDS:
            yield hypernym
        else:
            yield from nearest_general_words(hypernym, synsets)


if __name__ == "__main__":
    main()
