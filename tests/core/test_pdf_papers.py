"""Papers as records: what becomes data, what becomes HTML, what an empty field prints."""

import dataclasses
import hashlib
import hmac
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import settings
from django.utils.translation import override, trans_real

from propdesk.core.papers import (
    IncidentReportPaper,
    Paper,
    SignBox,
    canonical_json,
    paper_assets,
    qr_svg,
    render_html,
    ticks,
    verify_code,
)
from propdesk.core.pdf.clean import MAX_CHARACTERS, MAX_LINES, clean_for_print
from propdesk.core.pdf.render import font_gaps
from tests.core import paper_samples as samples
from tests.core import paper_samples_events as events
from tests.core import paper_samples_found as found
from tests.core import paper_samples_handover as handover
from tests.core import paper_samples_insight as insight


class Outline(HTMLParser):
    """Collects the tags, the headings and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(data.strip())

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


PAPERS = [
    samples.incident(),
    samples.complaint(),
    samples.blank_incident(),
    found.slip(),
    found.blank_slip(),
    found.disposal(),
    found.blank_disposal(),
    found.register(),
    found.notice(),
    events.damage(),
    events.drill(),
    events.inventory(),
    events.receipt(),
    handover.record(),
    insight.report(),
    samples.appendix(),
]
IDS = ["report", "record", "blank", "slip", "blank-slip", "disposal", "blank-disposal"]
IDS += [
    "register",
    "notice",
    "damage",
    "drill",
    "inventory",
    "receipt",
    "handover",
    "figures",
    "appendix",
]
LISTS = {"register", "notice", "receipt", "figures"}
"""Papers of a moment: made anew each time, so none of them is ever a copy or void."""
KEPT = [(paper, name) for paper, name in zip(PAPERS, IDS, strict=True) if name not in LISTS]
COPIES = {"slip": 2, "blank-slip": 2, "damage": 2, "inventory": 2}
"""How many copies stand on the sheet, where not one."""


@pytest.mark.parametrize("paper", PAPERS, ids=IDS)
def test_html_every_header_cell_has_a_scope(paper: Paper) -> None:
    cells = Outline(render_html(paper)).named("th")

    assert {cell.get("scope") for cell in cells} <= {"row", "col", "rowgroup"}
    assert len(cells) >= 5


@pytest.mark.parametrize("paper", PAPERS, ids=IDS)
def test_html_every_picture_has_words_and_is_an_asset(paper: Paper) -> None:
    pictures = Outline(render_html(paper)).named("img")

    assert [item for item in pictures if not (item.get("alt") or "").strip()] == []
    assert {item["src"] for item in pictures} == set(samples.assets(paper))


@pytest.mark.parametrize("paper", PAPERS, ids=IDS)
def test_html_never_prints_none(paper: Paper) -> None:
    assert "None" not in render_html(paper)


def with_emoji(value: Any, name: str = "") -> Any:
    """The same record with a character no font shows behind every text somebody may have typed."""
    if isinstance(value, str):
        is_key = name in {"asset", "signature", "state", "record_url", "verify_code"}
        return value if is_key else value + "😀"
    if isinstance(value, tuple):
        return tuple(with_emoji(item, name) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
        return dataclasses.replace(
            value, **{key: with_emoji(item, key) for key, item in fields.items()}
        )
    return value


@pytest.mark.parametrize("paper", PAPERS, ids=IDS)
def test_html_character_no_font_shows_is_printed_by_its_name(paper: Paper) -> None:
    """Gate 29: never a gap, and never a paper that is refused after the last signature."""
    typed = with_emoji(paper)
    html = render_html(typed)

    assert font_gaps(html) == set()
    assert html.count("〔U+1F600〕") > 10
    assert "😀" in canonical_json(typed.to_data()).decode()


def test_templates_alone_say_how_many_cells_one_spans() -> None:
    """A span of 65,534 costs a layout seconds: what somebody types is text and never one."""
    spans = {
        span
        for path in (settings.BASE_DIR / "templates/core/print").rglob("*.html")
        for span in re.findall(r'(?:col|row)span="([^"]*)"', path.read_text(encoding="utf-8"))
    }
    told = r"\d+|{{ [a-z.]+\|length(\|add:1)? }}|{% if row\.risk %}3{% else %}2{% endif %}"

    assert len(spans) > 5
    assert [span for span in spans if not re.fullmatch(told, span)] == []


def test_html_language_of_the_worker_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no English catalogue yet, so one that answers anything stands in for it."""
    english = trans_real.translation("en")
    monkeypatch.setattr(english, "gettext", lambda _message: "English")
    chinese = render_html(samples.incident())

    with override("en"):
        assert samples.incident().heading == "English"
        assert render_html(samples.incident()) == chinese


