"""One index of grams, terms and days, instead of one for each of the first two (ADR 0037).

The days of a row are an expression of the index: no row is written for it. The release of before asks
the new index for grams or for terms, as it asked the old ones. What asks for days is answered by one
process in the order it is asked: several would not keep it, hence ``PARALLEL RESTRICTED``.
"""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

# The numbers are those of propdesk/core/search_spans.py.
MARKS = """
CREATE OR REPLACE FUNCTION core_search_marks(house bigint, kind text, moment timestamptz)
RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL RESTRICTED
RETURN ARRAY[
  house::text || '/0/' || floor(extract(epoch FROM moment) / 86400)::text,
  house::text || '/1/' || floor(extract(epoch FROM moment) / 691200)::text,
  house::text || '/2/' || floor(extract(epoch FROM moment) / 5529600)::text,
  house::text || '/3/' || floor(extract(epoch FROM moment) / 44236800)::text,
  house::text || kind || '/0/' || floor(extract(epoch FROM moment) / 86400)::text,
  house::text || kind || '/1/' || floor(extract(epoch FROM moment) / 691200)::text,
  house::text || kind || '/2/' || floor(extract(epoch FROM moment) / 5529600)::text,
  house::text || kind || '/3/' || floor(extract(epoch FROM moment) / 44236800)::text
]
"""
NO_MARKS = "DROP FUNCTION core_search_marks(bigint, text, timestamptz)"


class Migration(migrations.Migration):
    # Nobody who writes waits for an index.
    atomic = False

    dependencies = [("core", "0020_second_step")]

    operations = [
        migrations.RunSQL(MARKS, NO_MARKS),
        AddIndexConcurrently(
            model_name="searchtext",
            index=GinIndex(
                models.Func("property", "kind", "opened_at", function="core_search_marks"),
                models.F("terms"),
                models.F("grams"),
                name="core_search_words",
            ),
        ),
        RemoveIndexConcurrently(model_name="searchtext", name="core_search_grams"),
        RemoveIndexConcurrently(model_name="searchtext", name="core_search_terms"),
    ]
