"""Text and files in, clean values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, UserCreationForm
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from . import acts, clouds, tagging, throttle
from .export import What
from .imaging.errors import ImageError
from .ingest import DuplicateError, add_photo
from .interests.naming import may_name, tag_named
from .models import BulkAct, Cloud, DroppedImage, Photo, Tag, TagState, User, Visibility
from .models.photos import PhotoQuerySet, TaggingChoice
from .models.tags import MAX_LABEL_CHARS, tag_slug
from .search import language
from .similar import drops
from .similar.blend import Way
from .taggers import hosts


class SignUpForm(UserCreationForm[User]):
    class Meta:
        model = User
        fields = ("username", "email")
        help_texts = {"username": "Letters, digits and @ . + - _"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = "At least 10 characters, and not a common password."
        self.fields["password2"].help_text = ""
        self.fields["email"].help_text = "Only to reset a forgotten password."


class SignInForm(AuthenticationForm):
    """Refuses to check a password for someone who has just guessed too often."""

    def clean(self) -> dict[str, Any]:
        assert self.request is not None
        who = (throttle.client_address(self.request), str(self.cleaned_data.get("username")))
        if throttle.is_exhausted("sign-in", *who):
            raise ValidationError("Too many tries. Wait a few minutes, then try again.")
        try:
            return super().clean()
        except ValidationError:
            throttle.allows("sign-in", *who)
            raise


class SettingsForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ("email", "automatic_tagging", "tagging_threshold")
        widgets = {"tagging_threshold": forms.NumberInput(attrs={"min": 0, "max": 1, "step": 0.05})}


class CloudNameForm(forms.Form):
    """Opens a library to programs when it is valid."""

    name = forms.CharField(
        label="A name for it",
        max_length=100,
        help_text="Programs are configured with it, and it stands in the addresses of pictures.",
    )

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner = owner
        self.fields["name"].initial = owner.username

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        try:
            clouds.open_cloud(self.owner, name)
        except clouds.CloudError as error:
            raise ValidationError(str(error)) from None
        return name


class CloudForm(forms.ModelForm[Cloud]):
    class Meta:
        model = Cloud
        fields = ("tags_uploads", "strict_transformations", "lists_tags", "takes_first_signatures")


class ApiKeyForm(forms.Form):
    label = forms.CharField(
        label="What it is for",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "our shop"}),
    )


class SeveralFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """Any number of files, at least one, as a list."""

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        files = data if isinstance(data, list | tuple) else [data]
        if not any(files):
            raise ValidationError("Choose at least one photo.")
        return [file for file in files if file]


ACCEPTED = (
    "image/jpeg,image/png,image/webp,image/gif,image/tiff,image/avif,image/heic,image/heif,"
    "image/bmp,.heic,.heif,.tif,.tiff,.avif"
)


class UploadForm(forms.Form):
    files = SeveralFilesField(  # type: ignore[assignment]  # the form class has `files` too
        label="Photos",
        widget=SeveralFilesInput(attrs={"accept": ACCEPTED}),
    )
    visibility = forms.ChoiceField(
        label="Who may see them",
        choices=Visibility.choices,
        initial=Visibility.PUBLIC,
        widget=forms.RadioSelect,
    )
    threshold = forms.FloatField(
        label="Confidence a tag needs",
        required=False,
        min_value=0,
        max_value=1,
        widget=forms.NumberInput(attrs={"step": 0.05}),
    )

    #: Says that the taggers were there to choose: a form without ticks looks like one without them.
    choose_taggers = forms.BooleanField(required=False, initial=True, widget=forms.HiddenInput)

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["threshold"].widget.attrs["placeholder"] = f"{owner.threshold:g}"
        self.fields["taggers"] = forms.MultipleChoiceField(
            label="Show them to these taggers",
            help_text="Tick none, and nobody but you says what is in them.",
            choices=tagger_choices(),
            required=False,
            initial=settings.DEFAULT_TAGGERS if owner.automatic_tagging else [],
            widget=forms.CheckboxSelectMultiple,
        )

    @property
    def tagging_choice(self) -> TaggingChoice:
        chosen = tuple(self.cleaned_data["taggers"])
        is_choice = chosen or self.cleaned_data["choose_taggers"]
        return TaggingChoice(
            taggers=chosen if is_choice else None, threshold=self.cleaned_data["threshold"]
        )


class AdminUploadForm(forms.Form):
    """One photo through the operator's desk, for whomever."""

    file = forms.FileField(label="Photo")
    owner = forms.ModelChoiceField(
        User.objects.all(), required=False, to_field_name="username", label="Owner's user name",
        help_text="Empty: you.", widget=forms.TextInput,
    )  # fmt: skip
    visibility = forms.ChoiceField(choices=Visibility.choices, initial=Visibility.PRIVATE)

    def add_photo(self, owner: User) -> Photo | None:
        """Keep the photo; None, with the reason as an error of the form, when it is refused."""
        try:
            return add_photo(
                owner=owner,
                file=self.cleaned_data["file"],
                visibility=self.cleaned_data["visibility"],
            )
        except (ImageError, DuplicateError) as error:
            self.add_error("file", str(error))
            return None


