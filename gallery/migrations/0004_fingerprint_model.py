"""Features are the network's: their model's name says nothing of the vocabulary any more."""

from django.db import migrations


def drop_vocabulary(apps, schema_editor):
    fingerprints = apps.get_model("gallery", "Fingerprint").objects
    names = fingerprints.filter(model__contains="+vocabulary-").values_list("model", flat=True)
    for name in names.order_by().distinct():
        fingerprints.filter(model=name).update(model=name.split("+vocabulary-")[0])


class Migration(migrations.Migration):
    dependencies = [
        ("gallery", "0003_taught_tag"),
    ]

    operations = [
        migrations.RunPython(drop_vocabulary, migrations.RunPython.noop),
    ]
