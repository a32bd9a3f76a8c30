"""The printed records of events: every form of ``forms.yaml`` through one template, read back as text."""

import io
import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pypdf import PdfReader

from emergencies import playbooks, reports
from emergencies.models import Event, EventRecord
from emergencies.playbooks import records as papers
from emergencies.queries import records as queries
from emergencies.reports.wording import full
from propdesk.core.models import Document, RenderJob
from propdesk.core.papers_events import EventRecordPaper
from propdesk.core.persons import Guest
from propdesk.core.transitions import ConflictError
from tests.emergencies.journey import House, fresh
from tests.emergencies.recording import (
    PASSWORD,
    W,
    drafted,
    job,
    made,
    outside,
    printed,
    read,
    signed_off,
    stored,
    submitted,
    text_of,
)
from tests.emergencies.test_records_workflow import reported
from tests.factories import fresh as again
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
SAID = {
    "fight": {"weapon": "yes"},
    "drunk_guest": {"aggressive": "yes"},
    "death": {"certainly_dead": "yes", "at_premises": "yes"},
    "fire": {"confirmed": "real", "evacuate": "building"},
    "power_outage": {"scope": "area", "lift_trapped": "yes"},
}
FORMS = {
    "theft_statement": "theft",
    "cctv_export_log": "theft",
    "statement": "fight",
    "police_handover": "fight",
    "disturbance_record": "drunk_guest",
    "guest_accident_report": "medical",
    "death_record": "death",
    "seal_record": "death",
    "belongings_inventory": "death",
    "outage_record": "power_outage",
    "fire_record": "fire",
    "evacuation_rollcall": "fire",
}


def ended(house: House, kind: str) -> Event:
    """Handled and ended, with the papers of its kind needed."""
    said = {"kind": "injury", "on_premises": "yes"} if kind == "medical" else SAID.get(kind, {})
    event = house.answered(house.started(kind), **said) if kind != "medical" else hurt(house, said)
    event = house.called(house.marked(house.called(event)))
    return fresh(W.end(event, by=event.commander, summary="已处置完毕"))


def hurt(house: House, said: dict[str, str]) -> Event:
    event = house.started("medical")
    for key, value in said.items():
        house.answer(event, key, value)
    return house.answered(event)


def paper_of(record: EventRecord, **fields: object) -> EventRecordPaper:
    """The frozen text of a record as its sheet holds it."""
    paper = reports.event_record(job(record, **fields)).paper
    assert isinstance(paper, EventRecordPaper)
    return paper


def test_every_form_written_here_is_in_this_list() -> None:
    elsewhere = {"damage_compensation", "drill_record"}
    assert set(FORMS) == set(papers.forms()) - elsewhere


@pytest.mark.parametrize("form", FORMS)
def test_every_field_and_table_of_the_form_is_on_the_paper(form: str) -> None:
    house = House()
    event = ended(house, FORMS[form])
    record = signed_off(house, submitted(event, form, event.commander))
    spec = playbooks.form(form)
    paper = paper_of(record)
    facts = queries.playbook(event)

    labels = [
        line.label for b in paper.blocks for p in b.pairs for line in (p.left, p.right) if line
    ]
    tables = [block.title for block in paper.blocks if block.columns]
    assert paper.heading == spec.title.zh
    assert len(labels) == len(set(labels))
    assert set(labels) <= {f.zh for f in spec.fields if f.type != "table"}
    assert {
        f.zh for f in spec.fields if f.type != "table" and f.required and f.when is None
    } <= set(labels)
    assert tables == [f.zh for f in spec.fields if f.type == "table"]
    assert all(len(r) == len(b.columns) for b in paper.blocks if b.columns for r in b.rows)
    assert [b.role for b in paper.signatures if b.signature] == [b.role for b in paper.signatures]
    assert paper.number == (record.number if spec.prefix else event.case.number)
    assert facts.retention in ("three_years", "permanent")
    assert (paper.banner != "") == event.case.restricted

    data = printed(event, W.paper_kind(record), event.commander)
    said = text_of(data)
    assert text_of_words(spec.title.zh) in said
    for label in labels:
        assert text_of_words(label) in said, label
    keep(form, data)


def text_of_words(words: str) -> str:
    return re.sub(r"\s", "", words)


def keep(name: str, data: bytes) -> None:
    """Leave the bytes where somebody may look at them, when asked to."""
    folder = os.environ.get("PROPDESK_TEST_PAPERS")
    if folder:
        (Path(folder) / f"{name}.pdf").write_bytes(data)


def test_choices_print_all_options_and_empty_fields_print_blank() -> None:
    house = House()
    event = ended(house, "drunk_guest")
    record = drafted(event, "disturbance_record", event.commander, losses="", care_call="")
    lines = {
        line.label: line
        for block in paper_of(record).blocks
        for pair in block.pairs
        for line in (pair.left, pair.right)
        if line
    }
    assert [(t.label, t.chosen) for t in lines["意识"].ticks] == [
        ("清醒", True),
        ("迷糊，能叫醒", False),
        ("叫不醒", False),
    ]
    assert [(t.label, t.chosen) for t in lines["是否住户"].ticks] == [("是", False), ("否", True)]
    assert lines["损失"].value == ""
    said = text_of(printed(event, W.paper_kind(record), event.commander))
    assert ("None" in said, "草稿（未签批）" in said) == (False, True)