class PhotoForm(forms.ModelForm[Photo]):
    class Meta:
        model = Photo
        fields = ("title", "caption", "place", "visibility")
        widgets = {
            "caption": forms.Textarea(attrs={"rows": 4}),
            "visibility": forms.RadioSelect,
        }


class AddTagForm(forms.Form):
    label = forms.CharField(
        label="Add a tag",
        max_length=MAX_LABEL_CHARS,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_label(self) -> str:
        label = " ".join(str(self.cleaned_data["label"]).split())
        if not tag_slug(label):
            raise ValidationError("A tag needs at least one letter or digit.")
        return label


class BulkTagForm(AddTagForm):
    """A tag to add to photos or to remove from them: those that are ticked, or all that are found.

    ``found`` are the photos in question.
    """

    deed = forms.ChoiceField(choices=[("add", "Add"), ("remove", "Remove")])
    scope = forms.ChoiceField(
        label="Which photos",
        choices=[("ticked", "The ticked ones"), ("all", "All that were found")],
        initial="ticked",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, found: PhotoQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._found = found
        self.fields["label"].label = "Tag"

    @property
    def ticked(self) -> list[str]:
        """Public ids of the photos that were ticked."""
        data = self.data
        return data.getlist("photo") if isinstance(data, QueryDict) else []

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("scope") == "ticked" and not self.ticked:
            raise ValidationError("Tick at least one photo, or choose all that were found.")
        label = cleaned.get("label")
        if cleaned.get("deed") == "remove" and label and not Tag.objects.named(label).exists():
            self.add_error("label", f"There is no tag “{label}”.")
        return cleaned

    def begin(self, *, by: User, query: str) -> BulkAct:
        """Do what is asked for."""
        photos = self._found
        if self.cleaned_data["scope"] == "ticked":
            photos = photos.filter(public_id__in=self.ticked)
        ids = photos.order_by("pk").values_list("pk", flat=True).iterator()
        label = self.cleaned_data["label"]
        if self.cleaned_data["deed"] == "add":
            return acts.add_tag(label, ids, by=by, query=query)
        return acts.remove_tag(Tag.objects.named(label)[0], ids, by=by, query=query)


class PictureForm(forms.Form):
    """A picture to search by."""

    picture = forms.FileField(
        label="Picture",
        allow_empty_file=True,  # refused like any other file that is no picture
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
        error_messages={"required": "Choose a picture first."},
    )

    def drop(self, person: User) -> DroppedImage | None:
        """Keep the picture to be looked at; None, with the reason as an error, when refused."""
        if not throttle.allows("search-by-image", str(person.pk)):
            self.add_error("picture", "Those were many pictures. Wait a while, then try again.")
            return None
        try:
            return drops.drop(person, self.cleaned_data["picture"])
        except (ImageError, drops.NoEyesError) as error:
            self.add_error("picture", str(error))
            return None


class WaysForm(forms.Form):
    """In which ways photos are to be like one; in what they show, if nothing else is said."""

    by = forms.MultipleChoiceField(
        label="Alike in",
        choices=[
            (Way.LOOK.value, "What it shows"),
            (Way.TAGS.value, "Tags"),
            (Way.COLORS.value, "Colours"),
            (Way.TIME.value, "When taken"),
        ],
        widget=forms.CheckboxSelectMultiple,
    )

    @property
    def ways(self) -> list[Way]:
        said = self.cleaned_data.get("by", []) if self.is_valid() else []
        return [Way(name) for name in said] or [Way.LOOK]


class SaveSearchForm(forms.Form):
    """A search to be kept under a name."""

    name = forms.CharField(
        max_length=100, error_messages={"required": "Give the search a name to keep it under."}
    )
    query = forms.CharField(
        max_length=language.MAX_CHARS,
        error_messages={"required": "There is no search to keep yet."},
    )

    def clean_query(self) -> str:
        query = language.parse(self.cleaned_data["query"])
        if query.mistakes:
            raise ValidationError(query.mistakes[0].why)
        return str(query)


class RetagForm(forms.Form):
    """Which photos are shown to which tagger again."""

    tagger = forms.ChoiceField(label="Tagger", widget=forms.RadioSelect)
    which = forms.ChoiceField(
        label="Which photos",
        choices=[
            ("all", "All of them"),
            ("outdated", "Those it saw with an earlier model or vocabulary"),
            ("unseen", "Those it has never seen"),
        ],
        initial="all",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tagger"] = forms.ChoiceField(
            label="Tagger", choices=tagger_choices(), widget=forms.RadioSelect,
            initial=next(iter(settings.TAGGERS), None),
        )  # fmt: skip

    def begin(self, photos: PhotoQuerySet, *, by: User, query: str) -> BulkAct | None:
        """Have a tagger look at these photos; None when there is none to look at."""
        tagger = self.cleaned_data["tagger"]
        if self.cleaned_data["which"] == "outdated":
            photos = photos.filter(pk__in=tagging.outdated(tagger).values("pk"))
        elif self.cleaned_data["which"] == "unseen":
            photos = photos.not_seen_by(tagger)
        if not photos.exists():
            self.add_error("which", "There is no such photo.")
            return None
        ids = photos.order_by("pk").values_list("pk", flat=True).iterator()
        return acts.retag(tagger, ids, by=by, query=query)


def tagger_choices() -> list[tuple[str, str]]:
    """Return the site's taggers, each with where it has photos sent."""
    sent_to = hosts()
    return [
        (alias, f"{alias}, sends photos to {sent_to[alias]}" if sent_to.get(alias) else alias)
        for alias in settings.TAGGERS
    ]


class ExportForm(forms.Form):
    """What an export holds of each photo."""

    what = forms.ChoiceField(
        label="What of each photo",
        choices=[
            (What.COPIES.value, "A copy with its tags written in, or beside it where it cannot"),
            (What.ORIGINALS.value, "The file as it came, and its tags beside it (XMP sidecar)"),
            (What.SIDECARS.value, "The tags alone (XMP sidecars)"),
        ],
        initial=What.COPIES.value,
        widget=forms.RadioSelect,
    )


class RenameTagForm(AddTagForm):
    def __init__(self, *args: Any, tag: Tag, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["label"].label = "New name"
        self.fields["label"].initial = tag.label


class MergeIntoForm(forms.Form):
    """The other tags that become one with a tag."""

    names = forms.CharField(
        label="Tags to merge into it, with commas between",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )

    def __init__(self, *args: Any, into: Tag, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._into = into

    def clean_names(self) -> list[Tag]:
        names = [name for part in self.cleaned_data["names"].split(",") if (name := part.strip())]
        found = {name: Tag.objects.named(name).first() for name in names}
        unknown = [name for name, tag in found.items() if tag is None]
        if unknown:
            raise ValidationError(f"There is no tag “{unknown[0]}”.")
        others = {tag.pk: tag for tag in found.values() if tag and tag != self._into}
        if not others:
            raise ValidationError(f"Name at least one tag besides “{self._into}”.")
        return list(others.values())


class InterestForm(forms.Form):
    """A tag that a person adds to their interests by its name."""

    name = forms.CharField(
        label="Add an interest",
        max_length=MAX_LABEL_CHARS,
        widget=forms.TextInput(
            attrs={"list": "interest-names", "autocomplete": "off", "autocapitalize": "none"}
        ),
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._person = person

    def clean_name(self) -> Tag:
        name = " ".join(str(self.cleaned_data["name"]).split())
        tag = tag_named(name, person=self._person)
        if tag is None:
            raise ValidationError(f"There is no tag “{name}”.")
        return tag


class PickForm(forms.Form):
    """Tags that a person picks as their interests."""

    tag = forms.ModelMultipleChoiceField(
        Tag.objects.all(),
        to_field_name="slug",
        error_messages={"required": "Pick at least one, or come back another time."},
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._person = person

    def clean_tag(self) -> list[Tag]:
        return [tag for tag in self.cleaned_data["tag"] if may_name(self._person, tag)]


class ThresholdForm(forms.Form):
    """How sure a tag has to be."""

    threshold = forms.FloatField(
        label="Show tags from",
        min_value=0,
        max_value=1,
        widget=forms.NumberInput(attrs={"type": "range", "min": 0.1, "max": 0.95, "step": 0.05}),
    )


@dataclass(frozen=True, slots=True)
class MarkCard:
    """A photo to mark, the field for it, and how sure a head is of it, 0..1 or None."""

    photo: Photo
    field: forms.BoundField
    confidence: float | None


class MarksForm(forms.Form):
    """For each of some photos: does it show the tag?

    ``said`` maps keys of photos to the state of the tag on them, where a person has decided.
    """

    prefix = "mark"

    def __init__(
        self,
        *args: Any,
        photos: Sequence[Photo],
        said: Mapping[int, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._photos = photos
        for photo in photos:
            self.fields[photo.public_id] = forms.ChoiceField(
                choices=[("yes", "Yes"), ("no", "No"), ("", "Not sure")],
                initial=_MARK_OF.get((said or {}).get(photo.pk, ""), ""),
                required=False,
                widget=forms.RadioSelect,
            )

    @classmethod
    def asked_about(cls, data: Mapping[str, Any]) -> list[str]:
        """Return the public ids that were sent."""
        start = f"{cls.prefix}-"
        return [name.removeprefix(start) for name in data if name.startswith(start)]

    @property
    def new_marks(self) -> list[tuple[Photo, bool | None]]:
        """What was said anew: a photo shows the tag, or not; None takes an earlier word back."""
        return [
            (photo, _SHOWS[self.cleaned_data[photo.public_id]])
            for photo in self._photos
            if photo.public_id in self.changed_data
        ]

    def cards(self, confidences: Mapping[int, float]) -> list[MarkCard]:
        return [
            MarkCard(photo, self[photo.public_id], confidences.get(photo.pk))
            for photo in self._photos
        ]


_SHOWS = {"yes": True, "no": False, "": None}
_MARK_OF = {TagState.CONFIRMED.value: "yes", TagState.REJECTED.value: "no"}


class MergeTagsForm(forms.Form):
    """Which of the chosen tags stays."""

    def __init__(self, *args: Any, tags: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"] = forms.ModelChoiceField(
            tags, label="The tag that stays", empty_label=None
        )
