"""Acts go on slice by slice: looked at first, applied, paused, taken up again, undone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from gallery import acts, ingest, tagging, tasks
from gallery.acts import begin, steps
from gallery.models import ActSlice, BulkAct, Photo, PhotoTag, TaggingRun, User
from gallery.taggers.base import TaggerError
from gallery.tests.factories import make_photo, make_run, make_user
from gallery.tests.pictures import uploaded
from gallery.tests.taggers.stubs import ToldTagger

pytestmark = pytest.mark.django_db


@pytest.fixture
def photos(olga: User, told: ToldTagger) -> list[Photo]:
    """Three photos on which the tagger saw a koala, and nobody has said anything."""
    photos = [ingest.add_photo(owner=olga, file=uploaded(seed=seed)) for seed in range(3)]
    for run in TaggingRun.objects.all():
        tagging.perform(run)
    return photos


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(begin, "SLICE_SIZES", {})
    monkeypatch.setattr(begin, "SLICE_SIZE", 1)


def ids(photos: list[Photo]) -> list[int]:
    return [photo.pk for photo in photos]


def go_on(act: BulkAct) -> BulkAct:
    while acts.step(act) is not None:
        pass
    act.refresh_from_db()
    return act


def shown(photo: Photo) -> set[str]:
    return set(photo.photo_tags.shown().values_list("tag__label", flat=True))


def test_looking_changes_nothing_and_says_what_would(
    photos: list[Photo], olga: User, told: ToldTagger
) -> None:
    told.says = {"koala": 0.9, "beach": 0.8}
    act = go_on(acts.retag("told", ids(photos), by=olga))
    assert act.status == "ready"
    assert [shown(photo) for photo in photos] == [{"koala"}] * 3
    told_by = acts.summary(act)
    assert [(count.tag.label, count.photos) for count in told_by.added] == [("beach", 3)]
    assert (told_by.added_count, told_by.removed_count, told_by.kept_count) == (3, 0, 3)
    assert told_by.photo_count == 3


def test_applied_answers_hold_and_stand_in_the_ledger(
    photos: list[Photo], olga: User, told: ToldTagger
) -> None:
    told.says = {"beach": 0.8}
    act = go_on(acts.retag("told", ids(photos), by=olga))
    assert acts.apply(act)
    act.refresh_from_db()
    assert act.status == "applied"
    assert [shown(photo) for photo in photos] == [{"beach"}] * 3
    run = act.runs.first()
    assert run is not None
    assert (run.added, run.removed, run.counts) == (["beach"], ["koala"], True)


def test_what_people_decided_never_moves(photos: list[Photo], olga: User, told: ToldTagger) -> None:
    first, second, third = photos
    tagging.confirm(first.photo_tags.get(tag__label="koala"))
    tagging.reject(second.photo_tags.get(tag__label="koala"))
    tagging.add_by_hand(third, "holiday")
    told.says = {"koala": 0.99}
    acts.apply(go_on(acts.retag("told", ids(photos), by=olga)))
    told.says = {}
    acts.apply(go_on(acts.retag("told", ids(photos), by=olga)))
    assert [shown(photo) for photo in photos] == [{"koala"}, set(), {"holiday"}]


def test_discarded_act_leaves_no_word_behind(
    photos: list[Photo], olga: User, told: ToldTagger
) -> None:
    from gallery.models import Tag

    told.says = {"zeppelin": 0.8}
    act = go_on(acts.retag("told", ids(photos), by=olga))
    assert acts.discard(act)
    assert not Tag.objects.filter(label="zeppelin").exists()
    assert act.runs.count() == 3, "what the tagger said stays in the ledger"
    assert not acts.apply(act)


def test_paused_act_waits_and_goes_on_where_it_was(
    photos: list[Photo], olga: User, one_by_one: None
) -> None:
    act = acts.retag("told", ids(photos), by=olga)
    acts.step(act)
    acts.pause(act)
    assert acts.step(act) is None
    assert acts.progress(act).done == 1
    acts.resume(act)
    assert go_on(act).status == "ready"
    assert act.runs.count() == 3


def test_undo_of_a_paused_act_takes_back_what_was_applied(
    photos: list[Photo], olga: User, told: ToldTagger, one_by_one: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(steps, "SMALL", 0)
    told.says = {"beach": 0.8}
    act = go_on(acts.retag("told", ids(photos), by=olga))
    acts.apply(act)
    acts.step(act)
    acts.pause(act)
    assert sorted(map(len, map(shown, photos))) == [1, 1, 1]
    assert acts.undo(act)
    assert go_on(act).status == "undone"
    assert [shown(photo) for photo in photos] == [{"koala"}] * 3


def test_photos_on_which_the_tagger_fails_stay_as_they_are(
    photos: list[Photo], olga: User, told: ToldTagger
) -> None:
    told.says = TaggerError("It refuses.", permanent=True)
    act = go_on(acts.retag("told", ids(photos), by=olga))
    assert act.status == "ready"
    assert acts.progress(act).failed == 3
    acts.apply(act)
    assert [shown(photo) for photo in photos] == [{"koala"}] * 3


def test_busy_tagger_is_waited_for(
    photos: list[Photo], olga: User, told: ToldTagger, settings: Settings
) -> None:
    settings.TAGGERS = {"told": settings.TAGGERS["told"] | {"CONCURRENCY": 1}}
    busy = make_run(make_photo(), tagger="told")
    busy.claim(lease=timedelta(seconds=60))
    act = acts.retag("told", ids(photos), by=olga)
    assert acts.step(act) == steps.SOON
    TaggingRun.objects.filter(pk=busy.pk).update(status="complete")
    assert go_on(act).status == "ready"


def test_slice_of_a_dead_worker_is_taken_up_again(
    photos: list[Photo], olga: User, told: ToldTagger
) -> None:
    act = acts.retag("told", ids(photos), by=olga)
    [slice_] = act.slices.all()
    assert slice_.claim(lease=timedelta(seconds=60))
    assert acts.step(act) is None, "it is another's"
    ActSlice.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    BulkAct.objects.update(rung_at=F("rung_at") - timedelta(minutes=5))
    assert acts.sweep() == 1
    assert go_on(act).status == "ready"


def test_task_takes_steps_until_there_are_none(photos: list[Photo], olga: User) -> None:
    act = acts.retag("told", ids(photos), by=olga)
    tasks.step_act.call(act.pk)
    act.refresh_from_db()
    assert act.status == "ready"
    tasks.step_act.call(act.pk + 1)  # an act that is gone is nobody's loss


@pytest.mark.parametrize(("count", "status"), [(3, "applied"), (0, "applied")])
def test_small_acts_are_done_at_once(
    count: int, status: str, photos: list[Photo], olga: User
) -> None:
    act = acts.add_tag("holiday", ids(photos[:count]), by=olga)
    assert act.status == status
    assert PhotoTag.objects.filter(tag__label="holiday", state="confirmed").count() == count


def test_large_act_is_left_to_workers(
    photos: list[Photo], olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "SMALL", 2)
    act = acts.add_tag("holiday", ids(photos), by=olga)
    assert act.status == "applying"
    assert go_on(act).status == "applied"


def test_removing_rejects_what_a_tagger_said_and_forgets_what_was_typed(
    photos: list[Photo], olga: User
) -> None:
    from gallery.models import Tag

    tagging.add_by_hand(photos[0], "holiday")
    for label in ("koala", "holiday"):
        acts.remove_tag(Tag.objects.get(label=label), ids(photos), by=olga)
    rows = PhotoTag.objects.exclude(tag__label="dog").values_list("tag__label", "state")
    assert sorted(rows) == [("koala", "rejected")] * 3


def test_what_a_tagger_said_is_forgotten_and_a_persons_word_stays(photos: list[Photo]) -> None:
    tagging.confirm(photos[0].photo_tags.get(tag__label="koala"))
    call_command("forget_tagger", "told", verbosity=0)
    assert [shown(photo) for photo in photos] == [{"koala"}, set(), set()]
    acts.undo(BulkAct.objects.get())
    assert [shown(photo) for photo in photos] == [{"koala"}] * 3


def test_tagger_that_never_said_anything_cannot_be_forgotten() -> None:
    with pytest.raises(CommandError, match="counts anywhere"):
        call_command("forget_tagger", "nobody")


def test_undone_act_cannot_be_undone_twice(photos: list[Photo], olga: User) -> None:
    act = acts.add_tag("holiday", ids(photos), by=olga)
    assert acts.undo(act)
    assert not acts.undo(act)


def test_photo_deleted_meanwhile_hinders_nobody(
    photos: list[Photo], olga: User, told: ToldTagger
) -> None:
    told.says = {"beach": 0.8}
    act = go_on(acts.retag("told", ids(photos), by=olga))
    photos[0].delete()
    acts.apply(act)
    acts.undo(act)
    act.refresh_from_db()
    assert act.status == "undone"
    assert [shown(photo) for photo in photos[1:]] == [{"koala"}] * 2


def test_undo_lets_a_later_answer_hold(photos: list[Photo], olga: User, told: ToldTagger) -> None:
    told.says = {"beach": 0.8}
    act = go_on(acts.retag("told", ids(photos), by=olga))
    acts.apply(act)
    told.says = {"dog": 0.8}
    tagging.perform(tagging.request_run(photos[0], tagger="told"))
    acts.undo(act)
    assert [shown(photo) for photo in photos] == [{"dog"}, {"koala"}, {"koala"}]


def test_step_costs_few_statements(olga: User, django_assert_max_num_queries: Any) -> None:
    many = [make_photo(olga, tags={"koala": 0.9}).pk for _ in range(100)]
    with django_assert_max_num_queries(40):
        acts.add_tag("holiday", many, by=olga)


def test_acts_of_people_who_are_gone_remain(photos: list[Photo]) -> None:
    sven = make_user("sven")
    act = acts.add_tag("holiday", ids(photos), by=sven)
    sven.delete()
    act.refresh_from_db()
    assert act.by is None
    assert acts.undo(act)