def test_blank_draft_leaves_room_and_says_so() -> None:
    page = Outline(render_html(samples.blank_incident()))

    assert page.texts.count("草稿（未签批）") == 1
    assert page.texts.count("签名：") == 4
    assert [text for text in page.texts if "年" in text and "日" in text] == ["年　　月　　日"] * 4
    assert "投诉处理过程" not in page.texts
    assert [header["data-stamp"] for header in page.named("header")] == [""]


@pytest.mark.parametrize(
    ("state", "shown"),
    [("sealed", []), ("copy", ["副本"]), ("void", ["作废"]), ("draft", ["草稿（未签批）"])],
)
def test_state_marks_the_sheet(state: Any, shown: list[str]) -> None:
    texts = Outline(render_html(dataclasses.replace(samples.incident(), state=state))).texts

    assert [text for text in texts if text in {"副本", "作废", "草稿（未签批）"}] == shown


@pytest.mark.parametrize(("paper", "name"), KEPT, ids=[name for _paper, name in KEPT])
@pytest.mark.parametrize(("state", "mark"), [("copy", "副本"), ("void", "作废"), ("sealed", None)])
def test_every_copy_on_the_sheet_of_a_kept_paper_carries_its_mark(
    paper: Paper, name: str, state: Any, mark: str | None
) -> None:
    texts = Outline(render_html(dataclasses.replace(paper, state=state))).texts

    shown = [text for text in texts if text in {"副本", "作废"}]
    assert shown == ([mark] * COPIES.get(name, 1) if mark else [])


def test_guest_papers_say_everything_in_two_languages() -> None:
    for html in (render_html(events.receipt()), client_copy(render_html(events.damage()))):
        labels = re.findall(r"<th [^>]*>(.*?)</th>", html, re.DOTALL)
        assert [label for label in labels if '<small lang="en">' not in label] == []
        assert len(labels) >= 5


def test_void_names_its_reason() -> None:
    paper = dataclasses.replace(samples.incident(), state="void", void_reason="重复登记")

    assert "作废原因：重复登记" in Outline(render_html(paper)).texts


def test_footer_carries_the_sealing_time_and_the_code() -> None:
    paper = samples.incident()
    header = Outline(render_html(paper)).named("header")[0]

    assert header["data-stamp"] == f"封存 2026-11-20 17:10　校验 {paper.verify_code}"
    assert header["data-form"] == "PD-SG-01　V1.0"


def test_signature_merged_box_and_deputy_are_named() -> None:
    texts = Outline(render_html(samples.incident())).texts

    assert texts.count("（同一人）") == 1
    assert "代签：孙蕾（受托，2026年11月20日至22日）" in texts


def test_promises_print_each_extension_with_its_reason() -> None:
    texts = Outline(render_html(samples.incident())).texts

    at = texts.index("品牌服务中心待件，检测顺延一日")
    assert texts[at - 2 : at + 4] == [
        "11-17 18:00",
        "11-18 18:00",
        "品牌服务中心待件，检测顺延一日",
        "11-17 10:05",
        "电话",
        "已兑现",
    ]


def test_ticks_list_every_choice() -> None:
    assert [tick.chosen for tick in ticks(("是", "否"), "否")] == [False, True]
    assert [tick.chosen for tick in ticks(("是", "否"))] == [False, False]
    texts = Outline(render_html(samples.incident())).texts
    chosen = [text.replace("\u2060", "") for text in texts if text[0] in "□☑"]
    assert chosen == ["☑未报警", "□已报警", "□已报主管部门", "☑满意", "□基本满意", "□不满意"]


def test_data_is_plain_json_without_the_print_state() -> None:
    paper = samples.incident()
    data = paper.to_data()

    assert json.loads(json.dumps(data)) == data
    assert data["schema"] == "propdesk.incident_report/1"
    assert {"state", "verify_code"} & data.keys() == set()
    assert data["parties"][0]["name"] == "欧阳𬀩晴（女士）"


