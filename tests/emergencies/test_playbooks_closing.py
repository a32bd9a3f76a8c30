"""Every combination of answers of the eight playbooks, and each closing rule refusing."""

from dataclasses import replace

import pytest

from emergencies.playbooks import PLAYBOOKS, board
from tests.emergencies.playbook_cases import (
    FAVOURABLE,
    complete,
    every_answer,
    favourable,
    in_order,
    missing,
    without_step,
)

CLOSABLE = {
    "theft": (64, 64, lambda a: True),
    "property_damage": (48, 48, lambda a: True),
    "drunk_guest": (
        160,
        192,
        lambda a: a["settled"] or not a["resident"] or a["consciousness"] == "unresponsive",
    ),
    "fight": (32, 64, lambda a: not a["ongoing"]),
    "medical": (288, 288, lambda a: True),
    "death": (
        40,
        64,
        lambda a: not a["at_premises"] or (a["police_released"] and a["body_removed"]),
    ),
    "power_outage": (72, 144, lambda a: a["restored"]),
    "fire": (192, 384, lambda a: a["fire_out"]),
}
"""Closable, all, and why: the rest is still going on, not released, not restored, not clear."""


@pytest.mark.parametrize("code", list(PLAYBOOKS))
def test_event_with_all_done_closes_under_exactly_the_favourable_answers(code):
    book, (closable, total, expected) = PLAYBOOKS[code], CLOSABLE[code]
    answers = list(every_answer(book))

    found = [a for a in answers if missing(book, complete(book, a)) == []]

    assert found == [a for a in answers if expected(a)]
    assert (len(found), len(answers)) == (closable, total)


@pytest.mark.parametrize("code", list(PLAYBOOKS))
def test_event_with_nothing_done_never_closes(code):
    book = PLAYBOOKS[code]

    assert [a for a in every_answer(book) if not missing(book, in_order(book, a), "handling")] == []


@pytest.mark.parametrize("code", list(PLAYBOOKS))
def test_calming_and_other_optional_steps_never_block(code):
    book = PLAYBOOKS[code]
    optional = {s.id for s in book.steps.values() if not s.required}

    named = {
        one.id
        for answers in every_answer(book)
        for one in board.look(book, in_order(book, answers)).missing("archive")
        if one.kind == "step"
    }

    assert named & optional == set()


def test_verbal_calming_is_optional_in_all_combinations():
    book = PLAYBOOKS["fight"]
    states = {
        board.look(book, complete(book, answers)).lines["F11"].state
        for answers in every_answer(book)
    }

    assert book.steps["F11"].required is False
    assert states == {"open", "off"}


def _unsigned(*forms):
    return lambda e: replace(e, signed=e.signed - set(forms))


def _unlinked(*codes):
    return lambda e: replace(e, linked=e.linked - set(codes))


def _unacked(notice):
    return lambda e: replace(e, acked=e.acked - {notice})


def _field(key, value):
    return lambda e: replace(e, fields={**e.fields, key: value})


def _undone(step):
    return lambda e: without_step(e, step)


def _seals(count):
    return lambda e: replace(e, active={"seal": count} if count is not None else {})


def _slips(count):
    return lambda e: replace(e, active={"compensation": count} if count is not None else {})


def _same(e):
    return e


