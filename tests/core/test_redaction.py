"""What a copy for others shows, and that nothing else is anywhere in its bytes (F12)."""

import io
import itertools
import re
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from django.apps import apps
from pypdf import PdfReader
from pypdf.generic import ContentStream, DictionaryObject, StreamObject

from propdesk.core import case_people, papers, papers_read, redaction, rendering, striking
from propdesk.core.models import PaperCopy, Person, Place
from propdesk.core.papers import (
    Entry,
    IncidentReportPaper,
    Notification,
    Party,
    Photo,
    SignBox,
    Witness,
)
from propdesk.core.papers_appendix import AppendixPaper
from propdesk.core.papers_events import Block, EventRecordPaper, Line, Pair
from propdesk.core.pdf import signing
from propdesk.core.pdf.render import render
from tests.core.paper_samples import FILES, FROZEN_AT, incident
from tests.core.paper_samples_events import damage, drill
from tests.core.paper_samples_found import disposal, slip
from tests.core.paper_samples_handover import record as handover_record
from tests.core.test_pdf_signing import house

Profile = PaperCopy.Profile
GONE = "（本份不含）"
CLIENT = Person(name="林晓楠", honorific="ms", phone="13800006620", id_last4="7788")
OTHERS = [
    Person(
        name=f"{surname}{given}",
        honorific="mr",
        phone=f"1390000{number:04}",
        id_last4=f"{4000 + number}",
        address=f"解放路{number}号之{number}",
    )
    for number, (surname, given) in enumerate(
        zip(
            "王李张刘陈杨赵黄周吴",
            ["国安", "建华", "𬀩晴", "海洋", "志强", "文博", "立诚", "雨桐", "思远", "可欣"],
            strict=True,
        ),
        start=11,
    )
]
PLANTED = [
    word
    for person in OTHERS
    for word in (
        person.name,
        person.phone,
        f"{person.phone[:3]}****{person.phone[-4:]}",
        f"****{person.id_last4}",
        person.address,
    )
]


def planted() -> IncidentReportPaper:
    """A report that names everybody everywhere."""
    said = "；".join(PLANTED)
    paper = incident()
    return replace(
        paper,
        parties=(
            Party(CLIENT.name, "住户", "A-1806", "138****6620"),
            *(Party(p.name, "访客", "", p.phone) for p in OTHERS),
        ),
        witnesses=tuple(Witness(p.name, p.phone, f"{p.name}说：{p.address}") for p in OTHERS),
        narrative=f"{CLIENT.name}报告：{said}",
        measures=" ".join(word[:1] + " " + word[1:] for word in PLANTED[::5]),
        timeline=(Entry("11-12", OTHERS[0].name, said),),
        notifications=(Notification(OTHERS[1].name, "11-12", said, "已确认"),),
        result=said,
        photos=(Photo("pd:photo-1", f"现场（{OTHERS[2].name}）"),),
        attachments=(said,),
        note=said,
        extra_fields=(papers.Field(OTHERS[3].name, said),),
        signatures=(
            SignBox("值班经理", OTHERS[4].name, "2026-11-20", "pd:sign-1", "0" * 64, said),
        ),
    )


def shortened(paper: Any, profile: str, more: tuple[str, ...] = ()) -> Any:
    return redaction.redact(paper, profile, clients=[CLIENT], others=OTHERS, more=more)


def record() -> EventRecordPaper:
    """《客户事故报告》: the one paper a guest gets."""
    kept = {"number": "KS-20261126-001", "form_code": "PD-KS-07", "form_title": "客户事故报告"}
    lines = tuple(Pair(Line(label, "照实填写")) for label in ("客户", "起因", "证人", "责任部门"))
    blocks = (*drill().blocks, Block("事故", lines))
    return replace(drill(), **kept, drill=None, blocks=blocks)


KINDS = {"SG": planted, "KS": record, "PC": damage, "SW": slip}
"""What is made into copies for others, by the beginnings of its numbers."""
RELEASED = [
    (profile, name)
    for profile in (Profile.INSURER, Profile.CLIENT)
    for name in KINDS
    if redaction.may_have(profile, f"PD-{name}")
]


