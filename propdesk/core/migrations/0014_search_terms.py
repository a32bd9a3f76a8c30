"""Details and terms in the search rows (ADR 0034).

Words of things of before become details, found by readers of the details alone, as ever. A row
gets its terms, and loses its telephones, when its case is next written; going back, the words come
back at once, and the telephones, which no row keeps, in the same way.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

BATCH = 2000
ADD = """
ALTER TABLE core_searchtext
  ADD COLUMN IF NOT EXISTS details text DEFAULT '' NOT NULL,
  ADD COLUMN IF NOT EXISTS terms varchar(40)[] DEFAULT '{}' NOT NULL
"""
DROP = "ALTER TABLE core_searchtext DROP COLUMN details, DROP COLUMN terms"
CLOSE = "SET details = s.text, text = lower(c.number)", "s.details = ''"
OPEN = "SET text = s.text || E'\\n' || s.details, details = ''", "s.details <> ''"


def in_batches(change: str, which: str) -> str:
    """Change the rows of things a few at a time, by key; broken off, it goes on where it was."""
    return f"""
DO $$
DECLARE
  done bigint := 0;
  upto bigint;
BEGIN
  LOOP
    SELECT max(case_id) INTO upto FROM (
      SELECT case_id FROM core_searchtext WHERE case_id > done ORDER BY case_id LIMIT {BATCH}
    ) batch;
    EXIT WHEN upto IS NULL;
    UPDATE core_searchtext s {change} FROM core_case c
    WHERE c.id = s.case_id AND c.kind = 'found' AND s.case_id > done AND s.case_id <= upto AND {which};
    COMMIT;
    done := upto;
  END LOOP;
END $$
"""


class Migration(migrations.Migration):
    # Each batch is a transaction of its own: nobody who writes waits for all of them.
    atomic = False

    dependencies = [
        ("core", "0013_outbox_indexes"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            [migrations.RunSQL(ADD, DROP)],
            [
                migrations.AddField(
                    model_name="searchtext",
                    name="details",
                    field=models.TextField(blank=True, db_default="", default=""),
                ),
                migrations.AddField(
                    model_name="searchtext",
                    name="terms",
                    field=ArrayField(
                        base_field=models.CharField(max_length=40), default=list, size=None
                    ),
                ),
            ],
        ),
        AddIndexConcurrently(
            model_name="searchtext",
            index=GinIndex(fields=["terms"], name="core_search_terms"),
        ),
        migrations.RunSQL(in_batches(*CLOSE), in_batches(*OPEN)),
    ]
