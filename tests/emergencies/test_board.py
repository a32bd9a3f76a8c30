"""What the board shows: questions, steps, card, changed answers, rounds."""

from dataclasses import replace

import pytest

from emergencies.playbooks import PLAYBOOKS, board
from tests.emergencies.playbook_cases import (
    FAVOURABLE,
    answer,
    complete,
    every_answer,
    favourable,
    in_order,
    missing,
    without_step,
)

FRESH = board.Evidence()


def _state(book, evidence, step):
    return board.look(book, evidence).lines[step].state


def _mark(book, evidence, step, outcome="done"):
    mark = board.Mark(outcome, board.basis(book, step, evidence))
    return replace(evidence, steps={**evidence.steps, step: mark})


@pytest.mark.parametrize("code", list(PLAYBOOKS))
def test_fresh_event_asks_everything_that_arises_and_shows_every_number(code):
    book = PLAYBOOKS[code]

    now = board.look(book, FRESH)

    assert {q.fact.key: q.asked for q in now.questions if q.fact.when is None} == {
        fact.key: True for fact in book.facts if fact.when is None
    }
    assert [q.answer for q in now.questions] == [None] * len(book.facts)
    assert now.card == book.card


def test_late_question_is_open_but_not_current():
    now = board.look(PLAYBOOKS["power_outage"], FRESH)

    shown = {q.fact.key: (q.is_open, q.is_current) for q in now.questions}

    assert shown == {
        "lift_trapped": (True, True),
        "scope": (True, True),
        "planned": (True, True),
        "backup": (True, True),
        "vulnerable": (True, True),
        "restored": (True, False),
    }


def test_question_that_hangs_on_another_waits_for_it():
    book = PLAYBOOKS["fire"]

    asked = {
        confirmed: board.look(book, replace(FRESH, facts=facts)).questions[2].asked
        for confirmed, facts in {
            None: {},
            "real": {"confirmed": "real"},
            "false_alarm": {"confirmed": "false_alarm"},
        }.items()
    }

    assert book.facts[2].key == "trapped"
    assert asked == {None: None, "real": True, "false_alarm": False}


def test_answer_to_a_question_that_no_longer_arises_is_not_shown():
    book = PLAYBOOKS["fire"]
    facts = {"confirmed": "false_alarm", "injured": True}

    shown = {q.fact.key: q.answer for q in board.look(book, replace(FRESH, facts=facts)).questions}

    assert (shown["confirmed"], shown["injured"]) == ("false_alarm", None)


def test_number_stays_on_the_card_until_known_to_be_needless():
    book = PLAYBOOKS["drunk_guest"]

    def calls(facts):
        return [
            line.call for line in board.look(book, replace(FRESH, facts=facts)).card if line.call
        ]

    assert calls({}) == ["120", "110"]
    assert calls({"consciousness": "awake"}) == ["110"]
    assert calls({"consciousness": "unresponsive", "danger": False}) == ["120"]
    assert calls({"consciousness": "awake", "danger": False}) == []


def test_step_is_undecided_while_its_question_is_open():
    book = PLAYBOOKS["fire"]

    assert _state(book, FRESH, "R20") == "undecided"
    assert _state(book, in_order(book, {"confirmed": "real"}), "R20") == "open"
    assert _state(book, in_order(book, {"confirmed": "false_alarm"}), "R20") == "off"


def test_undecided_step_is_told_by_its_question_once():
    book, evidence = favourable("fire")
    unanswered = replace(evidence, facts={**FAVOURABLE["fire"], "confirmed": "nobody knows"})

    found = board.look(book, unanswered).missing("handling")

    assert [(one.id, one.sentence) for one in found if one.kind == "fact"] == [
        ("confirmed", "还没有回答：到现场看了，是真起火吗？")
    ]
    assert [one.id for one in found if one.kind == "step"] == []


def test_changed_answer_reopens_what_was_done_under_it():
    book, evidence = favourable("drunk_guest", consciousness="awake", aggressive=False)

    changed = answer(book, evidence, "consciousness", "confused")

    reopened = [
        line.step.id for line in board.look(book, changed).steps if line.state == "reopened"
    ]
    assert reopened == ["A20", "A21", "A30"]
    assert changed.steps == evidence.steps
    sentences = [
        one.sentence for one in board.look(book, changed).missing("handling") if one.id == "A20"
    ]
    assert sentences == ["答案改过，请再确认：语气平和，不接争执的话头，把客户请到人少的地方。"]


def test_answer_changed_away_and_back_reopens_and_keeps_what_was_entered():
    book, evidence = favourable("fire")

    away = answer(book, evidence, "confirmed", "false_alarm")
    back = answer(book, away, "confirmed", "real")

    steps = ("R20", "R21", "R23", "R33", "R40")
    assert [_state(book, evidence, s) for s in steps] == ["done"] * 5
    assert [_state(book, away, s) for s in steps] == ["off"] * 5
    assert [_state(book, back, s) for s in steps] == ["reopened"] * 5
    assert [s for kind, s in missing(book, back, "handling") if kind == "step"] == [
        *("R20", "R21", "R23", "R33", "R34", "R40", "R43"),
    ]
    assert back.steps == evidence.steps


