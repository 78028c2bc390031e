"""Photos: the file as it came, what is known of it, and who may see it."""

from __future__ import annotations

import random
import re
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.dispatch import Signal
from django.urls import reverse

from .tags import Tag

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from .people import User

#: Sent with ``photo_ids`` and the new ``visibility``, in the transaction that publishes or hides.
visibility_changed = Signal()

# No 0/O, 1/l/I: an id that is read aloud arrives.
_ID_ALPHABET = "23456789abcdefghijkmnpqrstuvwxyz"


class Visibility(models.TextChoices):
    PUBLIC = "public", "Everyone"
    PRIVATE = "private", "Only me"


@dataclass(frozen=True, slots=True)
class TaggingChoice:
    """What one upload wants of tagging. None: as its owner and the site have it.

    ``counts`` False: taggers only look, so that photos like it are found, and bring no tags.
    """

    taggers: tuple[str, ...] | None = None
    threshold: float | None = None
    counts: bool = True


def new_public_id() -> str:
    """Return 12 characters, 60 bits: too many to guess, few enough to read."""
    return "".join(secrets.choice(_ID_ALPHABET) for _ in range(12))


# --- Words, under which text is found ----------------------------------------------------------

MAX_WORD_CHARS = 40
MAX_WORDS = 1000
#: Stands among the words of photos that have a place; no word of a text itself has a colon.
HAS_PLACE = "has:place"
_SCRIPTS_WITHOUT_SPACES = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(f"[{_SCRIPTS_WITHOUT_SPACES}]|[^\\W_{_SCRIPTS_WITHOUT_SPACES}]+")


def words_of(text: str) -> list[str]:
    """Return the words of a text as they are compared: without case, accents and punctuation.

    Of scripts that put no spaces between words, each character is a word.
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in plain if not unicodedata.combining(char))
    return [word[:MAX_WORD_CHARS] for word in _WORD.findall(unicodedata.normalize("NFC", bare))]


def column_words(column: str, text: str) -> list[str]:
    """Return words as they are compared in one column alone, such as ``camera:canon``."""
    return [f"{column}:{word}"[:MAX_WORD_CHARS] for word in words_of(text)]


def new_shuffle() -> int:
    """Return a photo's place in random orders."""
    return random.randrange(2**31)  # noqa: S311


def original_path(photo: Photo, filename: str) -> str:
    return f"originals/{photo.public_id[:2]}/{photo.public_id}.{photo.format}"


