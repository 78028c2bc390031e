"""The vocabulary: what its loader refuses, and that the shipped words keep the promises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gallery import vocabulary
from gallery.vocabulary import Vocabulary, VocabularyError
from gallery.vocabulary.loader import spelling

TAGS = """\
label,category,parents,aliases,outputs
animal,animals,,,
mammal,animals,animal,,
pet,animals,animal,,
cat,animals,mammal;pet,kitten;house cat,n02124075
koala,animals,mammal,,n01882714
"""
CATEGORIES = "slug,label\nanimals,Animals\n"
CLASSES = "wnid,lemma\nn02124075,Egyptian cat\nn01882714,koala\n"

# Words of WordNet's hierarchy that nobody would look for.
ABSTRACT_WORDS = """
    abstraction artifact being canine carnivore chordate conveyance covering creation device
    entity equipment feline implement instrumentality instrumentation living_thing matter object
    organism physical_entity placental plaything structure substance thing ungulate unit vertebrate
    whole invertebrate arthropod commodity consumer_goods craft motor_vehicle
"""

SEARCHED_WORDS = """
    dog puppy cat kitten koala horse cow bird fish insect car lorry bus train boat bicycle aeroplane
    airplane plane beach sea ocean mountain lake landscape bridge church cathedral castle palace
    tower building flower mushroom food fruit pizza coffee wine guitar piano computer laptop phone
    smartphone camera chair sofa couch bed clothes hat shoe sport football soccer tennis person
