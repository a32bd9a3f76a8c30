"""What raw SQL of the application cannot do to a hand-over, its lines, the log and a feed."""

from decimal import Decimal

import pytest
from django.apps import apps
from django.db import connection

from propdesk.core import signatures
from propdesk.desk.calendar.workflow import make_feed
from propdesk.desk.handover import workflow
from propdesk.desk.handover.models import HandoverLine
from tests.desk.handover.shifts import Night, late
from tests.incidents.moves import fingerprint
from tests.incidents.test_constraints import run, set_, twin

pytestmark = [pytest.mark.django_db, pytest.mark.every_case]
H, LINE, COUNT = "desk_handover", "desk_handoverline", "desk_handovercount"
FEED, LIVE, ENDED = "desk_calendarfeed", "ended_at IS NULL", "ended_at IS NOT NULL"
PATROL, LOG, ALARM = "desk_patrolcheck", "desk_shiftlogentry", "desk_handoveralarm"
DRAFT, SIGNED = "case_id = (SELECT max(case_id) FROM desk_handover)", "status = 'signed'"
OF_DRAFT = "handover_id = (SELECT max(case_id) FROM desk_handover)"
OF_SIGNED = "handover_id = (SELECT min(case_id) FROM desk_handover)"
OTHER_CASE = "(SELECT id FROM core_case WHERE kind = 'complaint' LIMIT 1)"
NEW = {"case_id": OTHER_CASE, "where": DRAFT}


@pytest.fixture(autouse=True)
def _house() -> None:
    """A signed hand-over with a refused line that is settled, a draft of the next shift, a log."""
    night = Night()
    night.new()
    row = night.offered_over()
    night.signed(row, row.lines.get().pk)
    workflow.settle_refused(row, "由工程部跟进", by=night.pm)
    workflow.list_count(night.prop, "总钥匙", "串", Decimal(12), by=night.pm)
    workflow.draft(night.prop, by=night.pm)
    workflow.log(night.prop, "3号电梯停运", by=night.dm)
    workflow.flag_late(late(Night()))
    for user in (night.dm, night.dm, night.pm):
        make_feed(night.prop, by=user)


CONSTRAINTS = {
    "desk_countitem_name": twin("desk_countitem"),
    "desk_countitem_expected": set_("desk_countitem", "expected = -1"),
    "desk_handover_one_open": twin(H, shift_id="NULL", **NEW),
    "desk_handover_one_per_shift": twin(
        H, **NEW | {"where": SIGNED}, property_id="(SELECT max(id) FROM core_property)"
    ),
    "desk_handover_times": twin(H, **NEW, ends_at="starts_at"),
    "desk_handover_reports": twin(
        H,
        **NEW,
        shift_id="NULL",
        status="'voided'",
        void_reason="'x'",
        outgoing_signed_at="reports_from - interval '1 second'",
    ),
    "desk_handover_four_eyes": twin(
        H, **NEW | {"where": SIGNED}, shift_id="NULL", incoming_id="outgoing_id"
    ),
    "desk_handover_offered": set_(H, "content_sha = 'x'", DRAFT),
    "desk_handover_signed": set_(H, "incoming_id = (SELECT max(id) FROM core_user)", DRAFT),
    "desk_handover_signed_in_turn": twin(
        H,
        **NEW | {"where": SIGNED},
        shift_id="NULL",
        incoming_signed_at="outgoing_signed_at - interval '1 second'",
    ),
    "desk_handover_takeover_has_reason": set_(H, "takeover_reason = 'x'", DRAFT),
    "desk_handover_voided_has_reason": set_(H, "status = 'voided'", DRAFT),
    "desk_handover_settled": set_(H, "outcome = 'x'", DRAFT),
    "desk_line_once": twin(LINE, seq="99", where=OF_DRAFT),
    "desk_line_seq": twin(LINE, key="'x'", where=OF_DRAFT),
    "desk_line_refused_has_reason": set_(LINE, "decision = 'refused'", OF_DRAFT),
    "desk_line_restricted_says_nothing": set_(LINE, "restricted = TRUE", OF_DRAFT),
    "desk_count_once": twin(COUNT, where=OF_DRAFT),
    "desk_count_difference_has_word": set_(COUNT, "actual = expected + 1", OF_DRAFT),
    "desk_patrol_once": twin(PATROL, where=OF_DRAFT),
    "desk_patrol_fault_is_followed": set_(PATROL, "is_normal = FALSE", OF_DRAFT),
    "desk_log_says_something": twin(LOG, text="''"),
    "desk_log_times": twin(LOG, occurred_at="at + interval '1 second'"),
    "desk_alarm_once": twin(ALARM),
    "desk_feed_one_live": twin(FEED, digest="repeat('0', 64)", where=LIVE),
    "desk_feed_digest": twin(FEED, digest="'x'", where=ENDED),
    "desk_feed_times": twin(
        FEED, digest="repeat('0', 64)", ended_at="created_at - interval '1 second'"
    ),
}
GUARDS = {
    "desk_handover_anchored": set_(H, "label = 'x'", DRAFT),
    "desk_handover_whole": set_(
        H,
        "status = 'offered', outgoing_signed_at = now(), content_sha = 'x',"
        " outgoing_signature_id = (SELECT max(id) FROM core_staffsignature)",
        DRAFT,
    ),
    "desk_handover_frozen": set_(H, "vips = 'x'", SIGNED),
    "desk_handover_settled_final": set_(H, "outcome = 'x'", SIGNED),
    "desk_line_frozen": set_(LINE, "next_step = 'x'", OF_SIGNED),
    "desk_count_frozen": set_(COUNT, "word = 'x'", OF_SIGNED),
    "desk_patrol_frozen": set_(PATROL, "note = 'x'", OF_SIGNED),
    "desk_log_append_only": set_(LOG, "text = 'x'"),
    "desk_feed_anchored": set_(FEED, "digest = repeat('0', 64)"),
    "desk_feed_ended": set_(FEED, "ended_at = NULL", ENDED),
}


