"""The operator's desk."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gallery import acts, following, review
from gallery.interests import choices
from gallery.models import (
    Block,
    BulkAct,
    Interest,
    Photo,
    Profile,
    Tag,
    TaggingRun,
    TaughtTag,
    User,
)
from gallery.tests.factories import make_photo, make_run, make_tag, make_user
from gallery.tests.pictures import picture, uploaded

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client: Client) -> User:
    user = User.objects.create_superuser("root")
    client.force_login(user)
    return user


def act(client: Client, model: str, action: str, *rows: object, **more: str) -> str:
    chosen = [str(row.pk) for row in rows]  # type: ignore[attr-defined]
    answer = client.post(
        reverse(f"admin:gallery_{model}_changelist"),
        {"action": action, "_selected_action": chosen} | more,
        follow=True,
    )
    return answer.content.decode()


def make_taught(photo: Photo) -> TaughtTag:
    """Return a tag taught by the photo's owner, which it has given the photo."""
    [photo_tag] = photo.photo_tags.all()
    taught = TaughtTag.objects.create(
        owner=photo.owner, tag=photo_tag.tag, head=b"", model="eyes/1", yes_count=5, no_count=2
    )
    photo_tag.run = taught.run_on(photo, confidence=0.9, threshold=0.4)
    photo_tag.run.save()
    photo_tag.save()
    return taught


def test_desk_is_for_staff_alone(client: Client) -> None:
    client.force_login(make_user("olga"))
    assert client.get("/admin/gallery/photo/").status_code == 302


@pytest.mark.parametrize("model", ["photo", "tag", "taggingrun", "taughttag", "bulkact", "user"])
def test_lists_cost_the_same_for_one_and_for_twenty(
    model: str, client: Client, operator: User
) -> None:
    def fill(number: int) -> None:
        photo = make_photo(tags={f"tag {number}": 0.9})
        make_run(photo, status="complete")
        make_taught(photo)
        acts.add_tag("holiday", [photo.pk], by=operator)

    address = reverse(f"admin:gallery_{model}_changelist")
    fill(0)
    with CaptureQueriesContext(connection) as one:
        assert client.get(address).status_code == 200
    for number in range(1, 20):
        fill(number)
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(one)


@pytest.mark.parametrize(
    "query", ["?q=koala", "?tagging=failed", "?visibility__exact=private", "?o=4"]
)
def test_photo_list_is_searched_and_narrowed(query: str, client: Client, operator: User) -> None:
    make_run(make_photo(title="koala", visibility="private"), status="failed")
    page = client.get(f"/admin/gallery/photo/{query}").content.decode()
    assert "1 photo" in page


def test_photo_page_has_tags_and_runs(client: Client, operator: User) -> None:
    photo = make_photo(tags={"koala": 0.9})
    make_run(photo, status="failed", error="It broke.")
    page = client.get(f"/admin/gallery/photo/{photo.pk}/change/").content.decode()
    assert "koala" in page
    assert "It broke." in page


def test_photo_is_added_through_the_door_of_all(client: Client, operator: User) -> None:
    make_user("olga")
    answer = client.post(
        "/admin/gallery/photo/add/",
        {"file": uploaded("Bondi.jpg"), "owner": "olga", "visibility": "public"},
    )
    photo = Photo.objects.get()
    assert answer.headers["Location"] == f"/admin/gallery/photo/{photo.pk}/change/"
    assert (photo.owner.username, photo.renditions.count()) == ("olga", 2)
    assert photo.tagging_runs.exists()


def test_refused_photo_is_explained(client: Client, operator: User) -> None:
    file = SimpleUploadedFile("cut.jpg", picture()[:300], "image/jpeg")
    page = client.post("/admin/gallery/photo/add/", {"file": file, "visibility": "public"})
    assert "damaged or cut short" in page.content.decode()
    assert not Photo.objects.exists()


def test_photos_are_published_and_hidden(client: Client, operator: User) -> None:
    photo = make_photo(visibility="private")
    act(client, "photo", "publish", photo)
    assert Photo.objects.get().is_public
    act(client, "photo", "hide", photo)
    assert not Photo.objects.get().is_public


def test_photos_are_tagged_again(client: Client, operator: User) -> None:
    act(client, "photo", "tag_again", make_photo())
    assert TaggingRun.objects.get().requested_by == operator