class PhotoQuerySet(models.QuerySet["Photo"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Photos this person may see: all of their own, and the public ones of everyone else.

        But for those of people with whom they are apart, since one blocked the other.
        """
        if not user.is_authenticated:
            return self.filter(visibility=Visibility.PUBLIC)
        # Not “public or theirs”: for a plain OR, SQLite would gather and sort all their photos.
        seen = self.filter(~(~Q(visibility=Visibility.PUBLIC) & ~Q(owner=user)))
        return seen.exclude(owner__in=user.apart_from) if user.apart_from else seen

    def public(self) -> Self:
        return self.filter(visibility=Visibility.PUBLIC)

    def set_visibility(self, visibility: Visibility) -> int:
        """Publish or hide photos, and tell whoever follows that; return how many there are."""
        keys = list(self.order_by().values_list("pk", flat=True))
        for start in range(0, len(keys), 500):
            with transaction.atomic():
                photos = Photo.objects.filter(pk__in=keys[start : start + 500])
                changed = photos.exclude(visibility=visibility).select_for_update(no_key=True)
                ids = list(changed.order_by("pk").values_list("pk", flat=True))
                visibility_changed.send(Photo, photo_ids=ids, visibility=visibility)
                Photo.objects.filter(pk__in=ids).update(visibility=visibility)
        return len(keys)

    def bulk_create(self, objs: Iterable[Photo], *args: Any, **kwargs: Any) -> list[Photo]:
        """Store photos with the words under which they are found. No signal is sent."""
        photos = list(objs)
        for photo in photos:
            photo.make_findable()
        with transaction.atomic():
            stored = super().bulk_create(photos, *args, **kwargs)
            PhotoWord.store(stored)
        return stored

    def owned_by(self, user: User) -> Self:
        return self.filter(owner=user)

    def newest_first(self) -> Self:
        """The last to arrive first: keys are given in order of arrival."""
        return self.order_by("-id")

    def tagged(self, tags: models.QuerySet[Tag], *, min_confidence: float = 0.0) -> Self:
        """Photos that carry one of these tags, or a tag below one of them, at least so surely."""
        from .tagging import PhotoTag

        carrying = PhotoTag.objects.shown().under(tags).filter(confidence__gte=min_confidence)
        return self.filter(models.Exists(carrying.filter(photo=models.OuterRef("pk"))))

    def undecided_on(self, tag: Tag) -> Self:
        """Photos on which nobody has confirmed or rejected this tag."""
        from .tagging import PhotoTag

        decided = PhotoTag.objects.decided().filter(tag=tag, photo=models.OuterRef("pk"))
        return self.filter(~models.Exists(decided))

    def suspected_of(self, tag: Tag) -> Self:
        """Photos of which a tagger says this tag, however surely."""
        from .tagging import PhotoTag

        rows = PhotoTag.objects.filter(tag=tag, photo=models.OuterRef("pk"))
        return self.filter(models.Exists(rows))

    def not_seen_by(self, tagger: str) -> Self:
        """Photos about which a tagger has not answered yet."""
        from .tagging import RunStatus, TaggingRun

        answered = TaggingRun.objects.counting().by_pages().filter(status=RunStatus.COMPLETE)
        runs = answered.filter(tagger=tagger)
        return self.filter(~models.Exists(runs.filter(photo=models.OuterRef("pk"))))

    def for_cards(self) -> Self:
        """What a page of photo cards needs of the photos; their tags are fetched beside."""
        unseen = ("password", "email", "first_name", "last_name", "last_login", "date_joined")
        return self.select_related("owner").defer(
            "caption", "camera", "place", "text", *(f"owner__{name}" for name in unseen)
        )

    def for_grid(self) -> Self:
        """What a page of photo cards needs, and no more."""
        from .tagging import PhotoTag

        surest = PhotoTag.objects.shown().surest_first().select_related("tag")[:3]
        return self.for_cards().prefetch_related(
            models.Prefetch("photo_tags", surest, to_attr="surest_tags")
        )

    def for_page(self) -> Self:
        """What one photo's own page needs."""
        return self.select_related("owner")


class Photo(models.Model):
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="photos", db_index=False
    )
    public_id = models.CharField(max_length=255, unique=True, default=new_public_id, editable=False)
    file = models.FileField("original", upload_to=original_path, max_length=255)
    original_name = models.CharField("file name", max_length=255, blank=True)
    title = models.CharField(max_length=200, blank=True)
    caption = models.TextField(max_length=5000, blank=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveBigIntegerField()
    format = models.CharField(max_length=10)
    sha256 = models.CharField(max_length=64)
    #: Came through the API, where the same bytes may stand under several names.
    may_repeat = models.BooleanField(default=False, editable=False)
    taken_at = models.DateTimeField(null=True, blank=True)
    camera = models.CharField(max_length=100, blank=True)
    place = models.CharField(max_length=200, blank=True)
    visibility = models.CharField(
        max_length=10, choices=Visibility.choices, default=Visibility.PRIVATE
    )
    placeholder = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    #: What can be searched for as text, as words with spaces around; null: not made yet.
    text = models.TextField(null=True, editable=False)  # noqa: DJ001
    #: The colours that stand out, a bit each: see `imaging.colors`; null: not made yet.
    colors = models.SmallIntegerField(null=True, editable=False)
    shuffle = models.IntegerField(null=True, editable=False)

    #: The names of its surest tags, when a list has fetched them by itself.
    noted_labels: Sequence[str] | None = None
    #: Set before the first save by whoever has a choice to make; not stored.
    tagging_choice = TaggingChoice()

    objects = PhotoQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "sha256"],
                name="photo_once_per_owner",
                condition=Q(may_repeat=False),
            ),
            models.CheckConstraint(
                name="photo_has_pixels", condition=Q(width__gt=0) & Q(height__gt=0)
            ),
            models.CheckConstraint(
                name="photo_visibility_known", condition=Q(visibility__in=Visibility.values)
            ),
        ]
        indexes = [
            models.Index(fields=["visibility", "id"], name="photo_by_visibility"),
            models.Index(fields=["owner", "id"], name="photo_by_owner"),
            models.Index(fields=["owner", "sha256"], name="photo_by_checksum"),
            models.Index(fields=["format", "id"], name="photo_by_format"),
            models.Index(fields=["created_at", "id"], name="photo_by_arrival"),
            models.Index(fields=["taken_at", "id"], name="photo_by_taken"),
            models.Index(fields=["shuffle", "id"], name="photo_shuffled"),
            models.Index(Coalesce("taken_at", "created_at"), "id", name="photo_by_date"),
        ]

    def __str__(self) -> str:
        return self.title or self.original_name or self.public_id

    def save(self, **kwargs: Any) -> None:
        """Store the photo with the words under which it is found; tell when it is seen by others.

        And when it is so no longer.
        """
        fields = kwargs.get("update_fields")
        is_shown_anew = self._changes_visibility(fields)
        is_found_anew = self.make_findable()
        if not is_found_anew and not is_shown_anew:
            return super().save(**kwargs)
        if is_found_anew and fields:
            kwargs["update_fields"] = {*fields, "text", "shuffle"}
        with transaction.atomic():
            super().save(**kwargs)
            if is_found_anew:
                PhotoWord.store([self])
            if is_shown_anew:
                visibility_changed.send(Photo, photo_ids=[self.pk], visibility=self.visibility)
        return None

    def get_absolute_url(self) -> str:
        return reverse("gallery:photo-detail", args=[self.public_id])

    def _changes_visibility(self, fields: Iterable[str] | None) -> bool:
        if self._state.adding or (fields is not None and "visibility" not in fields):
            return False
        stored = Photo.objects.filter(pk=self.pk).exclude(visibility=self.visibility)
        return stored.exists()

    def make_findable(self) -> bool:
        """Write what searches need from the other fields; True when that has changed."""
        # The caption last: a long one crowds out what stands behind it.
        written = (self.title, self.original_name, self.place, self.camera, self.caption)
        words = [" ".join(words_of(part)) for part in written]
        columns = [column_words("camera", self.camera), column_words("place", self.place)]
        marked = [HAS_PLACE] if self.place.strip() else []
        marked += [" ".join(column) for column in columns]
        text = " ".join(["", *" | ".join(filter(None, marked + words)).split()[:MAX_WORDS], ""])
        has_changed, self.text = text != self.text or self.shuffle is None, text
        if self.shuffle is None:
            self.shuffle = new_shuffle()
        return has_changed

    @property
    def surest_labels(self) -> Sequence[str]:
        """The names of its surest tags, of a photo that a list has fetched them for."""
        if self.noted_labels is not None:
            return self.noted_labels
        return [photo_tag.tag.label for photo_tag in getattr(self, "surest_tags", ())]

    @property
    def version(self) -> str:
        """Stands in the addresses of renditions, so that they never change their content."""
        return self.sha256[:8]

    @property
    def is_public(self) -> bool:
        return self.visibility == Visibility.PUBLIC


