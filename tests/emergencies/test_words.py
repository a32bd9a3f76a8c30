"""One act, one word: on its button, in a refusal, and in the timeline (docs/glossary.md)."""

import pytest

from emergencies.own_acts import EVERY, ITEMS
from emergencies.rows.timeline import LOOK
from emergencies.workflow.table import MOVES

SHORTER = {"link": "关联", "void": "作废"}
"""Where the button says more of it: 关联其他编号, 误启动，作废."""
STEPS = {"mark"}
"""One row of the table for four entries: 完成, 登记一次, 不需要, 仍然有效."""
TITLES = {name.replace("-", "_"): str(act.title) for name, act in EVERY.items()} | {
    name.replace("-", "_"): str(act.title) for name, (act, _find) in ITEMS.items()
}


@pytest.mark.parametrize("name", sorted(set(MOVES) - STEPS))
def test_timeline_button_and_refusal_call_an_act_alike(name: str) -> None:
    word = str(MOVES[name].doing)
    said = {str(LOOK[name][2])} if name in LOOK else {word}
    said |= {TITLES[name]} if name in TITLES else set()

    if name in SHORTER:
        assert {SHORTER[name] in each for each in said | {word}} == {True}
    else:
        assert said == {word}


@pytest.mark.parametrize(
    ("entry", "move"),
    [
        ("record_rewrite", "rewrite_record"),
        ("record_scan", "scan_record"),
        ("record_declined", "decline_signature"),
        ("record_sign", "sign_record"),
        ("report_submit", "submit_report"),
    ],
)
def test_entry_of_a_paper_is_called_as_its_act(entry: str, move: str) -> None:
    assert str(LOOK[entry][2]) == str(MOVES[move].doing)


def test_paper_and_room_are_not_sealed_by_one_word() -> None:
    assert "封存" not in str(LOOK["paper_sealed"][2])
    assert "删去" in TITLES["strike_loss"]
    assert "删去" in str(LOOK["strike_loss"][2])