def full(name: str) -> Any:
    """The paper with the planted strings in every text of it, in turn."""
    words = itertools.cycle(PLANTED)

    def filled(value: Any) -> Any:
        if isinstance(value, str):
            return f"{value} {next(words)}，{next(words)}"
        if isinstance(value, tuple):
            return tuple(filled(item) for item in value)
        if is_dataclass(value):
            names = {each.name for each in fields(value)} - redaction._KEPT
            return replace(value, **{each: filled(getattr(value, each)) for each in names})
        return value

    return filled(KINDS[name]())


def everything_in(pdf: bytes) -> str:
    """Every byte a reader of the file could get at: raw, decoded streams, text, attachments, marks.

    Of a signed file each state it ever had counts.
    """
    ends = [found.end() for found in re.finditer(rb"%%EOF\r?\n?", pdf)]
    return "".join(_everything_in(pdf[:end]) for end in ends)


def _everything_in(pdf: bytes) -> str:
    reader = PdfReader(io.BytesIO(pdf))
    parts = [pdf, *(body for bodies in reader.attachments.values() for body in bodies)]
    for number in range(1, reader.trailer["/Size"]):
        found: Any = reader.get_object(number)
        if isinstance(found, StreamObject) and not isinstance(found, ContentStream):
            parts.append(found.get_data())
        if isinstance(found, DictionaryObject):
            parts.append(repr(found).encode())
    text = "".join(page.extract_text() for page in reader.pages)
    text += repr(reader.metadata) + repr(reader.outline)
    for part in parts:
        text += part.decode("utf-8", "ignore") + part.decode("utf-16-be", "ignore")
    return re.sub(r"\s", "", text)


def printed(paper: Any) -> bytes:
    """The bytes of a paper as they are sealed."""
    assets = papers.paper_assets(paper, FILES)
    html = papers.render_html(paper)
    made = render(html, assets=assets, data=paper.to_data(), frozen_at=FROZEN_AT)
    signer, _root = house("云栖里")
    code = paper.verify_code or "ABCD-EFGH-IJKL-MN23"
    return signing.sign(made.pdf, signer, code=code, title=f"封存 {paper.number}")


def test_fifty_strings_are_planted() -> None:
    assert (len(PLANTED), len(set(PLANTED))) == (50, 50)


def test_whole_paper_holds_every_planted_string() -> None:
    """Without shortening the search finds them all: it looks where they would be."""
    text = everything_in(printed(planted()))
    assert [word for word in PLANTED if word not in text] == []


def test_every_paper_somebody_outside_gets_is_searched() -> None:
    assert RELEASED == [
        (Profile.INSURER, "SG"),
        (Profile.INSURER, "KS"),
        (Profile.INSURER, "PC"),
        (Profile.INSURER, "SW"),
        (Profile.CLIENT, "KS"),
    ]


@pytest.mark.parametrize(("profile", "name"), RELEASED)
def test_copy_for_others_holds_no_planted_string(profile: str, name: str) -> None:
    whole = full(name)
    assert [word for word in PLANTED if word not in str(whole.to_data())] == []
    text = everything_in(printed(shortened(whole, profile)))
    assert [word for word in PLANTED if word in text] == []
    assert striking.BAR in text


@pytest.mark.parametrize("profile", [Profile.INSURER, Profile.CLIENT])
def test_guest_reads_of_himself(profile: str) -> None:
    assert CLIENT.name in str(shortened(planted(), profile).to_data())


@pytest.mark.parametrize("profile", [Profile.INTERNAL, Profile.POLICE])
def test_copy_for_house_and_police_names_everybody(profile: str) -> None:
    text = str(shortened(planted(), profile).to_data())
    assert [word for word in PLANTED if word not in text] == []


def test_further_words_go_for_every_reader() -> None:
    for profile in Profile.values:
        copy = shortened(planted(), profile, more=("林晓楠", "A-1806"))
        text = str(copy.to_data())
        assert ("林晓楠" in text, "A-1806" in text) == (False, False)


