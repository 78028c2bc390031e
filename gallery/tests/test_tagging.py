"""Tagging runs: what becomes of them, and what people's word is worth."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from gallery import ingest, tagging
from gallery.models import Photo, PhotoTag, TaggingRun, TagState
from gallery.taggers.base import TaggerError
from gallery.tests.factories import make_photo, make_run, make_user
from gallery.tests.pictures import uploaded
from gallery.tests.taggers.stubs import ToldTagger

pytestmark = pytest.mark.django_db


@pytest.fixture
def photo(told: ToldTagger) -> Photo:
    return ingest.add_photo(owner=make_user("olga"), file=uploaded())


def perform(photo: Photo, tagger: str = "told") -> TaggingRun:
    run = photo.tagging_runs.filter(status="queued").first() or tagging.request_run(
        photo, tagger=tagger
    )
    tagging.perform(run)
    run.refresh_from_db()
    return run


def states(photo: Photo) -> dict[str, str]:
    return {row.tag.label: row.state for row in photo.photo_tags.select_related("tag")}


def test_run_keeps_everything_said_and_assigns_what_is_sure(photo: Photo) -> None:
    run = perform(photo)
    assert run.status == "complete"
    assert run.model_version == "told/1"
    assert run.suggestions == [
        {"tag": "koala", "confidence": 0.9},
        {"tag": "dog", "confidence": 0.2},
    ]
    assert states(photo) == {"koala": "assigned", "dog": "suggested"}


@pytest.mark.parametrize(("confidence", "state"), [(0.4, "assigned"), (0.3999, "suggested")])
def test_threshold_itself_is_enough(
    confidence: float, state: str, photo: Photo, told: ToldTagger
) -> None:
    told.says = {"koala": confidence}
    perform(photo)
    assert states(photo) == {"koala": state}


def test_what_a_person_decided_survives_every_later_run(photo: Photo, told: ToldTagger) -> None:
    perform(photo)
    tagging.reject(photo.photo_tags.get(tag__slug="koala"))
    tagging.confirm(photo.photo_tags.get(tag__slug="dog"))
    tagging.add_by_hand(photo, "Bondi")
    told.says = {"koala": 1.0, "sand": 0.8}
    perform(photo)
    assert states(photo) == {
        "koala": "rejected",
        "dog": "confirmed",
        "Bondi": "confirmed",
        "sand": "assigned",
    }


def test_word_about_a_tag_that_a_run_took_away_meanwhile_still_counts(
    photo: Photo, told: ToldTagger
) -> None:
    perform(photo)
    seen = photo.photo_tags.get(tag__slug="koala")
    told.says = {"sand": 0.8}
    perform(photo)
    tagging.confirm(seen)
    assert states(photo) == {"koala": "confirmed", "sand": "assigned"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    not connection.features.has_select_for_update, reason="only one writer at a time here"
)
def test_run_waits_while_a_person_decides(photo: Photo) -> None:
    perform(photo)
    koala = photo.photo_tags.get(tag__slug="koala")

    def settle() -> None:
        tagging.settle(photo)
        connection.close()

    run = Thread(target=settle)
    with transaction.atomic():
        tagging.reject(koala)
        run.start()
        run.join(timeout=0.5)
        assert run.is_alive()
    run.join()
    assert states(photo)["koala"] == "rejected"


def test_what_no_tagger_says_any_more_is_gone(photo: Photo, told: ToldTagger) -> None:
    perform(photo)
    told.says = {"sand": 0.8}
    perform(photo)
    assert states(photo) == {"sand": "assigned"}


def test_undo_gives_the_tag_back_to_the_tagger(photo: Photo) -> None:
    perform(photo)
    tagging.reject(photo.photo_tags.get(tag__slug="koala"))
    tagging.undo(photo.photo_tags.get(tag__slug="koala"))
    assert states(photo)["koala"] == "assigned"


def test_tag_that_only_a_person_said_is_gone_when_rejected(photo: Photo) -> None:
    photo_tag = tagging.add_by_hand(photo, "Bondi")
    assert photo_tag is not None
    tagging.reject(photo_tag)
    assert states(photo) == {}


def test_surest_of_several_taggers_counts(photo: Photo) -> None:
    TaggingRun.objects.all().delete()
    make_run(photo, tagger="a", suggestions={"koala": 0.5}, status="complete", threshold=0.6)
    make_run(photo, tagger="b", suggestions={"koala": 0.3}, status="complete", threshold=0.2)
    tagging.settle(photo)
    koala = photo.photo_tags.get()
    assert (koala.confidence, koala.state) == (0.5, TagState.ASSIGNED)


def test_label_that_is_an_alias_becomes_its_tag(photo: Photo, told: ToldTagger) -> None:
    perform(photo)
    koala = photo.photo_tags.get(tag__slug="koala").tag
    koala.aliases.create(slug="koala-bear", label="koala bear")
    told.says = {"Koala Bear": 0.8}
    perform(photo)
    assert states(photo) == {"koala": "assigned"}


def test_permanent_failure_is_not_tried_again(photo: Photo, told: ToldTagger) -> None:
    told.says = TaggerError("It refuses this photo.", permanent=True)
    run = perform(photo)
    assert (run.status, run.error, run.retry_at) == ("failed", "It refuses this photo.", None)


def test_passing_failure_is_tried_again_later(photo: Photo, told: ToldTagger) -> None:
    told.says = TaggerError("It does not answer.", permanent=False)
    run = perform(photo)
    assert run.status == "failed"
    assert run.retry_at is not None
    assert run.finished_at is not None
    assert run.retry_at - run.finished_at == tagging.FIRST_RETRY


def test_unexpected_error_fails_the_run_and_is_not_swallowed(
    photo: Photo, told: ToldTagger
) -> None:
    told.says = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        perform(photo)
    assert photo.tagging_runs.get().status == "failed"


def test_missing_files_fail_the_run_for_good(photo: Photo) -> None:
    for rendition in photo.renditions.all():
        rendition.file.storage.delete(str(rendition.file))
    photo.file.storage.delete(str(photo.file))
    run = perform(photo)
    assert (run.status, run.retry_at) == ("failed", None)


def test_only_one_worker_gets_a_run(photo: Photo) -> None:
    run = photo.tagging_runs.get()
    other = TaggingRun.objects.get(pk=run.pk)
    assert run.claim(lease=timedelta(seconds=60))
    assert not other.claim(lease=timedelta(seconds=60))


def test_worker_that_lost_its_lease_cannot_finish_its_successors_run(photo: Photo) -> None:
    late = photo.tagging_runs.get()
    late.claim(lease=timedelta(seconds=-1))
    tagging.sweep()
    successor = TaggingRun.objects.get(pk=late.pk)
    assert successor.claim(lease=timedelta(seconds=60))
    assert not late.finish(suggestions=[], model_version="late/1")
    assert successor.finish(suggestions=[], model_version="told/1")


def test_sweep_revives_the_run_of_a_dead_worker(photo: Photo) -> None:
    photo.tagging_runs.get().claim(lease=timedelta(seconds=-1))
    assert tagging.sweep() == 1
    assert photo.tagging_runs.get().status == "queued"


def test_sweep_leaves_a_working_worker_alone(photo: Photo) -> None:
    photo.tagging_runs.get().claim(lease=timedelta(seconds=60))
    assert tagging.sweep() == 0


def test_sweep_gives_up_on_a_run_that_kills_its_workers(photo: Photo, settings: Settings) -> None:
    settings.TAGGING_ATTEMPTS = 1
    photo.tagging_runs.get().claim(lease=timedelta(seconds=-1))
    assert tagging.sweep() == 0
    run = photo.tagging_runs.get()
    assert run.status == "failed"
    assert "died 1 times" in run.error


def test_sweep_tries_failed_runs_when_their_time_has_come(photo: Photo, told: ToldTagger) -> None:
    told.says = TaggerError("It does not answer.", permanent=False)
    run = perform(photo)
    assert tagging.sweep() == 0
    TaggingRun.objects.filter(pk=run.pk).update(retry_at=timezone.now())
    assert tagging.sweep() == 1


def test_sweep_rings_again_when_the_doorbell_was_lost(
    photo: Photo, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    long_ago = timezone.now() - 2 * tagging.RING_PATIENCE
    TaggingRun.objects.update(rung_at=long_ago, task_id="")
    with django_capture_on_commit_callbacks(execute=True):
        assert tagging.sweep() == 1
    TaggingRun.objects.update(rung_at=long_ago)
    assert tagging.sweep() == 0, "the task is in the queue now"


@pytest.mark.parametrize(("ago", "rung"), [(timedelta(0), 0), (2 * tagging.RING_PATIENCE, 1)])
def test_sweep_rings_again_when_a_worker_died_between_the_task_and_its_run(
    ago: timedelta,
    rung: int,
    photo: Photo,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    run = photo.tagging_runs.get()
    with django_capture_on_commit_callbacks(execute=True):
        run.save()
    now = timezone.now()
    DBTaskResult.objects.update(status="RUNNING", started_at=now - ago)
    TaggingRun.objects.update(rung_at=now - 2 * tagging.RING_PATIENCE)
    assert tagging.sweep() == rung


def test_asking_again_asks_only_taggers_that_are_not_at_it(photo: Photo) -> None:
    assert tagging.request_again(photo, by=photo.owner) == []
    perform(photo)
    assert len(tagging.request_again(photo, by=photo.owner)) == 1


def test_retry_queues_every_failed_run(photo: Photo, told: ToldTagger) -> None:
    told.says = TaggerError("It refuses this photo.", permanent=True)
    perform(photo)
    assert tagging.retry_failed() == 1
    assert photo.tagging_runs.get().status == "queued"


def test_photo_with_no_run_has_no_state() -> None:
    assert tagging.state_of(make_photo().tagging_runs.all()) is None


def test_tags_of_a_photo_are_unique() -> None:
    photo = make_photo()
    tagging.add_by_hand(photo, "Koala")
    tagging.add_by_hand(photo, "koala ")
    assert PhotoTag.objects.count() == 1


def test_photos_of_an_earlier_model_are_tagged_again_at_their_own_threshold(
    photo: Photo, told: ToldTagger
) -> None:
    run = perform(photo)
    assert not tagging.outdated("told").exists()
    TaggingRun.objects.filter(pk=run.pk).update(model_version="told/0", threshold=0.85)
    assert tagging.request_outdated("told") == 1
    assert photo.tagging_runs.latest("pk").threshold == 0.85
    assert tagging.request_outdated("told") == 0, "they are in the queue already"


def test_photos_that_nobody_had_tagged_are_left_alone(told: ToldTagger) -> None:
    make_photo()
    assert not tagging.outdated("told").exists()


def test_nothing_of_what_is_nobodys_business_is_kept(photo: Photo, told: ToldTagger) -> None:
    told.says = {"koala": 0.9, "Muslim": 0.8, "fat person": 0.7}
    assert perform(photo).suggestions == [{"tag": "koala", "confidence": 0.9}]
    assert states(photo) == {"koala": "assigned"}
