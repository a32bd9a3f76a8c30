"""Three-valued conditions, against a brute-force reading over every way the unknown may turn out."""

import itertools
import random

import pytest
from pydantic import ValidationError

from emergencies.playbooks import PLAYBOOKS, conditions
from emergencies.playbooks.schema import Condition, Fact
from tests.emergencies.playbook_cases import counting, every_answer

VALUES = (True, False, None)


def _is(key, value):
    return {"fact": key, "is": value}


def _read(data, answers, fields=None):
    return conditions.evaluate(Condition.model_validate(data), answers, fields or {})


@pytest.mark.parametrize(
    ("condition", "answers", "expected"),
    [
        (_is("a", True), {"a": True}, True),
        (_is("a", True), {"a": False}, False),
        (_is("a", True), {}, None),
        (_is("a", "one"), {"a": "one"}, True),
        (_is("a", "one"), {"a": conditions.NOT_ASKED}, False),
        ({"fact": "a", "in": ["one", "two"]}, {"a": "two"}, True),
        ({"fact": "a", "in": ["one", "two"]}, {"a": "three"}, False),
        ({"fact": "a", "in": ["one", "two"]}, {}, None),
        ({"not": _is("a", True)}, {"a": True}, False),
        ({"not": _is("a", True)}, {}, None),
        ({"all": [_is("a", True), _is("b", True)]}, {"a": False}, False),
        ({"all": [_is("a", True), _is("b", True)]}, {"a": True}, None),
        ({"any": [_is("a", True), _is("b", True)]}, {"a": True}, True),
        ({"any": [_is("a", True), _is("b", True)]}, {"a": False}, None),
    ],
)
def test_condition_has_three_values(condition, answers, expected):
    assert _read(condition, answers) is expected


def test_condition_on_a_field_reads_the_fields():
    condition = {"field": "hospital", "is": "other"}

    assert _read(condition, {"hospital": "other"}) is None
    assert _read(condition, {}, {"hospital": "other"}) is True


def test_no_condition_holds():
    assert conditions.evaluate(None, {}) is True


@pytest.mark.parametrize("values", list(itertools.product(VALUES, repeat=3)))
def test_connectives_are_those_of_kleene(values):
    known = [v for v in values if v is not None]
    turned_out = [
        known + list(rest) for rest in itertools.product((True, False), repeat=values.count(None))
    ]

    def agreed(fold):
        found = {fold(one) for one in turned_out}
        return found.pop() if len(found) == 1 else None

    assert conditions.every(values) is agreed(all)
    assert conditions.some(values) is agreed(any)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"fact": "a"},
        {"is": True},
        {"fact": "a", "is": True, "in": ["b"]},
        {"fact": "a", "is": True, "all": [{"fact": "b", "is": True}]},
        {"all": []},
        {"any": [], "not": {"fact": "a", "is": True}},
        {"fact": "a", "is": 1},
        {"fact": "a", "is": "Some text"},
        {"fact": "a", "is": True, "unless": "b"},
    ],
)
def test_condition_of_no_known_form_is_refused(data):
    with pytest.raises(ValidationError):
        Condition.model_validate(data)


def _applies(book, answers):
    now = counting(book, answers)
    return {step.id: conditions.evaluate(step.when, now) for step in book.steps.values()}


@pytest.mark.parametrize("code", list(PLAYBOOKS))
def test_decided_step_stays_decided_however_the_unknown_turns_out(code):
    book = PLAYBOOKS[code]
    chance = random.Random(code)  # noqa: S311 -- a seed makes the test repeatable
    whole = list(every_answer(book))

    for _round in range(40):
        hidden = {fact.key for fact in book.facts if chance.random() < 0.4}
        answers = {k: v for k, v in chance.choice(whole).items() if k not in hidden}
        partly = _applies(book, answers)
        ends = [_applies(book, w) for w in whole if answers.items() <= w.items()]

        decided = {step: value for step, value in partly.items() if value is not None}
        for step, value in decided.items():
            assert {end[step] for end in ends} == {value}, (answers, step)


@pytest.mark.parametrize("code", list(PLAYBOOKS))
def test_undecided_step_names_a_question_to_ask(code):
    book = PLAYBOOKS[code]

    for answers in every_answer(book):
        for hidden in book.facts:
            now = counting(book, {k: v for k, v in answers.items() if k != hidden.key})
            for step in book.steps.values():
                undecided = conditions.evaluate(step.when, now) is None
                named = conditions.unknown(book, step.when, now)
                assert named == ((hidden.key,) if undecided else ())


def test_answer_counts_only_while_its_question_arises():
    book = PLAYBOOKS["property_damage"]
    answers = {"cause": "wear_and_tear", "guest_position": "agree", "over_limit": True}

    found = counting(book, answers)

    assert found == {
        "cause": "wear_and_tear",
        "guest_position": conditions.NOT_ASKED,
        "over_limit": conditions.NOT_ASKED,
    }
    assert conditions.evaluate(book.steps["D30"].when, found) is False


def test_answer_to_a_question_not_yet_known_to_arise_is_unknown():
    book = PLAYBOOKS["property_damage"]

    assert counting(book, {"guest_position": "agree"}) == {}


@pytest.mark.parametrize("answer", ["true", 1, 0, "maybe", None])
def test_what_is_no_answer_of_the_question_is_unknown(answer):
    fact = Fact(key="a", type="bool", required=True, ask="吗？", en="A")

    assert conditions.in_force([fact], {"a": answer}) == {}


def test_condition_depends_also_on_what_makes_its_question_arise():
    book = PLAYBOOKS["property_damage"]

    assert conditions.keys(book.steps["D30"].when) == {"guest_position"}
    assert conditions.depends_on(book, book.steps["D30"].when) == {"guest_position", "cause"}


def test_unknown_lists_only_questions_that_arise():
    book = PLAYBOOKS["property_damage"]
    when = book.steps["D30"].when

    assert conditions.unknown(book, when, {}) == ("cause",)
    assert conditions.unknown(book, when, {"cause": "accident"}) == ("guest_position",)