REFUSALS = [
    ("theft", "C1", {}, _undone("T32"), ("step", "T32")),
    ("theft", "C2", {}, _undone("T30"), ("step", "T30")),
    ("theft", "C3", {}, _undone("T21"), ("step", "T21")),
    ("theft", "C3", {}, _undone("T26"), ("step", "T26")),
    ("theft", "C4", {}, _unsigned("incident_report"), ("record", "incident_report")),
    ("theft", "C5", {}, _undone("T11"), ("step", "T11")),
    ("property_damage", "C1", {}, _undone("D21"), ("step", "D21")),
    ("property_damage", "C2", {}, _undone("D31"), ("step", "D31")),
    ("property_damage", "C2", {}, _unsigned("damage_compensation"), ("record", "damage_compensation")),
    ("property_damage", "C3", {"guest_position": "dispute"}, _undone("D32"), ("step", "D32")),
    ("property_damage", "C4", {}, _undone("D40"), ("step", "D40")),
    ("property_damage", "C5", {}, _slips(1), ("step", "D30")),
    ("property_damage", "C5", {}, _slips(None), ("step", "D30")),
    ("drunk_guest", "C1", {"danger": False}, _undone("A21"), ("step", "A21")),
    ("drunk_guest", "C2", {}, _undone("A32"), ("step", "A32")),
    ("drunk_guest", "C2", {}, _unsigned("disturbance_record"), ("record", "disturbance_record")),
    ("drunk_guest", "C3", {}, _undone("A33"), ("step", "A33")),
    ("drunk_guest", "C4", {"settled": False}, _same, ("fact", "settled")),
    ("drunk_guest", "C5", {"consciousness": "unresponsive"}, _unlinked("medical"), ("step", "A11")),
    ("fight", "C1", {"ongoing": True}, _same, ("fact", "ongoing")),
    ("fight", "C2", {}, _undone("F30"), ("step", "F30")),
    ("fight", "C2", {}, _undone("F13"), ("step", "F13")),
    ("fight", "C3", {}, _unlinked("medical"), ("step", "F14")),
    ("fight", "C3", {}, _unlinked("property_damage"), ("step", "F22")),
    ("fight", "C4", {}, _unsigned("incident_report"), ("record", "incident_report")),
    ("fight", "C5", {}, _undone("F10"), ("step", "F10")),
    ("medical", "C1", {}, _unacked("N2"), ("notice", "N2")),
    ("medical", "C2", {}, _undone("M10"), ("step", "M10")),
    ("medical", "C3", {}, _undone("M31"), ("step", "M31")),
    ("medical", "C3", {}, _undone("M32"), ("step", "M32")),
    ("medical", "C3", {}, _unsigned("guest_accident_report"), ("record", "guest_accident_report")),
    ("medical", "C4", {}, _undone("M40"), ("step", "M40")),
    ("medical", "C5", {}, _unlinked("death"), ("step", "M24")),
    ("death", "C1", {}, _undone("X32"), ("step", "X32")),
    ("death", "C1", {"police_released": False}, _same, ("fact", "police_released")),
    ("death", "C2", {}, _undone("X30"), ("step", "X30")),
    ("death", "C2", {"body_removed": False}, _same, ("fact", "body_removed")),
    ("death", "C3", {}, _unsigned("belongings_inventory"), ("record", "belongings_inventory")),
    ("death", "C4", {}, _unsigned("death_record"), ("record", "death_record")),
    ("death", "C5", {}, _seals(1), ("step", "X32")),
    ("death", "C5", {}, _seals(None), ("step", "X32")),
    ("death", "C6", {}, _unlinked("medical"), ("step", "X10")),
    ("death", "C7", {}, _unacked("N1"), ("notice", "N1")),
    ("death", "C7", {}, _unacked("N2"), ("notice", "N2")),
    ("power_outage", "C1", {"restored": False}, _same, ("fact", "restored")),
    ("power_outage", "C1", {}, _undone("P40"), ("step", "P40")),
    ("power_outage", "C2", {}, _undone("P22"), ("step", "P22")),
    ("power_outage", "C3", {}, _undone("P30"), ("step", "P30")),
    ("power_outage", "C3", {}, _undone("P41"), ("step", "P41")),
    ("power_outage", "C4", {}, _undone("P11"), ("step", "P11")),
    ("power_outage", "C5", {}, _field("P41.uninformed", 1), ("step", "P41")),
    ("power_outage", "C5", {}, _field("P41.uninformed", None), ("step", "P41")),
    ("fire", "C1", {"fire_out": False}, _same, ("fact", "fire_out")),
    ("fire", "C2", {}, _field("R32.missing", 1), ("step", "R32")),
    ("fire", "C2", {}, _field("R32.missing", None), ("step", "R32")),
    ("fire", "C2", {"evacuate": "floor"}, _undone("R32"), ("step", "R32")),
    ("fire", "C3", {}, _undone("R42"), ("step", "R42")),
    ("fire", "C4", {}, _unsigned("incident_report"), ("record", "incident_report")),
    ("fire", "C5", {}, _unlinked("medical"), ("step", "R34")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "rule", "changed", "spoil", "at"),
    REFUSALS,
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_closing_rule_refuses_and_says_where(code, rule, changed, spoil, at):
    book, evidence = favourable(code, **changed)

    found = board.look(book, spoil(evidence)).missing("archive")

    assert [one.at for one in found if one.kind == "rule" and one.id == rule] == [at]


def test_every_closing_rule_has_a_refusal():
    known = {(code, close.id) for code, book in PLAYBOOKS.items() for close in book.close_when}

    assert {(code, rule) for code, rule, *_ in REFUSALS} == known


@pytest.mark.parametrize("code", list(FAVOURABLE))
def test_spoiled_evidence_was_closable(code):
    book, evidence = favourable(code)

    assert missing(book, evidence) == []


@pytest.mark.parametrize("code", list(PLAYBOOKS))
def test_each_unanswered_question_blocks_and_is_named(code):
    book = PLAYBOOKS[code]
    whole = FAVOURABLE[code]

    for fact in book.facts:
        answers = {key: value for key, value in whole.items() if key != fact.key}
        evidence = replace(complete(book, whole), facts=answers)

        assert ("fact", fact.key) in missing(book, evidence, "handling"), fact.key


def test_signatures_are_asked_for_at_the_archive_only():
    book, evidence = favourable("theft")
    unsigned = replace(evidence, signed=frozenset())

    assert missing(book, unsigned, "handling") == []
    assert missing(book, unsigned, "archive") == [
        ("record", "theft_statement"),
        ("record", "incident_report"),
        ("rule", "C4"),
    ]


def test_missing_person_handed_to_the_fire_service_closes():
    book, evidence = favourable("fire")
    one_missing = replace(evidence, fields={"R32.missing": 1})
    handed = board.Mark("done", board.basis(book, "R35", evidence))

    assert missing(book, one_missing) == [("rule", "C2")]
    assert missing(book, replace(one_missing, steps={**evidence.steps, "R35": handed})) == []


def test_false_alarm_needs_its_cause_only():
    book, evidence = favourable("fire", confirmed="false_alarm", evacuate="none")

    assert sorted(evidence.steps) == ["R10", "R11", "R42"]
    assert missing(book, evidence) == []
    assert missing(book, without_step(evidence, "R11")) == [("step", "R11")]


def test_illness_asks_for_no_accident_report():
    book, evidence = favourable("medical", kind="illness")

    needed = {line.record.form: line.needed for line in board.look(book, evidence).records}

    assert needed == {"guest_accident_report": False, "incident_report": True}


def test_death_without_release_misses_the_release_and_nothing_else():
    book, evidence = favourable("death")
    sealed = without_step(replace(evidence, active={"seal": 1}), "X32")

    assert missing(book, sealed, "handling") == [("step", "X32"), ("rule", "C1"), ("rule", "C5")]


def test_reason_never_stands_for_the_police_release():
    book, evidence = favourable("death")
    waved = board.Mark("not_needed", board.basis(book, "X32", evidence))

    found = missing(book, replace(evidence, steps={**evidence.steps, "X32": waved}), "handling")

    assert found == [("step", "X32"), ("rule", "C1")]


def test_notice_of_the_procedure_blocks_until_told():
    book, evidence = favourable("fire")
    untold = replace(evidence, told=evidence.told - {"N3"})

    found = board.look(book, untold).missing("handling")

    assert [(one.kind, one.id, one.sentence) for one in found] == [
        ("notice", "N3", "还没有通知：工程部")
    ]


def test_step_that_records_a_call_tells_the_notice():
    book, evidence = favourable("fire")
    untold = replace(evidence, told=evidence.told - {"N2"})

    assert missing(book, untold, "handling") == []
    assert missing(book, without_step(untold, "R20"), "handling") == [
        ("step", "R20"),
        ("notice", "N2"),
    ]