class PhotoWord(models.Model):
    """A word of a photo's text: what makes finding it quick, alike on every database."""

    pk = models.CompositePrimaryKey("word", "photo")
    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="words")
    word = models.CharField(max_length=MAX_WORD_CHARS)

    def __str__(self) -> str:
        return self.word

    @classmethod
    def store(cls, photos: Sequence[Photo]) -> None:
        """Have exactly the words of these photos' text stored for them."""
        wanted = {photo.pk: set((photo.text or "").split()) - {"|"} for photo in photos}
        known: dict[int, set[str]] = {key: set() for key in wanted}
        for key, word in cls.objects.filter(photo__in=wanted).values_list("photo_id", "word"):
            known[key].add(word)
        for key, words in known.items():
            if gone := words - wanted[key]:
                cls.objects.filter(photo=key, word__in=gone).delete()
        new = [(key, word) for key in wanted for word in sorted(wanted[key] - known[key])]
        PhotoWord.objects.bulk_create(PhotoWord(photo_id=key, word=word) for key, word in new)


class Favourite(models.Model):
    """A photo that somebody likes."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="favourites",
        db_index=False,
    )
    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="favourites")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "photo"], name="favourite_once")]

    def __str__(self) -> str:
        return f"{self.person} likes {self.photo}"