def test_insurer_gets_no_telephone_of_the_guest() -> None:
    paper = replace(planted(), narrative="电话13800006620，又写作138 0000 6620，证件****7788")
    assert shortened(paper, Profile.INSURER).narrative == "电话■■■，又写作■■■，证件■■■"


@pytest.mark.parametrize(
    ("profile", "left"),
    [
        (Profile.INTERNAL, {"improvement", "cause_indirect", "notifications", "steps", "photos"}),
        (Profile.POLICE, {"notifications", "steps", "photos"}),
        (Profile.INSURER, {"photos"}),
        (Profile.CLIENT, {"steps"}),
    ],
)
def test_fields_by_reader(profile: str, left: set[str]) -> None:
    copy = shortened(incident(), profile)
    names = ("improvement", "cause_indirect", "notifications", "steps", "photos")
    assert {name for name in names if getattr(copy, name) not in ((), GONE)} == left


@pytest.mark.parametrize("profile", [Profile.POLICE, Profile.INSURER])
def test_cell_that_was_taken_out_says_so(profile: str) -> None:
    """In the event report; it must not look as if nobody had filled it in."""
    whole = incident()
    copy = shortened(replace(whole, guest_opinion=None), profile)
    texts = {
        field.name
        for field in fields(whole)
        if isinstance(getattr(whole, field.name), str) and getattr(copy, field.name) == GONE
    }
    assert texts == {
        "cause_indirect",
        "guest_opinion",
        "improvement",
        "improvement_due",
        "responsible_department",
    }
    assert papers.render_html(copy).count(GONE) == len(texts)


def test_sentence_that_leads_to_a_table_goes_with_it() -> None:
    said = "11日20时漏水。\n以后的经过逐条列在上表，这里只补充表里没有的。\n客户在场；见上表。"
    left = {
        profile: shortened(replace(incident(), narrative=said), profile).narrative
        for profile in (Profile.POLICE, Profile.INSURER)
    }
    assert left == {Profile.POLICE: said, Profile.INSURER: "11日20时漏水。\n\n客户在场；"}


def test_signature_that_was_taken_out_says_so() -> None:
    boxes = (SignBox("值班经理", "周敏", "2026-11-20", "pd:sign-1", "0" * 64), SignBox("物业经理"))
    copy = shortened(replace(incident(), signatures=boxes), Profile.INSURER)
    assert [box.opinion for box in copy.signatures] == ["（签名图样和意见本份不含）", None]


def test_signatures_are_drawn_for_house_and_police_only() -> None:
    drawn = {
        profile: bool([box for box in shortened(incident(), profile).signatures if box.signature])
        for profile in Profile.values
    }
    assert drawn == {"internal": True, "police": True, "insurer": False, "client": False}


def test_lines_of_a_record_keep_their_place_and_say_so() -> None:
    lines = (
        Pair(Line("起因", "地滑"), Line("责任部门", "工程部")),
        Pair(Line("防止再发的建议", "换防滑垫", long=True)),
        Pair(Line("证人", "王国安"), Line("保险公司", "平安")),
    )
    paper = EventRecordPaper(
        organisation="云栖里",
        number="KS-20261126-001",
        form_code="PD-KS-07",
        version="V1.0",
        record_url="",
        state="sealed",
        frozen_at="",
        form_title="客户事故报告",
        head=lines,
        blocks=(Block("事故", lines),),
    )

    def shown(profile: str) -> list[str | None]:
        copy = shortened(paper, profile)
        assert copy.head == copy.blocks[0].pairs
        return [line.value for pair in copy.head for line in (pair.left, pair.right) if line]

    gone = GONE
    assert shown(Profile.INTERNAL) == ["地滑", "工程部", "换防滑垫", "王国安", "平安"]
    assert shown(Profile.POLICE) == ["地滑", gone, gone, "王国安", gone]
    assert shown(Profile.INSURER) == ["地滑", gone, gone, "■■■", "平安"]
    assert shown(Profile.CLIENT) == ["地滑", gone, gone, gone, gone]


