"""The vocabulary: what its loader refuses, and that the shipped words keep the promises."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from gallery import vocabulary
from gallery.taggers import embedded
from gallery.vocabulary import Vocabulary, VocabularyError
from gallery.vocabulary.loader import spelling

TAGS = """\
label,category,parents,aliases,outputs,brings,muted
animal,animals,,,,,
mammal,animals,animal,,,,
pet,animals,animal,,,,
cat,animals,mammal;pet,kitten;house cat,n02124075,,
koala,animals,mammal,,n01882714,pet,
"""
CATEGORIES = "slug,label\nanimals,Animals\n"
DENIED = "words,subject\nugly,demeaning\n"
OPPOSITES = "one,other\nkoala,cat\n"
WITHHELD = "tag,when,reason\ncat,koala,they would mind\n"
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
    denied: str = DENIED,
    withheld: str = WITHHELD,
    opposites: str = OPPOSITES,
    version: str = "3\n",
) -> Path:
    files = {
        "tags.csv": tags,
        "categories.csv": categories,
        "classes.csv": classes,
        "denied.csv": denied,
        "withheld.csv": withheld,
        "opposites.csv": opposites,
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
        ("pet,animals,animal,,,,", "pet,animals,beast,,,,", r"line 4: there is no tag “beast”"),
        ("pet,animals,animal,,,,", "pet,pets,animal,,,,", r"line 4: there is no category “pets”"),
        (
            "pet,animals,animal,,,,",
            "Mammal,animals,animal,,,,",
            r"line 4: “Mammal” is already on line 3",
        ),
        ("kitten;", "Koala;", r"line 6: “koala” is already on line 5"),
        ("kitten;", "house-cat;", r"line 5: “house cat” is already on line 5"),
        ("kitten;", " kitten;", r"line 5: “ kitten” is not a name"),
        ("kitten;", "…;", r"line 5: “…” is not a name"),
        ("animal,animals,,,,,", "animal,animals,cat,,,,", r"line 2: parents run in a circle"),
        ("pet,animals,animal,,,,", "pet,animals,pet,,,,", r"line 4: parents run in a circle"),
        ("pet,\n", "dog,\n", r"line 6: there is no tag “dog” for it to bring"),
        ("kitten;", "ugly cat;", r"line 5: “ugly cat” has a word that denied.csv denies"),
        (",n01882714", ",n02124075", r"line 6: n02124075 is no class, or is claimed twice"),
        (",n01882714", ",n00000001", r"line 6: n00000001 is no class, or is claimed twice"),
        (",n01882714", ",", r"no tag claims n01882714"),
        (
            "pet,animals,animal,,,,",
            "pet,animals,animal,",
            r"line 4: has the wrong number of columns",
        ),
        ("pet,animals,animal,,,,", "pet,animals,animal,,,,,x", r"line 4: has the wrong number"),
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


@pytest.mark.parametrize(
    "name",
    [
        "tags.csv",
        "categories.csv",
        "classes.csv",
        "denied.csv",
        "withheld.csv",
        "opposites.csv",
        "version.txt",
    ],
)
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
    fed = {label for meant in shipped.tag_of_output.values() for label in shipped.implied[meant]}
    with np.load(embedded.MODEL_DIR / embedded.HEADS_FILE) as heads:
        headed = {above for label in heads["labels"] for above in shipped.closure[str(label)]}
    assert shipped.assignable.keys() - fed - headed == set()


def test_there_are_many_tags_in_some_two_dozen_categories(shipped: Vocabulary) -> None:
    assert len(shipped.assignable) >= 800
    assert 20 <= len(shipped.categories) <= 28
    assert {tag.category for tag in shipped.assignable.values()} == shipped.categories.keys()


def test_every_muted_tag_says_why(shipped: Vocabulary) -> None:
    muted = shipped.tags.keys() - shipped.assignable.keys()
    assert muted
    assert all(len(shipped.tags[label].muted.split()) > 2 for label in muted)


@pytest.mark.parametrize(
    ("label", "companions"),
    [
        ("skiing", {"snow", "winter sport", "person", "sport"}),
        ("racket", {"tennis", "sport"}),
        ("beach", {"sea", "coast", "sand", "water"}),
        ("baseball player", {"baseball", "sport", "person"}),
        ("lighthouse", {"coast", "building", "outdoors"}),
    ],
)
def test_a_shipped_tag_brings(shipped: Vocabulary, label: str, companions: set[str]) -> None:
    assert companions <= shipped.implied[label]
    assert companions - shipped.closure[label], "or it would only be a kind of them"


def test_no_shipped_name_speaks_of_what_is_nobodys_business(shipped: Vocabulary) -> None:
    names = {name for tag in shipped.assignable.values() for name in (tag.label, *tag.aliases)}
    assert {name for name in names if shipped.is_denied(name)} == set()


@pytest.mark.parametrize(
    "label", ["Catholic", "black people", "a sick child", "gay-couple", "ugly man", "wheelchair"]
)
def test_denied_words_are_found_wherever_they_stand(shipped: Vocabulary, label: str) -> None:
    assert shipped.is_denied(label)


@pytest.mark.parametrize("label", ["race car", "church", "koala", "black swan", "horse"])
def test_words_that_only_look_alike_are_not_denied(shipped: Vocabulary, label: str) -> None:
    assert not shipped.is_denied(label)


@pytest.mark.parametrize("plural", ["dogs", "geese", "sheep", "wolves", "churches", "pianos"])
def test_plurals_name_a_shipped_tag(shipped: Vocabulary, plural: str) -> None:
    names = {spelling(name) for tag in shipped.tags.values() for name in (tag.label, *tag.aliases)}
    assert plural in names


def test_what_a_small_vocabulary_implies(tmp_path: Path) -> None:
    words = vocabulary.load(write(tmp_path))
    assert words.implied["koala"] == {"koala", "mammal", "pet", "animal"}
    assert words.closure["koala"] == {"koala", "mammal", "animal"}


def test_a_muted_tag_is_not_assignable_and_its_parent_takes_its_place(tmp_path: Path) -> None:
    muted = TAGS.replace("mammal,animals,animal,,,,", "mammal,animals,animal,,,,jargon to most")
    words = vocabulary.load(write(tmp_path, tags=muted))
    assert "mammal" not in words.assignable
    assert words.assignable_parents("koala") == {"animal"}


def test_opposites_must_exist(tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match=r"opposites.csv, line 2: there is no tag “ghost”"):
        vocabulary.load(write(tmp_path, opposites="one,other\nkoala,ghost\n"))


def test_a_withheld_tag_must_exist(tmp_path: Path) -> None:
    rule = "tag,when,reason\ncat,ghost,none\n"
    with pytest.raises(VocabularyError, match=r"withheld.csv, line 2: there is no tag “ghost”"):
        vocabulary.load(write(tmp_path, withheld=rule))


def test_no_shipped_name_is_abstract(shipped: Vocabulary) -> None:
    banned = {word.replace("_", " ") for word in ABSTRACT_WORDS.split()}
    names = {name for tag in shipped.tags.values() for name in (tag.label, *tag.aliases)}
    assert names.isdisjoint(banned)


def test_shipped_names_read_like_words(shipped: Vocabulary) -> None:
    readable = re.compile(r"[^\W\d_][^\W_]*(?:[ '.-]+[^\W_]+)*(?: \([a-z]+\))?")
    names = [name for tag in shipped.tags.values() for name in (tag.label, *tag.aliases)]
    assert [name for name in names if not readable.fullmatch(name) or len(name) > 35] == []


@pytest.mark.parametrize(
    ("label", "ancestors"),
    [
        ("koala", {"marsupial", "mammal", "animal"}),
        ("tabby cat", {"cat", "pet", "mammal", "animal"}),
        ("golden retriever", {"retriever", "dog", "pet", "mammal", "animal"}),
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
