# ruff: noqa: S608 -- the statements name our own tables only
"""The database itself refuses: every constraint and every guard of the tables of found things."""

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from lostfound import workflow
from lostfound.models import (
    FoundItem,
    MatchPair,
    RegisterExport,
    Stocktake,
    StocktakeDifference,
    StocktakeEntry,
    StoragePlace,
)
from propdesk.core.cases import open_case
from propdesk.core.models import Case
from tests.factories import PASSWORD
from tests.incidents.moves import fingerprint
from tests.incidents.test_constraints import run, twin
from tests.lostfound import claiming, moves
from tests.lostfound.journey import House, fresh

pytestmark = [pytest.mark.django_db, pytest.mark.every_case]
ITEM, K, C = "lostfound_founditem", "lostfound_custodymove", "lostfound_claim"
V, B, L = "lostfound_valuation", "lostfound_disposalbatch", "lostfound_disposalline"
LOST, POLICY, LINE = "lostfound_lostreport", "lostfound_retentionpolicy", "lostfound_contentline"
SEAL, TAKE, ENTRY = "lostfound_sealtag", "lostfound_stocktake", "lostfound_stocktakeentry"
DIFF, PAIR, STORE = "lostfound_stocktakedifference", "lostfound_matchpair", "lostfound_storageplace"


# --- rows to copy or to spoil ----------------------------------------------------------------


def logged(house: House) -> FoundItem:
    return house.logged()


def stored(house: House) -> FoundItem:
    item = house.logged(category="wallet", features="棕色钱包")
    return house.stored(item, contents=(workflow.Content("空"),), seal="FQ-0001")


def announced(house: House) -> FoundItem:
    item = stored(house)
    workflow.announce(item, by=house.dm, published_on=timezone.localdate(), channel="board")
    workflow.trace(item, by=house.dm, via="phone", text="打过电话", outcome="waiting")
    return fresh(item)


def claimed(house: House) -> FoundItem:
    return claiming.described(house)


def verified(house: House) -> FoundItem:
    return claiming.verified(house)


def returned(house: House) -> FoundItem:
    return claiming.returned(house)


def on_paper(house: House) -> FoundItem:
    item = claiming.on_paper(house)
    workflow.add_scan(claiming.claim_of(item), claiming.scan(), by=house.dm)
    return item


def batch(house: House) -> None:
    claiming.in_batch(house)


def decided(house: House) -> None:
    """A paper that the general manager has decided, nothing of it carried out."""
    claiming.decided(house, "police")


def executed(house: House) -> None:
    claiming.disposed(house, "police")


def lost(house: House) -> None:
    report = claiming.lost_report(house)
    item = house.logged()
    MatchPair.objects.create(lost=report, found=item, points=80, suggested_at=timezone.now())


def lost_ended(house: House) -> None:
    report = claiming.lost_report(house)
    workflow.close_lost(report, by=house.dm, outcome="closed", reason="客户自己找到")


def counting(house: House) -> Stocktake:
    now = timezone.now()
    case = open_case(house.prop, Case.Kind.STOCKTAKE, "PD", by=house.dm, at=now, title="盘点")
    take = Stocktake.objects.create(
        case=case,
        storage=house.shelf,
        counted_by=house.dm,
        witnessed_by=house.guard,
        started_at=now,
    )
    item = house.stored()
    StocktakeEntry.objects.create(
        stocktake=take, tag=item.case.number, item=item, by=house.dm, at=now
    )
    StocktakeDifference.objects.create(stocktake=take, kind="shortage", item=item, tag="SW-1")
    return take


def matched(house: House) -> None:
    take = counting(house)
    Stocktake.objects.filter(pk=take.pk).update(
        status="matched", finished_at=timezone.now(), expected=1, present=1
    )


def revalued(house: House) -> None:
    moves.revalued_down(house)


def approved(house: House) -> None:
    item = moves.revalued_down(house)
    workflow.decide_value(item, by=house.pm, approve=True)


def exported(house: House) -> None:
    RegisterExport.objects.create(
        property=house.prop, by=house.dm, at=timezone.now(), rows=1, sha256="0" * 64
    )


