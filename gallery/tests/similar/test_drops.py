"""Pictures to search by: kept small, looked at by a worker, never sent away, soon forgotten."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from gallery import tasks
from gallery.imaging.errors import ImageError
from gallery.models import DroppedImage, Photo, User
from gallery.similar import drops
from gallery.taggers.base import Opinion, Tagger, TaggerError
from gallery.tests.factories import make_user
from gallery.tests.pictures import picture
from gallery.tests.similar.looks import EYES, features, make_seen

pytestmark = pytest.mark.django_db

HERE = "gallery.tests.similar.test_drops"


class SeeingTagger(Tagger):
    """Sees a photo of a kind; ``sends`` says where it would send a picture."""

    def __init__(self, *, model: str = EYES, kind: int = 0, sends: str = "") -> None:
        self._model, self._kind, self._sends = model, kind, sends

    @property
    def host(self) -> str:
        return self._sends

    def tag(self, image: Image.Image) -> Opinion:
        assert not self._sends, "no picture to search by leaves this machine"
        return Opinion(
            model="words/1",
            suggestions=(),
            features=features(self._kind).astype(np.float32),
            feature_model=self._model,
        )


class FailingTagger(Tagger):
    def __init__(self, *, error: type[Exception] = TaggerError) -> None:
        self._error = error

    def tag(self, image: Image.Image) -> Opinion:
        if self._error is TaggerError:
            raise TaggerError("The model is damaged.", permanent=True)
        raise self._error


@pytest.fixture
def eyes(settings: Settings) -> Settings:
    return use(settings, seeing={"BACKEND": f"{HERE}.SeeingTagger"})


def use(settings: Settings, **taggers: dict[str, object]) -> Settings:
    settings.TAGGERS, settings.DEFAULT_TAGGERS = taggers, list(taggers)
    return settings


@pytest.fixture
def person() -> User:
    return make_user("olga")


def dropped_by(person: User, content: bytes | None = None) -> DroppedImage:
    return drops.drop(person, ContentFile(content or picture(900, 600), "a.jpg"))


def looked_at(person: User) -> DroppedImage:
    dropped = dropped_by(person)
    drops.look(DroppedImage.objects.get(pk=dropped.pk))
    dropped.refresh_from_db()
    return dropped


def test_small_copy_is_kept_and_no_photo(person: User, eyes: Settings) -> None:
    dropped = dropped_by(person)
    assert dropped.pixels is not None
    with Image.open(BytesIO(bytes(dropped.pixels))) as image:
        assert min(image.size) == 384
        assert not image.getexif()
    assert dropped.thumbnail.startswith("data:image/webp;base64,")
    assert len(dropped.thumbnail) < 20_000
    assert not Photo.objects.exists()


def test_worker_notes_what_is_seen_and_takes_the_pixels_away(person: User, eyes: Settings) -> None:
    dropped = dropped_by(person)
    tasks.look_at_dropped_image.call(dropped.pk)
    dropped.refresh_from_db()
    assert dropped.embedding is not None
    assert bytes(dropped.embedding) == features(0).tobytes()
    assert (dropped.model, dropped.error, dropped.pixels) == (EYES, "", None)


def test_tagger_is_asked_whose_features_photos_have(person: User, settings: Settings) -> None:
    make_seen()
    use(
        settings,
        far={"BACKEND": f"{HERE}.SeeingTagger", "OPTIONS": {"sends": "models.example.org"}},
        file={"BACKEND": "gallery.taggers.keywords.KeywordTagger"},
        other={"BACKEND": f"{HERE}.SeeingTagger", "OPTIONS": {"model": "other eyes"}},
        seeing={"BACKEND": f"{HERE}.SeeingTagger"},
    )
    assert looked_at(person).model == EYES


def test_any_tagger_with_features_will_do_in_an_empty_library(
    person: User, settings: Settings
) -> None:
    use(
        settings,
        told={"BACKEND": "gallery.tests.taggers.stubs.ToldTagger"},
        other={"BACKEND": f"{HERE}.SeeingTagger", "OPTIONS": {"model": "other eyes"}},
    )
    assert looked_at(person).model == "other eyes"


def test_site_without_eyes_says_so_at_once(person: User, settings: Settings) -> None:
    use(settings, file={"BACKEND": "gallery.taggers.keywords.KeywordTagger"})
    with pytest.raises(drops.NoEyesError, match="cannot search by a picture"):
        dropped_by(person)


def test_taggers_that_give_no_features_say_so_later(person: User, settings: Settings) -> None:
    use(settings, told={"BACKEND": "gallery.tests.taggers.stubs.ToldTagger"})
    dropped = looked_at(person)
    assert "cannot search by a picture" in dropped.error
    assert dropped.pixels is None


def test_failure_of_the_tagger_is_told(person: User, settings: Settings) -> None:
    use(settings, failing={"BACKEND": f"{HERE}.FailingTagger"})
    assert looked_at(person).error == "The model is damaged."


def test_unexpected_failure_leaves_no_pixels_and_is_raised(
    person: User, settings: Settings
) -> None:
    use(settings, failing={"BACKEND": f"{HERE}.FailingTagger", "OPTIONS": {"error": MemoryError}})
    dropped = dropped_by(person)
    with pytest.raises(MemoryError):
        drops.look(dropped)
    dropped.refresh_from_db()
    assert (dropped.pixels, dropped.error) == (None, drops.BROKE_OFF)


def test_picture_forgotten_meanwhile_does_not_come_back(person: User, eyes: Settings) -> None:
    dropped = dropped_by(person)
    held = DroppedImage.objects.get(pk=dropped.pk)
    dropped.delete()
    drops.look(held)
    assert not DroppedImage.objects.exists()


@pytest.mark.parametrize("content", [b"no picture", b"\xff\xd8\xff cut short", b"GIF89a"])
def test_what_is_no_picture_is_refused(content: bytes, person: User, eyes: Settings) -> None:
    with pytest.raises(ImageError):
        dropped_by(person, content)
    assert not DroppedImage.objects.exists()


@pytest.mark.parametrize(("limit", "most"), [("MAX_PIXELS", 10_000), ("MAX_UPLOAD_BYTES", 100)])
def test_pictures_with_too_many_pixels_or_bytes_are_refused(
    limit: str, most: int, person: User, eyes: Settings
) -> None:
    setattr(eyes, limit, most)
    with pytest.raises(ImageError, match="are accepted"):
        dropped_by(person)


@pytest.mark.django_db(transaction=True)
def test_bell_is_rung_at_once_and_again_when_nobody_hears(
    person: User, eyes: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(
        "gallery.signals.tasks.look_at_dropped_image",
        type("Bell", (), {"enqueue": staticmethod(rung.append)}),
    )
    dropped = dropped_by(person)
    assert (rung, drops.sweep()) == ([dropped.pk], 0)
    DroppedImage.objects.update(created_at=timezone.now() - 2 * drops.PATIENCE)
    assert (drops.sweep(), rung) == (1, [dropped.pk, dropped.pk])
    drops.look(DroppedImage.objects.get())
    assert drops.sweep() == 0


def test_housekeeping_forgets_pictures_after_a_day(person: User, eyes: Settings) -> None:
    old, fresh = dropped_by(person), dropped_by(person)
    DroppedImage.objects.filter(pk=old.pk).update(
        created_at=timezone.now() - drops.KEPT_FOR - timedelta(minutes=1)
    )
    call_command("housekeeping")
    assert list(DroppedImage.objects.all()) == [fresh]


def test_bundled_tagger_sees_in_a_picture_what_it_sees_in_the_photo(person: User) -> None:
    from gallery import ingest, tagging
    from gallery.similar import likest

    content = picture(900, 600, seed=3)
    photo = ingest.add_photo(owner=person, file=ContentFile(content, "a.jpg"))
    tagging.perform(photo.tagging_runs.get())
    dropped = dropped_by(person, content)
    drops.look(dropped)
    [near] = likest(dropped.token, person)
    assert (near.photo, round(near.likeness, 2)) == (photo.pk, 1.0)