WRITTEN = {
    "as stored": "13900000011",
    "dashes": "139-0000-0011",
    "blanks": "139 0000\u30000011",
    "country": "+86 13900000011",
    "country in zeros": "0086-139-0000-0011",
    "wide digits": "１３９００００００１１",
    "wide country": "＋８６１３９００００００１１",
    "wide dash": "139－0000·0011",
    "dots": "139.0000.0011",
    "low lines": "139_0000_0011",
    "long dashes": "139—0000——0011",
    "strokes": "139/0000/0011",
    "brackets": "(139) 0000（0011）",
    "hyphens of Unicode": "139\u20100000\u20110011",
    "unseen signs": "139\u200b0000\u20600011",
    "other digits": "١٣٩٠٠٠٠٠٠١١",
    "masked": "139****0011",
    "masked wide": "１３９＊＊＊＊００１１",
}
STORED = ["13900000011", "+86 139 0000 0011", "0086-13900000011", "１３９００００００１１"]


@pytest.mark.parametrize("stored", STORED)
@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_number_goes_however_it_is_stored_and_written(stored: str, written: str) -> None:
    left = hidden(Person(name="王国安", phone=stored), f"请打{written}找他")
    assert re.fullmatch(r"请打[+＋(]?■■■[)）]?找他", left), left


LANDLINE = ["010-12345678", "＋86 10 1234 5678", "(010)12345678", "12345678"]


@pytest.mark.parametrize("stored", ["010-12345678", "01012345678 转 801"])
@pytest.mark.parametrize("written", LANDLINE)
def test_landline_goes_with_and_without_its_area(stored: str, written: str) -> None:
    assert re.fullmatch(r"座机[＋(]?■■■。", hidden(Person(phone=stored), f"座机{written}。"))


def test_extension_goes_where_it_is_one_word() -> None:
    said = "分机８００１，28日00:15，2026-11-28 00:15付18001元，5元"
    assert hidden(Person(phone="8001"), said) == said.replace("８００１", "■■■")
    assert hidden(Person(phone="5"), said) == said


NAMED = {
    "zero width": "王\u200b国\u200d安",
    "wide blank": "王\u3000国 安",
    "soft hyphen": "王\u00ad国安",
    "selector": "王\ufe00国安",
    "line": "王国\n安",
}


@pytest.mark.parametrize("written", NAMED.values(), ids=NAMED)
def test_name_goes_however_it_is_written(written: str) -> None:
    assert hidden(Person(name="王国安"), f"见到{written}走开") == "见到■■■走开"


FOREIGN = [
    "José Núñez",
    "Jose Nunez",
    "JOSÉ  NÚÑEZ",
    "Jose\u0301 Nu\u0301n\u0303ez",
    "Ｊｏｓé Núñez",
]


@pytest.mark.parametrize("stored", FOREIGN)
@pytest.mark.parametrize("written", FOREIGN)
def test_foreign_name_goes_with_and_without_accents(stored: str, written: str) -> None:
    left = hidden(Person(name=stored), f"客人{written}在场")
    assert left.replace("\u0301", "") == "客人■■■在场"


PAPERS = {
    "masked": "****401X",
    "masked wide": "＊＊＊＊401ｘ",
    "last four": "证件 护照 尾号 401X",
    "last four said": "身份证尾号为401X",
    "whole": "身份证44030119900101401X",
    "in groups": "身份证440301 19900101 401x",
    "wide": "身份证４４０３０１１９９００１０１４０１Ｘ",
    "passport": "护照E1234401X",
}


@pytest.mark.parametrize("written", PAPERS.values(), ids=PAPERS)
def test_identity_paper_goes_however_it_is_written(written: str) -> None:
    left = hidden(Person(name="王国安", id_last4="401X"), f"{written}，已登记")
    assert [sign for sign in ("401", "４０１") if sign in left] == []
    assert left.endswith("■■■，已登记")


