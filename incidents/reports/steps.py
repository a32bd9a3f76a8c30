"""The ten steps on paper: what was done for each, when, by whom, or why it did not apply. Pure."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.models import CONDUCT, Complaint, Option, Progress, Promise
from incidents.reports.dossier import Dossier, Round
from incidents.reports.wording import clause, short
from incidents.sop import steps as content
from propdesk.core import papers
from propdesk.core.models import Report
from propdesk.core.names import address

ASKS = {
    "A": gettext_lazy("听完并复述"),
    "B": gettext_lazy("不受打扰，不争辩"),
    "C": gettext_lazy("认可感受，一人负责"),
    "D": gettext_lazy("姓氏加尊称"),
    "E": gettext_lazy("找到症结"),
    "F": gettext_lazy("写下并请客户核对"),
    "G": gettext_lazy("办得到的方案任选"),
    "H": gettext_lazy("具体到几时几分"),
    "I": gettext_lazy("有变化先通报"),
    "J": gettext_lazy("问满意度，写报告"),
}


def steps(dossier: Dossier, report: Report | None) -> tuple[papers.Step, ...]:
    """The rows A to J; a step nobody has come to yet stays blank."""
    rows = [_conduct(dossier, letter) for letter in CONDUCT]
    rows += [
        _recorded(dossier),
        _offered(dossier),
        _promised(dossier),
        _worked(dossier),
        _reviewed(dossier, report),
    ]
    return tuple(rows)


def _row(letter: str, record: str = "", at: str = "", by: str = "") -> papers.Step:
    title = content()[letter].title.zh
    return papers.Step(letter, title, str(ASKS[letter]), record, at, by)


def _conduct(dossier: Dossier, letter: str) -> papers.Step:
    done = dossier.steps.get(letter)
    if done is None:
        return _row(letter)
    if done.done:
        record = _("已做到") + _detail(dossier, letter)
    else:
        record = _("不适用：%(why)s。") % {"why": clause(done.reason)}
    return _row(letter, record, _short(dossier, done.at), done.by.name)


def _detail(dossier: Dossier, letter: str) -> str:
    row = dossier.complaint
    if letter == "B" and row.private_talk:
        note = f"，{row.get_private_talk_display()}"
        return note + (
            f"：{clause(row.private_talk_reason)}。" if row.private_talk_reason else "。"
        )
    if letter == "C":
        return _("，由%(who)s负责到底。") % {"who": row.owner.name}
    if letter == "D" and row.guest.name and not row.is_anonymous:
        return _("，称“%(name)s”。") % {"name": address(row.guest.name, row.guest.honorific)}
    if letter == "E" and row.core_issue:
        return f"：{clause(dossier.core_issue)}。"
    return "。"


def _short(dossier: Dossier, at: datetime | None) -> str:
    return short(at, dossier.complaint.received_at.year)


def _recorded(dossier: Dossier) -> papers.Step:
    row = dossier.complaint
    if row.recorded_at is None or row.recorded_at > dossier.until:
        return _row("F")
    text = _("要点已记录，客户已核对。")
    if not row.read_back:
        text = _("要点已记录；未与客户核对：%(why)s。") % {"why": clause(row.read_back_reason)}
    if dossier.corrections:
        text += _("更正 %(n)d 处。") % {"n": len(dossier.corrections)}
    by = row.recorded_by.name if row.recorded_by else ""
    return _row("F", text, _short(dossier, row.recorded_at), by)


def _marked(dossier: Dossier, each: Round, text: str) -> str:
    """The text of one round, marked when there were several."""
    if not text or len(dossier.rounds) == 1:
        return text
    return _("第%(n)d轮：%(text)s") % {"n": each.cycle, "text": text}


def _all_rounds(dossier: Dossier, texts: "list[str]") -> str:
    pairs = zip(dossier.rounds, texts, strict=True)
    return "\n".join(filter(None, (_marked(dossier, each, text) for each, text in pairs)))


def _offered(dossier: Dossier) -> papers.Step:
    text = _all_rounds(dossier, [_offer(dossier, each) for each in dossier.rounds])
    telling = [e for e in dossier.entries if e.action in ("tell_options", "choose")]
    if not text or not telling:
        return _row("G", text)
    last = telling[-1]
    at = _short(dossier, last.occurred_at or last.at)
    return _row("G", text, at, last.by.name if last.by else "")


def _offer(dossier: Dossier, each: Round) -> str:
    heard = [o for o in dossier.options if o.cycle == each.cycle and o.told_at]
    if not heard:
        return ""
    text = _("告知方案 %(n)d 种") % {"n": len(heard)}
    if each.single_option_reason:
        text += _("（仅一种：%(why)s）") % {"why": clause(each.single_option_reason)}
    chosen: Option | None = next((o for o in heard if o.chosen), None)
    if chosen is None:
        return f"{text}。"
    values = {"text": text, "n": chosen.position, "what": clause(chosen.text)}
    return _("%(text)s，选定 %(n)d：%(what)s。") % values


def _promised(dossier: Dossier) -> papers.Step:
    firsts = {row.cycle: row for row in dossier.promises if row.seq == 1}
    text = _all_rounds(
        dossier, [_promise(dossier, firsts.get(each.cycle)) for each in dossier.rounds]
    )
    if not firsts:
        return _row("H")
    last = firsts[max(firsts)]
    return _row("H", text, _short(dossier, last.told_at), last.told_by.name)


def _promise(dossier: Dossier, row: Promise | None) -> str:
    if row is None:
        return ""
    return _("%(due)s 前完成，%(department)s执行。") % {
        "due": _short(dossier, row.due_at),
        "department": row.department.name,
    }


def _worked(dossier: Dossier) -> papers.Step:
    texts = [_work(dossier, each) for each in dossier.rounds]
    done = [e for e in dossier.entries if e.action in ("progress", "resolve")]
    if not done:
        return _row("I", _all_rounds(dossier, texts))
    last = done[-1]
    at = _short(dossier, last.occurred_at or last.at)
    return _row("I", _all_rounds(dossier, texts), at, last.by.name if last.by else "")


def _work(dossier: Dossier, each: Round) -> str:
    parts = []
    if each.started_at:
        parts.append(_("%(when)s 开工") % {"when": _short(dossier, each.started_at)})
    rows = dossier.of_cycle(each.cycle)
    if len(rows) > 1:
        late = sum(row.outcome == Promise.Outcome.BROKEN for row in rows[:-1])
        note = _("延期 %(n)d 次") % {"n": len(rows) - 1}
        parts.append(note + (_("（%(n)d 次告知已晚）") % {"n": late} if late else ""))
    calls = [
        p for p in dossier.progress if p.cycle == each.cycle and p.kind == Progress.Kind.CONTACT
    ]
    if calls:
        parts.append(_("主动联系客户 %(n)d 次") % {"n": len(calls)})
    if each.resolved_at and rows:
        parts.append(_("已解决，承诺%(outcome)s") % {"outcome": rows[-1].get_outcome_display()})
    return f"{'；'.join(parts)}。" if parts else ""


def _reviewed(dossier: Dossier, report: Report | None) -> papers.Step:
    texts = [_review(each) for each in dossier.rounds]
    text = _all_rounds(dossier, texts)
    if report is not None:
        text += _("《事故报告》%(number)s。") % {"number": report.number}
    if not dossier.callbacks:
        return _row("J", text)
    last = dossier.callbacks[-1]
    return _row("J", text, _short(dossier, last.asked_at), last.by.name)


def _review(each: Round) -> str:
    if not each.satisfaction:
        return ""
    label = Complaint.Satisfaction(each.satisfaction).label
    return _("回访结果：%(answer)s。") % {"answer": label}