def two_places(house: House) -> None:
    StoragePlace.objects.filter(pk=house.other_shelf.pk).update(name="另一层")


# --- constraints -----------------------------------------------------------------------------

CONSTRAINTS = {
    "policy_version": (stored, twin(POLICY)),
    "policy_terms": (stored, twin(POLICY, version="9", short_count="0")),
    "times_in_order": (logged, twin(ITEM, found_at="reported_at + interval '1 second'")),
    "quantity": (logged, twin(ITEM, quantity="0")),
    "five_facts": (logged, twin(ITEM, features="''")),
    "one_finder": (logged, twin(ITEM, finder_user_id="NULL")),
    "value": (stored, twin(ITEM, value="-0.01")),
    "stored_was_received": (logged, twin(ITEM, status="'stored'")),
    "ownerless_was_reported": (stored, twin(ITEM, clue="'no'")),
    "contraband_has_no_term": (stored, twin(ITEM, category="'contraband'")),
    "expired_has_day": (stored, twin(ITEM, status="'expired'", expires_on="NULL")),
    "ended_has_time": (stored, twin(ITEM, status="'disposed'")),
    "returned_has_time": (
        stored,
        twin(ITEM, status="'returned'", ended_at="now()", next_due_at="NULL"),
    ),
    "void_has_reason": (
        stored,
        twin(ITEM, status="'voided'", ended_at="now()", next_due_at="NULL"),
    ),
    "content_position": (stored, twin(LINE)),
    "content_two_people": (stored, twin(LINE, witnessed_by_id="counted_by_id")),
    "content_count": (stored, twin(LINE, count="0")),
    "announced_once": (announced, twin("lostfound_announcement")),
    "valuation_seq": (stored, twin(V)),
    "valuation_one_pending": (revalued, twin(V, seq="9", where="state = 'pending'")),
    "valuation_value": (stored, twin(V, seq="9", value="-1")),
    "valuation_decided_by_other": (
        revalued,
        twin(V, seq="9", state="'approved'", decided_by_id="by_id", where="state = 'pending'"),
    ),
    "lost_times": (lost, twin(LOST, lost_from="lost_to + interval '1 second'")),
    "lost_facts": (lost, twin(LOST, quantity="0")),
    "lost_places": (lost, twin(LOST, place2_id="(SELECT min(id) FROM core_place)")),
    "lost_ended": (lost, twin(LOST, status="'closed'")),
    "pair_once": (lost, twin(PAIR)),
    "pair_decided": (lost, twin(PAIR, state="'rejected'")),
    "claim_seq": (claimed, twin(C, state="'rival'")),
    "claim_one_live": (claimed, twin(C, seq="9")),
    "claim_described": (claimed, twin(C, seq="9", description="''")),
    "claim_verified": (verified, twin(C, seq="9", agreeing="1")),
    "claim_verified_by_two": (verified, twin(C, seq="9", verified_with_id="verified_by_id")),
    "claim_returned_was_signed": (returned, twin(C, seq="9", signature_id="NULL")),
    "claim_proxy": (verified, twin(C, seq="9", way="'proxy'")),
    "claim_proxy_is_another": (
        verified,
        twin(C, seq="9", state="'rival'", way="'proxy'", proxy_id="owner_id"),
    ),
    "claim_posted": (returned, twin(C, seq="9", way="'post'")),
    "claim_fee": (claimed, twin(C, seq="9", fee="-1")),
    "claim_scan": (
        on_paper,
        twin(C, seq="9", paper_signed_at="NULL", signature_id="(SELECT 1)", where="TRUE"),
    ),
    "claim_ended": (claimed, twin(C, seq="9", ended_at="now()")),
    "featurecheck_position": (verified, twin("lostfound_featurecheck", feature="'x'")),
    "featurecheck_feature": (verified, twin("lostfound_featurecheck", position="9")),
    "storage_label": (two_places, twin(STORE, code="'X'")),
    "storage_code": (two_places, twin(STORE, label="'X'")),
    "storage_named": (two_places, twin(STORE, name="''", label="'X'", code="'X'")),
    "seal_once": (stored, twin(SEAL)),
    "seal_one_closed": (stored, twin(SEAL, number="'FQ-9'")),
    "seal_opened_complete": (stored, twin(SEAL, number="'FQ-9'", opened_at="now()")),
    "seal_opened_by_two": (
        stored,
        twin(
            SEAL,
            number="'FQ-9'",
            opened_at="now()",
            opened_by_id="applied_by_id",
            opened_with_id="applied_by_id",
            opened_reason="'x'",
        ),
    ),
    "custody_seq": (stored, twin(K, ended_at="at", where="ended_at IS NULL")),
    "custody_one_current": (stored, twin(K, seq="9", where="ended_at IS NULL")),
    "custody_two_people": (
        stored,
        twin(K, seq="9", guard_id="manager_id", where="ended_at IS NULL"),
    ),
    "custody_giver_differs": (logged, twin(K, seq="9", giver_id="holder_id")),
    "custody_lies_somewhere": (
        stored,
        twin(K, seq="9", storage_id="NULL", where="ended_at IS NULL"),
    ),
    "custody_held": (logged, twin(K, seq="9", holder_id="NULL")),
    "custody_ended_after": (stored, twin(K, seq="9", ended_at="at - interval '1 second'")),
    "batch_asked_by_two": (batch, twin(B, status="'submitted'")),
    "batch_reviewed": (decided, twin(B, reviewed_signature_id="NULL")),
    "batch_decided": (decided, twin(B, decided_signature_id="NULL")),
    "batch_four_eyes": (decided, twin(B, decided_by_id="asked_by_id")),
    "batch_reviewed_by_other": (decided, twin(B, reviewed_by_id="asked_with_id")),
    "batch_ended": (batch, twin(B, ended_at="now()")),
    "line_position": (batch, twin(L, state="'dropped'")),
    "line_one_live": (batch, twin(L, position="9")),
    "line_decided": (batch, twin(L, state="'decided'")),
    "line_reason": (decided, twin(L, position="9", method="'sell'")),
    "line_finder_decides_not": (decided, twin(L, position="9", finder_id="decided_by_id")),
    "line_keep_until": (decided, twin(L, position="9", method="'keep'")),
    "line_executed_by_two": (executed, twin(L, position="9", proof="''")),
    "line_early": (batch, twin(L, position="9", early="'food'")),
    "line_proceeds": (
        executed,
        twin(L, position="9", method="'sell'", reason="'x'", proceeds="-1"),
    ),
    "stocktake_two_people": (counting, twin(TAKE, witnessed_by_id="counted_by_id")),
    "stocktake_one_running": (
        counting,
        twin(TAKE, case_id=f"(SELECT min(case_id) FROM {ITEM})"),
    ),
    "stocktake_finished": (counting, twin(TAKE, finished_at="now()")),
    "stocktake_has_result": (matched, twin(TAKE, expected="NULL", present="NULL")),
    "stocktake_matched": (matched, twin(TAKE, present="0")),
    "entry_once": (counting, twin(ENTRY, item_id="NULL")),
    "entry_item_once": (counting, twin(ENTRY, tag="'x'")),
    "entry_has_tag": (counting, twin(ENTRY, tag="''", item_id="NULL")),
    "difference_once": (counting, twin(DIFF)),
    "difference_settled": (counting, twin(DIFF, tag="'x'", settled_at="now()")),
    "difference_of_item": (counting, twin(DIFF, tag="'x'", kind="'unknown'")),
}


