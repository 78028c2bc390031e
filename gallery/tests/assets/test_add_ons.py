"""Programs ask for tags by the name of a service: what they get, and what becomes of the photo."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import DjangoAssertNumQueries, Settings

from gallery import ingest, tagging, thresholds
from gallery.assets import add_ons, labels
from gallery.assets.errors import InvalidError
from gallery.models import (
    Asset,
    AssetTag,
    Notification,
    Photo,
    PhotoTag,
    Tag,
    TaggingRun,
    TagState,
)
from gallery.models.photos import TaggingChoice
from gallery.taggers import get_tagger
from gallery.taggers.base import TaggerError
from gallery.tags import add_alias
from gallery.tests.factories import make_asset, make_cloud, make_photo, make_run, make_tag
from gallery.tests.pictures import uploaded
from gallery.tests.taggers.stubs import GatedTagger, ToldTagger

pytestmark = pytest.mark.django_db

SAID = {"meadow": 0.5475, "grass": 0.4414, "field": 0.4121, "sky": 0.394}


@pytest.fixture(autouse=True)
def offered(told: ToldTagger, settings: Settings) -> ToldTagger:
    settings.ADD_ONS = {"imagga_tagging": "told", "google_tagging": "told", "gone": "no-more"}
    told.says = SAID
    return told


@pytest.fixture
def asset() -> Asset:
    return make_picture()


def make_picture() -> Asset:
    cloud = make_cloud()
    choice = TaggingChoice(taggers=())
    photo = ingest.add_photo(owner=cloud.owner, file=uploaded(), tagging=choice)
    return make_asset(cloud, photo=photo)


def ask(asset: Asset, threshold: float | None = 0.4, *names: str, **how: Any) -> dict[str, Any]:
    add_ons.request(asset, names or ["imagga_tagging"], threshold, **how)
    return blocks(asset)


def blocks(asset: Asset) -> dict[str, Any]:
    blocks: dict[str, Any] = add_ons.info_of([asset])[asset.pk]["categorization"]
    return blocks


def tags(asset: Asset) -> list[str]:
    return labels.tags_of([asset])[asset.pk]


def photo_of(asset: Asset) -> Photo:
    assert asset.photo is not None
    return asset.photo


# --- What may be asked for --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("imagga_tagging", ("imagga_tagging",)),
        (" google_tagging , imagga_tagging,google_tagging", ("google_tagging", "imagga_tagging")),
        (["imagga_tagging", "google_tagging"], ("imagga_tagging", "google_tagging")),
        ("", ()),
        (" ,, ", ()),
        ([], ()),
    ],
)
def test_names_come_as_a_list_or_with_commas(asked: Any, names: tuple[str, ...]) -> None:
    assert add_ons.known(asked) == names


@pytest.mark.parametrize(
    "asked",
    [
        "nonsense",
        "imagga_tagging,nonsense",
        "gone",
        "told",
        ["imagga_tagging", 7],
        "a\0b",
        "x" * 9999,
    ],
)
def test_unknown_name_and_one_that_no_tagger_answers_to_are_refused(asked: Any) -> None:
    with pytest.raises(add_ons.UnknownAddOnError, match="is not valid") as refused:
        add_ons.known(asked)
    assert refused.value.add_on
    assert len(str(refused.value)) < 150


@pytest.mark.parametrize(
    ("value", "threshold"),
    [("0.4", 0.4), (0.4, 0.4), (1, 1.0), ("0", 0.0), ("1e-2", 0.01), (None, None), ("", None)],
)
def test_threshold_is_a_share_as_text_or_number(value: object, threshold: float | None) -> None:
    assert add_ons.threshold_of(value) == threshold


@pytest.mark.parametrize(
    "value",
    ["1.1", "-0.1", "nan", "inf", "0,4", "much", "0_4", "\u0660", True, [], {}, 40, math.nan,
     10**400, "9" * 5000],
)  # fmt: skip
def test_threshold_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(InvalidError, match="auto_tagging"):
        add_ons.threshold_of(value)


# --- Answers and tags -------------------------------------------------------------------------


def test_what_exceeds_the_threshold_becomes_a_tag_and_all_is_told(asset: Asset) -> None:
    block = ask(asset, 0.4)["imagga_tagging"]
    assert tags(asset) == ["field", "grass", "meadow"]
    assert block == {
        "status": "complete",
        "data": [{"tag": tag, "confidence": sure} for tag, sure in SAID.items()],
    }


def test_what_equals_the_threshold_becomes_none(asset: Asset) -> None:
    ask(asset, 0.4414)
    assert tags(asset) == ["meadow"]


def test_without_a_threshold_nothing_is_tagged(asset: Asset, told: ToldTagger) -> None:
    told.says = {"certain": 1.0}
    assert ask(asset, None)["imagga_tagging"]["data"] == [{"tag": "certain", "confidence": 1.0}]
    assert not PhotoTag.objects.exists()


def test_confidences_have_four_decimals_and_fall(asset: Asset, told: ToldTagger) -> None:
    told.says = {"low": 0.123456, "high": 1 / 3}
    assert [one["confidence"] for one in ask(asset)["imagga_tagging"]["data"]] == [0.3333, 0.1235]


def test_nothing_seen_is_complete_too(asset: Asset, told: ToldTagger) -> None:
    told.says = {}
    assert ask(asset) == {"imagga_tagging": {"status": "complete", "data": []}}


def test_tags_that_are_there_stay(asset: Asset) -> None:
    labels.add_tags([asset], ["Holiday", "grass"])
    ask(asset)
    assert tags(asset) == ["Holiday", "field", "grass", "meadow"]


def test_trust_and_tags_own_threshold_are_for_pages_alone(asset: Asset, settings: Settings) -> None:
    settings.TAGGERS = {"told": settings.TAGGERS["told"] | {"TRUST": 0.1}}
    distrusted = get_tagger("told")
    assert isinstance(distrusted, ToldTagger)
    distrusted.says = SAID
    make_tag("grass")
    Tag.objects.update(threshold=0.99)
    ask(asset)
    assert tags(asset) == ["field", "grass", "meadow"]


def test_two_add_ons_of_one_tagger_share_its_answer(asset: Asset, told: ToldTagger) -> None:
    answer = ask(asset, 0.5, "google_tagging", "imagga_tagging")
    assert answer["google_tagging"] == answer["imagga_tagging"]
    assert answer["google_tagging"]["status"] == "complete"
    assert told.looks == 1
    assert tags(asset) == ["meadow"]


def test_asking_again_replaces_the_block_and_adds_tags(asset: Asset, told: ToldTagger) -> None:
    ask(asset, 0.5)
    told.says = {"koala": 0.9}
    assert [one["tag"] for one in ask(asset, 0.5)["imagga_tagging"]["data"]] == ["koala"]
    assert tags(asset) == ["koala", "meadow"]


def test_words_for_one_and_the_same_tag_all_arrive(asset: Asset, told: ToldTagger) -> None:
    add_alias(make_tag("car"), "automobile")
    told.says = {"Automobile": 0.9, "car": 0.8, "CAR": 0.7, "+": 0.6, "++": 0.1}
    ask(asset)
    assert tags(asset) == ["+", "Automobile", "car"]
    assert photo_of(asset).photo_tags.get().tag.label == "car"
    assert set(AssetTag.objects.values_list("name", flat=True)) == {"+", "car"}


def test_word_of_a_rejected_tag_does_not_come_in_by_another_name(
    asset: Asset, told: ToldTagger
) -> None:
    add_alias(make_tag("car"), "automobile")
    tagging.mark(photo_of(asset), make_tag("car"), shows=False)
    told.says = {"automobile": 0.9}
    ask(asset)
    assert tags(asset) == []


def test_file_that_is_no_picture_is_not_asked_about() -> None:
    raw = make_asset(resource_type="raw")
    add_ons.request(raw, ["imagga_tagging"], 0.4)
    assert not TaggingRun.objects.exists()
    assert add_ons.info_of([raw]) == {}


def test_bad_notification_address_is_refused_before_anybody_is_asked(asset: Asset) -> None:
    with pytest.raises(InvalidError):
        ask(asset, 0.4, notification_url="javascript:alert(1)")
    assert not TaggingRun.objects.exists()


def test_info_of_a_page_costs_one_statement(
    asset: Asset, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    page = [asset, *(make_asset(asset.cloud) for _ in range(9))]
    for one in page:
        for name in ("imagga_tagging", "google_tagging"):
            make_run(photo_of(one), add_on=name, status="complete", suggestions={"sky": 0.5})
    with django_assert_num_queries(1):
        info = add_ons.info_of(page)
    assert len(info) == 10
    assert set(info[asset.pk]["categorization"]) == {"google_tagging", "imagga_tagging"}


# --- Failures ---------------------------------------------------------------------------------


@pytest.mark.parametrize("permanent", [True, False])
def test_failing_provider_is_told_in_its_block(
    permanent: bool, asset: Asset, told: ToldTagger
) -> None:
    told.says = TaggerError("timed out", permanent=permanent)
    failed = {"status": "failed", "error": {"message": "timed out"}}
    answer = ask(asset, 0.4, "google_tagging", "imagga_tagging")
    assert answer == {"google_tagging": failed, "imagga_tagging": failed}
    assert not TaggingRun.objects.filter(retry_at__isnull=False).exists(), "it was told for good"
    assert tagging.sweep() == 0
    assert not Notification.objects.exists()


def test_unexpected_error_is_logged_and_told(
    asset: Asset, told: ToldTagger, caplog: pytest.LogCaptureFixture
) -> None:
    told.says = ZeroDivisionError("secret detail")
    block = ask(asset)["imagga_tagging"]
    assert block["status"] == "failed"
    assert "secret" not in block["error"]["message"]
    assert "ZeroDivisionError" in caplog.text


def test_tagger_with_its_hands_full_leaves_it_pending_to_workers(
    asset: Asset, settings: Settings, django_capture_on_commit_callbacks: Any
) -> None:
    settings.TAGGERS = {"told": settings.TAGGERS["told"] | {"CONCURRENCY": 1}}
    make_run(make_photo(), tagger="told").claim(lease=timedelta(minutes=1))
    DBTaskResult.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        answer = ask(asset, notification_url="https://example.org/hook")
    assert answer == {"imagga_tagging": {"status": "pending"}}
    assert DBTaskResult.objects.count() == 1, "a worker is rung for"


def test_used_up_month_is_a_failure(asset: Asset, settings: Settings) -> None:
    settings.TAGGERS = {"told": settings.TAGGERS["told"] | {"MONTHLY_PHOTOS": 1}}
    assert ask(asset)["imagga_tagging"]["status"] == "complete"
    assert "photos a month" in ask(asset)["imagga_tagging"]["error"]["message"]
    usage = add_ons.usage_of(asset.cloud)
    assert usage["imagga_tagging"] == {"usage": 1, "limit": 1}
    assert usage["google_tagging"] == {"usage": 0, "limit": 1}
    assert "gone" not in usage


def test_usage_counts_this_month_of_this_cloud(asset: Asset) -> None:
    ask(asset, 0.4, "imagga_tagging", "google_tagging")
    ask(asset)
    long_ago = timezone.now() - timedelta(days=40)
    TaggingRun.objects.filter(pk=TaggingRun.objects.latest("pk").pk).update(created_at=long_ago)
    assert add_ons.usage_of(asset.cloud)["imagga_tagging"]["usage"] == 1
    assert add_ons.usage_of(make_cloud())["imagga_tagging"]["usage"] == 0


# --- Not within the request -------------------------------------------------------------------


def test_asked_not_to_wait_it_is_pending_until_a_worker_is_done(asset: Asset) -> None:
    answer = ask(asset, wait=False, notification_url="https://example.org/a https://example.org/b")
    assert answer == {"imagga_tagging": {"status": "pending"}}
    tagging.perform(TaggingRun.objects.get())
    assert blocks(asset)["imagga_tagging"]["status"] == "complete"
    assert tags(asset) == ["field", "grass", "meadow"]
    told = [json.loads(row.body) for row in Notification.objects.order_by("url")]
    assert [row.url for row in Notification.objects.order_by("url")] == [
        "https://example.org/a",
        "https://example.org/b",
    ]
    news = told[0]
    assert news["notification_type"] == "info"
    assert (news["info_kind"], news["info_status"]) == ("imagga_tagging", "complete")
    assert news["info_data"][0] == {"tag": "meadow", "confidence": 0.5475}
    assert (news["public_id"], news["asset_id"]) == (asset.public_id, asset.asset_id)
    assert (news["resource_type"], news["type"], news["version"]) == ("image", "upload", 1)
    assert news["uploaded_at"].endswith("Z")


def test_retried_run_is_pending_and_announced_once_it_has_failed_for_good(
    asset: Asset, told: ToldTagger, settings: Settings
) -> None:
    settings.TAGGING_ATTEMPTS = 2
    told.says = TaggerError("timed out", permanent=False)
    ask(asset, wait=False, notification_url="https://example.org/hook")
    tagging.perform(TaggingRun.objects.get())
    assert blocks(asset) == {"imagga_tagging": {"status": "pending"}}
    assert not Notification.objects.exists()
    TaggingRun.objects.update(retry_at=timezone.now())
    tagging.sweep()
    tagging.perform(TaggingRun.objects.get())
    assert blocks(asset)["imagga_tagging"]["status"] == "failed"
    assert json.loads(Notification.objects.get().body)["info_status"] == "failed"


def test_answer_within_the_request_is_announced_to_nobody(asset: Asset) -> None:
    ask(asset, notification_url="https://example.org/hook")
    assert not Notification.objects.exists()


def test_request_killed_before_it_asked_is_finished_by_the_sweep(asset: Asset) -> None:
    [run] = add_ons._draft(asset, ["imagga_tagging"], 0.4)
    run.is_awaited = True
    run.save()
    assert tagging.sweep() == 0, "it is being waited for"
    TaggingRun.objects.update(rung_at=timezone.now() - timedelta(minutes=2))
    assert tagging.sweep() == 1
    tagging.perform(TaggingRun.objects.get())
    assert tags(asset) == ["field", "grass", "meadow"]


def test_request_killed_while_it_asked_is_finished_by_the_sweep(asset: Asset) -> None:
    [run] = add_ons._draft(asset, ["imagga_tagging"], 0.4)
    run.is_awaited = True
    run.save()
    assert run.claim(lease=timedelta(seconds=-1))
    assert blocks(asset) == {"imagga_tagging": {"status": "pending"}}
    assert tagging.sweep() == 1
    tagging.perform(TaggingRun.objects.get())
    assert blocks(asset)["imagga_tagging"]["status"] == "complete"


@pytest.fixture
def gate(settings: Settings) -> Iterator[GatedTagger]:
    settings.TAGGERS = {"told": {"BACKEND": "gallery.tests.taggers.stubs.GatedTagger"}}
    tagger = get_tagger("told")
    assert isinstance(tagger, GatedTagger)
    tagger.says = SAID
    yield tagger
    tagger.gate.set()
    finish_threads()


def finish_threads() -> None:
    add_ons._pool().shutdown()
    add_ons._pool.cache_clear()


@pytest.mark.django_db(transaction=True)
def test_answer_in_time_is_waited_for(gate: GatedTagger, settings: Settings) -> None:
    settings.ADD_ON_DEADLINE_S = 60.0
    gate.gate.set()
    asset = make_picture()
    answer = ask(asset, 0.5, "imagga_tagging", "google_tagging")
    assert {one["status"] for one in answer.values()} == {"complete"}
    assert tags(asset) == ["meadow"]


@pytest.mark.django_db(transaction=True)
def test_after_the_deadline_it_goes_on_and_is_announced(
    gate: GatedTagger, settings: Settings
) -> None:
    settings.ADD_ON_DEADLINE_S = 0.05
    asset = make_picture()
    answer = ask(asset, notification_url="https://example.org/hook")
    assert answer == {"imagga_tagging": {"status": "pending"}}
    assert tags(asset) == []
    gate.gate.set()
    finish_threads()
    run = TaggingRun.objects.get()
    if run.status == "queued":  # the deadline came before its thread; a worker was rung for
        assert run.task_id
        tagging.perform(run)
    assert blocks(asset)["imagga_tagging"]["status"] == "complete"
    assert tags(asset) == ["field", "grass", "meadow"]
    assert Notification.objects.get().url == "https://example.org/hook"


@pytest.mark.django_db(transaction=True)
def test_run_that_a_worker_has_is_waited_for(
    gate: GatedTagger, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ADD_ON_DEADLINE_S = 60.0
    gate.gate.set()
    asset = make_picture()

    def worker_is_first(self: TaggingRun, *, lease: timedelta) -> bool:
        monkeypatch.undo()
        tagging.perform(TaggingRun.objects.get(pk=self.pk))
        return False

    monkeypatch.setattr(TaggingRun, "claim", worker_is_first)
    assert ask(asset)["imagga_tagging"]["status"] == "complete"


# --- What people do then ----------------------------------------------------------------------


def test_rejected_by_a_person_stays_rejected(asset: Asset) -> None:
    ask(asset)
    photo = photo_of(asset)
    tagging.reject(photo.photo_tags.get(tag__label="grass"))
    ask(asset)
    assert tags(asset) == ["field", "meadow"]
    assert photo.photo_tags.get(tag__label="grass").state == TagState.REJECTED
    tagging.undo(photo.photo_tags.get(tag__label="grass"))
    assert tags(asset) == ["field", "grass", "meadow"]


def test_removed_through_the_api_it_comes_back_only_when_asked_for(asset: Asset) -> None:
    ask(asset)
    labels.remove_tags([asset], ["grass"])
    tagging.settle(photo_of(asset))
    assert tags(asset) == ["field", "meadow"]
    assert [one["tag"] for one in blocks(asset)["imagga_tagging"]["data"]] == list(SAID)
    ask(asset)
    assert tags(asset) == ["field", "grass", "meadow"]


def test_tagging_again_in_the_browser_keeps_what_programs_asked_for(
    asset: Asset, told: ToldTagger
) -> None:
    ask(asset)
    photo = photo_of(asset)
    told.says = {"koala": 0.9, "grass": 0.1, "dog": 0.2}
    [run] = tagging.request_again(photo, by=photo.owner)
    tagging.perform(run)
    assert tags(asset) == ["field", "grass", "koala", "meadow"]
    assert photo.photo_tags.get(tag__label="grass").confidence == 0.4414
    assert photo.photo_tags.get(tag__label="dog").state == TagState.SUGGESTED


def test_other_threshold_in_the_browser_moves_nothing_that_programs_asked_for(
    asset: Asset,
) -> None:
    ask(asset)
    photo = photo_of(asset)
    photos = Photo.objects.filter(pk=photo.pk)
    assert thresholds.preview(photos, 0.9).go_count == 0
    thresholds.apply(photos, 0.9)
    assert tags(asset) == ["field", "grass", "meadow"]
    assert TaggingRun.objects.get().threshold == 0.4
    thresholds.override(photo.photo_tags.get(tag__label="grass").tag, 0.99)
    assert tags(asset) == ["field", "grass", "meadow"]
    assert tagging.thresholds_of([photo.pk]) == {photo.pk: photo.owner.threshold}


# --- Uploads beside add-ons -------------------------------------------------------------------


def first_runs(choice: TaggingChoice) -> list[tuple[str, bool]]:
    cloud = make_cloud()
    photo = ingest.add_photo(owner=cloud.owner, file=uploaded(), tagging=choice)
    return list(photo.tagging_runs.values_list("tagger", "counts"))


def test_upload_that_asks_for_nothing_is_only_looked_at(settings: Settings) -> None:
    settings.TAGGERS |= {"bundled": {"BACKEND": "gallery.taggers.embedded.EmbeddedTagger"}}
    settings.DEFAULT_TAGGERS = ["told", "bundled"]
    cloud = make_cloud()
    assert first_runs(add_ons.choice_for(cloud)) == [("bundled", False)]
    assert first_runs(add_ons.choice_for(cloud, ["imagga_tagging"])) == [("bundled", False)]
    settings.ADD_ONS = {"imagga_tagging": "bundled"}
    assert first_runs(add_ons.choice_for(cloud, ["imagga_tagging"])) == []


def test_cloud_may_have_all_uploads_tagged() -> None:
    assert first_runs(add_ons.choice_for(make_cloud(tags_uploads=True))) == [("told", True)]


def test_look_brings_no_tags(asset: Asset) -> None:
    photo = photo_of(asset)
    tagging.perform(tagging.request_run(photo, tagger="told", threshold=0.1, counts=False))
    assert tags(asset) == []
    assert tagging.state_of(photo.tagging_runs.all()) is None


def test_picture_in_anothers_place_starts_anew(asset: Asset) -> None:
    ask(asset)
    add_ons.forget(asset)
    assert add_ons.info_of([asset]) == {}
    assert tags(asset) == []
