"""Makes a key with which a program is let in, and prints what to configure there."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from ... import clouds


class Command(BaseCommand):
    help = (
        "Makes an API key of a cloud, with the cloud where there is none of that name, and prints "
        "the CLOUDINARY_URL that client libraries read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--cloud", required=True, metavar="NAME")
        parser.add_argument(
            "--owner",
            default="",
            metavar="USERNAME",
            help="Whose library a new cloud opens. Nobody: an account of the cloud's name is made.",
        )
        parser.add_argument("--key", default="", help="Made up when it is not given.")
        parser.add_argument("--secret", default="", help="Made up when it is not given.")
        parser.add_argument("--label", default="", help="What the key is for.")
        parser.add_argument(
            "--site",
            default=settings.SITE_URL or f"http://127.0.0.1:{os.environ.get('PORT', '8000')}",
            metavar="URL",
            help="How programs reach the site (%(default)s).",
        )

    def handle(
        self,
        *,
        cloud: str,
        owner: str,
        key: str,
        secret: str,
        label: str,
        site: str,
        **options: Any,
    ) -> None:
        try:
            with transaction.atomic():
                opened = clouds.cloud_or_new(cloud, owner_name=owner)
                issued = clouds.issue_key(opened, label=label, key=key, secret=secret)
        except clouds.CloudError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"CLOUDINARY_URL={issued.url(site.rstrip('/'))}")
