"""Tags renamed and merged."""

from __future__ import annotations

import pytest

from gallery import acts, tags
from gallery.models import Photo, Tag, User
from gallery.tests.factories import make_photo, make_tag

pytestmark = pytest.mark.django_db


def test_renamed_tag_is_found_by_both_names(olga: User) -> None:
    tag = make_tag("sea side")
    acts.rename_tag(tag, "Seaside", by=olga)
    tag.refresh_from_db()
    assert (tag.slug, tag.label) == ("seaside", "Seaside")
    assert Tag.objects.named("sea side").get() == tag


def test_renamed_back_the_first_name_is_its_own_again(olga: User) -> None:
    tag = make_tag("dog")
    acts.rename_tag(tag, "hound", by=olga)
    acts.rename_tag(tag, "dog", by=olga)
    tag.refresh_from_db()
    assert tag.slug == "dog"
    assert [alias.slug for alias in tag.aliases.all()] == ["hound"]


@pytest.mark.parametrize("taken", ["cat", "Cat ", "kitty"])
def test_name_of_another_tag_is_refused(taken: str, olga: User) -> None:
    tag, cat = make_tag("dog"), make_tag("cat")
    tags.add_alias(cat, "kitty")
    with pytest.raises(acts.NameTakenError, match="merge the two instead"):
        acts.rename_tag(tag, taken, by=olga)


def test_only_the_spelling_changes(olga: User) -> None:
    tag = make_tag("rex")
    acts.rename_tag(tag, "Rex", by=olga)
    tag.refresh_from_db()
    assert tag.label == "Rex"
    assert not tag.aliases.exists()


def test_renamed_tag_keeps_its_place_when_the_vocabulary_comes_in_anew(olga: User) -> None:
    tags.sync_vocabulary()
    acts.rename_tag(Tag.objects.get(slug="koala"), "koala bear", by=olga)
    tags.sync_vocabulary()
    photo = make_photo(tags={"koala bear": 0.9})
    assert photo in Photo.objects.tagged(Tag.objects.named("animal"))
    assert not Tag.objects.filter(slug="koala").exists()


def test_undoing_what_was_renamed_since_is_refused(olga: User) -> None:
    tag = make_tag("dog")
    first = acts.rename_tag(tag, "hound", by=olga)
    acts.rename_tag(tag, "doggo", by=olga)
    with pytest.raises(acts.TagsChangedError, match="Undo that first"):
        acts.undo(first)
    first.refresh_from_db()
    assert first.status == "applied"


def test_undone_merge_gives_later_photos_what_their_taggers_said(olga: User) -> None:
    from django.utils import timezone

    from gallery import tagging
    from gallery.models import TaggingRun
    from gallery.tests.factories import make_run

    hound, dog = make_tag("hound"), make_tag("dog")
    act = acts.merge_tags([hound], into=dog, by=olga)
    photo = make_photo(olga)
    run = make_run(photo, suggestions={"hound": 0.9})
    TaggingRun.objects.filter(pk=run.pk).update(status="complete", finished_at=timezone.now())
    tagging.settle(photo)
    assert photo.photo_tags.get().tag == dog
    acts.undo(act)
    assert photo.photo_tags.get().tag.label == "hound"
