"""Photos, tags, tagging runs and people."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.core.paginator import Paginator
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from .. import acts, following, renditions, review, tagging, tags, teaching, thresholds, trends
from ..forms import AdminUploadForm, BulkTagForm, MergeTagsForm, RetagForm
from ..interests import choices
from ..models import (
    Block,
    BulkAct,
    Favourite,
    Follow,
    Interest,
    Length,
    NotTwins,
    Period,
    Photo,
    PhotoTag,
    Profile,
    RunStatus,
    SavedSearch,
    Tag,
    TagAlias,
    TagCount,
    TaggingRun,
    TagParent,
    TaughtTag,
    TrendReport,
    TwinScan,
    User,
    Visibility,
)
from ..models.photos import PhotoQuerySet
from ..models.tagging import SHOWN_STATES
from ..models.tags import tag_slug
from ..trends.periods import Span

COUNT_UP_TO = 10_000
#: What each action asks for before it begins.
SHOWN_FIELDS = {"look_again": ("tagger", "which"), "add_tag": ("label",), "remove_tag": ("label",)}

admin.site.site_header = admin.site.site_title = "photolib"
admin.site.index_title = "The operator's desk"


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than anyone leafs: a full count of a million rows takes seconds."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[:COUNT_UP_TO].count())


class ReadOnlyInline(admin.TabularInline):  # type: ignore[type-arg]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class FastAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Lists without full counts."""

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    fieldsets = (
        *(DjangoUserAdmin.fieldsets or ()),
        ("Tagging", {"fields": ("automatic_tagging", "tagging_threshold")}),
    )


class PhotoTagInline(admin.TabularInline):  # type: ignore[type-arg]
    model = PhotoTag
    extra = 0
    fields = ("tag", "confidence", "state", "said_by")
    readonly_fields = ("said_by",)
    autocomplete_fields = ("tag",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("tag", "run").order_by("-confidence")

    @admin.display(description="said by")
    def said_by(self, photo_tag: PhotoTag) -> str:
        return photo_tag.run.tagger if photo_tag.run else "a person"


class TaggingRunInline(ReadOnlyInline):
    model = TaggingRun
    fields = ("tagger", "model_version", "status", "threshold", "attempts", "created_at", "error")
    readonly_fields = fields
    ordering = ("-id",)
    show_change_link = True


class TaggingStateFilter(admin.SimpleListFilter):
    title = "tagging"
    parameter_name = "tagging"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in RunStatus.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Photo]) -> QuerySet[Photo]:
        if self.value():
            runs = TaggingRun.objects.filter(status=self.value()).values("photo")
            return queryset.filter(pk__in=runs)
        return queryset


