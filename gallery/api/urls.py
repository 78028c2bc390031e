"""Every address of the API. Fixed words come before names: the first that fits is taken."""

from __future__ import annotations

from functools import partial

from django.urls import URLPattern, re_path

from . import (
    account,
    archives,
    delivery,
    fields,
    folder_search,
    folders,
    generated,
    labels,
    presets,
    resources,
    search,
    transformations,
    triggers,
    uploads,
)
from .doors import Handler, admin_door, by_method, no_such_route, open_door, upload_door

_V1 = r"^v1_1/(?P<cloud_name>[^/]+)/"
_KIND = r"(?P<resource_type>image|raw|video|auto)"
_TYPE = r"(?P<type>[a-z_]+)"
_ID = r"(?P<public_id>.+)"
_ASSET = r"(?P<asset_id>[0-9a-f]{32})"


def _upload(path: str, handler: Handler) -> URLPattern:
    return re_path(rf"{_V1}{path}$", upload_door(handler))


def _admin(path: str, **handlers: Handler) -> URLPattern:
    return re_path(rf"{_V1}{path}$", admin_door(by_method(**handlers)))


_UPLOAD_API = [
    _upload(rf"{_KIND}/upload", by_method(POST=uploads.upload)),
    _upload(rf"{_KIND}/explicit", by_method(POST=uploads.explicit)),
    _upload(rf"{_KIND}/rename", by_method(POST=uploads.rename)),
    _upload(rf"{_KIND}/destroy", by_method(POST=uploads.destroy)),
    _upload(rf"{_KIND}/tags", by_method(POST=labels.change_tags)),
    _upload(rf"{_KIND}/context", by_method(POST=labels.change_context)),
    _upload(rf"{_KIND}/metadata", by_method(POST=labels.change_metadata)),
    _upload(rf"{_KIND}/text", by_method(POST=generated.text)),
    _upload(rf"{_KIND}/sprite", by_method(POST=generated.sprite, GET=generated.sprite)),
    _upload(rf"{_KIND}/multi", by_method(POST=generated.multi, GET=generated.multi)),
    _upload(rf"{_KIND}/explode", by_method(POST=generated.explode)),
    _upload(
        r"(?P<resource_type>image|raw|video|auto|all)/generate_archive",
        by_method(POST=archives.generate, GET=archives.generate),
    ),
    _upload(rf"{_KIND}/download", by_method(GET=archives.download)),
    _upload(rf"{_KIND}/download_tag\.zip", by_method(GET=archives.download_tag)),
    _upload(r"download_backup", by_method(GET=archives.download_backup)),
    re_path(
        rf"{_V1}(?:{_KIND}/)?delete_by_token$",
        open_door(by_method(POST=uploads.delete_by_token)),
    ),
]

_ASSETS = [
    _admin(r"resources/search", GET=search.search, POST=search.search),
    _admin(r"resources/visual_search", GET=search.visual, POST=search.visual),
    _admin(r"resources/by_asset_folder", GET=resources.by_folder),
    _admin(r"resources/by_asset_ids", GET=resources.by_asset_ids),
    _admin(r"resources/restore", POST=resources.restore_by_asset_ids),
    _admin(rf"resources/backup/{_ASSET}", DELETE=resources.delete_backups),
    _admin(rf"resources/related_assets/{_ASSET}", POST=resources.relate, DELETE=resources.unrelate),
    _admin(
        rf"resources/related_assets/{_KIND}/{_TYPE}/{_ID}",
        POST=resources.relate,
        DELETE=resources.unrelate,
    ),
    _admin(rf"resources/{_ASSET}", GET=resources.detail, PUT=resources.update),
    _admin(r"resources", GET=resources.kinds, DELETE=resources.delete_by_asset_ids),
    _admin(
        rf"resources/{_KIND}/tags/(?P<tag>.+)", GET=resources.by_tag, DELETE=resources.delete_by_tag
    ),
    _admin(rf"resources/{_KIND}/context", GET=resources.by_context),
    _admin(
        rf"resources/{_KIND}/moderations/(?P<kind>[^/]+)/(?P<status>[^/]+)",
        GET=resources.by_moderation,
    ),
    _admin(rf"resources/{_KIND}/publish_resources", POST=resources.publish),
    _admin(
        rf"resources/{_KIND}/{_TYPE}/restore",
        GET=partial(resources.detail, public_id="restore"),
        POST=resources.restore,
    ),
    _admin(rf"resources/{_KIND}", GET=resources.listing),
    _admin(rf"resources/{_KIND}/{_TYPE}", GET=resources.listing, DELETE=resources.delete),
    _admin(rf"resources/{_KIND}/{_TYPE}/{_ID}", GET=resources.detail, POST=resources.update),
    _admin(r"derived_resources", DELETE=resources.delete_derived),
    _admin(rf"tags/{_KIND}", GET=labels.tags),
]

