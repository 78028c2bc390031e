"""Several requests store under one name at the very same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from gallery.assets import storing
from gallery.assets.storing import Draft, Stored
from gallery.models import Asset, Cloud, Photo, Rendition
from gallery.tests.factories import make_cloud
from gallery.tests.pictures import picture

pytestmark = pytest.mark.django_db(transaction=True)

TOGETHER = 4


def store_together(cloud: Cloud, *, overwrite: bool) -> list[Stored]:
    start = Barrier(TOGETHER)

    def store(seed: int) -> Stored:
        file = SimpleUploadedFile("a.jpg", picture(seed=seed))
        draft = Draft(public_id="a/b", tags=(f"tag{seed}",), overwrite=overwrite)
        start.wait()
        try:
            return storing.store(cloud, file=file, draft=draft)
        finally:
            connection.close()

    with ThreadPoolExecutor(TOGETHER) as threads:
        return list(threads.map(store, range(TOGETHER)))


@pytest.mark.parametrize("overwrite", [True, False])
def test_one_wins_and_nothing_is_left_over(own_media: Path, overwrite: bool) -> None:
    cloud = make_cloud()
    stored = store_together(cloud, overwrite=overwrite)
    asset = Asset.objects.get()
    assert {one.asset.pk for one in stored} == {asset.pk}
    assert sum(one.existing or one.overwritten for one in stored) == TOGETHER - 1
    photo = Photo.objects.get()
    assert asset.photo == photo
    files = [path for path in own_media.rglob("*") if path.is_file()]
    assert len(files) == 1 + Rendition.objects.filter(photo=photo).count()
    with photo.file.open("rb") as file:
        content = file.read()
    winner = next(seed for seed in range(TOGETHER) if picture(seed=seed) == content)
    assert [row.tag.label for row in photo.photo_tags.all()] == [f"tag{winner}"]