def test_last_four_of_a_paper_go_whoever_it_is_and_those_of_a_thing_stay() -> None:
    said = "护照 尾号 1234；居民身份证号码尾号：567X；证件末四位8901；手机序列号尾号 7788"
    left = hidden(Person(name="王国安"), said)
    assert left == "护照■■■；居民身份证■■■；证件■■■；手机序列号尾号 7788"


def test_whole_id_card_of_somebody_unknown_goes_and_what_looks_like_it_stays() -> None:
    said = "110101198503072316；2026-11-26 10:00—2026-11-26 10:05；SJ-20261126-001；20261126"
    left = hidden(Person(name="王国安", id_last4="1126"), said.replace("；20261126", ""))
    assert left == "■■■；2026-11-26 10:00—2026-11-26 10:05；SJ-20261126-001"


def test_own_id_card_stays_on_the_copy_of_the_guest() -> None:
    paper = replace(incident(), narrative="本人110101198503077788，对方110101198503072316")
    kept = redaction.redact(paper, Profile.CLIENT, clients=[CLIENT], others=[], more=())
    assert kept.narrative == "本人110101198503077788，对方■■■"
    gone = redaction.redact(paper, Profile.INSURER, clients=[CLIENT], others=[], more=())
    assert gone.narrative == "本人■■■，对方■■■"


@pytest.mark.parametrize("written", ["139-0000-0011", "139.0000.0011", "１３９００００００１１"])
def test_number_struck_out_by_hand_goes_however_it_is_written(written: str) -> None:
    paper = replace(incident(), narrative=f"电话{written}。")
    copy = redaction.redact(paper, Profile.POLICE, clients=[], others=[], more=["+86 13900000011"])
    assert copy.narrative == "电话■■■。"


def hidden(other: Person, said: str) -> str:
    """What an insurer reads of a sentence, with somebody he may not know."""
    paper = replace(incident(), narrative=said)
    case = "SJ-20261126-001"
    copy = redaction.redact(paper, Profile.INSURER, clients=[], others=[other], more=(), case=case)
    return copy.narrative or ""


def test_room_of_others_goes() -> None:
    other = Person(name="王国安", room=Place(code="B-0907", label="B座 9层 0907"))
    paper = replace(incident(), narrative="住B-0907，也就是B座9层0907的人")
    copy = redaction.redact(paper, Profile.CLIENT, clients=[], others=[other], more=())
    assert copy.narrative == "住■■■，也就是■■■的人"


def test_insurer_reads_where_it_happened_and_whose_loss_it_is() -> None:
    """The victim reported it, so he is on record twice; a neighbour lives where it happened."""
    room = Place(code="A-0305", label="A座 3层 305")
    victim = Person(name="韩雪", honorific="ms", phone="13900001122", room=room)
    twice = Person(name="韩 雪", phone="13900001122", room=room)
    neighbour = Person(name="赵国强", room=Place(code="A-0306", label="A座 3层 306"))
    flatmate = Person(name="陈立", room=room)
    paper = replace(
        incident(),
        place="A座3层305室",
        narrative="韩雪在A-0305丢失手表，306的赵国强（A座 3层 306）和陈立看到，电话13900001122",
    )

    def said(profile: str, clients: list[Person]) -> tuple[str | None, str | None]:
        others = [twice, neighbour, flatmate]
        copy = redaction.redact(paper, profile, clients=clients, others=others, more=())
        return copy.place, copy.narrative

    narrative = "韩雪在A-0305丢失手表，306的■■■（■■■）和■■■看到，电话■■■"
    assert said(Profile.INSURER, [victim]) == ("A座3层305室", narrative)
    assert said(Profile.INSURER, [])[0] == "A座3层305室"
    assert said(Profile.CLIENT, [])[0] == "■■■室"


def test_numbers_of_other_cases_stay_for_the_police_only() -> None:
    said = (
        "SJ-20261126-002、TS-20261124-001；见ＴＳ－20261124—001和 sw20261120007，附KS-20261126-001"
    )
    paper = replace(incident(), related=said)
    left = {
        profile: redaction.redact(
            paper, profile, clients=[], others=[], more=(), case="SJ-20261126-002"
        ).related
        for profile in Profile.values
    }
    short = "SJ-20261126-002、■■■；见■■■和 ■■■，附■■■"
    assert left == {"internal": said, "client": short, "police": said, "insurer": short}


