"""Clouds, their keys, and what programs keep in them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from .. import clouds
from ..assets import adopting
from ..models import (
    ApiJob,
    ApiKey,
    Asset,
    Cloud,
    CloudUsage,
    MetadataEntry,
    MetadataField,
    NamedTransformation,
    Notification,
    Trigger,
    UploadMapping,
    UploadPreset,
)
from .library import FastAdmin, ReadOnlyAdmin, ReadOnlyInline


class ApiKeyInline(ReadOnlyInline):
    model = ApiKey
    fields = readonly_fields = ("key", "label", "created_at", "last_used_at", "revoked_at")


class CloudForm(forms.ModelForm[Cloud]):
    """Refuses names that are part of the site's own addresses."""

    class Meta:
        model = Cloud
        fields = "__all__"  # noqa: DJ007 — the operator's desk shows all there is

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        try:
            clouds.check_name(name)
        except clouds.CloudError as error:
            raise forms.ValidationError(str(error)) from None
        return name


@admin.register(Cloud)
class CloudAdmin(FastAdmin):
    form = CloudForm
    list_display = ("name", "owner", "created_at", "key_count", "strict_transformations")
    search_fields = ("name", "owner__username")
    autocomplete_fields = ("owner",)
    inlines = (ApiKeyInline,)
    actions = ("issue_key",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cloud]:
        found: QuerySet[Cloud] = super().get_queryset(request)
        return found.annotate(keys_made=Count("keys")).select_related("owner")

    @admin.display(description="keys")
    def key_count(self, cloud: Any) -> int:
        return int(cloud.keys_made)

    def save_model(self, request: HttpRequest, obj: Cloud, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            adopting.adopt_all(obj)

    @admin.action(description="Make a key, whose secret is shown once", permissions=["change"])
    def issue_key(self, request: HttpRequest, queryset: QuerySet[Cloud]) -> None:
        for cloud in queryset:
            issued = clouds.issue_key(cloud, label=f"made by {request.user}")
            said = f"{cloud.name}: key {issued.key.key}, secret {issued.secret} (not shown again)"
            self.message_user(request, said, messages.SUCCESS)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("key", "cloud", "label", "created_at", "last_used_at", "revoked_at")
    list_filter = ("cloud",)
    search_fields = ("key", "label", "cloud__name")
    exclude = ("sealed_secret",)
    actions = ("revoke",)

    @admin.action(description="Revoke", permissions=["delete"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        count = sum(key.revoke() for key in queryset)
        self.message_user(request, f"{count} keys let nobody in any more.", messages.SUCCESS)


@admin.register(Asset)
class AssetAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "cloud", "resource_type", "type", "format", "created_at")
    list_filter = ("resource_type", "type", "moderation_status")
    search_fields = ("=public_id", "=asset_id")
    list_select_related = ("cloud",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a photo goes by its own page, and what it was here goes with it


@admin.register(CloudUsage)
class CloudUsageAdmin(ReadOnlyAdmin):
    list_display = ("cloud", "day", "requests", "transformations", "bandwidth_bytes")
    list_filter = ("cloud",)
    date_hierarchy = "day"


@admin.register(UploadPreset)
class UploadPresetAdmin(FastAdmin):
    list_display = ("name", "cloud", "unsigned", "created_at")
    list_filter = ("unsigned",)
    search_fields = ("name", "cloud__name")


@admin.register(NamedTransformation)
class NamedTransformationAdmin(FastAdmin):
    list_display = ("name", "cloud", "is_named", "allowed_for_strict", "is_used")
    list_filter = ("is_named", "allowed_for_strict")
    search_fields = ("name", "cloud__name")


@admin.register(UploadMapping)
class UploadMappingAdmin(FastAdmin):
    list_display = ("folder", "cloud", "template")
    search_fields = ("folder", "cloud__name")


@admin.register(Trigger)
class TriggerAdmin(FastAdmin):
    list_display = ("event_type", "uri", "cloud", "created_at")
    search_fields = ("uri", "cloud__name")


class MetadataEntryInline(admin.TabularInline):  # type: ignore[type-arg]
    model = MetadataEntry
    extra = 0


@admin.register(MetadataField)
class MetadataFieldAdmin(FastAdmin):
    list_display = ("label", "external_id", "type", "mandatory", "cloud")
    search_fields = ("label", "external_id", "cloud__name")
    inlines = (MetadataEntryInline,)


@admin.register(ApiJob)
class ApiJobAdmin(ReadOnlyAdmin):
    list_display = ("action", "cloud", "status", "attempts", "created_at", "finished_at")
    list_filter = ("status", "action")


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ("url", "cloud", "status", "attempts", "created_at", "due_at")
    list_filter = ("status",)
    search_fields = ("url",)
