"""What a migration may do to a table that exists while a release that knows nothing of it goes on.

A column without a default of the database stops that release from writing; an index or a
constraint built over the rows in one transaction stops everybody.
"""

import subprocess
from collections.abc import Iterator
from importlib import import_module

import psycopg
import pytest
from django.db import DatabaseError, connection, migrations, models, transaction
from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED
from django.utils import timezone

from propdesk.core.backup import programs
from propdesk.core.models import Delivery, MailRule, Notice, SearchText
from propdesk.core.roles import Role
from propdesk.core.together import Together
from tests.core.channels.rows import house, tell
from tests.core.test_backup import empty_database, empty_place, manage
from tests.factories import CaseFactory, member

LANDED = {
    "core": "0011",
    "incidents": "0004",
    "lostfound": "0002",
    "emergencies": "0006",
    "desk": "0000",
}
"""The last migration of each app that came before this rule: it is not asked of those."""


def disk_migrations() -> dict[tuple[str, str], migrations.Migration]:
    return MigrationLoader(None, ignore_no_migrations=True).disk_migrations


def later() -> list[migrations.Migration]:
    found = disk_migrations()
    return [
        found[app, name]
        for app, name in sorted(found)
        if app in LANDED and name[:4] > LANDED[app] and not name.startswith("0000")
    ]


def flat(ops: list[operations.base.Operation]) -> Iterator[operations.base.Operation]:
    """What is done to the database, taken out of its wrappers."""
    for op in ops:
        if isinstance(op, operations.SeparateDatabaseAndState):
            yield from flat(op.database_operations)
        elif isinstance(op, Together):
            yield from flat(op.operations)
        else:
            yield op


def faults(migration: migrations.Migration) -> list[str]:
    """What in a migration is not safe, by operation; tables it makes itself are nobody else's yet."""
    ops = list(flat(migration.operations))
    own = {op.name_lower for op in ops if isinstance(op, operations.CreateModel)}
    asked = [op for op in ops if getattr(op, "model_name_lower", "") not in own]
    return [op.describe() for op in asked if _needs_a_default(op) or _holds_the_table(op)]


def _needs_a_default(op: operations.base.Operation) -> bool:
    if not isinstance(op, operations.AddField):
        return False
    field = op.field
    return not field.many_to_many and not field.null and field.db_default is NOT_PROVIDED


def _holds_the_table(op: operations.base.Operation) -> bool:
    """The operations of ``django.contrib.postgres`` are subclasses that do not."""
    return type(op) in (operations.AddIndex, operations.AddConstraint)


@pytest.mark.parametrize("migration", later(), ids=str)
def test_migration_lets_the_earlier_release_go_on(migration):
    assert faults(migration) == []


def test_rule_finds_what_is_not_safe():
    index = models.Index(fields=["b"], name="x")
    check = models.CheckConstraint(condition=models.Q(b=1), name="x")
    made = operations.CreateModel("new", [])
    unsafe = [
        operations.AddField("old", "a", models.CharField(default="")),
        operations.AddIndex("old", index),
        operations.SeparateDatabaseAndState([operations.AddConstraint("old", check)]),
        Together([operations.AddIndex("old", index)]),
    ]
    safe = [
        operations.AddField("old", "a", models.CharField(default="", db_default="")),
        operations.AddField("old", "a", models.CharField(null=True)),
        operations.SeparateDatabaseAndState([], [operations.AddConstraint("old", check)]),
        operations.AddIndex("new", index),
        operations.AddField("new", "a", models.CharField(default="")),
    ]

    def found(op):
        migration = migrations.Migration("x", "core")
        migration.operations = [made, op]
        return len(faults(migration))

    assert [found(op) for op in unsafe + safe] == [1] * 4 + [0] * 5


@pytest.mark.django_db
def test_earlier_release_writes_into_the_outbox_of_this_one():
    prop = house()
    now = timezone.now()
    notice = Notice.objects.create(
        property=prop, recipient=member(prop, Role.STAFF), text="x", key="k", created_at=now
    )

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_delivery (notice_id, recipient_id, property_id, channel, state,"
            " created_at, attempts, next_try_at, error)"
            " VALUES (%s, %s, %s, 'inbox', 'pending', now(), 0, now(), '')",
            [notice.pk, notice.recipient_id, prop.pk],
        )

    row = Delivery.objects.get(notice=notice)
    assert (row.robot_key, row.in_digest, row.robot) == ("", False, None)


@pytest.mark.django_db
@pytest.mark.parametrize("made", [False, True])
def test_outbox_of_before_is_not_gone_back_to_once_a_house_has_set_its_channels(made):
    refuse = import_module("propdesk.core.migrations.0013_outbox_indexes").REFUSE
    prop = house()
    tell(prop)
    if made:
        MailRule.objects.create(property=prop, role=Role.SECURITY)

    def go_back():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(refuse)

    if made:
        with pytest.raises(DatabaseError, match="would be lost"):
            go_back()
    else:
        go_back()


@pytest.mark.django_db(transaction=True)
def test_words_of_things_become_details_in_batches_and_words_again(monkeypatch):
    module = import_module("propdesk.core.migrations.0014_search_terms")
    monkeypatch.setattr(module, "BATCH", 2)
    cases = [CaseFactory(kind=kind) for kind in ("found", "complaint", "found", "found", "found")]
    for case in cases:
        SearchText.objects.create(case=case, property=case.property, text="一把伞", grams=[])

    def change(which):
        with connection.cursor() as cursor:
            cursor.execute(module.in_batches(*which))
        return list(SearchText.objects.order_by("pk").values_list("text", "details"))

    numbers = [case.number.lower() for case in cases]
    closed = [(number, "一把伞") for number in numbers]
    closed[1] = ("一把伞", "")
    assert [change(module.CLOSE) for _twice in range(2)] == [closed, closed]
    opened = [(f"{number}\n一把伞", "") for number in numbers]
    opened[1] = ("一把伞", "")
    assert change(module.OPEN) == opened


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_schema_is_the_same_after_up_down_up():
    """In a database of its own, with the commands whoever goes back a release uses."""
    apps = ("desk", "emergencies", "lostfound", "incidents", "core")  # who hangs on others first
    names = {(m.app_label, m.name[:4]): m.name for m in disk_migrations().values()}
    with empty_place() as place, empty_database(f"{connection.settings_dict['NAME']}_down") as url:

        def migrate(*words):
            code, said = manage(place / "home", "migrate", *words, DATABASE_URL=url)
            assert code == 0, said

        def schema():
            with psycopg.connect(url) as server:
                tools = programs.find(server.info.server_version // 10_000)
            dump = [tools.directory / "pg_dump", "--schema-only", "-d", url]
            text = subprocess.run(dump, capture_output=True, text=True, check=True).stdout
            # A word of the program that is another one each time.
            return [
                line
                for line in text.splitlines()
                if not line.startswith(("\\restrict", "\\unrestrict"))
            ]

        migrate()
        up = schema()
        for app in apps:
            migrate(app, names.get((app, LANDED[app]), "zero"))
        down = schema()
        migrate()
        again = schema()
        with psycopg.connect(url) as server:
            server.execute("ALTER TABLE core_case ADD COLUMN too_many integer")
        control = schema()

    assert again == up
    assert len(down) < len(up)
    assert control != up
