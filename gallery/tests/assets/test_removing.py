"""Assets go with their files, leave a mark where they have backups, and come back."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from gallery.assets import labels, removing, storing
from gallery.assets.removing import Counts, NoBackupError
from gallery.assets.storing import Draft
from gallery.models import Asset, AssetVersion, Cloud, Derived, Photo, Visibility
from gallery.tests.assets.stored import make_stored
from gallery.tests.factories import make_asset, make_cloud
from gallery.tests.pictures import picture

pytestmark = pytest.mark.django_db


def upload(cloud: Cloud, public_id: str = "beach", *, seed: int = 0, **said: Any) -> Asset:
    file = ContentFile(picture(seed=seed), name="beach.jpg")
    return storing.store(cloud, file=file, draft=Draft(public_id=public_id, **said)).asset


def derive(asset: Asset, transformation: str = "w_10") -> Derived:
    derived = Derived(
        asset=asset,
        key=f"{asset.pk}{transformation}"[:64],
        transformation=transformation,
        format="jpg",
        content_type="image/jpeg",
        width=10,
        height=8,
        size_bytes=5,
        etag="0" * 32,
    )
    derived.file.save("derived.jpg", ContentFile(b"12345"))
    return derived


def test_deleting_takes_rows_and_on_commit_all_files(
    django_capture_on_commit_callbacks: Any,
) -> None:
    asset = upload(make_cloud())
    derived = derive(asset)
    files = [str(asset.stored.name), str(derived.file.name)]
    with django_capture_on_commit_callbacks() as callbacks:
        assert removing.delete(asset) == Counts(original=1, derived=1)
    assert not Asset.objects.exists()
    assert not Photo.objects.exists()
    assert all(default_storage.exists(name) for name in files)
    for callback in callbacks:
        callback()
    assert not any(default_storage.exists(name) for name in files)


def test_a_raw_file_goes_too(django_capture_on_commit_callbacks: Any) -> None:
    file = ContentFile(b"hello", name="notes.txt")
    draft = Draft(public_id="notes.txt", resource_type="raw")
    asset = storing.store(make_cloud(), file=file, draft=draft).asset
    name = asset.stored.name
    assert name
    assert default_storage.exists(name)
    with django_capture_on_commit_callbacks(execute=True):
        removing.delete(asset)
    assert not default_storage.exists(name)


def test_the_original_may_stay() -> None:
    asset = upload(make_cloud())
    derive(asset)
    assert removing.delete(asset, keep_original=True) == Counts(original=0, derived=1)
    assert Photo.objects.count() == 1


def test_only_some_pictures_go() -> None:
    asset = upload(make_cloud())
    derive(asset, "w_10")
    kept = derive(asset, "w_20")
    counts = removing.delete_all([asset], transformations=["w_10"])
    assert counts == {asset.pk: Counts(original=0, derived=1)}
    assert list(Derived.objects.all()) == [kept]


def test_deleting_twice_counts_once() -> None:
    asset = upload(make_cloud())
    removing.delete(asset)
    assert removing.delete_all([asset]) == {}


def test_with_a_backup_a_mark_stays_and_everything_comes_back(
    django_capture_on_commit_callbacks: Any,
) -> None:
    cloud = make_cloud()
    asset = upload(cloud, tags=("sea", "!!"), context={"caption": "A beach"}, keeps_backups=True)
    with django_capture_on_commit_callbacks(execute=True):
        removing.delete(asset)
    mark = Asset.objects.get(pk=asset.pk)
    assert mark.photo is None
    assert mark.size_bytes == 0
    assert not Asset.objects.of(cloud).exists()
    assert not Photo.objects.exists()
    restored = removing.restore(mark)
    assert restored.size_bytes == len(picture())
    assert restored.deleted_at is None
    assert restored.version_id == asset.version_id
    assert restored.created_at == asset.created_at
    assert labels.tags_of([restored])[asset.pk] == ["!!", "sea"]
    assert labels.context_of([restored])[asset.pk] == {"caption": "A beach"}
    assert restored.photo is not None
    assert restored.photo.is_public


def test_a_former_version_comes_back_and_the_current_one_is_kept() -> None:
    cloud = make_cloud()
    first = upload(cloud, keeps_backups=True)
    second = upload(cloud, seed=3)
    assert first.pk == second.pk
    restored = removing.restore(Asset.objects.get(), first.version_id)
    assert restored.etag == first.etag
    assert restored.version > second.version
    restored = removing.restore(restored, second.version_id)
    assert restored.etag == second.etag
    assert AssetVersion.objects.count() == 2


def test_what_was_rejected_comes_back_hidden() -> None:
    asset = upload(make_cloud(), keeps_backups=True)
    Asset.objects.update(moderation_kind="manual", moderation_status="rejected")
    removing.delete(asset)
    restored = removing.restore(Asset.objects.get())
    assert restored.photo is not None
    assert not restored.photo.is_public


@pytest.mark.parametrize("version_id", [None, "", "0" * 32, "x" * 5000])
def test_without_a_backup_there_is_nothing_to_restore(version_id: str | None) -> None:
    with pytest.raises(NoBackupError):
        removing.restore(make_asset(), version_id)


def test_a_photo_deleted_on_a_page_takes_its_asset_along() -> None:
    asset = upload(make_cloud())
    derive(asset)
    assert asset.photo is not None
    asset.photo.delete()
    assert not Asset.objects.exists()
    assert not Derived.objects.exists()


def test_a_photo_deleted_on_a_page_leaves_a_mark_where_there_are_backups() -> None:
    asset = upload(make_cloud(), tags=("sea",), keeps_backups=True)
    Photo.objects.all().delete()
    assert removing.restore(Asset.objects.get(pk=asset.pk)).photo is not None


def test_an_owner_goes_with_the_whole_cloud(django_capture_on_commit_callbacks: Any) -> None:
    cloud = make_cloud()
    asset = upload(cloud, keeps_backups=True)
    files = [asset.stored, AssetVersion.objects.get().file, derive(asset).file]
    with django_capture_on_commit_callbacks(execute=True):
        cloud.owner.delete()
    assert not Asset.objects.exists()
    assert not AssetVersion.objects.exists()
    assert not any(default_storage.exists(str(file.name)) for file in files)


def test_a_lost_file_does_not_keep_an_asset_from_going() -> None:
    asset = upload(make_cloud())
    default_storage.delete(str(asset.stored.name))
    Asset.objects.update(keeps_backups=True)
    assert removing.delete(asset).original == 1
    assert not Asset.objects.exists()


def test_the_last_backup_of_a_deleted_asset_takes_it_away(
    django_capture_on_commit_callbacks: Any,
) -> None:
    asset = upload(make_cloud(), keeps_backups=True)
    backup = AssetVersion.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        assert removing.delete_backups(asset, ["nothing"]) == []
        removing.delete(asset)
        mark = Asset.objects.get()
        assert removing.delete_backups(mark, [backup.version_id]) == [backup.version_id]
    assert not Asset.objects.exists()
    assert not default_storage.exists(str(backup.file.name))


def test_pictures_are_deleted_in_their_own_cloud_alone() -> None:
    derived = derive(upload(make_cloud()))
    assert removing.delete_derived(make_cloud(), [derived.derived_id]) == {}
    assert removing.delete_derived(derived.asset.cloud, [derived.derived_id])
    assert not Derived.objects.exists()


def test_a_photo_that_was_hidden_comes_back_hidden() -> None:
    asset = upload(make_cloud(), keeps_backups=True)
    Photo.objects.filter(asset=asset).set_visibility(Visibility.PRIVATE)
    removing.delete(Asset.objects.get(pk=asset.pk))
    restored = removing.restore(Asset.objects.get(pk=asset.pk))
    assert not Photo.objects.public().filter(asset=restored).exists()
    removing.delete(upload(make_cloud(), keeps_backups=True))
    seen = removing.restore(Asset.objects.get(deleted_at__isnull=False))
    assert Photo.objects.public().filter(asset=seen).exists()


def test_a_photo_of_the_browser_is_one_again_when_it_is_restored() -> None:
    asset = make_stored(keeps_backups=True)
    Photo.objects.update(may_repeat=False)
    asset.refresh_from_db()
    removing.back_up(asset)
    removing.delete(asset)
    asset.refresh_from_db()
    removing.restore(asset)
    assert not Photo.objects.get().may_repeat