# --- as people write --------------------------------------------------------------------------


NEIGHBOUR = Person(
    name="李建平",
    honorific="mr",
    phone="13912341234 13700001111",
    room=Place(code="B-203", label="B座 2层 203"),
)
FOREIGNER = Person(name="John Smith", honorific="mr", phone="+1 (415) 555-2671")
LISTED = [
    "B座203",
    "B203",
    "203室",
    "203号房",
    "老李",
    "李某",
    "李小姐",
    "13912341234",
    "13700001111",
    "139××××1234",
    "139xxxx1234",
    "Smith",
    "4155552671",
    "415-555-2671",
    "SG-20261127-001",
    "PC-20261127-002",
]


@pytest.mark.parametrize("written", [*LISTED, "13600009999", "0571-88886666"])
def test_insurer_reads_nothing_of_others_however_it_was_put(written: str) -> None:
    paper = replace(incident(), measures=f"他说{written}，已登记")
    who = {"clients": [CLIENT], "others": [NEIGHBOUR, FOREIGNER]}
    copy = redaction.redact(paper, Profile.INSURER, **who, more=[], case="TS-20261127-001")
    assert copy.measures == f"他说{striking.BAR}，已登记"


@pytest.mark.parametrize(
    "kept",
    [
        "等了2小时",
        "林女士",
        "林晓楠",
        "小林",
        "TS-20261127-001",
        "2026-11-26 21:12",
        "1206室",
        "共 203 元",
        "1203室",
        "建平路",
    ],
)
def test_insurer_reads_what_is_the_guests_own(kept: str) -> None:
    own = replace_person(CLIENT, room=Place(code="A-1206", label="A座 12层 1206"))
    others = [NEIGHBOUR, replace_person(NEIGHBOUR, name="林时", phone="")]
    paper = replace(incident(), measures=kept)
    who = {"clients": [own], "others": others}
    copy = redaction.redact(paper, Profile.INSURER, **who, more=[], case="TS-20261127-001")
    assert copy.measures == kept


def replace_person(person: Person, **changes: Any) -> Person:
    fields_of = ("name", "honorific", "phone", "id_last4", "room")
    return Person(**{name: getattr(person, name) for name in fields_of} | changes)


def test_guest_with_a_foreign_name_is_named_on_the_copy_of_his_insurer() -> None:
    paper = replace(incident(), measures="John Smith 的手表丢失")
    who = {"clients": [FOREIGNER], "others": [NEIGHBOUR]}
    copy = redaction.redact(paper, Profile.INSURER, **who, more=[])
    assert copy.measures == paper.measures


def test_same_door_of_another_building_goes_where_it_is_not_where_it_happened() -> None:
    other = replace_person(NEIGHBOUR, room=Place(code="C-0203", label="C座 2层 203"))
    paper = replace(incident(), place="A座 2层 203室", measures="住C座203（C-0203）")
    who = {"clients": [CLIENT], "others": [other]}
    copy = redaction.redact(paper, Profile.INSURER, **who, more=[])
    assert copy.measures == f"住{striking.BAR}（{striking.BAR}）"
    longer = replace(paper, place="C座 2层 203A")
    assert redaction.redact(longer, Profile.INSURER, **who, more=[]).measures == copy.measures


@pytest.mark.parametrize("profile", [Profile.POLICE, Profile.INSURER])
def test_lesson_does_not_come_back_in_the_course_of_events(profile: str) -> None:
    lesson, fact = "以后每班检查两次地漏", "当班没有检查地漏就离开"
    paper = replace(
        incident(),
        improvement=f"{lesson}。{fact}。",
        improvement_due="2026-11-26",
        responsible_department="工程部",
        narrative=f"{fact}。",
        extra_fields=(papers.Field("核查", f"{lesson}；工程部 2026-11-26 完成"),),
    )
    copy = redaction.redact(paper, profile, clients=[CLIENT], others=[], more=[])
    assert copy.extra_fields[0].value == f"{striking.BAR}；工程部 2026-11-26 完成"
    assert fact in copy.narrative


