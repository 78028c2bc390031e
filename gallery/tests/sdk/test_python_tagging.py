"""Two more words in a call of Python's library, and a picture is tagged."""

from __future__ import annotations

import cloudinary.api
import cloudinary.exceptions
import cloudinary.uploader
import pytest

from ..pictures import picture
from .taggers import SAID

pytestmark = pytest.mark.usefixtures("sdk")
PICTURE = picture(200, 100)
EXPECTED = {
    "status": "complete",
    "data": [{"tag": tag, "confidence": confidence} for tag, confidence in SAID.items()],
}


def test_upload_is_tagged_in_its_answer(name: str) -> None:
    told = cloudinary.uploader.upload(
        PICTURE, public_id=name, tags=["mine"], categorization="imagga_tagging", auto_tagging=0.4
    )
    assert told["info"]["categorization"] == {"imagga_tagging": EXPECTED}
    assert sorted(told["tags"]) == ["koala", "mine", "tree"]  # what is 0.4 does not exceed 0.4


def test_what_was_said_stays_with_the_asset(name: str) -> None:
    cloudinary.uploader.upload(
        PICTURE, public_id=name, categorization="imagga_tagging", auto_tagging=0.4
    )
    found = cloudinary.api.resource(name)
    assert found["info"]["categorization"] == {"imagga_tagging": EXPECTED}
    assert found["tags"] == ["koala", "tree"]
    tagged = cloudinary.api.resources_by_tag("koala", max_results=500)["resources"]
    assert name in [one["public_id"] for one in tagged]


def test_without_a_threshold_nothing_is_tagged() -> None:
    told = cloudinary.uploader.upload(PICTURE, categorization="imagga_tagging")
    assert told["info"]["categorization"] == {"imagga_tagging": EXPECTED}
    assert told["tags"] == []


def test_without_a_tagger_a_threshold_means_nothing() -> None:
    told = cloudinary.uploader.upload(PICTURE, auto_tagging=0.01)
    assert told["tags"] == []
    assert "info" not in told


@pytest.mark.parametrize(
    ("threshold", "tags"),
    [
        (0.01, ["grass", "koala", "sky", "tree"]),
        ("0.5", ["koala"]),
        (0.8921, []),
        (1, []),
    ],
)
def test_update_tags_what_exceeds_the_threshold(
    name: str, threshold: float | str, tags: list[str]
) -> None:
    cloudinary.uploader.upload(PICTURE, public_id=name)
    told = cloudinary.api.update(name, categorization="imagga_tagging", auto_tagging=threshold)
    assert told.get("tags", []) == tags
    assert told["info"]["categorization"] == {"imagga_tagging": EXPECTED}


def test_explicit_tags_as_an_upload_does(name: str) -> None:
    cloudinary.uploader.upload(PICTURE, public_id=name, tags=["mine"])
    told = cloudinary.uploader.explicit(
        name, type="upload", categorization="imagga_tagging", auto_tagging=0.4
    )
    assert sorted(told["tags"]) == ["koala", "mine", "tree"]


def test_again_with_a_higher_threshold_takes_nothing_away(name: str) -> None:
    cloudinary.uploader.upload(
        PICTURE, public_id=name, categorization="imagga_tagging", auto_tagging=0.3
    )
    told = cloudinary.api.update(name, categorization="imagga_tagging", auto_tagging=0.8)
    assert told["tags"] == ["grass", "koala", "tree"]


def test_tag_taken_away_by_hand_stays_away(name: str) -> None:
    cloudinary.uploader.upload(
        PICTURE, public_id=name, categorization="imagga_tagging", auto_tagging=0.4
    )
    cloudinary.uploader.remove_tag("tree", [name])
    assert cloudinary.api.resource(name)["tags"] == ["koala"]


def test_new_picture_of_that_name_starts_without_the_old_tags(name: str) -> None:
    cloudinary.uploader.upload(
        PICTURE, public_id=name, categorization="imagga_tagging", auto_tagging=0.4
    )
    told = cloudinary.uploader.upload(picture(60, 40), public_id=name)
    assert told["tags"] == []


def test_bundled_tagger_looks_for_itself(name: str) -> None:
    told = cloudinary.uploader.upload(
        PICTURE, public_id=name, categorization="google_tagging", auto_tagging=0.3
    )
    block = told["info"]["categorization"]["google_tagging"]
    assert block["status"] == "complete"
    confidences = [one["confidence"] for one in block["data"]]
    assert all(isinstance(one, float) and 0 < one <= 1 for one in confidences)
    assert confidences == sorted(confidences, reverse=True)
    sure = {one["tag"] for one in block["data"] if one["confidence"] > 0.3}
    assert {one.lower() for one in told["tags"]} == {one.lower() for one in sure}


def test_several_taggers_answer_each_for_itself() -> None:
    told = cloudinary.uploader.upload(
        PICTURE, categorization="imagga_tagging,google_tagging", auto_tagging=0.99
    )
    blocks = told["info"]["categorization"]
    assert set(blocks) == {"imagga_tagging", "google_tagging"}
    assert blocks["imagga_tagging"] == EXPECTED


def test_tagger_that_fails_does_not_fail_the_upload(name: str) -> None:
    told = cloudinary.uploader.upload(
        PICTURE, public_id=name, categorization="aws_rek_tagging", auto_tagging=0.4
    )
    block = told["info"]["categorization"]["aws_rek_tagging"]
    assert block["status"] == "failed"
    assert "The month is used up." in block["error"]["message"]
    assert cloudinary.api.resource(name)["bytes"] == len(PICTURE)


def test_usage_counts_what_taggers_were_asked() -> None:
    before = cloudinary.api.usage()["imagga_tagging"]["usage"]
    cloudinary.uploader.upload(PICTURE, categorization="imagga_tagging")
    assert cloudinary.api.usage()["imagga_tagging"]["usage"] == before + 1


@pytest.mark.parametrize("threshold", ["1.1", "-0.1", "many", "nan", "inf", "0.4;", "1e400"])
def test_threshold_that_is_none_is_refused(name: str, threshold: str) -> None:
    with pytest.raises(cloudinary.exceptions.BadRequest, match="auto_tagging"):
        cloudinary.uploader.upload(
            PICTURE, public_id=name, categorization="imagga_tagging", auto_tagging=threshold
        )
    with pytest.raises(cloudinary.exceptions.NotFound):
        cloudinary.api.resource(name)


@pytest.mark.parametrize("add_on", ["no_such_tagging", "google_video_tagging", "imagga_tagging,x"])
def test_tagger_that_is_not_there_is_refused(name: str, add_on: str) -> None:
    with pytest.raises(cloudinary.exceptions.BadRequest, match="is not valid"):
        cloudinary.uploader.upload(PICTURE, public_id=name, categorization=add_on)
    cloudinary.uploader.upload(PICTURE, public_id=name)
    with pytest.raises(cloudinary.exceptions.BadRequest, match="Illegal value"):
        cloudinary.api.update(name, categorization=add_on, tags=["not stored"])
    assert "tags" not in cloudinary.api.resource(name)
