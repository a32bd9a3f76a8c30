"""The second pass sends every statement of the first to other servers (ADR 0040)."""

import pytest

from tests.statements import Record, cover, read, shape


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a FROM t WHERE b = %s", "SELECT a FROM t WHERE b = %s"),
        ("SELECT a FROM t WHERE b IN (%s)", "SELECT a FROM t WHERE b IN (%s, %s, %s)"),
        ("INSERT INTO t VALUES (%s, DEFAULT)", "INSERT INTO t VALUES (%s, DEFAULT), (%s, DEFAULT)"),
        ('SAVEPOINT "s140_x1"', 'SAVEPOINT "s7_x22"'),
        ("UPDATE t SET a = 'it''s' WHERE b = 3", "UPDATE t SET a = '' WHERE b = 44"),
    ],
)
def test_statements_that_differ_in_values_are_one(one, other):
    assert shape(one) == shape(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a FROM t WHERE b = %s", "SELECT a FROM t WHERE c = %s"),
        ("SELECT a FROM t WHERE b = %s", "SELECT a FROM t WHERE b = %s AND c = %s"),
        ("SELECT a FROM t", "SELECT a FROM t FOR UPDATE"),
    ],
)
def test_statements_that_do_more_are_two(one, other):
    assert shape(one) != shape(other)


def test_chosen_tests_send_everything_and_none_is_chosen_for_nothing():
    sent = {"a": ["1", "2"], "b": ["1", "2", "3"], "c": ["4"], "d": ["3"], "known": ["5"]}
    assert cover(sent, {"known"}) == {"b", "c"}
    assert cover(sent, {"known", "c"}) == {"b"}
    assert cover({}, set()) == set()


def test_record_keeps_what_each_test_sent_and_the_second_pass_reads_it(tmp_path):
    record = Record()
    sent = []

    def execute(*args):
        sent.append(args)
        return "answer"

    with record.during("one"):
        assert record.note(execute, "SELECT 1", None, False, {}) == "answer"
    with record.during("silent"):
        pass
    with record.during("two"):
        record.note(execute, "SELECT 2", None, False, {})
        record.note(execute, "SELECT a", None, False, {})
    record.write(tmp_path, "gw0")

    assert sent[0] == ("SELECT 1", None, False, {})
    assert read(tmp_path) == {
        "one": [shape("SELECT 1")],
        "two": sorted([shape("SELECT 1"), shape("SELECT a")]),
    }
    assert read(tmp_path / "nothing") == {}
