"""A case with all that hangs on it, and its copies: made inside the database, for any register.

What hangs on a case is found by its foreign keys, and theirs: history, acts, notices, promises,
photos. A copy has keys of its own and stands as many days earlier as its number says.
"""

from dataclasses import dataclass, field
from typing import Any

BASE = 1_000_000
"""Keys of copies begin here; those the application gives meanwhile are smaller."""
OURS = ("core", "incidents", "lostfound", "emergencies", "desk")
LEFT_OUT = ("SearchText", "Draft", "FormToken", "RenderJob", "DisposalLine")


def models() -> list[Any]:
    """Tables whose rows may hang on a case."""
    from django.apps import apps

    found = (apps.get_app_config(label).get_models() for label in OURS)
    return [model for each in found for model in each if model.__name__ not in LEFT_OUT]


def keys(model: Any) -> list[Any]:
    """Foreign keys of a model."""
    return [f for f in model._meta.concrete_fields if f.remote_field]  # noqa: SLF001 -- Django's model API


@dataclass
class Tree:
    """Keys of the rows of one case by table, in order."""

    case: int
    most: int
    rows: dict[Any, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        from propdesk.core.models import Case

        self.rows[Case] = [self.case]
        every, before = models(), -1
        while before != (before := sum(map(len, self.rows.values()))):
            for model in every:
                self._reach(model)
        self._people()

    def _reach(self, model: Any) -> None:
        """Rows of a table that name rows we have; of what a case has many, the first ``most``."""
        from django.db.models import Q

        from propdesk.core.models import Case

        if model is Case:
            return
        about = Q()
        for key in keys(model):
            if key.related_model in self.rows and key.related_model is not model:
                about |= Q(**{f"{key.name}__in": self.rows[key.related_model]})
        if about:
            found = model._base_manager.filter(about).order_by("pk")  # noqa: SLF001 -- Django's model API
            found = list(found.values_list("pk", flat=True)[: self.most])
            if found:
                self.rows[model] = found

    def _people(self) -> None:
        """Whom the rows are about: each case has people of its own."""
        from propdesk.core.models import Person

        people: set[int] = set()
        for model, rows in self.rows.items():
            for key in keys(model):
                if key.related_model is Person:
                    found = model._base_manager.filter(pk__in=rows)  # noqa: SLF001 -- Django's model API
                    people.update(found.values_list(key.attname, flat=True))
        self.rows[Person] = sorted(people - {None})


@dataclass
class Copier:
    """Copies trees: of each table, a copy has its keys after those of the copy before."""

    trees: list[Tree]
    own: dict[tuple[str, str], str]
    """SQL for (model, column) that copies have of their own; ``p`` is the plan, ``w`` the words."""

    def __post_init__(self) -> None:
        self.stride: dict[Any, int] = {}
        for tree in self.trees:
            for model, rows in tree.rows.items():
                self.stride[model] = max(self.stride.get(model, 0), len(rows))

    def key(self, tree: Tree, model: Any, value: Any) -> str | None:
        """SQL for the key of a copy of a row; None when the row is of no case."""
        from propdesk.core.models import Case

        if model not in tree.rows or value not in tree.rows[model]:
            return None
        place = tree.rows[model].index(value)
        parent = model._meta.pk.related_model  # noqa: SLF001 -- Django's model API
        if model is Case:
            return f"{BASE} + p.n"
        if parent is not None:
            return self.key(tree, parent, value)
        return f"{BASE} + p.n::bigint * {self.stride[model]} + {place}"

    def statements(self, number: int, tree: Tree) -> list[tuple[str, list[Any]]]:
        """One INSERT for each row of a tree, which writes it for all cases of the plan like it."""
        made = []
        for model, rows in tree.rows.items():
            meta = model._meta  # noqa: SLF001 -- Django's model API
            for sample in model._base_manager.filter(pk__in=rows):  # noqa: SLF001 -- Django's model API
                columns = {
                    f.column: self._value(tree, model, f, sample) for f in meta.concrete_fields
                }
                made.append(
                    (
                        f"INSERT INTO {meta.db_table} ({', '.join(columns)})"  # noqa: S608 -- our own names
                        f" SELECT {', '.join(columns.values())} FROM {meta.db_table} t, bench_plan p"
                        " JOIN bench_words w ON w.k = p.k"
                        f" WHERE t.{meta.pk.column} = %s AND p.sample = {number} ORDER BY p.n",
                        [sample.pk],
                    )
                )
        return made

    def _value(self, tree: Tree, model: Any, field: Any, sample: Any) -> str:
        """SQL for one column of the copies of a row."""
        from django.db import models as fields

        name = model.__name__.removeprefix("Historical")
        tracked = getattr(model, "instance_type", None)
        value, column = getattr(sample, field.attname), f"t.{field.column}"
        if own := self.own.get((name, field.column)):
            return own
        if field.primary_key or field.remote_field:
            related = model if field.primary_key else field.related_model
            return self.key(tree, related, value) or column
        if tracked is not None and field.name == tracked._meta.pk.name:  # noqa: SLF001 -- Django's model API
            return self.key(tree, tracked, value) or column
        if isinstance(field, fields.DateTimeField):
            return f"{column} - p.earlier"
        if isinstance(field, fields.DateField):
            return f"{column} - p.days"
        if (
            value
            and isinstance(field, fields.CharField)
            and field.attname in self._once(tree, model)
        ):
            return f"left({column}, {(field.max_length or 60) - 8}) || '-' || p.n"
        return column

    def _once(self, tree: Tree, model: Any) -> set[str]:
        """Text that may stand once in a house or in all, for copies of which the number is added."""
        meta = model._meta  # noqa: SLF001 -- Django's model API
        found = {f.attname for f in meta.concrete_fields if f.unique and not f.remote_field}
        mine = {f.name for f in keys(model) if f.related_model in tree.rows}
        for rule in meta.constraints:
            named = set(getattr(rule, "fields", ()))
            if not named & mine:
                found |= {name for name in named if not meta.get_field(name).choices}
        return found


def renumber() -> None:
    """What the application writes from now on gets keys after all copies."""
    from django.db import connection

    with connection.cursor() as cursor:
        for model in models():
            key = model._meta.pk  # noqa: SLF001 -- Django's model API
            if key.remote_field is None:
                table = f"'{model._meta.db_table}', '{key.column}'"  # noqa: SLF001 -- Django's model API
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence({table}),"  # noqa: S608 -- our own names
                    f" greatest((SELECT max({key.column}) FROM {model._meta.db_table}), 1))"  # noqa: SLF001
                )