@pytest.mark.parametrize("name", sorted(CONSTRAINTS))
def test_constraint_refuses_what_the_workflow_never_writes(name):
    ready, statement = CONSTRAINTS[name]
    ready(House())
    before = fingerprint()

    assert run(statement) == f"lostfound_{name}"

    assert fingerprint() == before


def test_every_constraint_of_the_models_has_its_case():
    declared = {
        constraint.name
        for model in apps.get_app_config("lostfound").get_models()
        for constraint in model._meta.constraints
    }

    assert declared == {f"lostfound_{name}" for name in CONSTRAINTS}


# --- guards ----------------------------------------------------------------------------------


def set_(table: str, assignment: str, where: str = "TRUE") -> str:
    return f"UPDATE {table} SET {assignment} WHERE {where}"


GUARDS = {
    "item_ended_frozen": (returned, set_(ITEM, "name = 'x'")),
    "item_returned_by_claim": (
        verified,
        set_(
            ITEM,
            "status = 'returned', returned_at = now(), ended_at = now(), next_due_at = NULL",
        ),
    ),
    "item_found_frozen": (logged, set_(ITEM, "found_at = found_at - interval '1 hour'")),
    "item_received_frozen": (stored, set_(ITEM, "received_on = received_on - 1")),
    "link_frozen": (stored, set_(K, "storage_id = NULL")),
    "link_end_final": (stored, set_(K, "ended_at = NULL", "ended_at IS NOT NULL")),
    "link_manager_final": (stored, set_(K, "manager_at = NULL", "manager_at IS NOT NULL")),
    "link_guard_final": (stored, set_(K, "guard_at = NULL", "guard_at IS NOT NULL")),
    "content_frozen": (stored, set_(LINE, "text = 'x'")),
    "valuation_frozen": (stored, set_(V, "basis = 'x'")),
    "valuation_final": (approved, set_(V, "state = 'rejected'", "state = 'approved'")),
    "claim_words_frozen": (claimed, set_(C, "description = 'x'")),
    "claim_ended_frozen": (returned, set_(C, "slip_sha256 = 'x'")),
    "claim_scan_final": (on_paper, set_(C, "scan_id = NULL")),
    "sealtag_frozen": (stored, set_(SEAL, "number = 'x'")),
    "sealtag_opened_final": (stored, ""),
    "batch_ended_frozen": (executed, set_(B, "review_note = 'x'")),
    "batch_asked_frozen": (decided, set_(B, "opinion = 'x'")),
    "line_ended_frozen": (executed, set_(L, "proof = 'x'")),
    "line_decision_frozen": (decided, set_(L, "method = 'donate', reason = 'x'")),
    "lost_taken_down_frozen": (lost, set_(LOST, "reported_at = reported_at + interval '1 hour'")),
    "lost_ended_frozen": (lost_ended, set_(LOST, "name = 'x'")),
    "traceattempt_append_only": (announced, set_("lostfound_traceattempt", "text = 'x'")),
    "announcement_append_only": (announced, set_("lostfound_announcement", "note = 'x'")),
    "featurecheck_append_only": (verified, set_("lostfound_featurecheck", "agrees = FALSE")),
    "stocktakeentry_append_only": (counting, set_(ENTRY, "tag = 'x'")),
    "registerexport_append_only": (exported, set_("lostfound_registerexport", "rows = 0")),
    "retentionpolicy_append_only": (stored, set_(POLICY, '"limit" = 1')),
}


def opened(house: House) -> None:
    second = workflow.Second(house.guard, PASSWORD)
    workflow.open_seal(stored(house), second, by=house.dm, reason="核对")


@pytest.mark.parametrize("name", sorted(GUARDS))
def test_guard_refuses_to_rewrite_the_past(name):
    ready, statement = GUARDS[name]
    if name == "sealtag_opened_final":
        ready, statement = opened, set_(SEAL, "opened_reason = 'x'")
    ready(House())
    before = fingerprint()

    assert run(statement) == f"lostfound_{name}"

    assert fingerprint() == before


def guards() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        return {name for (name,) in cursor.fetchall() if name.startswith("lostfound_")}


def test_every_guard_of_the_database_has_its_case():
    assert guards() == {f"lostfound_{name}" for name in GUARDS}


def test_nothing_of_a_found_thing_can_be_deleted_even_by_sql():
    house = House()
    returned(house)
    counting(house)
    tables = [ITEM, K, C, V, "lostfound_featurecheck", ENTRY, POLICY]
    before = fingerprint()

    refusals = {table: run(f"DELETE FROM {table}") for table in tables}

    assert all(name.startswith("lostfound_") for name in refusals.values())
    assert fingerprint() == before