_REST = [
    _admin(r"ping", GET=account.ping),
    _admin(r"usage(?:/(?P<date>[^/]+))?", GET=account.usage),
    _admin(r"config", GET=account.config),
    _admin(r"folders/search", GET=folder_search.search, POST=folder_search.search),
    _admin(r"folders", GET=folders.root),
    _admin(
        r"folders/(?P<path>.+)",
        GET=folders.children,
        POST=folders.create,
        PUT=folders.move,
        DELETE=folders.delete,
    ),
    _admin(r"upload_presets", GET=presets.listing, POST=presets.create),
    _admin(
        r"upload_presets/(?P<name>.+)",
        GET=presets.detail,
        PUT=presets.update,
        DELETE=presets.delete,
    ),
    _admin(r"upload_mappings", **presets.MAPPINGS),
    _admin(r"upload_mappings/(?P<folder>.+)", **presets.MAPPINGS),
    _admin(r"transformations", **transformations.BY_PARAMETER),
    _admin(r"transformations/(?P<text>.+)", **transformations.BY_PATH),
    _admin(r"triggers", GET=triggers.listing, POST=triggers.create),
    _admin(r"triggers/(?P<external_id>[^/]+)", PUT=triggers.update, DELETE=triggers.delete),
    _admin(r"metadata_rules", GET=fields.rules, POST=fields.create_rule),
    _admin(r"metadata_rules/(?P<external_id>[^/]+)", PUT=fields.no_rule, DELETE=fields.no_rule),
    _admin(r"metadata_fields", GET=fields.listing, POST=fields.create),
    _admin(r"metadata_fields/order", PUT=fields.order, POST=fields.order),
    _admin(
        r"metadata_fields/(?P<external_id>[^/]+)",
        GET=fields.detail,
        PUT=fields.update,
        DELETE=fields.delete,
    ),
    _admin(
        r"metadata_fields/(?P<external_id>[^/]+)/datasource",
        PUT=fields.update_datasource,
        DELETE=fields.delete_entries,
    ),
    _admin(
        r"metadata_fields/(?P<external_id>[^/]+)/datasource_restore", POST=fields.restore_entries
    ),
    _admin(
        r"metadata_fields/(?P<external_id>[^/]+)/datasource/order",
        POST=fields.order_entries,
        PUT=fields.order_entries,
    ),
]

_DELIVERY = [
    re_path(
        r"^(?P<cloud_name>[^/]+)/search/(?P<rest>[^/]+/\d+/[^/]+(?:/[^/]+)?)$", search.by_address
    ),
    re_path(
        r"^(?P<cloud_name>[^/]+)/(?P<kind>image|raw|video|iu|images|files)/(?P<rest>(?s:.+))$",
        delivery.deliver,
    ),
]

urlpatterns = [
    *_UPLOAD_API,
    *_ASSETS,
    *_REST,
    re_path(r"^v(?:1_1|2)(?:/.*)?$", no_such_route),
    *_DELIVERY,
    re_path(r"^(?P<cloud_name>[^/]+)/(?P<rest>(?s:.+))$", delivery.deliver_from_root),
]
