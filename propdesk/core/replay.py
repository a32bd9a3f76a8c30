"""Whether rows are what their history says last: an edit behind the application leaves no line there.

One statement a model, inside the database; a row of before its model had a history is passed over.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.utils.translation import gettext as _
from psycopg import sql

DIFFERING = """
SELECT coalesce(t.{key}, h.{key}) FROM {table} t FULL JOIN (
  SELECT DISTINCT ON ({key}) * FROM {history} ORDER BY {key}, history_id DESC
) h ON h.{key} = t.{key}
WHERE h.{key} IS NOT NULL AND CASE
  WHEN t.{key} IS NULL OR h.history_type = '-' THEN (t.{key} IS NULL) <> (h.history_type = '-')
  ELSE ROW({row}) IS DISTINCT FROM ROW({last})
END
ORDER BY 1
"""


def problems() -> Iterator[str]:
    """A sentence for each row that is not what its newest history row says."""
    for model in apps.get_models():
        if hasattr(model, "history") and not hasattr(model, "history_object"):
            for key in _differing(model):
                yield _("%(row)s 与它的历史记录不符") % {"row": f"{model._meta.label} {key}"}


def _differing(model: type[models.Model]) -> list[Any]:
    history: Any = model.history.model  # type: ignore[attr-defined]  # of simple_history
    columns = [field.column for field in history.tracked_fields]
    key = str(model._meta.pk.column)
    names = [sql.Identifier(column) for column in columns]
    statement = sql.SQL(DIFFERING).format(
        key=sql.Identifier(key),
        table=sql.Identifier(model._meta.db_table),
        history=sql.Identifier(history._meta.db_table),
        row=sql.SQL(", ").join(sql.SQL("t.{}").format(name) for name in names),
        last=sql.SQL(", ").join(sql.SQL("h.{}").format(name) for name in names),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [row[0] for row in cursor.fetchall()]