def test_data_keeps_what_only_print_changes() -> None:
    word = "a" * 100
    paper = dataclasses.replace(samples.incident(), place=word)

    assert paper.to_data()["place"] == word
    assert "a" * 41 not in render_html(paper)


def test_canonical_json_is_sorted_compact_utf8() -> None:
    assert canonical_json({"b": ["晴", None], "a": 1}) == '{"a":1,"b":["晴",null]}'.encode()


@pytest.mark.parametrize("value", [float("nan"), "\ud800"], ids=["nan", "surrogate"])
def test_canonical_json_refuses_what_cannot_be_written(value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical_json({"a": value})


def test_verify_code_is_an_hmac_in_four_groups() -> None:
    data = {"number": "SG-20261112-002"}
    digest = hmac.new(b"key", canonical_json(data), hashlib.sha256).digest()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    bits = int.from_bytes(digest[:10], "big")
    letters = "".join(alphabet[bits >> shift & 31] for shift in range(75, -1, -5))

    assert verify_code(data, b"key") == "-".join(letters[at : at + 4] for at in (0, 4, 8, 12))


def test_verify_code_follows_the_record_not_the_sheet() -> None:
    paper = samples.incident()
    copied = dataclasses.replace(paper, state="copy").with_verify_code(samples.KEY)
    edited = dataclasses.replace(paper, place="B 座").with_verify_code(samples.KEY)

    assert copied.verify_code == paper.verify_code
    assert edited.verify_code != paper.verify_code
    assert paper.with_verify_code(b"other").verify_code != paper.verify_code


def test_assets_missing_picture_is_an_error() -> None:
    with pytest.raises(KeyError, match="pd:photo-1"):
        paper_assets(samples.incident(), {})


def test_assets_tell_jpeg_from_png() -> None:
    kinds = {name: mime for name, (_data, mime) in samples.assets(samples.incident()).items()}

    assert kinds["pd:photo-1"] == "image/jpeg"
    assert kinds["pd:sign-1"] == "image/png"
    assert kinds["pd:qr.svg"] == "image/svg+xml"


def test_qr_holds_only_the_address() -> None:
    assert qr_svg("https://desk.example.com/a") == qr_svg("https://desk.example.com/a")
    assert qr_svg("https://desk.example.com/a") != qr_svg("https://desk.example.com/b")


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("e\u0301", "é"),
        ("00.521\u202e", "00.521"),
        ("a\x00b\x08c\x7f", "abc"),
        ("一\r\n二\r三", "一\n二\n三"),
        ("❤\ufe0f", "❤"),
        ("\u2066x\u2069", "x"),
        ("制表\t符", "制表\t符"),
        ("\ud800", ""),
    ],
    ids=["nfc", "override", "control", "lines", "variation", "isolate", "tab", "surrogate"],
)
def test_clean_removes_what_must_not_print(text: str, printed: str) -> None:
    assert clean_for_print(text) == printed


def test_clean_breaks_long_words_only() -> None:
    assert clean_for_print("a" * 95) == "a" * 40 + "\u200b" + "a" * 40 + "\u200b" + "a" * 15
    assert clean_for_print("长" * 95) == "长" * 95
    assert clean_for_print("word " * 40) == "word " * 40


def test_clean_cuts_at_the_limits_and_says_so() -> None:
    note = "……（过长，以下略，全文见系统记录）"

    assert clean_for_print("长" * MAX_CHARACTERS) == "长" * MAX_CHARACTERS
    assert clean_for_print("长" * (MAX_CHARACTERS + 1)) == "长" * MAX_CHARACTERS + note
    assert clean_for_print("行\n" * MAX_LINES).count("\n") == MAX_LINES - 1
    assert clean_for_print("\n".join("行" * MAX_LINES)) == "\n".join("行" * MAX_LINES)


def test_record_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        SignBox(role="值班经理").name = "x"  # type: ignore[misc]


def test_report_without_steps_leaves_the_table_out() -> None:
    paper: IncidentReportPaper = dataclasses.replace(samples.incident(), steps=())

    assert "投诉处理过程" not in Outline(render_html(paper)).texts


# --- found things --------------------------------------------------------------------------


def client_copy(html: str) -> str:
    """第二联 alone: what is cut off and given away."""
    _stub, sep, rest = html.partition('<section class="half client">')
    assert sep
    return rest


