"""A property's own playbook, and practice steps it switches off."""

import pytest

from emergencies import playbooks
from emergencies.playbooks import PLAYBOOKS
from tests.emergencies.playbook_cases import FAVOURABLE, complete, missing

FIRE = (playbooks.FOLDER / "fire.yaml").read_text("utf-8")
DEATH = (playbooks.FOLDER / "death.yaml").read_text("utf-8")
MEDICAL = (playbooks.FOLDER / "medical.yaml").read_text("utf-8")


def _own(old, new, text=FIRE):
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


def _cut(start, end, text=FIRE):
    first = text.index(start)
    return text[:first] + text[text.index(end, first + 1) :]


def test_unchanged_playbook_may_replace_itself():
    assert playbooks.override(FIRE, PLAYBOOKS["fire"]) == PLAYBOOKS["fire"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("zh: 看到火，马上打，谁都不用问", "zh: 看见烟火，马上打，不用问"),
        ("version: 3", "version: 7"),
        ("        within_min: 15\n        required: true\n        basis: law", "        within_min: 10\n        required: true\n        basis: law"),
        ("zh: 马上打 119，不用等任何人批准。", "zh: 谁先看到火，谁先打 119。"),
        ("  every_months: 6", "  every_months: 3"),
        ("sign: [security_manager, duty_manager]", "sign: [security_manager, duty_manager, general_manager]"),
        ("          - {key: actions, type: text, zh: 做了哪些联动、几点}", "          - {key: actions, type: text, zh: 做了哪些联动、几点}\n          - {key: pump, type: bool, zh: 泵开了}"),
        ("  - 不乘电梯\n", "  - 不乘电梯\n  - 不走西侧楼梯\n"),
        ("within_min: 3\n        required: true\n        basis: practice", "required: true\n        basis: practice"),
    ],
    ids=["words", "version", "sooner", "step words", "more drills", "more signatures", "more fields", "more advice", "practice time"],
)  # fmt: skip
def test_property_may_make_it_its_own(old, new):
    book = playbooks.override(_own(old, new), PLAYBOOKS["fire"])

    assert playbooks.sha256(book) != playbooks.sha256(PLAYBOOKS["fire"])
    assert missing(book, complete(book, FAVOURABLE["fire"])) == []


def test_practice_step_may_be_dropped_and_another_added():
    text = _cut("      - id: R33\n", "      - id: R34\n")
    text = _own(
        "      - id: R34\n",
        "      - id: R36\n        by: security\n        required: true\n        basis: practice\n        zh: 打开西门。\n        en: Open the west gate\n      - id: R34\n",
        text,
    )
    text = text.replace(", from: [R33.arrived_at]", "")

    book = playbooks.override(text, PLAYBOOKS["fire"])

    assert sorted(set(book.steps) ^ set(PLAYBOOKS["fire"].steps)) == ["R33", "R36"]


