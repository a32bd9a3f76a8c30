"""The sample report as plain blocks, for engines that read no HTML: the same words and pictures."""

import json
from pathlib import Path
from typing import Any

Block = dict[str, Any]


def write(folder: Path) -> None:
    """Write `content.json`, the QR code and the signatures into the folder of the photos."""
    import segno

    from tests.core import paper_samples as samples

    paper = samples.incident()
    segno.make(paper.record_url, error="m", micro=False).save(folder / "qr.png", border=0, scale=8)
    for name, data in samples.FILES.items():
        if "sign" in name:
            (folder / f"{name.removeprefix('pd:')}.png").write_bytes(data)
    blocks = [_head(paper), *_numbered([*_first_page(paper), *_second_page(paper)])]
    (folder / "content.json").write_text(json.dumps(blocks, ensure_ascii=False), encoding="utf-8")


def _head(paper: Any) -> Block:
    return {
        "kind": "head",
        "org": paper.organisation,
        "title": str(paper.title),
        "meta": [
            f"编号：{paper.number}",
            f"密级：{paper.secrecy}",
            f"类别：{paper.category}",
            f"等级：{paper.severity}",
            f"状态：{paper.status}",
        ],
        "number": paper.number,
        "form": f"{paper.form_code}　{paper.version}",
        "stamp": paper.stamp,
    }


def _numbered(blocks: list[Block]) -> list[Block]:
    """The headings counted, as the style sheet counts ours."""
    headings = [block for block in blocks if block["kind"] == "heading"]
    for number, block in zip("一二三四五六七八九十", headings, strict=False):
        block["text"] = f"{number}、{block['text']}"
    return blocks


def _first_page(paper: Any) -> list[Block]:
    facts = [
        ["关联单号", paper.related, "地点", paper.place],
        ["发生时间", paper.occurred_at, "发现时间", paper.discovered_at],
        ["报告时间", paper.reported_at, "值班经理", paper.duty_manager],
        ["填报人", paper.reporter, "人员伤害", paper.injured],
    ]
    people = [["当事人", each.name, each.identity, each.room, each.phone] for each in paper.parties]
    people += [["见证人", each.name, each.contact, "", each.statement] for each in paper.witnesses]
    return [
        _heading("基本情况"),
        {"kind": "pairs", "rows": facts},
        {"kind": "pairs", "rows": [["财物损失", paper.loss]]},
        _table(["人员", "姓名", "身份", "房号", "联系电话／陈述"], people),
        _heading("事件经过"),
        _table(
            ["时间", "记录人", "经过"],
            [[each.at, each.by, each.text] for each in paper.timeline],
            (15, 15, 70),
        ),
        _text(paper.narrative),
        _heading("投诉处理过程（A—J 十步）"),
        _table(
            ["步骤", "要求", "处理记录", "完成时间", "经办人"],
            [
                [each.letter, f"{each.title} {each.asks}", each.record, each.done_at, each.by]
                for each in paper.steps
            ],
            (7, 27, 42, 13, 11),
        ),
    ]


def _second_page(paper: Any) -> list[Block]:
    promises = [
        [each.original or "—", each.due, each.reason, each.told_at, each.told_via, each.outcome]
        for each in paper.promises
    ]
    photos = [
        [each.asset[3:], f"图{number}　{each.caption}"]
        for number, each in enumerate(paper.photos, 1)
    ]
    told = [[each.to, each.at, each.via, each.confirmed] for each in paper.notifications]
    texts = {
        "采取措施": paper.measures,
        "直接原因": paper.cause_direct,
        "间接原因": paper.cause_indirect,
        "处理结果": paper.result,
        "客户意见": f"{paper.guest_opinion}\n满意度　{_ticked(paper.satisfaction)}",
        "改进建议": paper.improvement,
        "报警报送": _ticked(paper.authority),
    }
    return [
        _heading("承诺时限（含延期及通报）"),
        _table(
            ["原定时间", "承诺时间", "延期原因", "告知客户时间", "告知方式", "结果"],
            promises,
            (15, 15, 32, 15, 13, 10),
        ),
        _heading("特批与决定"),
        _table(
            ["事项", "理由", "决定人", "时间"],
            [[each.rule, each.reason, each.by, each.at] for each in paper.overrides],
            (27, 45, 13, 15),
        ),
        _heading("措施、原因、结果与改进"),
        {"kind": "pairs", "rows": [[title, text] for title, text in texts.items()]},
        {
            "kind": "pairs",
            "rows": [["责任部门", paper.responsible_department, "完成期限", paper.improvement_due]],
        },
        _table(["通知对象", "时间", "方式", "是否确认"], told),
        _heading("现场照片"),
        {"kind": "photos", "items": photos},
        {"kind": "pairs", "rows": [["附件清单", _listed(paper.attachments)]]},
        _heading("签字确认"),
        {"kind": "signs", "items": [_sign(each) for each in paper.signatures]},
        {"kind": "notes", "lines": [paper.note, f"审计链首：{paper.audit_head}"]},
        {"kind": "end", "text": "（以下空白）"},
    ]


def _sign(box: Any) -> Block:
    return {
        "role": f"{box.role}（同一人）" if box.merged else box.role,
        "opinion": f"意见：{box.opinion}",
        "file": f"{box.signature.removeprefix('pd:')}.png",
        "dated": f"签名：{box.name}　{box.date}",
        "deputy": box.deputy_note or "",
    }


def _listed(names: tuple[str, ...]) -> str:
    return "；".join(f"{number}. {name}" for number, name in enumerate(names, 1))


def _ticked(ticks: Any) -> str:
    return " ".join(f"{'☑' if tick.chosen else '□'}{tick.label}" for tick in ticks)


def _heading(text: str) -> Block:
    return {"kind": "heading", "text": text}


def _text(text: str | None) -> Block:
    return {"kind": "text", "text": text or ""}


def _table(
    head: list[str], rows: list[list[str | None]], widths: tuple[int, ...] | None = None
) -> Block:
    filled = [[cell or "" for cell in row] for row in rows]
    return {"kind": "table", "head": head, "rows": filled, "widths": widths or [1] * len(head)}