@pytest.mark.parametrize(
    ("subject", "gone"),
    [("间接原因", True), ("改进措施", True), ("直接原因", False), ("损失", False)],
)
def test_correction_of_a_lesson_stays_in_the_house(subject: str, *, gone: bool) -> None:
    paper = AppendixPaper(
        **{name: getattr(incident(), name) for name in HEAD},
        original_number="SG-20261126-001",
        subject=subject,
        was="照旧",
        text="改了",
        reason="核查",
    )
    for profile in (Profile.POLICE, Profile.INSURER):
        copy = redaction.redact(paper, profile, clients=[CLIENT], others=[], more=[])
        assert [copy.was, copy.text, copy.reason] == (
            [GONE] * 3 if gone else ["照旧", "改了", "核查"]
        )


HEAD = [f.name for f in fields(papers.Paper) if f.init]


def test_typed_witnesses_go_where_others_are_hidden() -> None:
    assert [bool(shortened(incident(), profile).witnesses) for profile in Profile.values] == [
        True,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize("paper", [incident(), planted()])
def test_record_comes_back_whole_from_its_data(paper: IncidentReportPaper) -> None:
    read = papers_read.from_data(paper.to_data(), state="copy", record_url="")
    assert read == replace(paper, state="copy", record_url="", verify_code=None)


@pytest.mark.parametrize(
    "data", [{"schema": "other/1"}, {}, {"schema": "propdesk.incident_report/1", "new": 1}]
)
def test_unknown_record_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="unknown"):
        papers_read.from_data(data, state="copy", record_url="")


def test_one_character_is_taken_out_only_where_it_stands_alone() -> None:
    paper = replace(incident(), narrative="王府井的王先生", result=" 王 ")
    copy = redaction.redact(paper, Profile.INSURER, clients=[], others=[Person(name="王")], more=())
    assert (copy.narrative, copy.result) == ("王府井的王先生", f" {striking.BAR} ")


def test_word_with_signs_is_taken_literally() -> None:
    paper = replace(incident(), narrative="a+b aab (x) [y]")
    copy = shortened(paper, Profile.INTERNAL, more=("a+b", "(x)", "[y]"))
    assert copy.narrative == "■■■ aab ■■■ ■■■"


@pytest.mark.parametrize(
    ("code", "readers"),
    [
        ("PD-SG-01", ["internal", "police", "insurer"]),
        ("PD-KS-07", ["internal", "client", "police", "insurer"]),
        ("PD-TS-01", ["internal", "police", "insurer"]),
        ("PD-SW-01", ["internal", "police", "insurer"]),
        ("PD-JB-01", ["internal"]),
        ("PD-CZ-01", ["internal"]),
        ("PD-YL-12", ["internal"]),
        ("PD-TD-01", ["internal"]),
    ],
)
def test_nobody_outside_gets_a_paper_of_the_whole_house(code: str, readers: list[str]) -> None:
    assert [p for p in Profile.values if redaction.may_have(p, code)] == readers


def test_every_link_to_a_person_leads_to_a_case() -> None:
    """A new link to a person must say whose case it is, or copies (and purges) would miss him."""
    links = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if not model.__name__.startswith("Historical")
        for field in model._meta.concrete_fields
        if field.related_model is Person
    }
    assert links - case_people.OWN == set(case_people.PATHS)
    assert set(case_people.CLIENTS) <= set(rendering.BUILDERS)


@pytest.mark.parametrize(
    "paper", [incident(), record(), damage(), slip(), disposal(), handover_record()]
)
def test_every_copy_says_whose_it_is(paper: Any) -> None:
    html = papers.render_html(replace(paper, state="copy", note="副本第 1 份（公安用）"))
    halves = 2 if paper.number[:2] in ("PC", "SW") else 1
    assert html.count("副本第 1 份（公安用）") == halves