@pytest.mark.parametrize(
    ("minutes", "printed_as"),
    [(113, "（历时1小时53分）"), (0, "（历时不到1分钟）"), (-1, ""), (None, "")],
)
def test_outage_tells_how_long_it_lasted(minutes: int | None, printed_as: str) -> None:
    house = House()
    event = ended(house, "power_outage")
    began = timezone.now() - timedelta(hours=3)
    back = None if minutes is None else began + timedelta(minutes=minutes)
    record = drafted(event, "outage_record", house.dm, started_at=began, restored_at=back)

    lines = [line for b in paper_of(record).blocks for p in b.pairs for line in (p.left, p.right)]
    told = {line.label: line.value for line in lines if line is not None}

    assert told["来电时间"] == (full(back) if back else "") + printed_as
    assert "历时" not in told["停电开始"]


def test_draft_follows_the_registers_and_a_signed_paper_does_not() -> None:
    house = House()
    event = house.started("theft")
    W.list_losses(event, [W.Loss("银色手表")], by=house.dm)
    record = drafted(fresh(event), "theft_statement", house.dm)
    W.list_losses(fresh(event), [W.Loss("戒指")], by=house.dm)
    assert [row[0] for row in paper_of(record).blocks[1].rows] == ["银色手表", "戒指"]

    W.submit_record(read(record), by=house.dm, password=PASSWORD)
    W.list_losses(fresh(event), [W.Loss("护照")], by=house.dm)
    assert [row[0] for row in paper_of(read(record)).blocks[1].rows] == ["银色手表", "戒指"]


def test_person_prints_with_name_and_masked_number_and_never_whole() -> None:
    house = House()
    event = ended(house, "drunk_guest")
    guest = Guest(name="欧阳静", honorific="ms", phone="13800005678", room=house.room)
    record = drafted(event, "disturbance_record", event.commander, guest=guest)
    said = text_of(printed(event, W.paper_kind(record), event.commander))

    assert "欧阳静（女士）A座1806138****5678" in said
    assert "13800005678" not in said


def test_guest_who_did_not_sign_and_one_who_signed_on_paper_print_so() -> None:
    house = House()
    event = house.started("theft")
    first = submitted(event, "theft_statement", house.dm)
    W.decline_signature(first, by=house.dm, password=PASSWORD, reason="已离店")
    box = paper_of(read(first)).signatures[0]
    assert (box.role, box.opinion, box.signature) == ("客户", "未签：已离店（周敏记）", None)

    other = house.started("theft")
    second = submitted(other, "theft_statement", house.dm)
    W.take_signature(second, outside("欧阳静", drawn=b"", consents=False), by=house.dm)
    box = paper_of(read(second)).signatures[0]
    assert (box.name, box.opinion, box.signature) == ("欧阳静", "见纸质签名件", None)


def test_secret_paper_says_so_and_is_kept_for_ever() -> None:
    house = House()
    event = ended(house, "death")
    record = drafted(event, "death_record", event.commander)
    said = text_of(printed(event, W.paper_kind(record), event.commander))
    assert "内部资料注意保密保存期限：永久" in said
    assert paper_of(record).photos == ()

    plain = ended(house, "drunk_guest")
    record = drafted(plain, "disturbance_record", plain.commander)
    assert (paper_of(record).banner, paper_of(record).retention) == ("", "保存期限：三年")


def test_two_copies_stand_on_one_sheet_with_a_line_to_cut() -> None:
    house = House()
    event = ended(house, "death")
    record = signed_off(house, submitted(event, "belongings_inventory", event.commander))
    data = printed(event, W.paper_kind(record), event.commander)
    said = text_of(data)
    stub, line, receiver = said.partition("裁切线")

    assert line == "裁切线"
    assert ("第一联存根" in stub, "第二联接收人" in receiver) == (True, True)
    for half in (stub, receiver):
        assert (half.count("黑色行李箱"), half.count(record.number)) == (1, 1)
    assert len(PdfReader(io.BytesIO(data)).pages) == 1


def test_drill_record_carries_its_mark_on_the_title() -> None:
    house = House()
    event = house.started("fire", is_drill=True)
    W.end(event, by=house.dm, summary="疏散用时四分钟")
    record = submitted(fresh(event), "drill_record", house.dm, evacuation_minutes=4)
    paper = paper_of(record)
    assert (paper.heading, paper.number) == ("【演练】演练记录", event.case.number)
    said = text_of(printed(event, W.paper_kind(record), house.dm))
    for words in ("模拟情景", "☑桌面演练□单项演练", "参加人数3", "报警方式", "存在的问题"):
        assert words in said, words
    assert "疏散用时（分钟）（没有就不填）" not in said


def test_sealed_bytes_are_served_ever_after_with_their_code() -> None:
    house = House()
    event = house.ended("drunk_guest", aggressive="yes")
    record = signed_off(house, submitted(event, "disturbance_record", event.commander))
    reported(house, event)
    W.archive(fresh(event), by=house.pm)
    waiting = RenderJob.objects.get(kind=W.paper_kind(record), sealed=True)
    document = made(waiting)

    assert (document.sealed, document.number, document.version) == (True, event.case.number, 1)
    assert re.fullmatch(r"([0-9A-Z]{4}-){3}[0-9A-Z]{4}", document.verify_code)
    said = text_of(stored(document))
    assert document.verify_code in said
    assert ("草稿" in said, "未归档" in said, "签署内容SHA-256" in said) == (False, False, True)
    assert record.content_sha in said
    again_ = W.seal_record(read(record), by=house.pm)
    assert again_.pk == waiting.pk
    assert Document.objects.filter(kind=W.paper_kind(record), sealed=True).count() == 1


def test_paper_of_one_event_is_none_of_another() -> None:
    house = House()
    event = house.started("fire")
    with refuses(ConflictError, "没有这份记录"):
        W.start_record(event, "death_record", {}, by=house.dm)
    record = drafted(ended(house, "drunk_guest"), "disturbance_record", house.dm)
    assert queries.one(again(house.dm), house.prop, event.case.number, record.pk) is None
