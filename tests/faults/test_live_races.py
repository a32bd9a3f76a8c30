"""Two at once over the web: the same step, the same record, the same form; each with its control."""

import http.client
import re
from collections import Counter
from collections.abc import Iterator
from secrets import token_hex

import pytest

from tests.faults import load, tap, twin_web
from tests.faults.ladder import Connection
from tests.faults.person import COMPLAINTS, Answer, Person, at_once
from tests.platform.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.slow]
MANAGERS = {"1010": "张岚", "1011": "顾安然"}
POSTS = 16
STEPS = """
SELECT (SELECT count(*) FROM incidents_decision d WHERE d.complaint_id = k.id AND d.kind = 'void'),
       (SELECT count(*) FROM incidents_historicalcomplaint h
        WHERE h.case_id = k.id AND h.status = 'voided'),
       (SELECT count(*) FROM core_auditentry a WHERE a.case_id = k.id AND a.action = 'void')
FROM core_case k WHERE k.number = %s
"""
RESOLVED = """
SELECT k.number FROM incidents_complaint c JOIN core_case k ON k.id = c.case_id
WHERE c.status = 'resolved' ORDER BY k.id LIMIT 1
"""
SUMMARY = """
SELECT c.summary FROM incidents_complaint c JOIN core_case k ON k.id = c.case_id WHERE k.number = %s
"""
TAKEN = "SELECT count(*) FROM incidents_complaint WHERE opening_words = %s"


@pytest.fixture(scope="module")
def managers(stack: Stack) -> list[Person]:
    return [Person(stack, number) for number in MANAGERS]


@pytest.fixture(scope="module")
def desk(stack: Stack) -> Person:
    return Person(stack, "1020")


@pytest.fixture(scope="module")
def twin(stack: Stack) -> Iterator[twin_web.Twin]:
    """A web server without locks, tokens and versions."""
    with twin_web.unguarded(stack) as running:
        yield running


@pytest.fixture(scope="module")
def rows(stack: Stack) -> Iterator[Connection]:
    with tap.database(stack) as connection:
        yield connection


def statuses(answers: list[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


# --- 1: the same step ------------------------------------------------------------------------


def void(people: list[Person], number: str) -> list[Answer]:
    path, form = f"{COMPLAINTS}{number}/do/void/", {"reason": "重复登记"}
    return at_once([lambda p=people[i % 2]: p.post(path, form) for i in range(POSTS)])


@load.sizes("rounds", 2, 20)
def test_same_step_posted_by_sixteen_is_done_once_and_the_others_read_by_whom(
    desk, managers, rows, rounds
):
    for _round in range(rounds):
        number = desk.take_in("空调有异响")

        answers = void(managers, number)

        assert statuses(answers) == {302: 1, 409: POSTS - 1}
        assert rows.execute(STEPS, [number]).fetchone() == (1, 1, 1)
        won = next(i for i, answer in enumerate(answers) if answer.status == http.client.FOUND)
        names = list(MANAGERS.values())
        for i, answer in enumerate(answers):
            told = re.search(r"刚才（\d\d:\d\d）(.*)：作废", answer.body)
            assert i == won or "已作废" in answer.body
            # His own twin he is not told of.
            if i % 2 != won % 2:
                assert told is not None
                assert told[1] == names[won % 2]


def test_same_step_posted_without_the_lock_breaks_down(desk, managers, twin):
    number = desk.take_in("空调有异响")

    answers = void([person.at(twin.port) for person in managers], number)

    # All saw an open complaint; whoever wrote second met the last guard, that of the database.
    broken = statuses(answers)[http.client.INTERNAL_SERVER_ERROR]
    assert broken > 0
    assert twin.faults() == {"incidents_ended_frozen": broken}


# --- 2: the same record ----------------------------------------------------------------------


def edit(people: list[Person], number: str, texts: list[str], send=at_once) -> list[Answer]:
    """Each opens the form, then all send what they wrote."""
    path = f"{COMPLAINTS}{number}/do/summary/"
    forms = [
        {"summary": text, "result": "异响消除。", "seen": person.get(path).hidden("seen")}
        for person, text in zip(people, texts, strict=True)
    ]
    return send(
        [lambda p=p, form=form: p.post(path, form) for p, form in zip(people, forms, strict=True)]
    )


def in_a_row(acts):
    return [act() for act in acts]


@load.sizes("pairs", 3, 50)
def test_one_record_edited_by_two_keeps_one_text_and_shows_the_other_both(managers, rows, pairs):
    (number,) = rows.execute(RESOLVED).fetchone()
    for _pair in range(pairs):
        texts = [f"甲写的经过 {token_hex(4)}", f"乙写的经过 {token_hex(4)}"]

        answers = edit(managers, number, texts)

        assert statuses(answers) == {302: 1, 409: 1}
        (kept,) = rows.execute(SUMMARY, [number]).fetchone()
        lost = 1 if answers[0].status == http.client.FOUND else 0
        refused = answers[lost]
        (own,) = re.findall(r'<textarea name="summary"[^>]*>\s*([^<]*)</textarea>', refused.body)
        assert (own.strip(), kept) == (texts[lost], texts[1 - lost])
        assert f"现在的“经过与措施”：{kept}" in refused.body
        # Having read both he may send his again: nothing he typed is lost.
        again = {"summary": texts[lost], "result": "异响消除。", "seen": refused.hidden("seen")}
        path = f"{COMPLAINTS}{number}/do/summary/"
        assert managers[lost].post(path, again, refused).status == http.client.FOUND


def test_one_record_edited_by_two_without_the_version_loses_a_text(managers, rows, twin):
    (number,) = rows.execute(RESOLVED).fetchone()

    answers = edit([p.at(twin.port) for p in managers], number, ["甲。", "乙。"], in_a_row)

    assert statuses(answers) == {302: 2}


# --- 3: the same form ------------------------------------------------------------------------


@load.sizes("rounds", 1, 20)
def test_same_form_posted_ten_times_at_once_and_in_a_row_is_one_complaint(managers, rows, rounds):
    person = managers[0]
    for _round in range(rounds):
        words = f"连点十次 {token_hex(4)}"
        form = person.intake(words)

        answers = at_once([lambda form=form: person.post(f"{COMPLAINTS}new/", form)] * 10)
        answers += [person.post(f"{COMPLAINTS}new/", form) for _again in range(10)]

        assert {(answer.status, answer.location) for answer in answers} == {
            (302, answers[0].location)
        }
        assert person.get(answers[0].location).status == http.client.OK
        assert rows.execute(TAKEN, [words]).fetchone() == (1,)


def test_same_form_posted_without_its_token_is_many_complaints(managers, rows, twin):
    words = f"没有令牌 {token_hex(4)}"
    form = managers[0].intake(words)

    answers = [managers[0].at(twin.port).post(f"{COMPLAINTS}new/", form) for _again in range(4)]

    assert statuses(answers) == {302: 4}
    assert rows.execute(TAKEN, [words]).fetchone() == (4,)
