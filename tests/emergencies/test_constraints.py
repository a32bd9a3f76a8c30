# ruff: noqa: S608 -- the statements name our own tables only
"""The database itself refuses: constraints and guards of events, calls, marks and seals."""

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from emergencies import workflow
from emergencies.models import Event, MarkPhoto, PlaybookVersion
from propdesk.core.persons import Guest
from tests.emergencies import moves, test_belongings, test_headcount
from tests.emergencies.journey import House, fresh, photo
from tests.factories import PASSWORD, CaseFactory
from tests.incidents.moves import fingerprint
from tests.incidents.test_constraints import run, twin

pytestmark = [pytest.mark.django_db, pytest.mark.every_case]
W = workflow
E, CALL, RUNG, MARK = (
    "emergencies_event",
    "emergencies_call",
    "emergencies_rung",
    "emergencies_stepmark",
)
ANSWER, COMMAND, READER, PARTY = (
    "emergencies_answer",
    "emergencies_command",
    "emergencies_reader",
    "emergencies_party",
)
BOOK, SEAL, TAG, CHECK = (
    "emergencies_playbookversion",
    "emergencies_roomseal",
    "emergencies_sealtag",
    "emergencies_sealcheck",
)
OWN = ("event", "calls", "content", "progress", "seals")
"""Modules of models whose constraints stand here; the other registers have files of their own."""


# --- rows to copy or to spoil ----------------------------------------------------------------


def started(house: House) -> Event:
    event = house.started("theft")
    house.answer(event, "forced_entry", "yes")
    W.note(fresh(event), "走廊灯灭着", by=house.dm)
    W.add_party(fresh(event), "witness", Guest(name="路人"), by=house.dm)
    return fresh(event)


def busy(house: House) -> Event:
    """Answers and marks superseded, command handed over, a call told and confirmed."""
    event = started(house)
    house.mark(event, "T21")
    house.answer(event, "forced_entry", "no")
    house.answer(event, "forced_entry", "yes")
    W.confirm_again(fresh(event), "T21", by=house.sec, seen=1)
    W.not_needed(fresh(event), "T13", by=house.dm, reason="刚查过")
    W.acknowledge(fresh(event), "N1", by=house.guard)
    W.tell(fresh(event), "N1", W.Told("radio"), by=house.dm)
    W.hand_over(fresh(event), house.gm, by=house.dm)
    return fresh(event)


def climbed(house: House) -> Event:
    event = house.started("fire")
    W.climb(timezone.now() + timezone.timedelta(minutes=2))
    return fresh(event)


def ended(house: House) -> Event:
    return house.ended("power_outage")


def reviewed(house: House) -> Event:
    event = ended(house)
    W.review(event, "响应快", [], by=house.pm)
    return fresh(event)


def voided(house: House) -> Event:
    return W.void(house.started("theft"), by=house.pm, reason="误报")


def archived(house: House) -> Event:
    """By its status alone: the guard looks at nothing else."""
    event = ended(house)
    Event.objects.filter(pk=event.pk).update(
        status="archived", archived_at=timezone.now(), archived_by=house.dm
    )
    return event


def child(house: House) -> Event:
    event = house.answered(house.started("drunk_guest"), damage="yes")
    W.open_child(event, "property_damage", by=house.dm)
    return fresh(event)


def read(house: House) -> Event:
    event = house.dead()
    W.name_reader(event, house.dm2, by=house.gm, reason="接班")
    W.end_reader(fresh(event), house.dm2, by=house.gm, reason="下班")
    return fresh(event)


def found(house: House) -> Event:
    """A death that somebody started who is no fixed reader."""
    return house.started("death", by=house.cleaner)


def replaced(house: House) -> Event:
    """A playbook that another version has taken the place of."""
    event = started(house)
    PlaybookVersion.objects.filter(pk=event.playbook_id).update(superseded_at=timezone.now())
    return event


def sealed(house: House) -> Event:
    seal = house.sealed()
    W.check_seal(seal, is_intact=False, by=house.sec, note="撕开", picture=photo())
    return seal.event


def renewed(house: House) -> Event:
    event = sealed(house)
    tag = house.tag("FQ-0002")
    W.renew_seal(event.seals.get(), tag, photo(), by=house.sec, reason="撕开")
    return event


def released(house: House) -> Event:
    return house.released().event


def opened(house: House) -> Event:
    seal = house.released()
    W.open_seal(seal, W.Second(house.pm, PASSWORD), by=house.sec)
    return seal.event


def photographed(house: House) -> Event:
    """A step whose mark has a photo."""
    event = busy(house)
    kept = W.attach(event, [photo()], by=house.dm)[0]
    MarkPhoto.objects.create(mark=event.marks.first(), attachment=kept)
    return event


