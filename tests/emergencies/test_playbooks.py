"""What is shipped: the eight playbooks and their papers, sentence by sentence where it matters."""

import json
from pathlib import Path

import pytest

from emergencies import playbooks
from emergencies.models import Kind
from emergencies.playbooks import PLAYBOOKS, board, records
from emergencies.playbooks.schema import SITE, Party, Via, fill, label
from propdesk.core.models import PropertySettings
from propdesk.core.roles import Role
from tools import sop_overlap

CCTV = (240, 7 * 1440, 20 * 1440, 27 * 1440)
"""SOP 3, E-1: four hours, then days 7, 20 and 27: before the recorder writes over it."""

books = pytest.mark.parametrize("book", PLAYBOOKS.values(), ids=lambda book: book.code)


def test_eight_playbooks_stand_in_the_order_of_the_procedure():
    assert [(b.order, b.clause, b.code) for b in PLAYBOOKS.values()] == [
        (number, f"E-{number}", code) for number, code in enumerate(Kind.values, start=1)
    ]
    assert [b.title.zh for b in PLAYBOOKS.values()] == Kind.labels
    assert (len(PLAYBOOKS), list(PLAYBOOKS)) == (8, Kind.values)


def test_shipped_files_have_no_fault():
    assert playbooks.faults() == []


@books
def test_playbook_survives_the_database(book):
    text = playbooks.dump(book)

    again = playbooks.from_json(text)

    assert again == book
    assert playbooks.dump(again) == text
    assert playbooks.sha256(again) == playbooks.sha256(book)
    assert playbooks.from_json(text) is again


def test_json_is_canonical():
    text = playbooks.dump(PLAYBOOKS["theft"])

    assert text == json.dumps(
        json.loads(text), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )


def test_fingerprints_differ():
    assert len({playbooks.sha256(book) for book in PLAYBOOKS.values()}) == 8


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema":"propdesk.playbook/1"}', "null"])
def test_text_that_is_no_stored_playbook_is_refused(text):
    with pytest.raises(playbooks.ContentError):
        playbooks.from_json(text)


@books
def test_keys_fit_the_columns_they_are_stored_in(book):
    assert max(len(key) for key in book.facts_by_key) <= 30
    assert max(len(str(answer)) for fact in book.facts for answer in fact.answers) <= 30
    assert max(len(n.to) for n in book.notify) <= 20
    assert max(map(len, Via.values)) <= 16


@books
def test_every_word_a_person_reads_is_in_two_languages(book):
    said = [
        book.title,
        *(p.title for p in book.phases),
        *book.steps.values(),
        *book.card,
        *book.say,
    ]
    said += [option for fact in book.facts for option in fact.options]
    said += [o for step in book.steps.values() for field in step.fields for o in field.options]

    assert [one for one in said if not (one.zh and one.en and one.en.isascii())] == []


@books
def test_card_is_short_and_holds_the_numbers_of_the_notices(book):
    called = {n.to for n in book.notify} & {Party.POLICE, Party.FIRE_SERVICE, Party.AMBULANCE}
    numbers = {Party.POLICE: "110", Party.FIRE_SERVICE: "119", Party.AMBULANCE: "120"}

    assert 3 <= len(book.card) <= 6
    assert max(len(line.zh) for line in book.card) <= 20
    assert {numbers[who] for who in called} - {line.call for line in book.card} == set()


@books
def test_number_to_call_stands_while_nothing_is_known(book):
    """Decision 35: no question comes before 110, 119 and 120."""
    calls = [line.call for line in book.card if line.call]

    shown = [line.call for line in board.look(book, board.Evidence()).card if line.call]

    assert shown == calls


def test_only_death_and_medical_are_confidential():
    shown = {code: book.readers for code, book in PLAYBOOKS.items() if book.confidential}

    assert shown == {
        "medical": (
            *(Role.SECURITY_MANAGER, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER),
            *(Role.MEDIC, Role.FIRST_AIDER, Role.SECURITY),
        ),
        "death": (Role.SECURITY_MANAGER, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER),
    }


@pytest.mark.parametrize("code", ["medical", "death"])
def test_notice_of_a_confidential_playbook_names_no_death(code):
    assert [n.id for n in PLAYBOOKS[code].notify if "死" in n.say] == []


def test_records_of_injury_and_death_are_kept_for_good():
    kept = [code for code, book in PLAYBOOKS.items() if book.retention == "permanent"]

    assert kept == ["medical", "death"]


def test_fire_is_rehearsed_every_six_months_by_law():
    drill = PLAYBOOKS["fire"].drill

    assert (drill.every_months, drill.basis, drill.record) == (6, "law", "drill_record")


@pytest.mark.parametrize(
    ("code", "step", "remind"),
    [("theft", "T22", CCTV), ("fight", "F20", CCTV), ("property_damage", "D21", (60,))],
)
def test_reminders_of_a_step(code, step, remind):
    assert PLAYBOOKS[code].steps[step].remind == remind


@pytest.mark.parametrize(
    ("code", "step", "every_min", "every_shift", "until"),
    [
        ("drunk_guest", "A30", 30, None, "settled"),
        ("power_outage", "P30", 30, None, "restored"),
        ("death", "X23", None, True, "police_released"),
    ],
)
def test_rounds_of_a_step(code, step, every_min, every_shift, until):
    repeat = PLAYBOOKS[code].steps[step].repeat

    assert (repeat.every_min, repeat.every_shift) == (every_min, every_shift)
    assert (repeat.until.fact, repeat.until.is_) == (until, True)