@pytest.mark.parametrize("code", list(PLAYBOOKS))
def test_confirming_again_closes_again(code):
    book, evidence = favourable(code)
    for fact in book.facts:
        other = next(value for value in fact.answers if value != FAVOURABLE[code][fact.key])
        twice = answer(
            book, answer(book, evidence, fact.key, other), fact.key, FAVOURABLE[code][fact.key]
        )
        reopened = [s.step.id for s in board.look(book, twice).steps if s.state == "reopened"]

        confirmed = twice
        for step in reopened:
            confirmed = _mark(book, confirmed, step, evidence.steps[step].outcome)

        blocked = {
            line.id for line in board.look(book, twice).missing("handling") if line.kind == "step"
        }
        assert blocked == {s for s in reopened if book.steps[s].required}
        assert missing(book, confirmed) == []


def test_change_of_what_makes_the_question_arise_reopens_too():
    book, evidence = favourable("property_damage")

    changed = answer(book, evidence, "cause", "intentional")

    assert _state(book, changed, "D30") == "reopened"


def test_further_answer_leaves_done_what_was_done():
    book = PLAYBOOKS["theft"]
    evidence = _mark(book, in_order(book, {"police_requested": True}), "T21")

    later = answer(book, evidence, "forced_entry", True)

    assert (_state(book, evidence, "T21"), _state(book, later, "T21")) == ("done", "done")


def test_reason_given_before_an_answer_is_asked_for_again():
    book = PLAYBOOKS["power_outage"]
    evidence = _mark(book, FRESH, "P32", "not_needed")
    later = answer(book, evidence, "vulnerable", True)

    assert _state(book, evidence, "P32") == "not_needed"
    assert _state(book, later, "P32") == "reopened"


@pytest.mark.parametrize(
    ("code", "step", "state"),
    [
        ("theft", "T13", "not_needed"),  # practice, named by no rule
        ("theft", "T11", "open"),  # the procedure, and a rule
        ("theft", "T30", "open"),  # practice, but a rule demands it
        ("theft", "T12", "open"),  # the law
        ("drunk_guest", "A21", "not_needed"),  # the guest may refuse; a rule asks for safety
        ("fire", "R20", "open"),
        ("fire", "R32", "open"),
        ("death", "X23", "open"),
    ],
)
def test_reason_stands_for_a_step_only_where_it_may(code, step, state):
    book, evidence = favourable(code)
    waved = _mark(book, evidence, step, "not_needed")

    assert _state(book, waved, step) == state
    assert book.skippable(step) is (state == "not_needed")


def test_reason_where_none_may_stand_leaves_an_undecided_step_undecided():
    book = PLAYBOOKS["fight"]

    assert _state(book, _mark(book, FRESH, "F14", "not_needed"), "F14") == "undecided"


def test_rounds_go_on_until_the_condition_holds():
    book = PLAYBOOKS["power_outage"]
    dark = in_order(book, FAVOURABLE["power_outage"] | {"restored": False})

    first = _mark(book, dark, "P30", "round")
    ticked = _mark(book, dark, "P30", "done")
    light = answer(book, first, "restored", True)

    states = [_state(book, e, "P30") for e in (dark, first, ticked, light)]
    assert states == ["open", "open", "open", "done"]


def test_round_never_held_is_not_done_by_the_end():
    book, evidence = favourable("death")

    assert _state(book, without_step(evidence, "X23"), "X23") == "open"


def test_round_tells_the_notice():
    book = PLAYBOOKS["power_outage"]
    told = [n.told for n in board.look(book, _mark(book, FRESH, "P30", "round")).notices]

    assert [told[4], told[:4], told[5:]] == [True, [False] * 4, [False] * 2]


def test_parent_kind_counts_as_linked():
    book, evidence = favourable("death")

    assert ("rule", "C6") not in missing(book, replace(evidence, linked=frozenset({"medical"})))
    assert ("rule", "C6") in missing(book, replace(evidence, linked=frozenset()))


def test_basis_numbers_what_the_step_hangs_on():
    book, evidence = favourable("property_damage")

    assert board.basis(book, "D30", evidence) == {"cause": 1, "guest_position": 3}
    assert board.basis(book, "D10", evidence) == {}
    with pytest.raises(KeyError):
        board.basis(book, "D99", evidence)


def test_strange_evidence_is_ignored():
    book, evidence = favourable("theft")
    strange = replace(
        evidence,
        facts={**evidence.facts, "nobody": "asked"},
        steps={**evidence.steps, "Z99": board.Mark("done", {"x": 1})},
        told=evidence.told | {"N99"},
        signed=evidence.signed | {"nothing"},
        fields={"T99.x": 3},
        active={"seal": 7},
    )

    assert missing(book, strange) == []


@pytest.mark.parametrize("code", list(PLAYBOOKS))
def test_missing_leads_to_something_on_the_board(code):
    book = PLAYBOOKS[code]
    places = {
        "fact": set(book.facts_by_key),
        "step": set(book.steps),
        "notice": set(book.notices),
        "record": {record.form for record in book.records},
        "rule": set(),
    }

    for answers in every_answer(book):
        for evidence in (
            in_order(book, answers),
            replace(complete(book, answers), linked=frozenset()),
        ):
            for one in board.look(book, evidence).missing("archive"):
                kind, place = one.at
                assert place in places[kind], one
