"""What search needs: words, colours, an order by chance, and indexes that answer pages alone.

On a filled library nothing is rewritten: columns are added empty (housekeeping fills them in the
background), indexes are made and dropped in place.
"""

import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models

PHOTO = "gallery.photo"
KEY = models.BigAutoField(
    auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
)


def drop_lone_indexes(apps, schema_editor):
    """Drop the index that Django gave each of these foreign keys: longer ones begin alike."""
    connection = schema_editor.connection
    for model, column in [("Photo", "owner_id"), ("PhotoTag", "photo_id"), ("PhotoTag", "tag_id")]:
        table = apps.get_model("gallery", model)._meta.db_table
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, table)
        for name, facts in found.items():
            if facts["index"] and not facts["unique"] and facts["columns"] == [column]:
                schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


def make_lone_indexes(apps, schema_editor):
    for model, field in [("Photo", "owner"), ("PhotoTag", "photo"), ("PhotoTag", "tag")]:
        model = apps.get_model("gallery", model)
        schema_editor.execute(
            schema_editor._create_index_sql(model, fields=[model._meta.get_field(field)])
        )


def compare_words_by_code_point(apps, schema_editor):
    """Let PostgreSQL find words by their beginning in the index, whatever language it sorts by."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            'ALTER TABLE gallery_photoword ALTER COLUMN word TYPE varchar(40) COLLATE "C"'
        )


def reference(to, name, **options):
    return models.ForeignKey(
        db_index=False,
        on_delete=django.db.models.deletion.CASCADE,
        related_name=name,
        to=to,
        **options,
    )


class Migration(migrations.Migration):
    dependencies = [("gallery", "0005_acts")]

    operations = [
        migrations.RemoveIndex("photo", "photo_newest"),
        migrations.RemoveIndex("photo", "photo_own_newest"),
        migrations.RemoveIndex("photo", "photo_all_newest"),
        migrations.RemoveIndex("photo", "photo_taken"),
        migrations.RemoveIndex("phototag", "photo_tag_lookup"),
        migrations.AddField(
            "photo", "colors", models.SmallIntegerField(editable=False, null=True)
        ),
        migrations.AddField("photo", "shuffle", models.IntegerField(editable=False, null=True)),
        migrations.AddField("photo", "text", models.TextField(editable=False, null=True)),
        migrations.AddField(
            "tag", "estimate", models.PositiveIntegerField(editable=False, null=True)
        ),
        migrations.AddField(
            "tag", "public_count", models.PositiveIntegerField(editable=False, null=True)
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_lone_indexes, make_lone_indexes)],
            state_operations=[
                migrations.AlterField(
                    "photo", "owner", reference(settings.AUTH_USER_MODEL, "photos")
                ),
                migrations.AlterField("phototag", "photo", reference(PHOTO, "photo_tags")),
                migrations.AlterField("phototag", "tag", reference("gallery.tag", "photo_tags")),
            ],
        ),
        migrations.AddIndex(
            "photo", models.Index(fields=["visibility", "id"], name="photo_by_visibility")
        ),
        migrations.AddIndex("photo", models.Index(fields=["owner", "id"], name="photo_by_owner")),
        migrations.AddIndex(
            "photo", models.Index(fields=["format", "id"], name="photo_by_format")
        ),
        migrations.AddIndex(
            "photo", models.Index(fields=["created_at", "id"], name="photo_by_arrival")
        ),
        migrations.AddIndex(
            "photo", models.Index(fields=["taken_at", "id"], name="photo_by_taken")
        ),
        migrations.AddIndex(
            "photo", models.Index(fields=["shuffle", "id"], name="photo_shuffled")
        ),
        migrations.AddIndex(
            "photo",
            models.Index(
                django.db.models.functions.comparison.Coalesce("taken_at", "created_at"),
                models.F("id"),
                name="photo_by_date",
            ),
        ),
        migrations.AddIndex(
            "phototag",
            models.Index(
                fields=["tag", "photo", "state", "confidence"], name="photo_tag_newest"
            ),
        ),
        migrations.AddIndex(
            "phototag",
            models.Index(
                fields=["tag", "confidence", "photo", "state"], name="photo_tag_surest"
            ),
        ),
        migrations.CreateModel(
            name="Favourite",
            fields=[
                ("id", KEY),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("person", reference(settings.AUTH_USER_MODEL, "favourites")),
                (
                    "photo",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="favourites",
                        to=PHOTO,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("person", "photo"), name="favourite_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="PhotoWord",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "word", "photo", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("word", models.CharField(max_length=40)),
                (
                    "photo",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="words",
                        to=PHOTO,
                    ),
                ),
            ],
        ),
        migrations.RunPython(compare_words_by_code_point, migrations.RunPython.noop),
        migrations.CreateModel(
            name="SavedSearch",
            fields=[
                ("id", KEY),
                ("name", models.CharField(max_length=100)),
                ("query", models.CharField(max_length=1000)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("person", reference(settings.AUTH_USER_MODEL, "searches")),
            ],
            options={
                "verbose_name_plural": "saved searches",
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("person", "name"), name="saved_search_name_once"
                    )
                ],
            },
        ),
    ]
