"""Keys are made on the operator's desk by those alone who may change clouds."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from gallery.models import ApiKey, User
from gallery.tests.factories import make_cloud, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("permissions", "made"), [(["view"], 0), (["view", "change"], 1)])
def test_looking_at_clouds_makes_no_keys(client: Client, permissions: list[str], made: int) -> None:
    staff: User = make_user(is_staff=True)
    names = [f"{name}_cloud" for name in permissions]
    staff.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(staff)
    cloud = make_cloud()
    before = ApiKey.objects.count()
    client.post(
        reverse("admin:gallery_cloud_changelist"),
        {"action": "issue_key", "_selected_action": [str(cloud.pk)]},
    )
    assert ApiKey.objects.count() == before + made