@admin.register(Photo)
class PhotoAdmin(FastAdmin):
    list_display = ("thumbnail", "__str__", "owner", "tagging_state", "visibility", "created_at")
    list_display_links = ("thumbnail", "__str__")
    list_filter = ("visibility", TaggingStateFilter)
    list_select_related = ("owner",)
    search_fields = ("title", "original_name", "public_id", "owner__username")
    search_help_text = "Title, file name, id or owner"
    ordering = ("-created_at", "-id")
    fields = (
        "picture", "owner", "title", "caption", "place", "visibility", "taken_at", "camera",
        "original_name", "format", "width", "height", "size_bytes", "public_id", "created_at",
    )  # fmt: skip
    readonly_fields = (
        "picture", "owner", "original_name", "format", "width", "height", "size_bytes",
        "public_id", "created_at",
    )  # fmt: skip
    inlines = (PhotoTagInline, TaggingRunInline)
    actions = ("tag_again", "look_again", "add_tag", "remove_tag", "publish", "hide")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Photo]:
        newest = TaggingRun.objects.filter(photo=OuterRef("pk")).order_by("-pk")
        photos: QuerySet[Photo] = super().get_queryset(request)
        return photos.annotate(run_status=Subquery(newest.values("status")[:1]))

    @admin.display(description="")
    def thumbnail(self, photo: Photo) -> str:
        return _img(photo, height_px=64)

    @admin.display(description="photo")
    def picture(self, photo: Photo) -> str:
        return _img(photo, height_px=240)

    @admin.display(description="tagging", ordering="run_status")
    def tagging_state(self, photo: Any) -> str:
        return RunStatus(photo.run_status).label if photo.run_status else "Not asked"

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Take a photo in through the same door as everyone's."""
        form = AdminUploadForm(request.POST or None, request.FILES or None)
        if form.is_valid():
            assert isinstance(request.user, User)
            owner = form.cleaned_data["owner"] or request.user
            photo = form.add_photo(owner)
            if photo is not None:
                messages.success(request, f"“{photo}” is stored.")
                return redirect("admin:gallery_photo_change", photo.pk)
        context = self.admin_site.each_context(request) | {"form": form, "title": "Add a photo"}
        return TemplateResponse(request, "admin/gallery/add_photo.html", context)

    @admin.action(description="Tag again")
    def tag_again(self, request: HttpRequest, photos: QuerySet[Photo]) -> None:
        assert isinstance(request.user, User)
        asked = [tagging.request_again(photo, by=request.user) for photo in photos]
        messages.success(request, f"Tagging of {len(asked)} photos is queued.")

    @admin.action(description="Tag again, looking first", permissions=["change"])
    def look_again(self, request: HttpRequest, photos: QuerySet[Photo]) -> HttpResponse | None:
        form = RetagForm(request.POST if "tagger" in request.POST else None)
        if form.is_valid():
            act = form.begin(_photos(photos), by=_person(request), query="")
            if act is not None:
                return redirect(act)
        return self._ask(request, photos, form, "Tag again, looking first", "look_again")

    @admin.action(description="Add a tag", permissions=["change"])
    def add_tag(self, request: HttpRequest, photos: QuerySet[Photo]) -> HttpResponse | None:
        return self._tag(request, photos, "add", "Add a tag")

    @admin.action(description="Remove a tag", permissions=["change"])
    def remove_tag(self, request: HttpRequest, photos: QuerySet[Photo]) -> HttpResponse | None:
        return self._tag(request, photos, "remove", "Remove a tag")

    def _tag(
        self, request: HttpRequest, photos: QuerySet[Photo], deed: str, title: str
    ) -> HttpResponse:
        """Ask for the tag, then act on the chosen photos, or on all that the list finds."""
        asked = {"deed": deed, "scope": "all", "label": request.POST.get("label", "")}
        form = BulkTagForm(asked if "label" in request.POST else None, found=_photos(photos))
        if form.is_valid():
            return redirect(form.begin(by=_person(request), query=request.GET.get("q", "")))
        return self._ask(request, photos, form, title, f"{deed}_tag")

    def _ask(
        self, request: HttpRequest, photos: QuerySet[Photo], form: Any, title: str, action: str
    ) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "form": form, "fields": [form[name] for name in SHOWN_FIELDS[action]],
            "chosen": request.POST.getlist("_selected_action"), "photo_count": photos.count(),
            "select_across": request.POST.get("select_across", "0"), "action": action,
            "title": title, "opts": self.opts,
        }  # fmt: skip
        return render(request, "admin/gallery/act_on_photos.html", context)

    @admin.action(description="Publish", permissions=["change"])
    def publish(self, request: HttpRequest, photos: QuerySet[Photo]) -> None:
        count = _photos(photos).set_visibility(Visibility.PUBLIC)
        messages.success(request, f"{count} photos are public now.")

    @admin.action(description="Hide", permissions=["change"])
    def hide(self, request: HttpRequest, photos: QuerySet[Photo]) -> None:
        count = _photos(photos).set_visibility(Visibility.PRIVATE)
        messages.success(request, f"{count} photos are private now.")


def _photos(photos: QuerySet[Photo]) -> PhotoQuerySet:
    """Return the photos alone, without what the list adds to them."""
    return Photo.objects.filter(pk__in=photos.order_by().values("pk"))


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _img(photo: Photo, *, height_px: int) -> str:
    width_px = renditions.widths_of(photo)[0]
    address = reverse("gallery:rendition", args=[photo.public_id, photo.version, width_px])
    return format_html('<img src="{}" height="{}" alt="" loading="lazy">', address, height_px)


class TagAliasInline(admin.TabularInline):  # type: ignore[type-arg]
    model = TagAlias
    extra = 0
    fields = ("label",)


