"""Text and files in, clean values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, UserCreationForm
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from . import throttle
from .imaging.errors import ImageError
from .ingest import DuplicateError, add_photo
from .models import Photo, TagState, User, Visibility
from .models.photos import TaggingChoice
from .models.tags import MAX_LABEL_CHARS, tag_slug


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


class SeveralFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """Any number of files, at least one, as a list."""

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        files = data if isinstance(data, list | tuple) else [data]
        if not any(files):
            raise ValidationError("Choose at least one photo.")
        return [file for file in files if file]


class UploadForm(forms.Form):
    files = SeveralFilesField(  # type: ignore[assignment]  # the form class has `files` too
        label="Photos",
        widget=SeveralFilesInput(
            attrs={
                "accept": "image/jpeg,image/png,image/webp,image/gif,image/tiff,image/avif,"
                "image/heic,image/heif,.heic,.heif,.tif,.tiff,.avif"
            }
        ),
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

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["threshold"].widget.attrs["placeholder"] = f"{owner.threshold:g}"

    @property
    def tagging_choice(self) -> TaggingChoice:
        return TaggingChoice(threshold=self.cleaned_data["threshold"])


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