def test_every_constraint_is_refused_by_its_name() -> None:
    before = fingerprint()

    assert {name: run(statement) for name, statement in CONSTRAINTS.items()} == {
        name: name for name in CONSTRAINTS
    }
    assert fingerprint() == before


def test_every_guard_refuses_to_rewrite() -> None:
    before = fingerprint()

    assert {name: run(statement) for name, statement in GUARDS.items()} == {
        name: name for name in GUARDS
    }
    assert fingerprint() == before


@pytest.mark.parametrize(
    ("table", "spoilt"),
    [(LINE, "is_told = FALSE"), (COUNT, "actual = NULL"), (PATROL, "is_normal = NULL"), ("", "")],
    ids=["line not told", "thing not counted", "area not seen", "line without an answer"],
)
def test_nothing_is_signed_that_is_not_whole(table: str, spoilt: str) -> None:
    night = Night()
    night.new()
    workflow.list_count(night.prop, "备用金", "元", Decimal(2000), by=night.pm)
    row = night.offered_over()
    if spoilt:
        HandoverLine.objects.filter(handover=row).update(decision="accepted")
        with connection.cursor() as cursor:
            cursor.execute(set_(table, spoilt, f"handover_id = {row.pk}"))
    signs = f"incoming_id = {night.next.pk}, incoming_signed_at = outgoing_signed_at"
    with_ = f"incoming_signature_id = {signatures.current(night.next).pk}, status = 'signed'"

    assert run(set_(H, f"{signs}, {with_}", f"case_id = {row.pk}")) == "desk_handover_whole"


def test_line_of_a_confidential_case_has_no_title_of_its_own() -> None:
    silent = "restricted = TRUE, next_step = '', state = '', due_at = NULL, holder_id = NULL"

    named = run(set_(LINE, f"{silent}, title = '1806 死亡'", OF_DRAFT))
    with connection.cursor() as cursor:
        cursor.execute(set_(LINE, f"{silent}, title = '保密事项'", OF_DRAFT))
        changed = cursor.rowcount

    assert (named, changed > 0) == ("desk_line_restricted_says_nothing", True)


@pytest.mark.parametrize("table", [H, LINE, COUNT, PATROL, LOG, FEED])
def test_nothing_is_deleted(table: str) -> None:
    statement = f"DELETE FROM {table}"  # noqa: S608 -- one of our own tables
    assert run(statement) in GUARDS


@pytest.mark.parametrize("table", [LINE, COUNT, PATROL])
def test_nothing_is_added_to_what_is_signed(table: str) -> None:
    assert run(twin(table, where=OF_SIGNED)) in GUARDS


def test_every_one_has_its_case() -> None:
    models = apps.get_app_config("desk").get_models()
    declared = {rule.name for model in models for rule in model._meta.constraints}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        guards = {name for (name,) in cursor.fetchall() if name.startswith("desk_")}

    assert (set(CONSTRAINTS), set(GUARDS)) == (declared, guards)
