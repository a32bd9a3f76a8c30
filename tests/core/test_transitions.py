"""What every act asks of the words that say why."""

import re

import pytest

from propdesk.core.transitions import is_reason
from propdesk.localstack.paths import BASE_DIR

OWN_RULE = re.compile(r"\.strip\(\)\) < \d")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("", False),
        (" \u3000\n", False),
        ("x", False),
        (" 查 ", False),
        ("查询", True),
        (" ok ", True),
    ],
)
def test_reason_is_two_characters_at_the_least(text, is_one):
    assert is_reason(text) is is_one


def test_no_act_has_a_rule_of_its_own():
    found = {
        path.relative_to(BASE_DIR).as_posix()
        for app in ("propdesk", "incidents", "lostfound", "emergencies")
        for path in (BASE_DIR / app).rglob("*.py")
        if OWN_RULE.search(path.read_text("utf-8"))
    }

    assert found == set()