def test_slip_has_two_copies_of_one_number_with_a_line_between() -> None:
    texts = Outline(render_html(found.slip())).texts

    wanted = ["第一联　存根", "裁　切　线", "第二联　客户"]
    assert [text for text in texts if text in wanted] == wanted
    assert texts.count("SW-20261123-002") == 2
    assert texts.count("周敏　2026年11月25日") == 2


def test_slip_client_copy_labels_are_chinese_first_then_english() -> None:
    texts = Outline(client_copy(render_html(found.slip()))).texts

    for chinese, english in (("物品", "Item"), ("认领人", "Claimant"), ("内含物", "Contents")):
        assert texts[texts.index(chinese) + 1] == english


def test_slip_client_copy_prints_its_receipt_and_nothing_else_of_the_record() -> None:
    paper = found.slip()
    given = client_copy(render_html(paper))
    record = paper.to_data()
    receipt = {text for text in record["receipt"].values() if text}

    mine = ("features", "serial", "value", "valued_by", "term", "statutory", "storage", "seal")
    mine += ("clue_text", "announced", "description", "checked_by", "expires_on", "finder")
    texts = [record[name] for name in mine]
    texts += [row["text"] for row in record["attempts"]] + [
        row["label"] for row in record["checks"]
    ]
    assert [text for text in texts if text in given] == []
    assert [text for text in receipt if text not in given] == []
    assert "pd:photo" not in given


def test_slip_of_several_states_marks_both_copies() -> None:
    marks = {
        state: Outline(render_html(dataclasses.replace(found.slip(), state=state))).texts
        for state in ("draft", "void", "sealed")
    }

    assert marks["draft"].count("手写签名后有效") == 2
    assert marks["void"].count("作废") == 2
    assert {"手写签名后有效", "作废"} & set(marks["sealed"]) == set()


def test_slip_blank_leaves_room_for_three_pens_on_each_copy() -> None:
    texts = Outline(render_html(found.blank_slip())).texts

    assert (texts.count("签名："), texts.count("年　　月　　日")) == (6, 7)


def test_disposal_prints_all_ways_with_the_decided_one_ticked() -> None:
    texts = Outline(render_html(found.disposal())).texts

    chosen = [text.replace("\u2060", "") for text in texts if text[0] == "☑"]
    assert chosen == ["☑捐赠", "☑移交公安"]
    assert texts.count("风险提示：") == 1
    assert "代签：张岚代陈国栋" in texts


@pytest.mark.parametrize(
    ("decided_on", "mark"), [(None, "草稿（未签批）"), ("2026-11-19", "已批示（未办结）")]
)
def test_disposal_not_carried_out_says_how_far_it_is(decided_on: Any, mark: str) -> None:
    paper = dataclasses.replace(found.disposal(), state="draft", decided_on=decided_on)

    assert mark in Outline(render_html(paper)).texts


def test_list_says_of_when_it_is_and_carries_no_code() -> None:
    header = Outline(render_html(found.register())).named("header")[0]

    assert header["data-stamp"] == "截至 2026-11-25 10:40"


def test_notice_prints_the_four_public_facts_only() -> None:
    html = render_html(dataclasses.replace(found.notice(), rows=found.notice().rows[:1]))
    cells = Outline(html).texts

    at = cells.index("SW-20261123-001")
    assert cells[at : at + 4] == ["SW-20261123-001", "手机", "2026-11-23", "A座"]


@pytest.mark.parametrize(
    ("boxes", "copies", "rows"), [(2, 2, 1), (3, 2, 1), (4, 2, 1), (5, 2, 3), (4, 1, 2)]
)
def test_boxes_of_half_a_sheet_stand_side_by_side(boxes: int, copies: int, rows: int) -> None:
    signatures = tuple(SignBox(f"签字人{n}") for n in range(boxes))
    paper = dataclasses.replace(events.inventory(), copies=copies, signatures=signatures)
    classes = [attributes.get("class") for _tag, attributes in Outline(render_html(paper)).tags]

    assert classes.count("row") == rows * copies
    assert classes.count("sign abreast") == (copies if paper.in_a_row else 0)
    assert paper.in_a_row == (rows == 1)


def test_figures_draw_a_bar_as_long_as_its_share() -> None:
    bars = Outline(render_html(insight.report())).named("rect")

    assert [bar["width"] for bar in bars] == ["100", "4", "2"]
