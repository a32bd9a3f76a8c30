"""Terms of the search rows in a column of their own (ADR 0034).

Rows are taken apart here, so that nothing is missed meanwhile; the index of the grams is made anew,
which is faster than changing each of its entries.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

APART = """
UPDATE core_searchtext SET
    terms = ARRAY(SELECT g FROM unnest(grams) g WHERE left(g, 1) IN ('=', '-', '/', '@', '!')),
    grams = ARRAY(SELECT g FROM unnest(grams) g WHERE left(g, 1) NOT IN ('=', '-', '/', '@', '!'))
"""
TOGETHER = "UPDATE core_searchtext SET grams = grams || terms"


def _index(name: str) -> migrations.AddIndex:
    index = django.contrib.postgres.indexes.GinIndex(fields=[name], name=f"core_search_{name}")
    return migrations.AddIndex(model_name="searchtext", index=index)


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0014_search_terms"),
    ]

    operations = [
        migrations.AddField(
            model_name="searchtext",
            name="terms",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40), default=list, size=None
            ),
        ),
        migrations.RemoveIndex(model_name="searchtext", name="core_search_grams"),
        migrations.RunSQL(APART, TOGETHER),
        _index("grams"),
        _index("terms"),
    ]
