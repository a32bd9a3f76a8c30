"""A broken playbook says file, line and field, and stops the start."""

import shutil

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from emergencies import checks, playbooks
from emergencies.playbooks import records
from propdesk.core import content

FILES = {path.name: path.read_text("utf-8") for path in playbooks.FOLDER.glob("*.yaml")}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the shipped files which the app reads instead of them."""
    copy = tmp_path / "playbooks"
    copy.mkdir()
    for name, text in FILES.items():
        (copy / name).write_text(text, "utf-8")
    monkeypatch.setattr(playbooks, "FOLDER", copy)
    return copy


def _changed(name, old, new):
    assert FILES[name].count(old) >= 1, old
    return FILES[name].replace(old, new, 1)


def _line(name, near):
    return FILES[name][: FILES[name].index(near)].count("\n") + 1


def _faults(tmp_path, name, old, new):
    path = tmp_path / name
    path.write_text(_changed(name, old, new), "utf-8")
    with pytest.raises(playbooks.ContentError) as refused:
        playbooks.load(path)
    return [(f.file, f.line, f.field, f.message) for f in refused.value.faults]


BROKEN = [
    # (file, old, new, field, near: the line named, what is said)
    ("fire", "playbook/2", "playbook/1", "schema", "schema:", "Input should be"),
    ("fire", "clause: E-8", "clause: E-1", "clause", "clause:", "clause of fire must be E-8"),
    ("fire", "code: fire\n", "code: flood\n", "code", "code:", "unknown playbook 'flood'"),
    ("fire", "lead: security", "lead: guard", "lead", "lead:", "Input should be"),
    ("fire", "lead: security", "lead: admin", "lead", "lead:", "unknown role"),
    ("fire", "severity: critical", "severity: huge", "severity", "severity:", "Input should be"),
    ("fire", "aim: 冷静核实，", "aim: 冷静核实,", "aim", "aim:", "half-width punctuation ','"),
    ("fire", "zh: 门烫，别开", "zh: 门烫，别开.", "card.2.zh", "zh: 门烫", "half-width"),
    ("fire", "zh: 门烫，别开", "zh: 门烫，去{roof}", "card.2.zh", "zh: 门烫", "placeholder 'roof'"),
    ("fire", 'call: "119"', 'call: "120"', "notify.1.to", "to: fire_service", "119 must stand on the card"),
    ("fire", 'call: "119"', 'call: "911"', "card.0.call", "call:", "Input should be"),
    ("fire", "  - key: evacuate\n", "  - key: confirmed\n", "facts.1.key", "- key: evacuate", "given twice"),
    ("fire", "- {code: patrol,", "- {code: phone,", "facts.5", "  - key: source", "'phone' given twice"),
    ("fire", "- {code: patrol,", "- {code: off,", "facts.5.options.3.code", "- {code: patrol", "string"),
    ("fire", "fact: source, in", "fact: sauce, in", "phases.0.steps.0.fields.0.when", "- {key: point", "unknown fact 'sauce'"),
    ("fire", "is: false_alarm}\n        zh: 误", "is: false}\n        zh: 误", "phases.0.steps.1.when", "when: {fact: confirmed, is: false_alarm}", "False is no answer"),
    ("fire", "in: [floor, building]}\n  - by: eng", "in: [floor, roof]}\n  - by: eng", "card.3.when", "when: {fact: evacuate", "'roof' is no answer of 'evacuate'"),
    ("fire", "within_min: 30\n", "within_min: -1\n", "phases.0.steps.1.within_min", "within_min: 30\n", "greater than or equal to 0"),
    ("fire", "  - id: R11\n        by: security", "  - id: R11\n        by: fire_service", "phases.0.steps.1.by", "        by: security\n        within_min: 30", "unknown role 'fire_service'"),
    ("fire", "- id: R11", "- id: R10", "phases.0.steps.1.id", "- id: R11", "'R10' given twice"),
    ("fire", "- id: R11", "- id: R1", "phases.0.steps.1.id", "- id: R11", "match pattern"),
    ("fire", "id: N3\n    to: engineering", "id: N3\n    to: plumber", "notify.2.to", "to: engineering", "unknown role or party 'plumber'"),
    ("fire", "- id: N3", "- id: N2", "notify.2.id", "- id: N3", "given twice"),
    ("fire", "via: [phone]\n    basis: law", "via: [app, phone]\n    basis: law", "notify.1", "- id: N2", "is not in the system"),
    ("fire", "via: [app, radio]\n", "via: [radio]\n", "notify.0", "- id: N1", "need the way app"),
    ("fire", "{after_min: 1, to", "{after_min: 9, to", "notify.0", "- id: N1", "must rise"),
    ("fire", "    ack: true\n", "", "notify.0", "- id: N1", "never stops"),
    ("fire", "tells: N2", "tells: N9", "phases.1.steps.0.tells", "tells: N2", "unknown notice 'N9'"),
    ("fire", "opens: medical", "opens: fire", "phases.2.steps.4.opens", "opens: medical", "cannot open 'fire'"),
    ("fire", "opens: medical", "opens: flood", "phases.2.steps.4.opens", "opens: medical", "cannot open 'flood'"),
    ("fire", "own: roll_call", "own: roll_cal", "phases.2.steps.2.own", "own: roll_call", "Input should be"),
    ("fire", "evidence: [time]", "evidence: [smell]", "phases.1.steps.1.evidence.0", "evidence: [time]", "Input should be"),
    ("fire", "key: expected, type: number", "key: present, type: number", "phases.2.steps.2.fields", "        fields:\n          - {key: expected", "'present' given twice"),
    ("fire", "key: missing, type: number", "key: missing, type: text", "close_when.1.rule.then.all.1.any.0.field_zero", "      then: {all: [{step_done: R32}", "no number of a step"),
    ("fire", "key: given, type: text", "key: given, type: choice", "phases.2.steps.3.fields.1", "- {key: given", "options belong to"),
    ("fire", "rule: {step_done: R42}", "rule: {step_done: R49}", "close_when.2.rule.step_done", "rule: {step_done: R42}", "unknown step 'R49'"),
    ("fire", "any_done: [R35]", "any_done: [R99]", "close_when.1.rule.then.all.1.any.1.any_done", "      then: {all: [{step_done: R32}", "unknown step 'R99'"),
    ("fire", "linked_opened: [R34]", "linked_opened: [R33]", "close_when.4.rule.linked_opened", "rule: {linked_opened", "R33 opens nothing"),
    ("fire", "{form_signed: incident_report}", "{form_signed: outage_record}", "close_when.3.rule.then.form_signed", "then: {form_signed", "no record of the playbook"),
    ("fire", "rule: {fact: fire_out, is: true}", "rule: {fact: fire_out, is: none}", "close_when.0.rule.fact", "rule: {fact: fire_out", "'none' is no answer"),
    ("fire", "rule: {fact: fire_out, is: true}", "rule: {fact: fire_out}", "close_when.0.rule", "rule: {fact: fire_out", "is or in belongs to"),
    ("fire", "rule: {fact: fire_out, is: true}", "rule: {}", "close_when.0.rule", "rule: {fact: fire_out", "exactly one form"),
    ("fire", "- id: C2", "- id: C1", "close_when.1.id", "- id: C2", "given twice"),
    ("fire", "form: fire_record", "form: fire_rekord", "records.0.form", "form: fire_record", "unknown form 'fire_rekord'"),
    ("fire", "sign: [front_desk, duty_manager]", "sign: [front_desk, front_desk]", "records.1.sign", "sign: [front_desk", "somebody signs twice"),
    ("fire", "confidential: false", "confidential: true", "readers", "schema:", "readers belong to"),
    ("fire", "  every_months: 6", "  record: nothing\n  every_months: 6", "drill.record", "  every_months: 6", "unknown form 'nothing'"),
    ("fire", "order: 8\n", "order: 8\ncolour: red\n", "colour", "clause:", "Extra inputs"),
    ("fire", "order: 8\n", "order: 8\norder: 8\n", "order", "clause:", "given twice"),
    ("theft", "place, is: room}\n        zh: 调", "item, is: true}\n        zh: 调", "phases.1.steps.4.when", "when: {fact: place, is: room}", "unknown fact 'item'"),
    ("theft", "when: {field: outcome, is: exported}", "when: {field: outcome, is: lost}", "phases.1.steps.3.fields.1.when", "            when: {field: outcome, is: exported}", "'lost' is no answer of 'outcome'"),
    ("theft", "when: {field: outcome, is: exported}", "when: {field: reason, is: lost}", "phases.1.steps.3.fields.1.when", "            when: {field: outcome, is: exported}", "no earlier choice or bool"),
    ("theft", "remind: [240, 10080", "remind: [10080, 240", "phases.1.steps.3.remind", "remind:", "must rise"),
    ("theft", "basis: law\n        own: cctv", "basis: law\n        when: {field: x, is: true}\n        own: cctv", "phases.1.steps.3.when", "        own: cctv_export\n        remind", "inside a step only"),
    ("property_damage", "      then: {step_done: D32}\n", "", "close_when.2.rule", "    rule:\n      if: {any: [{fact: guest_position, is: dispute}", "if and then belong together"),
    ("property_damage", "        remind: [60]", "        skippable: true\n        remind: [60]", "phases.1.steps.1.skippable", "        remind: [60]", "a closing rule demands D21"),
    ("property_damage", "    when: {fact: cause, in: [accident, intentional, unclear]}\n    ask: 客户", "    when: {fact: over_limit, is: true}\n    ask: 客户", "facts.2.when", "    when: {fact: cause", "which stands no earlier"),
    ("power_outage", "          every_min: 30\n", "          every_min: 30\n          every_shift: true\n", "phases.2.steps.0.repeat", "        repeat:", "exactly one of"),
    ("death", "- id: X34\n        by: property_manager", "- id: X34\n        by: housekeeping", "phases.2.steps.4.by", "        by: property_manager", "housekeeping may not read a confidential death"),
    ("death", "{after_min: 5, to: property_manager}", "{after_min: 5, to: front_desk}", "notify.0", "- id: N1", "front_desk may not read"),
    ("death", "then: {no_active: seal}", "then: {no_active: roll_call}", "close_when.4.rule.then.no_active", "then: {no_active", "no step is fulfilled"),
    ("medical", "rule: {notice_acked: N2}", "rule: {notice_acked: N3}", "close_when.0.rule.notice_acked", "rule: {notice_acked", "no notice 'N3' with ack"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "old", "new", "field", "near", "said"),
    BROKEN,
    ids=[f"{b[0]}-{n}-{b[3]}" for n, b in enumerate(BROKEN)],
)
def test_fault_names_file_line_and_field(tmp_path, code, old, new, field, near, said):
    name = f"{code}.yaml"

    found = _faults(tmp_path, name, old, new)

    here = [fault for fault in found if fault[2] == field]
    assert [fault[:3] for fault in here] == [(name, _line(name, near), field)]
    assert said in here[0][3]


def test_fact_used_nowhere_is_a_fault(tmp_path):
    fact = "  - key: idle\n    type: bool\n    required: false\n    ask: 吗？\n    en: Idle\n"

    found = _faults(tmp_path, "theft.yaml", "  - key: place\n", fact + "  - key: place\n")

    assert found == [
        (
            "theft.yaml",
            _line("theft.yaml", "- key: place"),
            "facts.0.key",
            "fact 'idle' is used nowhere",
        )
    ]


def test_every_fault_is_told_at_once(tmp_path):
    text = FILES["fire.yaml"].replace("tells: N2", "tells: N9").replace("[R34]", "[R33]")

    with pytest.raises(playbooks.ContentError) as refused:
        playbooks.load(text)

    assert [(f.file, f.field) for f in refused.value.faults] == [
        ("playbook.yaml", "phases.1.steps.0.tells"),
        ("playbook.yaml", "close_when.4.rule.linked_opened"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "empty"),
        ("a: [\n", 2, "expected"),
        ("a: &x [1]\nb: *x\n", 2, "aliases"),
        ("\x00", 1, "not allowed"),
        ("on: 2026-02-30\n", 1, "day is out of range"),
        ("[" * 190_000 + "]" * 190_000, 1, "nested too deeply"),
        ("x" * (content.MOST_CHARACTERS + 1), 1, "longer than"),
    ],
    ids=["empty", "cut", "alias", "control", "date", "deep", "long"],
)
def test_text_that_cannot_be_read_is_one_fault(text, line, said):
    with pytest.raises(playbooks.ContentError) as refused:
        playbooks.load(text)

    (fault,) = refused.value.faults
    assert (fault.file, fault.line) == ("playbook.yaml", line)
    assert said in fault.message


# --- all together --------------------------------------------------------------------------


def _break(folder, name, old, new):
    (folder / name).write_text(_changed(name, old, new), "utf-8")


def test_ring_of_three_playbooks_is_a_fault(folder):
    _break(folder, "medical.yaml", "opens: death", "opens: drunk_guest")

    found = [(f.file, f.line, f.field, f.message) for f in playbooks.faults()]

    assert found == [
        (
            "drunk_guest.yaml",
            _line("drunk_guest.yaml", "        opens: fight"),
            "phases.0.steps.2.opens",
            "opens in a circle: drunk_guest → fight → medical → drunk_guest",
        ),
        (
            "fight.yaml",
            _line("fight.yaml", "        opens: medical"),
            "phases.0.steps.4.opens",
            "opens in a circle: fight → medical → drunk_guest → fight",
        ),
        (
            "medical.yaml",
            _line("medical.yaml", "        opens: death"),
            "phases.1.steps.5.opens",
            "opens in a circle: medical → drunk_guest → fight → medical",
        ),
    ]


def test_two_that_open_each_other_are_none():
    opened = {code: {s.opens for s in b.steps.values()} for code, b in playbooks.PLAYBOOKS.items()}

    assert "death" in opened["medical"]
    assert "medical" in opened["death"]
    assert playbooks.faults() == []


def test_file_that_holds_another_playbook_is_a_fault(folder):
    shutil.copy(folder / "theft.yaml", folder / "fire.yaml")

    assert [(f.file, f.field) for f in playbooks.faults()] == [("fire.yaml", "code")]


def test_missing_file_is_a_fault(folder):
    (folder / "fire.yaml").unlink()

    assert [(f.file, f.line) for f in playbooks.faults()] == [("fire.yaml", 1)]


@pytest.mark.parametrize(
    ("old", "new", "near", "field", "said"),
    [
        ("[T10.entries]", "[T10.entrance]", "[T10.entries]", "forms.0.fields.5.from.0", "leads nowhere"),
        ("[T10.entries]", "[R32.missing]", "[T10.entries]", "forms.0.fields.5.from.0", "leads nowhere"),
        ('["fact:resident"]', '["fact:planned"]', '["fact:resident"]', "forms.5.fields.1.from.0", "leads nowhere"),
        ('["event:number"]', '["event:colour"]', '["event:number"]', "head.0.from.0", "leads nowhere"),
        ("from: [A30.rounds]", "from: [A33.rounds]", "from: [A30.rounds]", "forms.5.fields.9.from.0", "leads nowhere"),
        ("when: {field: route, is: other}", "when: {field: way, is: other}", "when: {field: route", "forms.7.fields.13.when", "no earlier field"),
        ("when: {fact: foreign, is: true}", "when: {fact: alien, is: true}", "when: {fact: foreign", "forms.7.fields.16.when", "unknown fact"),
        ("since: started_at, from", "since: began_at, from", "since: started_at, from", "forms.10.fields.1.since", "no earlier field"),
        ("code: statement\n", "code: theft_statement\n", "code: statement\n", "forms.2.code", "given twice"),
        ("key: unit, type: text, zh: 单位", "key: officer, type: text, zh: 单位", "key: unit, type: text, zh: 单位", "forms.3.fields.1.key", "given twice"),
        ("type: table\n        zh: 丢失", "type: text\n        zh: 丢失", "- key: losses", "forms.0.fields.1", "columns belong to"),
        ("copies: 2", "copies: 3", "copies: 2", "forms.4.copies", "Input should be"),
        ("[T10.entries]", '["somewhere"]', "[T10.entries]", "forms.0.fields.5.from.0", "match pattern"),
    ],
)  # fmt: skip
def test_fault_of_a_paper_names_its_line(folder, old, new, near, field, said):
    _break(folder, "forms.yaml", old, new)

    fault = playbooks.faults()[0]

    assert (fault.file, fault.line, fault.field) == ("forms.yaml", _line("forms.yaml", near), field)
    assert said in fault.message


# --- the start -----------------------------------------------------------------------------


def test_check_finds_nothing_in_what_is_shipped():
    assert checks.check_playbooks() == []


def test_broken_playbook_is_one_error_a_fault(folder):
    _break(folder, "fire.yaml", "tells: N2", "tells: N9")

    found = checks.check_playbooks()

    line = _line("fire.yaml", "tells: N2")
    assert [(e.id, e.msg) for e in found] == [
        (
            "emergencies.E001",
            f"fire.yaml:{line} phases.1.steps.0.tells: unknown notice 'N9'",
        )
    ]


def test_broken_playbook_stops_the_start(folder):
    _break(folder, "theft.yaml", "rule: {step_done: T32}", "rule: {step_done: T39}")

    with pytest.raises(
        SystemCheckError, match=r"emergencies\.E001\) theft\.yaml:\d+ close_when\.0"
    ):
        call_command("check")


def test_broken_playbook_is_never_served(folder):
    _break(folder, "theft.yaml", "rule: {step_done: T32}", "rule: {step_done: T39}")

    with pytest.raises(playbooks.ContentError, match="unknown step 'T39'"):
        playbooks._read.__wrapped__()


def test_known_forms_come_from_the_file():
    assert "fire_record" in records.known()
