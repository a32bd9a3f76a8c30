"""Operations of a migration done in one step leave the tables they leave one by one."""

import pytest
from django.db import connection, migrations, models
from django.db.migrations.state import ProjectState

from propdesk.core.together import Together

A = [
    migrations.CreateModel("a", [("id", models.BigAutoField(primary_key=True))]),
    migrations.CreateModel(
        "b", [("id", models.BigAutoField(primary_key=True)), ("n", models.IntegerField(null=True))]
    ),
]
"""A state to begin with: two tables that know nothing of each other."""


def steps() -> list[migrations.operations.base.Operation]:
    """A new table that an old one comes to point to, and everything a migration does to both."""
    return [
        migrations.CreateModel("c", [("id", models.BigAutoField(primary_key=True))]),
        migrations.AddField("a", "c", models.ForeignKey("t.c", models.CASCADE, null=True)),
        migrations.AddField("c", "b", models.ForeignKey("t.b", models.CASCADE)),
        migrations.AddField("c", "word", models.CharField(max_length=9, default="")),
        migrations.AlterField("c", "word", models.CharField(max_length=12, default="")),
        migrations.AlterField("b", "n", models.IntegerField(default=0)),
        migrations.AddIndex("c", models.Index(fields=["word"], name="t_c_word")),
        migrations.AddIndex("b", models.Index(fields=["n"], name="t_b_n")),
        migrations.AddConstraint(
            "c", models.CheckConstraint(condition=models.Q(word__gt=""), name="t_c_word_given")
        ),
        migrations.AlterModelOptions("c", {"verbose_name": "丙"}),
    ]


COLUMNS = """SELECT table_name, column_name, data_type, character_maximum_length, is_nullable
FROM information_schema.columns WHERE table_name IN ('t_a', 't_b', 't_c') ORDER BY 1, 2"""
CONSTRAINTS = """SELECT conrelid::regclass::text, contype::text, pg_get_constraintdef(oid)
FROM pg_constraint WHERE conrelid::regclass::text IN ('t_a', 't_b', 't_c') ORDER BY 1, 2, 3"""
INDEXES = """SELECT tablename, regexp_replace(indexdef, 'INDEX \\S+', '') FROM pg_indexes
WHERE tablename IN ('t_a', 't_b', 't_c') ORDER BY 1, 2"""


def tables() -> list[list[tuple[object, ...]]]:
    found = []
    with connection.cursor() as cursor:
        for statement in (COLUMNS, CONSTRAINTS, INDEXES):
            cursor.execute(statement)
            found.append(cursor.fetchall())
    return found


class Run:
    """A migration and its way back, with the state as ``migrate`` hands it on."""

    def __init__(self, operations):
        self.migration = migrations.Migration("0001", "t")
        self.migration.operations = operations

    def forwards(self, state):
        with connection.schema_editor() as editor:
            return self.migration.apply(state, editor)

    def backwards(self, state):
        with connection.schema_editor() as editor:
            self.migration.unapply(state, editor)


def run(operations):
    """Return the tables before, after the operations and after the way back, and the last state."""
    start = Run(A).forwards(ProjectState())
    before = tables()
    todo = Run(operations)
    end = todo.forwards(start.clone())
    after = tables()
    todo.backwards(start)
    back = tables()
    Run(A).backwards(ProjectState())
    return before, after, back, end


@pytest.mark.django_db(transaction=True)
def test_one_step_leaves_the_tables_of_many_and_goes_back(as_owner):
    with as_owner():
        before, apart, _back, state_apart = run(steps())
        _before, together, back, state_together = run([Together(steps())])

    assert together == apart
    assert together != before
    assert back == before
    assert state_together.models == state_apart.models


@pytest.mark.django_db(transaction=True)
def test_one_step_renders_a_model_once(as_owner, monkeypatch):
    rendered = []
    real = migrations.state.ModelState.render

    def counted(self, apps):
        rendered.append(self.name)
        return real(self, apps)

    monkeypatch.setattr(migrations.state.ModelState, "render", counted)
    counts = []
    with as_owner():
        for operations in (steps(), [Together(steps())]):
            rendered.clear()
            run(operations)
            counts.append(len(rendered))

    assert counts[1] < counts[0] / 2


def test_two_changes_of_one_field_are_no_step():
    added = migrations.AddField("a", "n", models.IntegerField(default=0))
    altered = migrations.AlterField("A", "N", models.IntegerField(default=1))
    with pytest.raises(ValueError, match="same field"):
        Together([added, altered])
    for old, new in (("n", "m"), ("m", "n")):
        with pytest.raises(ValueError, match="same field"):
            Together([altered, migrations.RenameField("a", old, new)])
    assert Together([altered, migrations.RenameField("a", "x", "y")])


def test_step_is_written_as_it_was_read_and_says_what_it_does():
    ops = [migrations.AlterModelOptions("a", {}), migrations.RunSQL("SELECT 1")]
    step = Together(ops)
    name, args, kwargs = step.deconstruct()

    assert (name, args, kwargs) == ("Together", [], {"operations": ops})
    assert step.describe() == "Change Meta options on a; Raw SQL operation"
    assert not step.reversible
    assert Together(ops[:1]).reversible
