"""Details, terms, kind and moment of the case in the search rows (ADR 0034).

Words of things of before become details, found by readers of the details alone, as ever. A row
gets its terms, and loses its telephones, when its case is next written; going back, the words come
back at once, and the telephones, which no row keeps, in the same way.

Kind and moment of a case never change (``core_case_frozen``), so that a copy cannot go stale. The
database copies them itself: rows written by the release of before have them as well.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Now

BATCH = 2000
ADD = """
ALTER TABLE core_searchtext
  ADD COLUMN IF NOT EXISTS details text DEFAULT '' NOT NULL,
  ADD COLUMN IF NOT EXISTS terms varchar(40)[] DEFAULT '{}' NOT NULL,
  ADD COLUMN IF NOT EXISTS kind varchar(10) DEFAULT '' NOT NULL,
  ADD COLUMN IF NOT EXISTS opened_at timestamptz DEFAULT now() NOT NULL
"""
DROP = """
ALTER TABLE core_searchtext
  DROP COLUMN details, DROP COLUMN terms, DROP COLUMN kind, DROP COLUMN opened_at
"""
COPY = """
CREATE OR REPLACE FUNCTION core_searchtext_copy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.kind = '' THEN
    SELECT kind, opened_at INTO STRICT NEW.kind, NEW.opened_at FROM core_case WHERE id = NEW.case_id;
  END IF;
  IF NOT '#' || NEW.kind = ANY (NEW.grams) THEN
    NEW.grams := NEW.grams || ('#' || NEW.kind)::varchar;
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER core_searchtext_copy BEFORE INSERT OR UPDATE OF grams ON core_searchtext
FOR EACH ROW EXECUTE FUNCTION core_searchtext_copy();
"""
NO_COPY = """
DROP TRIGGER core_searchtext_copy ON core_searchtext;
DROP FUNCTION core_searchtext_copy();
"""
CLOSE = "SET details = s.text, text = lower(c.number)", "c.kind = 'found' AND s.details = ''"
OPEN = "SET text = s.text || E'\\n' || s.details, details = ''", "c.kind = 'found' AND s.details <> ''"
FILL = "SET grams = s.grams", "s.kind = ''"
UNMARK = "SET grams = array_remove(s.grams, ('#' || c.kind)::varchar)", "s.grams @> ARRAY['#' || c.kind]::varchar[]"


def in_batches(change: str, which: str) -> str:
    """Change the rows a few at a time, by key; broken off, it goes on where it was."""
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
    WHERE c.id = s.case_id AND s.case_id > done AND s.case_id <= upto AND {which};
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
                migrations.AddField(
                    model_name="searchtext",
                    name="kind",
                    field=models.CharField(db_default="", editable=False, max_length=10),
                ),
                migrations.AddField(
                    model_name="searchtext",
                    name="opened_at",
                    field=models.DateTimeField(db_default=Now(), editable=False),
                ),
            ],
        ),
        AddIndexConcurrently(
            model_name="searchtext",
            index=GinIndex(fields=["terms"], name="core_search_terms"),
        ),
        migrations.RunSQL(in_batches(*CLOSE), in_batches(*OPEN)),
        migrations.RunSQL(migrations.RunSQL.noop, in_batches(*UNMARK)),
        migrations.RunSQL(COPY, NO_COPY),
        migrations.RunSQL(in_batches(*FILL), migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="searchtext",
            index=models.Index(
                fields=["property", "-opened_at", "-case"], name="core_search_newest"
            ),
        ),
    ]