def case_beside(ready):
    """Get ready, and keep one case free for a copy of the event."""

    def make(house: House) -> Event:
        event = ready(house)
        CaseFactory(property=house.prop, created_by=house.dm)
        return event

    return make


FREE = "(SELECT max(id) FROM core_case)"


def copy(**changes: str) -> str:
    """A copy of the event on the free case."""
    return twin(E, **({"case_id": FREE} | changes))


CONSTRAINTS = {
    "event_child_once": (case_beside(child), copy(where="parent_id IS NOT NULL")),
    "event_not_its_own_parent": (case_beside(started), copy(parent_id=FREE)),
    "event_ended": (case_beside(started), copy(status="'signing'")),
    "event_archived": (
        case_beside(ended),
        copy(status="'archived'"),
    ),
    "event_voided_has_reason": (case_beside(started), copy(status="'voided'")),
    "event_times": (case_beside(started), copy(occurred_at="reported_at + interval '1 second'")),
    "event_place": (case_beside(started), copy(place_id="NULL", place_note="''")),
    "event_reviewed": (case_beside(reviewed), copy(review="''")),
    "involved_once": (started, twin("emergencies_involved")),
    "command_seq": (busy, twin(COMMAND, where="ended_at IS NOT NULL")),
    "command_one": (started, twin(COMMAND, seq="9")),
    "party_once": (started, twin(PARTY)),
    "answer_seq": (busy, twin(ANSWER, where="superseded_at IS NOT NULL")),
    "answer_current": (busy, twin(ANSWER, seq="9", where="superseded_at IS NULL")),
    "mark_seq": (busy, twin(MARK, where="superseded_at IS NOT NULL")),
    "mark_current": (busy, twin(MARK, seq="9", where="superseded_at IS NULL")),
    "mark_not_needed_has_reason": (
        busy,
        twin(MARK, seq="9", text="''", superseded_at="now()", where="outcome = 'not_needed'"),
    ),
    "markphoto_once": (photographed, twin("emergencies_markphoto")),
    "call_once": (started, twin(CALL)),
    "call_told_complete": (
        started,
        twin(CALL, notice="'N99'", told_at="now()", next_rung_at="NULL"),
    ),
    "call_acked_complete": (
        started,
        twin(CALL, notice="'N99'", acked_at="now()", next_rung_at="NULL"),
    ),
    "call_answered_stops_ladder": (
        started,
        twin(
            CALL,
            notice="'N99'",
            acked_at="now()",
            acked_by_id="(SELECT id FROM core_user LIMIT 1)",
            where="next_rung_at IS NOT NULL",
        ),
    ),
    "rung_once": (climbed, twin(RUNG)),
    "playbook_number": (replaced, twin(BOOK)),
    "playbook_current": (started, twin(BOOK, number="9", source="'bundled'")),
    "playbook_changed_by": (
        started,
        twin(BOOK, number="9", source="'override'", superseded_at="now()"),
    ),
    "reader_once": (read, twin(READER, where="ended_at IS NULL AND NOT is_brief")),
    "reader_brief_one": (
        found,
        twin(READER, user_id="(SELECT max(id) FROM core_user)", where="is_brief"),
    ),
    "reader_ended": (read, twin(READER, ended_by_id="NULL", where="ended_at IS NOT NULL")),
    "seal_one_active": (sealed, twin(SEAL)),
    "seal_release_whole": (released, twin(SEAL, badge="''")),
    "seal_release_after": (released, twin(SEAL, sealed_at="released_at + interval '1 second'")),
    "seal_release_by_two": (released, twin(SEAL, released_with_id="released_by_id")),
    "seal_opened_after_release": (opened, twin(SEAL, opened_with_id="opened_by_id")),
    "sealtag_number": (sealed, twin(TAG, seq="9", reason="'x'")),
    "sealtag_seq": (sealed, twin(TAG, number="'FQ-9'")),
    "sealtag_numbered": (sealed, twin(TAG, seq="9", reason="'x'", number="''")),
    "sealtag_two_witnesses": (
        sealed,
        twin(TAG, seq="9", reason="'x'", number="'FQ-9'", witness2_id="NULL"),
    ),
    "sealtag_three_people": (
        sealed,
        twin(TAG, seq="9", reason="'x'", number="'FQ-9'", witness1_id="applied_by_id"),
    ),
    "sealtag_renewed_has_reason": (
        renewed,
        twin(TAG, seq="9", number="'FQ-9'", reason="''"),
    ),
    "sealcheck_broken_is_told": (sealed, twin(CHECK, note="''")),
    "sealcheck_times": (sealed, twin(CHECK, checked_at="at + interval '1 second'")),
}


def declared() -> set[str]:
    models = apps.get_app_config("emergencies").get_models()
    own = [m for m in models if m.__module__.rpartition(".")[2] in OWN]
    return {c.name for m in own for c in m._meta.constraints}