REFUSED = [
    ("code", _own("code: fire\n", "code: theft\n").replace("clause: E-8", "clause: E-1"), "must stay 'fire'"),
    ("law step dropped", _cut("      - id: R20\n", "      - id: R21\n"), "step R20 (law) may not be dropped"),
    ("sop step dropped", _cut("      - id: R31\n", "      - id: R32\n"), "step R31 (sop) may not be dropped"),
    ("step a rule names", _cut("      - id: R42\n", "      - id: R43\n").replace("rule: {step_done: R42}", "rule: {step_done: R40}"), "step R42 (practice) may not be dropped"),
    ("made practice", _own("basis: law\n        tells: N2", "basis: practice\n        tells: N2"), "step R20 must keep"),
    ("made optional", _own("required: true\n        basis: law\n        tells: N2", "required: false\n        basis: law\n        tells: N2"), "step R20 must keep"),
    ("other condition", _own("        when: {fact: confirmed, is: real}\n        zh: 马上打 119", "        when: {fact: small, is: false}\n        zh: 马上打 119"), "step R20 must keep"),
    ("later", _own("within_min: 1\n        required: true\n        basis: law", "within_min: 9\n        required: true\n        basis: law"), "step R20 must keep"),
    ("no time", _own("within_min: 1\n        required: true\n        basis: law", "required: true\n        basis: law"), "step R20 must keep"),
    ("register", _own("        own: roll_call\n", ""), "step R32 must keep"),
    ("skippable", _own("basis: sop\n        own: floor_sweep", "basis: sop\n        skippable: true\n        own: floor_sweep"), "step R30 must keep"),
    ("field dropped", _own("          - {key: expected, type: number, zh: 应到}\n", ""), "step R32 must keep"),
    ("field optional", _own("zh: 打 119 的时间}", "zh: 打 119 的时间, required: false}"), "step R20 must keep"),
    ("fact optional", _own("    required: true\n    late: true", "    required: false\n    late: true"), "fact 'fire_out' must keep"),
    ("answer added", _own("      - {code: false_alarm,", "      - {code: later, zh: 以后再说, en: Later}\n      - {code: false_alarm,"), "fact 'confirmed' must keep"),
    ("notice dropped", _cut("  - id: N3\n", "  - id: N4\n"), "notice N3 may not be dropped"),
    ("notice later", _own("to: fire_service\n    within_min: 1", "to: fire_service\n    within_min: 5"), "notice N2 must keep"),
    ("record dropped", _cut("  - form: fire_record\n", "  - form: evacuation_rollcall\n"), "record 'fire_record' must be kept"),
    ("signature dropped", _own("sign: [duty_manager, security_manager, general_manager]", "sign: [duty_manager, security_manager]"), "record 'incident_report' must keep its signatures"),
    ("last signature dropped", _own("    more: {by: [general_manager], when: {fact: confirmed, is: real}}\n", ""), "record 'fire_record' must keep its signatures"),
    ("no may stand", _own("报警主机已复位, must: true}", "报警主机已复位}"), "step R42 must keep"),
    ("rule dropped", _cut("  - id: C5\n", "after:"), "closing rule C5 must be kept"),
    ("rule weakened", _own("{any: [{field_zero: R32.missing}, {any_done: [R35]}]}", "{any: [{field_zero: R32.missing}, {any_done: [R35]}, {step_done: R42}]}"), "closing rule C2 must be kept"),
    ("drill dropped", _cut("drill:\n", "refs:\n"), "at least every 6 months"),
    ("drill rarer", _own("every_months: 6", "every_months: 12"), "at least every 6 months"),
    ("severity", _own("severity: critical", "severity: minor"), "may not fall below critical"),
    ("circle to itself", _own("opens: medical", "opens: fire"), "cannot open 'fire'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_the_procedure_and_the_law_ask_cannot_be_taken_away(text, said):
    with pytest.raises(playbooks.ContentError) as refused:
        playbooks.override(text, PLAYBOOKS["fire"])

    assert any(said in fault.message for fault in refused.value.faults), refused.value
    assert {fault.file for fault in refused.value.faults} == {"playbook.yaml"}


@pytest.mark.parametrize(
    ("text", "base", "said"),
    [
        (_own("readers: [security_manager, ", "readers: [front_desk, security_manager, ", DEATH), "death", "readers may not be widened"),
        (_own("retention: permanent\n", "", DEATH), "death", "must stay permanent"),
        (_own("confidential: true\nreaders: [security_manager, property_manager, general_manager]\n", "confidential: false\n", DEATH), "death", "must stay confidential"),
        (_own("basis: practice\n        own: seal_check", "basis: practice\n        opens: fire\n        own: seal_check", DEATH), "death", "opens in a circle: death → fire → medical → death"),
        (_own("    ack: true\n    ladder:\n      - {after_min: 5, to: property_manager}\n      - {after_min: 15, to: security_manager}\n", "", MEDICAL).replace("rule: {notice_acked: N2}", "rule: {step_done: M11}"), "medical", "notice N2 must keep"),
    ],
    ids=["readers", "retention", "confidential", "circle", "ack"],
)  # fmt: skip
def test_confidence_and_acknowledgement_cannot_be_taken_away(text, base, said):
    with pytest.raises(playbooks.ContentError, match=said):
        playbooks.override(text, PLAYBOOKS[base])


# --- switching off -------------------------------------------------------------------------


def test_practice_step_can_be_switched_off():
    book = playbooks.without(PLAYBOOKS["theft"], ["T13", "T24"])

    assert sorted(set(PLAYBOOKS["theft"].steps) - set(book.steps)) == ["T13", "T24"]
    assert missing(book, complete(book, FAVOURABLE["theft"])) == []
    assert playbooks.from_json(playbooks.dump(book)) == book


def test_nothing_switched_off_is_the_same_playbook():
    assert playbooks.without(PLAYBOOKS["theft"], []) is PLAYBOOKS["theft"]


@pytest.mark.parametrize("code", list(PLAYBOOKS))
def test_step_of_procedure_law_or_rule_cannot_be_switched_off(code):
    book = PLAYBOOKS[code]
    fixed = [s.id for s in book.steps.values() if s.basis != "practice"]
    fixed += sorted(book.named_by_rules)

    for step in fixed:
        assert playbooks.can_switch_off(book, step) is False
        with pytest.raises(ValueError, match=f"step {step} cannot be switched off"):
            playbooks.without(book, [step])


@pytest.mark.parametrize("code", list(PLAYBOOKS))
def test_all_that_can_be_switched_off_leaves_a_playbook_that_closes(code):
    book = PLAYBOOKS[code]
    off = [s for s in book.steps if playbooks.can_switch_off(book, s)]

    rest = playbooks.without(book, off)

    assert set(rest.steps) == set(book.steps) - set(off)
    assert missing(rest, complete(rest, FAVOURABLE[code])) == []


def test_unknown_step_cannot_be_switched_off():
    with pytest.raises(ValueError, match="no step T99"):
        playbooks.without(PLAYBOOKS["theft"], ["T99"])
