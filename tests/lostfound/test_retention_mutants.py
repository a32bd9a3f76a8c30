"""No change of the retention rules goes unseen: each mutant must fail a test (tools/mutate.py).

Survivors are compared with EQUIVALENT both ways, so a stale entry fails as well. That the check
itself can fail is shown by runs with too few tests.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tools import mutate

ROOT = Path(__file__).resolve().parents[2]
MODULES = ("lostfound.retention", "lostfound.holidays")
TESTS = ("tests/lostfound/test_retention.py", "tests/lostfound/test_holidays.py")
EDGE = "lostfound.retention: return local_day(now) > last_day: "
EXPIRED_LATE = f"{EDGE}local_day(now) > last_day -> local_day(now) >= last_day"

EQUIVALENT: dict[str, str] = {}
"""Mutants that mean the same as the original, each with the reason; at most three."""


def run(*arguments):
    """Run the tool by itself: it forks, and must not inherit the database of this run."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PROPDESK", "PYTEST"))}
    return subprocess.run(
        [sys.executable, "-m", "tools.mutate", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip


def survivors(*arguments):
    done = run(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    return found["mutants"], found["survivors"]


@pytest.mark.slow
def test_every_mutant_fails_a_test():
    mutants, alive = survivors(*MODULES, "--", *TESTS)

    assert sorted(alive) == sorted(EQUIVALENT)
    assert len(EQUIVALENT) <= 3
    assert mutants > 400


@pytest.mark.slow
def test_mutants_survive_tests_without_the_edge():
    """Everything but the tests of the last second: they alone end these mutants."""
    without = "not (last_second or from_that_moment)"

    _mutants, alive = survivors("lostfound.retention", "--", TESTS[0], "-k", without)

    assert EXPIRED_LATE in alive
    assert {each for each in alive if not each.startswith(EDGE)} == set()


def test_tests_that_fail_by_themselves_are_no_proof(tmp_path):
    failing = tmp_path / "test_failing.py"
    failing.write_text("def test_nothing():\n    assert False\n")

    done = [
        run("lostfound.holidays", "--", str(failing)),
        run("lostfound.holidays", "--", TESTS[1], "-k", "no_such_test"),
    ]

    assert [each.returncode for each in done] == [1, 1]
    assert ["fail with nothing changed" in each.stderr for each in done] == [True, True]
    assert {each.stdout.splitlines()[-1] for each in done} == {'{"mutants": 0, "survivors": []}'}


@pytest.mark.parametrize("name", MODULES)
def test_mutants_have_names_of_their_own(name):
    source = (ROOT / name.replace(".", "/")).with_suffix(".py").read_text("utf-8")

    names = Counter(each for each, _code in mutate.mutants(source))

    assert [each for each, times in names.items() if times > 1] == []
    assert len(names) > 150


@pytest.mark.parametrize(
    ("source", "changes"),
    [
        ("x = 1", ["1 -> 2", "1 -> 0"]),
        ("x = True", ["True -> False"]),
        ("x = 'a'", ["'a' -> 'XXa'"]),
        ("x = a < b <= c", ["a < b <= c -> a <= b <= c", "a < b <= c -> a < b < c"]),
        ("x = a + b", ["a + b -> a - b"]),
        ("x = a and not b", ["a and (not b) -> a or not b", "not b -> b"]),
        ("x = max(a, key=b)", ["max(a, key=b) -> max(a)", "max -> min"]),
        ("x = Tier.SHORT", ["Tier.SHORT -> Tier.LONG"]),
        ("def f():\n    'Words.'\n    return a", ["return a -> pass"]),
        ("if a:\n    raise b", ["a -> not a", "raise b -> pass"]),
        ("a += b", ["a += b -> pass"]),
        ("f()", ["f() -> pass"]),
        ("'Words.'\nimport a\nfrom b import c\nx: int = y\nif TYPE_CHECKING:\n    z = 1", []),
        ("Rule = Literal['a', 'b']", []),
    ],
)
def test_what_is_changed(source, changes):
    names = [name for name, _code in mutate.mutants(source)]

    assert [name.partition(": ")[2] for name in names] == changes


def test_code_of_a_mutant_is_the_changed_one():
    values = []
    for _name, code in mutate.mutants("x = 4 + 1"):
        space = {}
        exec(code, space)  # noqa: S102 -- two numbers
        values.append(space["x"])

    assert values == [3, 6, 4, 6, 4]