def test_tags_are_merged_after_a_question(client: Client, operator: User) -> None:
    dog, hound = make_tag("dog"), make_tag("hound")
    photo = make_photo(tags={"hound": 0.8})
    assert "These tags become one" in act(client, "tag", "merge", dog, hound)
    act(client, "tag", "merge", dog, hound, target=str(dog.pk))
    assert photo.photo_tags.get().tag == dog
    assert Tag.objects.get() == dog


def test_tag_list_counts_photos(client: Client, operator: User) -> None:
    make_photo(tags={"koala": 0.9})
    make_photo(tags={"koala": 0.9})
    page = client.get("/admin/gallery/tag/").content.decode()
    assert '<td class="field-photo_count">2</td>' in page


def test_failed_runs_are_tried_again(client: Client, operator: User) -> None:
    run = make_run(make_photo(), status="failed")
    act(client, "taggingrun", "retry", run)
    assert TaggingRun.objects.get().status == "queued"


@pytest.mark.parametrize(("value", "found"), [("bundled", 1), ("taught", 1), ("", 2)])
def test_runs_are_narrowed_to_a_tagger(
    value: str, found: int, client: Client, operator: User
) -> None:
    photo = make_photo(tags={"Rex": 0.9})
    make_run(photo)
    make_taught(photo)
    page = client.get(f"/admin/gallery/taggingrun/?tagger={value}").content.decode()
    assert page.count("field-photo") == found


def test_taking_away_what_was_taught_takes_its_tags_away(client: Client, operator: User) -> None:
    photo = make_photo(tags={"Rex": 0.9})
    other = make_photo(tags={"Tom": 0.9})
    rex, tom = make_taught(photo), make_taught(other)
    act(client, "taughttag", "delete_selected", rex, post="yes")
    assert not photo.photo_tags.exists()
    client.post(f"/admin/gallery/taughttag/{tom.pk}/delete/", {"post": "yes"})
    assert not other.photo_tags.exists()


def test_alias_of_another_tag_makes_the_two_one(client: Client, operator: User) -> None:
    dog = make_tag("dog")
    make_tag("hound")
    forms = {"aliases-TOTAL_FORMS": "1", "aliases-INITIAL_FORMS": "0", "aliases-0-label": "hound"}
    forms |= {"aliases-0-tag": str(dog.pk)}
    forms |= {"parent_edges-TOTAL_FORMS": "0", "parent_edges-INITIAL_FORMS": "0"}
    client.post(f"/admin/gallery/tag/{dog.pk}/change/", {"label": "dog", "category": ""} | forms)
    assert Tag.objects.named("hound").get() == dog


# --- Bulk acts --------------------------------------------------------------------------------


def labels(photo: Photo) -> set[str]:
    return set(photo.photo_tags.shown().values_list("tag__label", flat=True))


def test_tag_is_added_to_chosen_photos_and_removed_again(client: Client, operator: User) -> None:
    photo, other = make_photo(tags={"dog": 0.9}), make_photo(tags={"dog": 0.9})
    assert "1 photo." in act(client, "photo", "add_tag", photo)
    act(client, "photo", "add_tag", photo, label="holiday")
    act(client, "photo", "remove_tag", photo, label="dog")
    assert (labels(photo), labels(other)) == ({"holiday"}, {"dog"})


def test_tag_is_added_to_all_that_the_list_finds(client: Client, operator: User) -> None:
    photos = [make_photo(title=f"Bondi {number}") for number in range(3)]
    address = reverse("admin:gallery_photo_changelist") + "?q=Bondi"
    chosen = {"_selected_action": [str(photos[0].pk)], "select_across": "1"}
    client.post(address, {"action": "add_tag", "label": "beach"} | chosen)
    assert [labels(photo) for photo in photos] == [{"beach"}] * 3


def test_tag_that_is_none_is_refused_at_the_desk_too(client: Client, operator: User) -> None:
    photo = make_photo()
    assert "There is no tag" in act(client, "photo", "remove_tag", photo, label="zebra")


def test_chosen_photos_are_looked_at_again_first(client: Client, operator: User) -> None:
    photo = make_photo()
    assert "Tagger" in act(client, "photo", "look_again", photo)
    act(client, "photo", "look_again", photo, tagger="bundled", which="all")
    assert BulkAct.objects.get().status == "looking"
    page = act(client, "photo", "look_again", photo, tagger="bundled", which="outdated")
    assert "There is no such photo." in page


