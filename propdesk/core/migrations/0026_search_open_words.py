"""An index of what may be found of things without the right to their details (ADR 0037).

The open words of a row are those of its grams that stand in its open text: an expression of the
index, so that no row is written for it, and rows written before, or by the release of before, are in it.
"""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

OPEN = """
CREATE OR REPLACE FUNCTION core_search_open(body text, words varchar[])
RETURNS varchar[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ARRAY(SELECT word FROM unnest(words) word WHERE strpos(body, word) > 0)
"""
NO_OPEN = "DROP FUNCTION core_search_open(text, varchar[])"


class Migration(migrations.Migration):
    # Nobody who writes waits for an index.
    atomic = False

    dependencies = [("core", "0025_keep_years")]

    operations = [
        migrations.RunSQL(OPEN, NO_OPEN),
        AddIndexConcurrently(
            model_name="searchtext",
            index=GinIndex(
                models.Func("property", "kind", "opened_at", function="core_search_marks"),
                models.F("terms"),
                models.Func("text", "grams", function="core_search_open"),
                condition=models.Q(kind="found"),
                name="core_search_open_words",
            ),
        ),
    ]
