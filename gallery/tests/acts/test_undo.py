"""Every act undone restores exactly what was there before: a property, tried on many libraries."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gallery import acts, tagging, tags
from gallery.models import BulkAct, Photo, PhotoTag, Tag, TaughtTag, User
from gallery.taggers.base import Opinion, Suggestion
from gallery.tests.acts.state import state
from gallery.tests.factories import make_photo, make_run, make_user
from gallery.tests.taggers.stubs import ToldTagger

pytestmark = pytest.mark.django_db

LABELS = ["koala", "dog", "hound", "beach", "Rex"]
PHOTOS = 3
names = count(1)

labels = st.sampled_from(LABELS)
confidences = st.integers(1, 100).map(lambda percent: percent / 100)
said = st.dictionaries(labels, confidences, max_size=4)
photos = st.sets(st.integers(0, PHOTOS - 1), min_size=1)


@st.composite
def libraries(draw: Any) -> dict[str, Any]:
    """Draw what taggers said of each photo, what a person decided, and what stands where."""
    return {
        "runs": draw(
            st.lists(
                st.tuples(
                    st.integers(0, PHOTOS - 1),
                    st.sampled_from("ab"),
                    said,
                    st.sampled_from([None, None, "imagga_tagging"]),
                ),
                max_size=6,
            )
        ),
        "decided": draw(
            st.dictionaries(
                st.tuples(st.integers(0, PHOTOS - 1), labels),
                st.sampled_from(["confirmed", "rejected"]),
                max_size=5,
            )
        ),
        "parents": draw(st.sets(st.tuples(labels, labels), max_size=3)),
        "aliases": draw(st.dictionaries(st.sampled_from(["pup", "strand"]), labels, max_size=2)),
        "taught": draw(st.sets(labels, max_size=3)),
    }


deeds = st.one_of(
    st.tuples(st.just("add"), photos, st.sampled_from([*LABELS, "holiday"])),
    st.tuples(st.just("remove"), photos, labels),
    st.tuples(st.just("retag"), photos, said),
    st.tuples(st.just("forget"), st.just(""), st.sampled_from("ab")),
    st.tuples(st.just("rename"), labels, st.sampled_from(["Koala bear", "hound", "Pup", "dog"])),
    st.tuples(st.just("merge"), st.sets(labels, min_size=1, max_size=3), labels),
)


class Library:
    """The library that was drawn, and a person who acts on it."""

    def __init__(self, drawn: dict[str, Any]) -> None:
        self.person = make_user(f"person-{next(names)}")
        self.photos = [make_photo(self.person) for _ in range(PHOTOS)]
        self.keys = Tag.objects.by_label(LABELS)
        self._place(drawn)
        for number, tagger, suggestions, add_on in drawn["runs"]:
            self._answer(self.photos[number], tagger, suggestions, add_on)
        for label in sorted(drawn["taught"]):
            self._teach(label)
        for photo in self.photos:
            self._settle(photo)
        for (number, label), decided in drawn["decided"].items():
            PhotoTag.objects.update_or_create(
                photo=self.photos[number],
                tag=self.keys[label],
                defaults={"state": decided},
                create_defaults={"state": decided, "confidence": 1.0, "spelling": label.upper()},
            )

    def _place(self, drawn: dict[str, Any]) -> None:
        order = {label: place for place, label in enumerate(LABELS)}
        for child, parent in drawn["parents"]:
            if order[child] < order[parent]:
                self.keys[child].parent_edges.create(parent=self.keys[parent])
        for alias, label in drawn["aliases"].items():
            tags.add_alias(self.keys[label], alias)
        tags.rebuild_closure()

    def _answer(
        self, photo: Photo, tagger: str, suggestions: dict[str, float], add_on: str | None
    ) -> None:
        run = make_run(photo, suggestions=suggestions, tagger=tagger, add_on=add_on)
        type(run).objects.filter(pk=run.pk).update(status="complete", finished_at=timezone.now())

    def _teach(self, label: str) -> None:
        taught = TaughtTag.objects.create(
            owner=self.person,
            tag=self.keys[label],
            head=b"head",
            model="m",
            yes_count=5,
            no_count=0,
        )  # fmt: skip
        taught.run_on(self.photos[0], confidence=0.7, threshold=0.4).save()

    def _settle(self, photo: Photo) -> None:
        tagging.settle(photo)

    def ids(self, numbers: set[int]) -> list[int]:
        return [self.photos[number].pk for number in sorted(numbers)]

    def do(self, deed: tuple[Any, ...], told: ToldTagger) -> BulkAct | None:
        """Do one deed; None when it is refused."""
        kind, what, how = deed
        doing: dict[str, Callable[[], BulkAct | None]] = {
            "add": lambda: acts.add_tag(how, self.ids(what), by=self.person),
            "remove": lambda: self._with_tag(
                how, lambda tag: acts.remove_tag(tag, self.ids(what), by=self.person)
            ),
            "retag": lambda: self._retag(self.ids(what), how, told),
            "forget": lambda: acts.forget_tagger(how, by=self.person),
            "rename": lambda: self._with_tag(what, lambda tag: self._rename(tag, how)),
            "merge": lambda: self._merge(what, how),
        }
        return doing[kind]()

    def _with_tag(self, label: str, deed: Callable[[Tag], BulkAct | None]) -> BulkAct | None:
        tag = Tag.objects.named(label).first()
        return deed(tag) if tag else None

    def _rename(self, tag: Tag, label: str) -> BulkAct | None:
        try:
            return acts.rename_tag(tag, label, by=self.person)
        except acts.NameTakenError:
            return None

    def _merge(self, names: set[str], into: str) -> BulkAct | None:
        target = Tag.objects.named(into).first()
        sources = list(Tag.objects.named(*names).order_by("pk"))
        if target is None or all(tag == target for tag in sources):
            return None
        return acts.merge_tags(sources, into=target, by=self.person)

    def _retag(self, ids: list[int], says: dict[str, float], told: ToldTagger) -> BulkAct:
        told.says = says
        act = acts.retag("told", ids, by=self.person)
        while acts.step(act) is not None:
            pass
        assert act.status == "ready"
        assert acts.apply(act)
        return act


@pytest.fixture
def seen(told: ToldTagger, monkeypatch: pytest.MonkeyPatch) -> ToldTagger:
    """The tagger, which here needs no files to look at."""
    from gallery.tagging import runs

    def ask(run: Any) -> Opinion:
        assert isinstance(told.says, dict)
        said = tuple(Suggestion(label, sure) for label, sure in told.says.items())
        return Opinion(model="told/1", suggestions=said)

    monkeypatch.setattr(runs, "_ask", ask)
    return told


@settings(
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(drawn=libraries(), done=st.lists(deeds, min_size=1, max_size=4))
def test_acts_undone_in_turn_restore_exactly_what_was_there(
    drawn: dict[str, Any], done: list[tuple[Any, ...]], seen: ToldTagger
) -> None:
    with transaction.atomic():
        library = Library(drawn)
        before = [state()]
        performed = []
        for deed in done:
            if act := library.do(deed, seen):
                performed.append(act)
                before.append(state())
        for act in reversed(performed):
            assert state() == before.pop()
            act.refresh_from_db()
            assert acts.undo(act)
            act.refresh_from_db()
            assert (act.status, act.left_count) == ("undone", 0)
        assert [state()] == before
        transaction.set_rollback(True)


def test_what_a_program_asked_for_goes_with_its_tagger_and_comes_back(
    olga: User, seen: ToldTagger
) -> None:
    photo = make_photo(olga)
    make_run(photo, suggestions={"Koala": 0.9}, tagger="a", add_on="imagga_tagging")
    photo.tagging_runs.update(status="complete")
    tagging.settle(photo)
    before = state()
    assert photo.photo_tags.get().is_kept
    act = acts.forget_tagger("a", by=olga)
    assert not photo.photo_tags.exists()
    acts.undo(act)
    assert state() == before


def test_undoing_keeps_what_a_person_decided_since(olga: User, seen: ToldTagger) -> None:
    photo = make_photo(olga)
    seen.says = {"koala": 0.9, "dog": 0.8}
    act = acts.retag("told", [photo.pk], by=olga)
    acts.step(act)
    acts.apply(act)
    photo.photo_tags.filter(tag__label="koala").update(state="confirmed")
    acts.undo(act)
    act.refresh_from_db()
    assert list(photo.photo_tags.values_list("tag__label", "state")) == [("koala", "confirmed")]
    assert act.left_count == 1
