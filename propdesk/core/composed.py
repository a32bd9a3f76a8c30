"""SQL the ORM composes once a process instead of at every request, with slots for values.

A page that reads one record with all its children in one statement (ADR 0019) spends more time on
composing that statement than the database does on answering it: some twenty subqueries, resolved and
compiled anew at each request, always to the same text. What does not depend on who asks is composed
once here and put into the statement around it.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BigIntegerField, CharField, JSONField, Manager, Model, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import JSONObject

M = TypeVar("M", bound=Model)
CHILDREN = "children_of"


class Slot(Value):
    """Room for a value that is known only when the statement runs; needs its ``output_field``."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Stand among the parameters itself, to be replaced there."""
        return "%s", (self,)


USER = Slot("user", BigIntegerField())
"""Key of whoever looks."""


def rows_of(queryset: "QuerySet[Any]", *order: Any, **fields: Any) -> ArraySubquery:
    """The rows as a list of objects inside the statement around them."""
    return ArraySubquery(queryset.order_by(*order).values(row=JSONObject(**fields)))


def same(*names: str) -> dict[str, str]:
    """Fields that keep their names."""
    return {name: name for name in names}


class Children:
    """All lists that hang on one row of ``rows``, which has a case; ``build`` returns them by name.

    ``build`` may refer to that row by ``OuterRef`` and to ``USER``, but to nothing of the statement
    around it and to no moment, which would stand still in it.
    """

    def __init__(self, rows: "Manager[Any]", build: Callable[[], dict[str, Any]]) -> None:
        self._rows, self._build = rows, build

    @cached_property
    def _statement(self) -> tuple[str, list[Any]]:
        rows = self._rows.filter(
            case__number=Slot("number", CharField()),
            case__property=Slot("prop", BigIntegerField()),
        )
        sql, params = rows.values_list(JSONObject(**self._build())).query.sql_with_params()
        return sql, list(params)

    def of(self, *, number: str, prop: int, user: int) -> dict[str, RawSQL]:
        """The annotation that brings the lists of this case; ``spread`` them afterwards."""
        sql, params = self._statement
        values = {"number": number, "prop": prop, "user": user}
        bound = [values[one.value] if isinstance(one, Slot) else one for one in params]
        # The text is the ORM's own, every value a parameter.
        return {CHILDREN: RawSQL(sql, bound, JSONField())}  # noqa: S611


def spread(row: M | None) -> M | None:
    """The same row, the lists that ``Children.of`` annotated on it made attributes of it."""
    if row is not None:
        row.__dict__.update(row.__dict__.pop(CHILDREN))
    return row