def test_merge_at_the_desk_is_undone_at_the_desk(client: Client, operator: User) -> None:
    photo = make_photo(tags={"puppy": 0.9})
    dog = make_tag("dog")
    act(client, "tag", "merge", Tag.objects.get(label="puppy"), dog, target=str(dog.pk))
    assert labels(photo) == {"dog"}
    assert "1 of 1 are undone" in act(client, "bulkact", "undo", BulkAct.objects.get())
    assert labels(photo) == {"puppy"}


def test_acts_are_undone_the_latest_first(client: Client, operator: User) -> None:
    tag = make_tag("dog")
    renamed = [acts.rename_tag(tag, label, by=operator) for label in ("hound", "doggo")]
    assert "2 of 2 are undone" in act(client, "bulkact", "undo", *renamed)
    tag.refresh_from_db()
    assert tag.label == "dog"


def test_page_of_a_tag_tells_what_review_found(client: Client, operator: User) -> None:
    photo = make_photo(operator, tags={"dog": 0.5})
    [row] = photo.photo_tags.all()
    address = reverse("admin:gallery_tag_change", args=[row.tag.pk])
    assert "Nobody was asked" in client.get(address).content.decode()
    review.answer(row, is_right=True, by=operator)
    assert "1 of 1 answers were yes" in client.get(address).content.decode()


# --- Interests and people ---------------------------------------------------------------------


@pytest.mark.parametrize("model", ["profile", "interest", "follow", "block"])
def test_lists_of_people_cost_the_same_for_one_and_for_twenty(
    model: str, client: Client, operator: User
) -> None:
    def fill(number: int) -> None:
        olga, sven = make_user(), make_user()
        Profile.objects.create(person=olga)
        choices.pin(olga, make_tag(f"tag {number}"))
        following.block(olga, sven)
        following.follow(olga, make_user())

    address = reverse(f"admin:gallery_{model}_changelist")
    fill(0)
    with CaptureQueriesContext(connection) as one:
        assert client.get(address).status_code == 200
    for number in range(1, 20):
        fill(number)
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(one)


def test_interests_are_switched_off_and_on_at_the_desk(client: Client, operator: User) -> None:
    olga = make_user("olga")
    choices.pin(olga, make_tag("koala"))
    profile, _ = Profile.objects.get_or_create(person=olga)
    act(client, "profile", "switch_off", profile)
    profile.refresh_from_db()
    assert not profile.is_on
    assert not Interest.objects.exists()
    client.post(f"/admin/gallery/profile/{olga.pk}/change/", {"is_on": "on"})
    profile.refresh_from_db()
    assert profile.is_on


def test_desk_lists_nobody_but_may_take_somebody_off(client: Client, operator: User) -> None:
    profile = Profile.objects.create(person=make_user("olga"))
    client.post(f"/admin/gallery/profile/{profile.pk}/change/", {"is_on": "on", "is_listed": "on"})
    assert not Profile.objects.get().is_listed
    choices.list_me(profile.person, True)
    act(client, "profile", "list_no_longer", profile)
    assert not Profile.objects.get().is_listed


def test_interests_are_worked_out_anew_at_the_desk(client: Client, operator: User) -> None:
    photo = make_photo(tags={"koala": 0.9})
    profile, _ = Profile.objects.get_or_create(person=photo.owner)
    assert "Done for 1 people" in act(client, "profile", "work_out_anew", profile)
    profile.refresh_from_db()
    assert profile.public_photos == 1


def test_profile_goes_with_its_person_alone(client: Client, operator: User) -> None:
    olga = make_user("olga")
    choices.switch_off(olga)
    address = f"/admin/gallery/profile/{olga.pk}/delete/"
    assert client.post(address, {"post": "yes"}).status_code == 403
    client.post(f"/admin/gallery/user/{olga.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(username="olga").exists()


def test_block_is_taken_away_at_the_desk_as_by_whoever_made_it(
    client: Client, operator: User
) -> None:
    olga, sven, anna = (make_user(name) for name in ("olga", "sven", "anna"))
    for other in (sven, anna):
        following.block(olga, other)
    act(client, "block", "delete_selected", Block.objects.get(blocked=sven), post="yes")
    assert set(User.objects.filter(has_blocks=True)) == {olga, anna}
    client.post(f"/admin/gallery/block/{Block.objects.get().pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(has_blocks=True).exists()
