"""The complaint steps as content: what is shipped, how faults are named, what is said."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents import checks, models, sop
from incidents.wordlist import BLAME_WORDS, blame_words
from propdesk.core.models import Honorific

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SHIPPED = sop.PATH.read_text(encoding="utf-8")


def _faults(tmp_path, old, new):
    path = tmp_path / "steps.yaml"
    path.write_text(SHIPPED.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(sop.ContentError) as refused:
        sop.load(path, sop.Content)
    return [(f.file, f.line, f.field) for f in refused.value.faults]


def _line_of(text):
    return SHIPPED[: SHIPPED.index(text)].count("\n") + 1


def test_steps_are_a_to_j_in_order():
    assert list(sop.steps()) == list(models.LETTERS)
    assert [c for c, s in sop.steps().items() if s.kind == "conduct"] == list(models.CONDUCT)


def test_every_gate_id_is_unique_and_found_by_its_step():
    ids = [g.id for s in sop.steps().values() for g in (*s.gates, *s.warns)]

    assert len(ids) == len(set(ids))
    assert sop.steps()["H"].gate("H1").zh == "请填写一个晚于现在的日期和钟点"


def test_statuses_are_those_of_the_model():
    shown = [(s.code, s.zh) for s in sop.content().statuses]

    assert shown == list(models.Complaint.Status.choices)


@pytest.mark.parametrize(
    ("letter", "key", "choices"),
    [
        ("A", "channel", models.Channel),
        ("B", "private_talk", models.Complaint.PrivateTalk),
        ("D", "honorific", Honorific),
        ("F", "category", models.Complaint.Category),
        ("F", "severity", models.Severity),
        ("I", "delay_told_via", models.Via),
        ("J", "satisfaction", models.Complaint.Satisfaction),
    ],
)
def test_options_are_those_of_the_model(letter, key, choices):
    fields = {f.key: f for f in sop.steps()[letter].fields_}

    assert list(fields[key].options) == choices.values


def test_not_applicable_names_existing_channels():
    named = {c for s in sop.steps().values() if s.not_applicable for c in s.not_applicable.channels}

    assert named - set(models.Channel.values) == set()


@pytest.mark.parametrize(
    ("old", "new", "field", "near"),
    [
        ("complaint_steps/2", "complaint_steps/1", "schema", "schema:"),
        ("sop_ref: C-D", "sop_ref: C-E", "steps.3", "- code: D\n"),
        ("zh: 插话、", "zh: 插话,", "steps.0.avoid.0.zh", "zh: 插话、"),
        ("type: datetime", "type: moment", "steps.0.fields.0.type", "type: datetime"),
        ("，{due}前办好", "，{until}前办好", "steps.7.say.0", "，{due}前办好"),
        ("，{due}前办好", "，{me}前办好", "steps.7.say.0", "，{due}前办好"),
        ("{address}，{due}", "好的{address}，{due}", "steps.7.say.0", "，{due}前办好"),
        ("- id: B1", "- id: C1", "steps.1", "- code: B\n"),
        ("kind: conduct", "kind: data", "steps.0", "- code: A\n"),
        ("type: text", "type: choice", "steps.1.fields.1", "- key: private_talk_reason"),
        ("- code: J\n    sop_ref: C-J", "- code: I\n    sop_ref: C-I", "steps.9", "- code: J\n"),
    ],
)
def test_fault_names_file_line_and_field(tmp_path, old, new, field, near):
    assert _faults(tmp_path, old, new) == [("steps.yaml", _line_of(near), field)]


def test_step_left_out_is_a_fault(tmp_path):
    start = SHIPPED.index("  - code: J\n    sop_ref")

    assert _faults(tmp_path, SHIPPED[start:], "") == [("steps.yaml", _line_of("steps:"), "steps")]


def test_missing_key_has_the_line_of_its_parent(tmp_path):
    faults = _faults(tmp_path, "    kind: conduct\n", "")

    assert faults == [("steps.yaml", _line_of("  - code: A\n"), "steps.0.kind")]


def test_key_given_twice_is_a_fault(tmp_path):
    faults = _faults(tmp_path, "    kind: conduct\n", "    kind: conduct\n    kind: data\n")

    assert faults == [("steps.yaml", _line_of("    kind: conduct") + 1, "steps.0.kind")]


@pytest.mark.parametrize(("text", "line"), [("a: [\n", 2), ("a: b: c\n", 1), ("", 1)])
def test_unreadable_yaml_is_one_fault_with_its_line(tmp_path, text, line):
    path = tmp_path / "steps.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(sop.ContentError) as refused:
        sop.load(path, sop.Content)

    assert [(f.file, f.line, f.field) for f in refused.value.faults] == [("steps.yaml", line, "")]


def test_missing_file_is_a_fault(tmp_path):
    with pytest.raises(sop.ContentError, match=r"^none\.yaml:1 "):
        sop.load(tmp_path / "none.yaml", sop.Content)


def test_check_is_quiet_about_the_shipped_file():
    assert checks.check_complaint_steps() == []


def test_check_reports_a_faulty_file(tmp_path, monkeypatch):
    path = tmp_path / "complaint_steps.yaml"
    path.write_text(SHIPPED.replace("kind: conduct", "kind: manners", 1), encoding="utf-8")
    monkeypatch.setattr(sop, "PATH", path)

    (error,) = checks.check_complaint_steps()

    assert error.id == "incidents.E001"
    assert error.msg.startswith(f"complaint_steps.yaml:{_line_of('kind: conduct')} steps.0.kind: ")


def test_render_say_fills_in_this_guest_and_these_times():
    first = sop.steps()["H"].render_say(
        now=NOW,
        name="王丽",
        honorific="ms",
        due_at=NOW + timedelta(hours=4, minutes=30),
        contact_at=NOW + timedelta(days=1),
    )[0]

    assert first.zh == "王女士，今天 18:30前办好。明天 14:00我先打电话告诉您进展。"
    assert first.en == (
        "Ms Wang, it will be done by 18:30 today. I will call you at 14:00 tomorrow with news."
    )


def test_render_say_names_the_speaker():
    phrase = sop.steps()["C"].render_say(now=NOW, name="李明", honorific="mr", me="周明")[0]

    assert phrase.zh.startswith("李先生，")
    assert "我是周明，" in phrase.zh
    assert phrase.en.startswith("Mr Li, ")
    assert "I am Zhou Ming and" in phrase.en


def test_render_say_drops_an_unknown_form_of_address():
    phrase = sop.steps()["D"].render_say(now=NOW)[0]

    assert phrase.zh == "给您添了麻烦，真对不起。谢谢您告诉我们。"
    assert phrase.en == "I am sorry for the trouble, and thank you for telling us."


@pytest.mark.parametrize("letter", list(sop.LETTERS))
def test_render_say_never_shows_a_placeholder(letter):
    for known in ({}, {"name": "{me}", "honorific": "ms", "me": "{due}", "due_at": NOW}):
        for phrase in sop.steps()[letter].render_say(now=NOW, **known):
            shown = (phrase.zh + phrase.en).replace("{me}", "").replace("{due}", "")
            assert "{" not in shown


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("这是上一班没交接清楚，您自己也没说。", ["上一班", "您自己"]),
        ("不归我们管，请找别的 部门。", ["不归我们管", "别的部门"]),
        ("您自己您自己", ["您自己"]),
        ("工程师十点到，今晚先给您换房。", []),
        ("", []),
    ],
)
def test_blame_words(text, words):
    assert blame_words(text) == words


def test_phrases_of_the_coaching_blame_nobody():
    spoken = [p.zh for s in sop.steps().values() for p in s.say]

    assert [t for t in spoken if blame_words(t)] == []


def test_every_blame_word_is_found_whole():
    assert [w for w in BLAME_WORDS if blame_words(f"说{w}了") != [w]] == []