@pytest.mark.parametrize("name", sorted(CONSTRAINTS))
def test_constraint_refuses_what_the_workflow_never_writes(name):
    ready, statement = CONSTRAINTS[name]
    ready(House())
    before = fingerprint()

    assert run(statement) == f"emergencies_{name}"

    assert fingerprint() == before


def test_every_constraint_of_these_models_has_its_case():
    assert declared() == {f"emergencies_{name}" for name in CONSTRAINTS}


# --- guards ----------------------------------------------------------------------------------


def set_(table: str, assignment: str, where: str = "TRUE") -> str:
    return f"UPDATE {table} SET {assignment} WHERE {where}"


def missing(house: House) -> Event:
    return house.roll(house.burning(), 1)


GUARDS = {
    "event_sealed_stays_open": (sealed, set_(E, "status = 'voided', void_reason = 'x'")),
    "event_missing_stays_open": (
        missing,
        set_(E, "status = 'voided', void_reason = 'x'"),
    ),
    "event_slip_settled": (moves.signed, set_(E, "status = 'voided', void_reason = 'x'")),
    "event_start_frozen": (started, set_(E, "is_drill = TRUE")),
    "event_end_final": (voided, set_(E, "status = 'running', void_reason = ''")),
    "seal_frozen": (sealed, set_(SEAL, "owner = 'police'")),
    "seal_release_final": (released, set_(SEAL, "badge = 'x'")),
    "seal_opened_final": (opened, set_(SEAL, "opened_at = opened_at + interval '1 second'")),
    "answer_frozen": (started, set_(ANSWER, "value = 'no'")),
    "answer_superseded_final": (
        busy,
        set_(ANSWER, "superseded_at = NULL", "superseded_at IS NOT NULL"),
    ),
    "mark_frozen": (busy, set_(MARK, "text = 'x'")),
    "mark_superseded_final": (
        busy,
        set_(MARK, "superseded_at = NULL", "superseded_at IS NOT NULL"),
    ),
    "call_frozen": (started, set_(CALL, "opened_at = now()")),
    "call_told_final": (busy, set_(CALL, "told_via = 'phone'", "told_at IS NOT NULL")),
    "call_acked_final": (busy, set_(CALL, "acked_at = now()", "acked_at IS NOT NULL")),
    "command_frozen": (started, set_(COMMAND, "at = now() - interval '1 hour'")),
    "command_ended_final": (busy, set_(COMMAND, "ended_at = NULL", "ended_at IS NOT NULL")),
    "reader_frozen": (read, set_(READER, "reason = 'x'")),
    "reader_brief_frozen": (found, set_(READER, "is_brief = NOT is_brief")),
    "reader_ended_final": (read, set_(READER, "ended_at = NULL", "ended_at IS NOT NULL")),
    "party_frozen": (started, set_(PARTY, "part = 'guest'")),
    "playbook_frozen": (started, set_(BOOK, "content = '{}'")),
    "playbook_superseded_final": (
        replaced,
        set_(BOOK, "superseded_at = NULL", "superseded_at IS NOT NULL"),
    ),
    "sealtag_append_only": (sealed, set_(TAG, "number = 'x'")),
    "sealcheck_append_only": (sealed, set_(CHECK, "is_intact = TRUE")),
    "markphoto_append_only": (photographed, "DELETE FROM emergencies_markphoto"),
    "note_append_only": (started, set_("emergencies_note", "text = 'x'")),
    "rung_append_only": (climbed, set_(RUNG, "told = 0")),
    "involved_append_only": (started, "DELETE FROM emergencies_involved"),
}


@pytest.mark.parametrize("name", sorted(GUARDS))
def test_guard_refuses_to_rewrite_the_past(name):
    ready, statement = GUARDS[name]
    ready(House())
    before = fingerprint()

    assert run(statement) == f"emergencies_{name}"

    assert fingerprint() == before


def test_archived_event_stays_as_it_was_signed():
    archived(House())

    assert run(set_(E, "summary = 'x'")) == "emergencies_event_end_final"


def test_every_guard_of_these_tables_has_its_case():
    modules = (*OWN, "belongings", "headcount")
    models = apps.get_app_config("emergencies").get_models()
    tables = [m._meta.db_table for m in models if m.__module__.rpartition(".")[2] in modules]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid "
            "WHERE NOT tgisinternal AND c.relname = ANY(%s)",
            [tables],
        )
        found = {name for (name,) in cursor.fetchall()}
    elsewhere = test_belongings.SQL.keys() | test_headcount.SQL.keys()

    assert found <= {f"emergencies_{name}" for name in GUARDS.keys() | elsewhere}
    assert {f"emergencies_{name}" for name in GUARDS} <= found
