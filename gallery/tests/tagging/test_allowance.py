"""What the site allows a tagger: so many photos at once, so many a month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from gallery.models import Photo, TaggerUsage, TaggingRun
from gallery.taggers import Terms, get_tagger, terms_of
from gallery.tests.factories import make_photo, make_run
from gallery.tests.taggers.stubs import ToldTagger
from gallery.tests.tagging.doing import perform, states

pytestmark = pytest.mark.django_db

LEASE = timedelta(seconds=60)


@pytest.fixture
def limited(told: ToldTagger, settings: Settings) -> Any:
    def limit(**terms: Any) -> None:
        settings.TAGGERS = {"told": settings.TAGGERS["told"] | terms}

    return limit


def test_tagger_at_its_limit_leaves_the_run_waiting(photo: Photo, limited: Any) -> None:
    limited(CONCURRENCY=1)
    busy = make_run(make_photo(), tagger="told")
    busy.claim(lease=LEASE)
    assert perform(photo).status == "queued"
    TaggingRun.objects.filter(pk=busy.pk).update(lease_expires_at=timezone.now())
    assert perform(photo).status == "complete", "a dead worker holds no turn"


def test_whoever_is_done_rings_for_the_next(photo: Photo, limited: Any) -> None:
    limited(CONCURRENCY=1)
    waiting = make_run(make_photo(), tagger="told")
    long_ago = timezone.now() - timedelta(hours=1)
    TaggingRun.objects.filter(pk=waiting.pk).update(rung_at=long_ago)
    perform(photo)
    waiting.refresh_from_db()
    assert waiting.rung_at > long_ago


def test_month_ends_at_its_limit_and_the_run_waits_for_the_next(photo: Photo, limited: Any) -> None:
    limited(MONTHLY_PHOTOS=1)
    assert perform(photo).status == "complete"
    run = perform(photo)
    assert (run.status, run.attempts) == ("failed", 0)
    assert "no more than 1 photos a month" in run.error
    assert run.retry_at is not None
    assert run.retry_at > timezone.now()
    assert run.retry_at.day == 1
    assert TaggerUsage.objects.get().photos == 1


@pytest.mark.parametrize(("month", "next_month"), [((2026, 12), (2027, 1)), ((2027, 1), (2027, 2))])
def test_next_month_begins_on_its_first_day(
    month: tuple[int, int], next_month: tuple[int, int]
) -> None:
    usage = TaggerUsage(tagger="told", month=datetime(*month, 1, tzinfo=UTC).date())
    assert usage.next_month == datetime(*next_month, 1, tzinfo=UTC)


def test_trust_lowers_what_a_tagger_says(photo: Photo, limited: Any) -> None:
    limited(TRUST=0.4)
    perform(photo)
    assert photo.photo_tags.get(tag__label="koala").confidence == pytest.approx(0.36)
    assert states(photo) == {"koala": "suggested", "dog": "suggested"}
    assert photo.tagging_runs.get().suggestions[0]["confidence"] == 0.9, "kept as it was said"


def test_tagger_that_is_gone_has_the_freest_terms(told: ToldTagger) -> None:
    assert terms_of("gone") == Terms()


@pytest.mark.parametrize(
    "wrong", [{"CONCURRENCY": 0}, {"CONCURRENCY": "2"}, {"MONTHLY_PHOTOS": -1}, {"TRUST": 7}]
)
def test_wrong_terms_are_refused_at_start_up(wrong: dict[str, Any], limited: Any) -> None:
    from gallery.checks import taggers_can_be_made

    limited(**wrong)
    [error] = taggers_can_be_made()
    assert error.id == "gallery.E001"


def test_run_keeps_its_taggers_options_without_credentials(
    photo: Photo, told: ToldTagger, settings: Settings
) -> None:
    stub = {"BACKEND": "gallery.tests.taggers.stubs.OptionalTagger"}
    options = {"language": "de", "key": "k-1234", "client_secret": "s-1234"}
    settings.TAGGERS = {"told": stub | {"OPTIONS": options}}
    assert get_tagger("told").model == "optional/1"
    assert perform(photo).options == {"language": "de"}


def test_run_notes_what_it_brought_and_took(photo: Photo, told: ToldTagger) -> None:
    assert perform(photo).added == ["koala"]
    told.says = {"dog": 0.8}
    run = perform(photo)
    assert (run.added, run.removed) == (["dog"], ["koala"])