@pytest.mark.parametrize(
    ("code", "notice", "to", "ladder"),
    [
        ("medical", "N2", "general_manager", [(5, "property_manager"), (15, "security_manager")]),
        ("death", "N1", "general_manager", [(5, "property_manager")]),
        ("fire", "N1", "security", [(1, "security_manager"), (3, "property_manager")]),
        ("fight", "N1", "security", [(2, "security_manager"), (5, "property_manager")]),
        ("power_outage", "N2", "duty_engineer", [(5, "engineering"), (15, "property_manager")]),
    ],
)
def test_ladder_of_a_notice(code, notice, to, ladder):
    found = PLAYBOOKS[code].notices[notice]

    assert (found.to, found.ack) == (to, True)
    assert [(rung.after_min, rung.to) for rung in found.ladder] == ladder


def test_first_step_of_a_fight_is_the_call_to_security():
    first = next(iter(PLAYBOOKS["fight"].steps.values()))

    assert (first.id, first.by, [f.key for f in first.fields]) == (
        "F10",
        "reporter",
        ["notified_at"],
    )


def test_child_events_are_opened_by_these_steps():
    opened = {
        (code, step.id, step.opens)
        for code, book in PLAYBOOKS.items()
        for step in book.steps.values()
        if step.opens
    }

    assert opened == {
        ("drunk_guest", "A11", "medical"),
        ("drunk_guest", "A12", "fight"),
        ("drunk_guest", "A31", "property_damage"),
        ("fight", "F14", "medical"),
        ("fight", "F22", "property_damage"),
        ("medical", "M24", "death"),
        ("death", "X10", "medical"),
        ("fire", "R34", "medical"),
    }


@books
def test_way_a_party_is_told_is_one_it_can_be_reached_by(book):
    outside = [n for n in book.notify if n.to in Party.values]

    assert [n.id for n in outside if n.automatic] == []
    assert [n.id for n in book.notify if not (n.automatic or n.by_hand)] == []


def test_party_has_a_chinese_label():
    assert [label(who) for who in ("security", "fire_service", "reporter")] == [
        "保安部",
        "消防（119）",
        "发现人",
    ]
    with pytest.raises(ValueError, match="guard"):
        label("guard")


def test_facts_of_the_house_are_those_of_the_settings():
    columns = {field.name for field in PropertySettings._meta.get_fields()}

    assert set(SITE) - columns == set()


def test_facts_of_the_house_are_filled_in_or_named_in_words():
    step = PLAYBOOKS["medical"].steps["M20"]

    assert fill(step.zh, {"hospital_name": "市一医院"}).startswith("请救护车送到市一医院。")
    assert fill(step.zh, {"hospital_name": ""}).startswith("请救护车送到约定就诊医院。")


def test_shipped_content_shares_no_run_with_the_procedure():
    known = sop_overlap.read_known(Path(__file__).parents[1] / "content" / "sop_ngrams.txt")
    files = sorted(playbooks.FOLDER.glob("*.yaml"))

    found = [
        f"{path.name}:{hit.line} {hit.text}"
        for path in files
        for hit in sop_overlap.hits(path.read_text("utf-8"), known)
    ]

    assert found == []
    assert len(files) == 9


# --- the papers ----------------------------------------------------------------------------


def test_papers_of_the_eight_are_described():
    named = {record.form for book in PLAYBOOKS.values() for record in book.records}

    assert named | {"drill_record"} == records.known()
    assert set(records.forms()) == records.known() - {"incident_report"}


def test_papers_with_a_number_of_their_own_and_two_copies():
    forms = records.forms().values()

    assert {f.code: f.prefix for f in forms if f.prefix} == {
        "damage_compensation": "PC",
        "guest_accident_report": "KS",
        "drill_record": "YL",
    }
    assert [f.code for f in forms if f.copies == 2] == [
        "damage_compensation",
        "belongings_inventory",
    ]


def test_papers_of_confidential_playbooks_are_confidential():
    named = {r.form for b in PLAYBOOKS.values() if b.confidential for r in b.records}

    open_ones = [
        c for c in named - {"incident_report"} if playbooks.form(c).secrecy != "confidential"
    ]

    assert open_ones == []


def test_guest_accident_report_asks_for_six_elements_and_prevention():
    form = playbooks.form("guest_accident_report")
    head = {field.key: field.required for field in records.head()}
    own = {field.key: field.required for field in form.fields}

    assert {key: head[key] for key in ("occurred_at", "place")} == {
        "occurred_at": True,
        "place": True,
    }
    asked = ("cause", "severity", "handling", "prevention", "guest", "age_band", "insurance")
    assert {key: own[key] for key in asked} == dict.fromkeys(asked, True)
    assert "birth_date" not in own


def test_options_of_a_paper_are_those_of_what_fills_it():
    for form in records.forms().values():
        users = [b for b in PLAYBOOKS.values() if form.code in {r.form for r in b.records}]
        for field in form.fields:
            for source in field.from_ if field.options else ():
                assert [o.code for o in field.options] == _codes(source, users), (form.code, source)


def _codes(source, users):
    if source.startswith("fact:"):
        return next(list(b.facts_by_key[source[5:]].answers) for b in users)
    step, key = source.split(".")
    found = (b.steps[step] for b in users if step in b.steps)
    return [o.code for field in next(found).fields if field.key == key for o in field.options]


def test_title_of_a_paper():
    assert records.title("guest_accident_report") == "《客户事故报告》"
    assert records.title("incident_report") == "《事故报告》"
    with pytest.raises(KeyError):
        playbooks.form("incident_report")