class TagParentInline(ReadOnlyInline):
    model = TagParent
    fk_name = "child"
    fields = ("parent",)
    verbose_name_plural = "a kind of"


@admin.register(Tag)
class TagAdmin(FastAdmin):
    list_display = ("label", "category", "threshold", "photo_count")
    list_filter = ("category",)
    search_fields = ("label", "slug", "aliases__label")
    fields = ("label", "slug", "category", "threshold", "reviewed")
    readonly_fields = ("label", "slug", "reviewed")
    inlines = (TagParentInline, TagAliasInline)
    actions = ("merge",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        shown = PhotoTag.objects.filter(tag=OuterRef("pk"), state__in=SHOWN_STATES)
        count = shown.order_by().values("tag").annotate(count=Count("pk")).values("count")
        found: QuerySet[Tag] = super().get_queryset(request)
        return found.annotate(photos_with_it=Subquery(count))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # tags come with photos and with the vocabulary

    @admin.display(description="photos", ordering="photos_with_it")
    def photo_count(self, tag: Any) -> int:
        return tag.photos_with_it or 0

    @admin.display(description="in review")
    def reviewed(self, tag: Tag) -> str:
        found = review.calibration_of(tag)
        if found is None:
            return "Nobody was asked about it yet."
        return (
            f"{found.right} of {found.answers} answers were yes; "
            f"the taggers said {found.said:.0%} on average."
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "threshold" in form.changed_data:
            thresholds.override(obj, obj.threshold)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for row in formset.save(commit=False):
            if isinstance(row, TagAlias):
                self._add_alias(request, row.tag, row.label)
        for row in formset.deleted_objects:
            row.delete()

    def _add_alias(self, request: HttpRequest, tag: Tag, label: str) -> None:
        """Give a tag one more name; if that is another tag's, merge the two."""
        other = Tag.objects.filter(slug=tag_slug(label)).exclude(pk=tag.pk).first()
        if other is None:
            tags.add_alias(tag, label)
        else:
            acts.merge_tags([other], into=tag, by=_person(request))

    @admin.action(description="Merge into one", permissions=["change"])
    def merge(self, request: HttpRequest, chosen: QuerySet[Tag]) -> HttpResponse | None:
        form = MergeTagsForm(request.POST if "target" in request.POST else None, tags=chosen)
        if form.is_valid():
            target = form.cleaned_data["target"]
            return redirect(acts.merge_tags(list(chosen), into=target, by=_person(request)))
        context = self.admin_site.each_context(request) | {
            "form": form, "chosen": chosen, "title": "Merge tags", "opts": self.opts,
        }  # fmt: skip
        return render(request, "admin/gallery/merge_tags.html", context)


class TaggerFilter(admin.SimpleListFilter):
    """The site's taggers, without asking a million runs for their names."""

    title = "tagger"
    parameter_name = "tagger"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((alias, alias) for alias in settings.TAGGERS), ("taught", "as taught")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[TaggingRun]) -> Any:
        if self.value() == "taught":
            return queryset.exclude(taught=None)
        return queryset.filter(tagger=self.value()) if self.value() else queryset


@admin.register(TaughtTag)
class TaughtTagAdmin(FastAdmin):
    """What people taught, to look at and to undo."""

    list_display = ("tag", "owner", "yes_count", "no_count", "applied_at")
    list_select_related = ("tag", "owner")
    search_fields = ("tag__label", "owner__username")
    fields = readonly_fields = ("tag", "owner", "yes_count", "no_count", "model", "applied_at")
    ordering = ("-applied_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def delete_model(self, request: HttpRequest, taught: TaughtTag) -> None:
        teaching.undo(taught)

    def delete_queryset(self, request: HttpRequest, chosen: QuerySet[TaughtTag]) -> None:
        for taught in chosen:
            teaching.undo(taught)


@admin.register(BulkAct)
class BulkActAdmin(FastAdmin):
    """The ledger of bulk acts; each has a page of its own on the site."""

    list_display = ("words", "status", "by", "photo_count", "created_at")
    list_filter = ("kind", "status")
    list_select_related = ("by",)
    search_fields = ("by__username",)
    ordering = ("-id",)
    fields = readonly_fields = (
        "words", "status", "by", "photo_count", "left_count", "created_at", "applied_at",
        "undone_at",
    )  # fmt: skip
    actions = ("undo",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what is not in the ledger cannot be undone

    def view_on_site(self, obj: Any) -> str:
        return str(obj.get_absolute_url())

    @admin.action(description="Undo", permissions=["change"])
    def undo(self, request: HttpRequest, chosen: QuerySet[BulkAct]) -> None:
        """Undo the chosen acts, the latest first."""
        undone = 0
        for act in chosen.order_by("-pk"):
            try:
                undone += acts.undo(act)
            except acts.TagsChangedError as error:
                messages.error(request, f"{act}: {error}")
        messages.success(request, f"{undone} of {len(chosen)} are undone, or being undone.")


@admin.register(TaggingRun)
class TaggingRunAdmin(FastAdmin):
    list_display = ("id", "photo", "tagger", "status", "attempts", "seconds", "error", "created_at")
    list_filter = ("status", TaggerFilter)
    list_select_related = ("photo",)
    search_fields = ("photo__public_id", "error")
    ordering = ("-id",)
    actions = ("retry",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="seconds")
    def seconds(self, run: TaggingRun) -> str:
        return f"{run.duration.total_seconds():.2f}" if run.duration else ""

    @admin.action(description="Try failed ones again")
    def retry(self, request: HttpRequest, runs: QuerySet[TaggingRun]) -> None:
        count = tagging.retry_failed(runs)
        messages.success(request, f"{count} runs are queued again.")


@admin.register(SavedSearch)
class SavedSearchAdmin(FastAdmin):
    list_display = ("name", "person", "query", "created_at")
    list_select_related = ("person",)
    search_fields = ("name", "query", "person__username")
    raw_id_fields = ("person",)


@admin.register(Favourite)
class FavouriteAdmin(FastAdmin):
    list_display = ("person", "photo", "created_at")
    list_select_related = ("person", "photo")
    search_fields = ("person__username",)
    raw_id_fields = ("person", "photo")


# --- Near-duplicates: to look at, not to change -----------------------------------------------


class ReadOnlyAdmin(FastAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(TwinScan)
class TwinScanAdmin(ReadOnlyAdmin):
    list_display = ("owner", "group_count", "photo_count", "made_at", "wanted_at")
    list_select_related = ("owner",)
    search_fields = ("owner__username",)
    fields = ("owner", "group_count", "photo_count", "made_at", "wanted_at")
    ordering = ("-made_at",)

    @admin.display(description="groups")
    def group_count(self, scan: TwinScan) -> int:
        return len(scan.groups)


@admin.register(NotTwins)
class NotTwinsAdmin(ReadOnlyAdmin):
    list_display = ("photo", "other", "owner")
    list_select_related = ("photo__owner", "other")
    search_fields = ("photo__owner__username",)

    @admin.display(description="owner")
    def owner(self, pair: NotTwins) -> str:
        return str(pair.photo.owner)


# --- Interests and people ---------------------------------------------------------------------


@admin.register(Profile)
class ProfileAdmin(FastAdmin):
    """Whether people's interests are worked out and how far, not what they are."""

    list_display = ("person", "is_on", "is_listed", "public_photos", "as_of", "changed_at")
    list_filter = ("is_on", "is_listed")
    list_select_related = ("person",)
    search_fields = ("person__username",)
    fields = (
        "person", "is_on", "is_listed", "public_photos", "as_of", "public_at", "changed_at",
        "reset_at",
    )  # fmt: skip
    # That others may find somebody is theirs to say.
    readonly_fields = tuple(name for name in fields if name != "is_on")
    ordering = ("pk",)
    actions = ("switch_off", "switch_on", "list_no_longer", "work_out_anew")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # they come with what people do

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """With the person alone: without its row, an interest that is off would be on again."""
        match = request.resolver_match
        is_own = match is not None and (match.url_name or "").startswith("gallery_profile")
        return not is_own and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if "is_on" in form.changed_data:
            deed = choices.switch_on if obj.is_on else choices.switch_off
            deed(obj.person)

    @admin.action(description="Switch off, and delete what is kept", permissions=["change"])
    def switch_off(self, request: HttpRequest, chosen: QuerySet[Profile]) -> None:
        self._do(request, chosen, lambda profile: choices.switch_off(profile.person))

    @admin.action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, chosen: QuerySet[Profile]) -> None:
        off = chosen.filter(is_on=False)
        self._do(request, off, lambda profile: choices.switch_on(profile.person))

    @admin.action(description="Show to others no longer", permissions=["change"])
    def list_no_longer(self, request: HttpRequest, chosen: QuerySet[Profile]) -> None:
        self._do(request, chosen, lambda profile: choices.list_me(profile.person, False))

    @admin.action(description="Work out anew", permissions=["change"])
    def work_out_anew(self, request: HttpRequest, chosen: QuerySet[Profile]) -> None:
        from ..interests import profiles  # counts with numpy, which others need not load

        self._do(request, chosen, lambda profile: profiles.refresh(profile.pk))

    def _do(
        self, request: HttpRequest, chosen: QuerySet[Profile], deed: Callable[[Profile], object]
    ) -> None:
        people = list(chosen.select_related("person"))
        for profile in people:
            deed(profile)
        messages.success(request, f"Done for {len(people)} people.")


@admin.register(Interest)
class InterestAdmin(ReadOnlyAdmin):
    """What people say of tags by hand; to take away what is wrong."""

    list_display = ("person", "tag", "stance", "created_at")
    list_filter = ("stance",)
    list_select_related = ("person", "tag")
    search_fields = ("person__username", "tag__label")
    ordering = ("-pk",)


@admin.register(Follow)
class FollowAdmin(ReadOnlyAdmin):
    list_display = ("person", "followed", "created_at")
    list_select_related = ("person", "followed")
    search_fields = ("person__username", "followed__username")
    ordering = ("-pk",)


@admin.register(Block)
class BlockAdmin(ReadOnlyAdmin):
    """Who wants nothing to do with whom; taken away as their own page would."""

    list_display = ("person", "blocked", "created_at")
    list_select_related = ("person", "blocked")
    search_fields = ("person__username", "blocked__username")
    ordering = ("-pk",)

    def delete_model(self, request: HttpRequest, block: Block) -> None:
        following.unblock(block.person, block.blocked)

    def delete_queryset(self, request: HttpRequest, chosen: QuerySet[Block]) -> None:
        for block in chosen.select_related("person", "blocked"):
            following.unblock(block.person, block.blocked)


# --- Trends: to look at, and to have counted anew ---------------------------------------------


@admin.register(Period)
class PeriodAdmin(ReadOnlyAdmin):
    list_display = (
        "start", "length", "people", "photos", "public_people", "public_photos", "counted_at",
        "changed_at",
    )  # fmt: skip
    list_filter = ("length",)
    ordering = ("-start", "length")
    actions = ("count_anew",)

    @admin.action(description="Count anew")
    def count_anew(self, request: HttpRequest, chosen: QuerySet[Period]) -> None:
        count = trends.count_anew(chosen)
        messages.success(request, f"{count} periods are counted in the next rounds.")


@admin.register(TagCount)
class TagCountAdmin(ReadOnlyAdmin):
    list_display = (
        "tag", "period", "people", "photos", "public_people", "public_photos", "is_withheld",
    )  # fmt: skip
    list_filter = ("period__length", "is_withheld")
    list_select_related = ("tag", "period")
    search_fields = ("tag__label",)
    ordering = ("-pk",)
    actions = ("count_anew",)

    @admin.action(description="Count their periods anew")
    def count_anew(self, request: HttpRequest, chosen: QuerySet[TagCount]) -> None:
        periods = Period.objects.filter(pk__in=chosen.order_by().values("period"))
        messages.success(request, f"{trends.count_anew(periods)} periods are counted soon.")


@admin.register(TrendReport)
class TrendReportAdmin(ReadOnlyAdmin):
    """What was found out; made anew with the counts."""

    list_display = ("length", "is_public", "made_at")
    fields = ("length", "is_public", "made_at", "told")
    ordering = ("length", "is_public")
    actions = ("count_anew",)

    @admin.action(description="Count the present period anew")
    def count_anew(self, request: HttpRequest, chosen: QuerySet[TrendReport]) -> None:
        for report in chosen:
            now = Span.now(Length(report.length))
            trends.count_anew(Period.objects.filter(length=now.length, start=now.start))
        messages.success(request, "They are made anew in the next round.")
