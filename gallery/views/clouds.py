"""A person's library as programs see it: its cloud, and the keys programs come with."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from .. import clouds
from ..forms import ApiKeyForm, CloudForm, CloudNameForm
from ..models import ApiKey, Cloud
from .requests import SignedInRequest


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def cloud_detail(request: SignedInRequest) -> HttpResponse:
    """The cloud with its keys and options; who has none may open one here."""
    cloud = Cloud.objects.filter(owner=request.user).first()
    if cloud is None:
        return _opened(request)
    form = CloudForm(request.POST or None, instance=cloud)
    if form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("gallery:cloud-detail")
    return _page(request, cloud, form=form)


def _opened(request: SignedInRequest) -> HttpResponse:
    form = CloudNameForm(request.POST or None, owner=request.user)
    if _may_open(request) and form.is_valid():
        messages.success(request, "Your library is open to programs. Make a key for the first one.")
        return redirect("gallery:cloud-detail")
    context = {"form": form, "may_open": _may_open(request)}
    return render(request, "gallery/cloud_open.html", context)


def _may_open(request: SignedInRequest) -> bool:
    return settings.CLOUDS_OPEN or request.user.is_staff


@never_cache
@login_required
@require_POST
def api_key_add(request: SignedInRequest) -> HttpResponse:
    """Make a key. Its secret is in this answer and nowhere else."""
    cloud = get_object_or_404(Cloud, owner=request.user)
    form = ApiKeyForm(request.POST)
    if not form.is_valid():
        return _page(request, cloud, key_form=form)
    issued = clouds.issue_key(cloud, label=form.cleaned_data["label"])
    return _page(request, cloud, issued=issued)


@login_required
@require_POST
def api_key_revoke(request: SignedInRequest, pk: int) -> HttpResponse:
    key = get_object_or_404(ApiKey, pk=pk, cloud__owner=request.user)
    if key.revoke():
        messages.success(request, f"Nobody is let in with {key.key} any more.")
    return redirect("gallery:cloud-detail")


def _page(
    request: SignedInRequest,
    cloud: Cloud,
    *,
    form: CloudForm | None = None,
    key_form: ApiKeyForm | None = None,
    issued: clouds.Issued | None = None,
) -> HttpResponse:
    site = settings.SITE_URL.rstrip("/") or request.build_absolute_uri("/").rstrip("/")
    context: dict[str, Any] = {
        "cloud": cloud,
        "form": form or CloudForm(instance=cloud),
        "key_form": key_form or ApiKeyForm(),
        "keys": cloud.keys.order_by("revoked_at", "-pk"),
        "issued": issued,
        "issued_url": issued.url(site) if issued else "",
        "site": site,
        "host": clouds.host_of(site),
        "asset_count": cloud.assets.filter(deleted_at=None).count(),
    }
    return render(request, "gallery/cloud_detail.html", context)