"""


def write(
    folder: Path,
    *,
    tags: str = TAGS,
    categories: str = CATEGORIES,
    classes: str = CLASSES,
    version: str = "3\n",
) -> Path:
    files = {
        "tags.csv": tags,
        "categories.csv": categories,
        "classes.csv": classes,
        "version.txt": version,
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_small_vocabulary_is_read(tmp_path: Path) -> None:
    words = vocabulary.load(write(tmp_path))
    assert words.version == 3
    assert words.tags["cat"].aliases == ("kitten", "house cat")
    assert words.categories == {"animals": "Animals"}


def test_outputs_come_in_the_models_order_which_is_sorted(tmp_path: Path) -> None:
    words = vocabulary.load(write(tmp_path))
    assert words.outputs == ("n01882714", "n02124075")
    assert words.tag_of_output["n02124075"] == "cat"


def test_ancestors_are_everything_above_once_however_many_paths(tmp_path: Path) -> None:
    words = vocabulary.load(write(tmp_path))
    assert words.ancestors("cat") == {"mammal", "pet", "animal"}
    assert words.closure["cat"] == {"cat", "mammal", "pet", "animal"}
    assert words.ancestors("animal") == frozenset()


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("pet,animals,animal,,", "pet,animals,beast,,", r"line 4: there is no tag “beast”"),
        ("pet,animals,animal,,", "pet,pets,animal,,", r"line 4: there is no category “pets”"),
        (
            "pet,animals,animal,,",
            "Mammal,animals,animal,,",
            r"line 4: “Mammal” is already on line 3",
        ),
        ("kitten;", "Koala;", r"line 6: “koala” is already on line 5"),
        ("kitten;", "house-cat;", r"line 5: “house cat” is already on line 5"),
        ("kitten;", " kitten;", r"line 5: “ kitten” is not a name"),
        ("kitten;", "…;", r"line 5: “…” is not a name"),
        ("animal,animals,,,", "animal,animals,cat,,", r"line 2: parents run in a circle"),
        ("pet,animals,animal,,", "pet,animals,pet,,", r"line 4: parents run in a circle"),
        (",n01882714", ",n02124075", r"line 6: n02124075 is no class, or is claimed twice"),
        (",n01882714", ",n00000001", r"line 6: n00000001 is no class, or is claimed twice"),
        (",n01882714", ",", r"no tag claims n01882714"),
        ("pet,animals,animal,,", "pet,animals,animal", r"line 4: has the wrong number of columns"),
        ("pet,animals,animal,,", "pet,animals,animal,,,x", r"line 4: has the wrong number"),
        ("label,category", "name,category", r"tags.csv: has no column “label”"),
    ],
)
def test_a_contradiction_is_refused_by_line(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    assert old in TAGS
    with pytest.raises(VocabularyError, match=complaint):
        vocabulary.load(write(tmp_path, tags=TAGS.replace(old, new, 1)))


@pytest.mark.parametrize("version", ["", "one", "1.5"])
def test_a_version_must_be_a_whole_number(tmp_path: Path, version: str) -> None:
    with pytest.raises(VocabularyError, match=r"version.txt"):
        vocabulary.load(write(tmp_path, version=version))


@pytest.mark.parametrize("name", ["tags.csv", "categories.csv", "classes.csv", "version.txt"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    (write(tmp_path) / name).unlink()
    with pytest.raises(VocabularyError, match=name):
        vocabulary.load(tmp_path)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (write(tmp_path) / "tags.csv").write_bytes(b"label,\xff")
    with pytest.raises(VocabularyError, match=r"tags.csv: cannot be read"):
        vocabulary.load(tmp_path)


@pytest.fixture(scope="module")
def shipped() -> Vocabulary:
    return vocabulary.load()


def test_the_shipped_vocabulary_is_read_once() -> None:
    assert vocabulary.load() is vocabulary.load()


def test_every_class_of_the_model_means_a_shipped_tag(shipped: Vocabulary) -> None:
    assert len(shipped.outputs) == 1000
    assert shipped.tag_of_output.keys() == set(shipped.outputs)
    assert all(re.fullmatch(r"n\d{8}", output) for output in shipped.outputs)


def test_every_shipped_tag_can_be_said(shipped: Vocabulary) -> None:
    sayable = {
        label for meant in shipped.tag_of_output.values() for label in shipped.closure[meant]
    }
    assert sayable == shipped.tags.keys()


def test_no_shipped_name_is_abstract(shipped: Vocabulary) -> None:
    banned = {word.replace("_", " ") for word in ABSTRACT_WORDS.split()}
    names = {name for tag in shipped.tags.values() for name in (tag.label, *tag.aliases)}
    assert names.isdisjoint(banned)


def test_shipped_names_read_like_words(shipped: Vocabulary) -> None:
    readable = re.compile(r"[^\W\d_][^\W_]*(?:[ '.-]+[^\W_]+)*(?: \([a-z]+\))?")
    names = [name for tag in shipped.tags.values() for name in (tag.label, *tag.aliases)]
    assert [name for name in names if not readable.fullmatch(name) or len(name) > 35] == []


def test_every_shipped_category_is_used(shipped: Vocabulary) -> None:
    assert {tag.category for tag in shipped.tags.values()} == shipped.categories.keys()


@pytest.mark.parametrize(
    ("label", "ancestors"),
    [
        ("koala", {"marsupial", "mammal", "animal"}),
        ("tabby cat", {"cat", "mammal", "animal"}),
        ("golden retriever", {"retriever", "dog", "mammal", "animal"}),
        ("moped", {"motorcycle", "vehicle"}),
        ("espresso", {"coffee", "drink"}),
        ("volcano", {"mountain", "landscape"}),
        ("coffee mug", {"tableware", "kitchenware"}),
        ("violin", {"string instrument", "musical instrument"}),
        ("palace", {"building"}),
    ],
)
def test_a_shipped_tag_stands_below(shipped: Vocabulary, label: str, ancestors: set[str]) -> None:
    assert shipped.ancestors(label) == ancestors


@pytest.mark.parametrize(
    "outputs",
    [
        ("n04355933", "n04356056"),  # sunglass, sunglasses
        ("n03773504", "n04008634"),  # missile, projectile
        ("n03710637", "n03710721"),  # maillot, maillot
        ("n03642806", "n03832673"),  # laptop, notebook
    ],
)
def test_classes_people_cannot_tell_apart_share_a_tag(
    shipped: Vocabulary, outputs: tuple[str, str]
) -> None:
    one, other = outputs
    assert shipped.tag_of_output[one] == shipped.tag_of_output[other]


@pytest.mark.parametrize(
    "outputs",
    [
        ("n02012849", "n03126707"),  # crane the bird, crane the machine
        ("n02113186", "n02963159"),  # Cardigan the dog, cardigan the garment
    ],
)
def test_classes_that_share_only_a_name_do_not(
    shipped: Vocabulary, outputs: tuple[str, str]
) -> None:
    one, other = outputs
    assert shipped.tag_of_output[one] != shipped.tag_of_output[other]


@pytest.mark.parametrize(
    "word",
    SEARCHED_WORDS.split(),
)
def test_words_people_search_for_name_a_shipped_tag(shipped: Vocabulary, word: str) -> None:
    names = {spelling(name) for tag in shipped.tags.values() for name in (tag.label, *tag.aliases)}
    assert word in names
