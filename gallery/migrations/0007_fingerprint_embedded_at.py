"""When each embedding came, so that an index of them can tell what it lacks.

The column is added empty, which rewrites no row; only later does it have a default.
"""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gallery", "0006_search")]

    operations = [
        migrations.AddField(
            "fingerprint", "embedded_at", models.DateTimeField(editable=False, null=True)
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "fingerprint",
                    "embedded_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, null=True
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            "fingerprint",
            models.Index(
                condition=models.Q(("embedding__isnull", False)),
                fields=["model", "embedded_at", "photo"],
                name="fingerprint_seen",
            ),
        ),
    ]
