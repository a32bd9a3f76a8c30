"""事件经过: the course of a complaint as paragraphs a manager would write. Pure."""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from django.utils.translation import gettext as _

from incidents.models import CONDUCT, Channel, Complaint, Decision, Option, Progress, Promise
from incidents.reports.dossier import Dossier, Round
from incidents.reports.wording import (
    ARRIVED,
    bounded,
    clause,
    prose,
    quoted,
    sentence,
    told,
    yuan,
)

Sat = Complaint.Satisfaction


def narrative(dossier: Dossier) -> str:
    """Paragraphs from the first word to the last call, one round after the other; bounded."""
    paragraphs = [_received(dossier), _recorded(dossier)]
    for each in dossier.rounds:
        paragraphs.append(_restarted(dossier, each.cycle))
        paragraphs.append(_offered(dossier, each))
        paragraphs.append(_promised(dossier, each))
        paragraphs.append(_worked(dossier, each))
        paragraphs.append(_reviewed(dossier, each))
    if dossier.last.summary:
        paragraphs.append(_("小结：%(text)s") % {"text": sentence(dossier.last.summary)})
    return bounded("\n".join(filter(None, paragraphs)))


def guest_line(dossier: Dossier) -> str:
    """The guest as sentences name him: "王晓梅（女士）", or that he stays anonymous."""
    guest = dossier.complaint.guest
    if dossier.complaint.is_anonymous:
        return _("客户（匿名）")
    if not guest.name:
        return _("客户")
    title = f"（{guest.get_honorific_display()}）" if guest.honorific else ""
    return f"{_('客户')}{guest.name}{title}"


def _received(dossier: Dossier) -> str:
    row = dossier.complaint
    text = _("%(when)s，%(guest)s%(how)s%(words)s，由%(taker)s受理") % {
        "when": prose(row.received_at),
        "guest": guest_line(dossier),
        "how": ARRIVED[Channel(row.channel)],
        "words": quoted(row.opening_words),
        "taker": row.received_by.name,
    }
    if row.owner_id != row.received_by_id:
        text += _("，%(owner)s跟进") % {"owner": row.owner.name}
    skipped = [c for c in CONDUCT if c in dossier.steps and not dossier.steps[c].done]
    if skipped:
        text += _("（谈话要领 %(letters)s 不适用）") % {"letters": "、".join(skipped)}
    return f"{text}。"


def _recorded(dossier: Dossier) -> str:
    row = dossier.complaint
    if row.recorded_at is None:
        return ""
    checked = _("经客户核对")
    if not row.read_back:
        checked = _("未与客户核对（%(why)s）") % {"why": clause(row.read_back_reason)}
    text = _("%(checked)s，要点为：%(points)s。症结是%(crux)s，客户希望%(wish)s。") % {
        "checked": checked,
        "points": clause(row.key_points),
        "crux": clause(row.core_issue),
        "wish": clause(row.expectation),
    }
    for each in dossier.corrections:
        text += _("%(when)s 更正%(field)s：%(text)s。") % {
            "when": prose(each.at),
            "field": each.get_field_display(),
            "text": clause(each.text),
        }
    return text


def _restarted(dossier: Dossier, cycle: int) -> str:
    if cycle == 1:
        return ""
    row = dossier.restarts[cycle - 2]
    return _("%(when)s，%(who)s决定重新处理（第 %(n)d 轮），原因：%(why)s。") % {
        "when": prose(row.at),
        "who": row.by.name,
        "n": cycle,
        "why": clause(row.reason),
    }


def _offered(dossier: Dossier, each: Round) -> str:
    options = [o for o in dossier.options if o.cycle == each.cycle and _counts(o)]
    parts = []
    if options:
        listed = "；".join(_option(o) for o in options)
        parts.append(_("提出方案：%(listed)s。") % {"listed": listed})
    if times := sorted(o.told_at for o in options if o.told_at):
        parts.append(f"{prose(times[0])} {told(each.told_options_via)}{_single(each)}。")
    parts += _refusals(dossier, each.cycle)
    chosen = next((o for o in options if o.chosen), None)
    if chosen and each.chosen_at:
        parts.append(
            _("%(when)s 客户选定方案 %(n)d。")
            % {"when": prose(each.chosen_at), "n": chosen.position}
        )
    return "".join(parts)


def _single(each: Round) -> str:
    if not each.single_option_reason:
        return ""
    return _("（仅一种方案：%(why)s）") % {"why": clause(each.single_option_reason)}


def _counts(option: Option) -> bool:
    """Taken back before anybody heard of it, an option is no part of the story."""
    return option.withdrawn_at is None or option.told_at is not None


def _option(option: Option) -> str:
    notes = [clause(option.limits)] if option.limits else []
    if option.cost:
        notes.append(_("费用 %(yuan)s 元") % {"yuan": yuan(option.cost)})
    if option.decided_by is not None:
        notes.append(f"{option.decided_by.name}{option.get_approval_display()}")
    note = f"（{'，'.join(notes)}）" if notes else ""
    return f"（{option.position}）{clause(option.text)}{note}"


def _refusals(dossier: Dossier, cycle: int) -> Iterator[str]:
    """What the guest said no to and what was decided, told in the order it happened."""
    said: list[tuple[datetime, str]] = []
    for entry in dossier.entries:
        if entry.action == "refuse" and dossier.cycle_at(entry.at) == cycle:
            reason = clause((entry.content or {}).get("reason", ""))
            said.append((entry.at, _("客户不接受，原因：%(why)s。") % {"why": reason}))
    for row in dossier.decisions:
        if row.kind == Decision.Kind.REFUSAL and row.cycle == cycle:
            what = _("按原方案办理") if row.choice == "proceed" else _("重新提出方案")
            text = _("%(who)s决定%(what)s，理由：%(why)s。")
            values = {"who": row.by.name, "what": what, "why": clause(row.reason)}
            said.append((row.at, text % values))
    yield from (text for _at, text in sorted(said, key=lambda item: item[0]))


def _promised(dossier: Dossier, each: Round) -> str:
    rows = dossier.of_cycle(each.cycle)
    if not rows:
        return ""
    first = rows[0]
    parts = [
        _("%(when)s %(told)s：%(due)s 前完成%(what)s，由%(department)s执行。")
        % {
            "when": prose(first.told_at),
            "told": told(first.told_via),
            "due": prose(first.due_at),
            "what": quoted(clause(first.what)),
            "department": first.department.name,
        }
    ]
    parts += [_moved(old, new) for old, new in pairwise(rows)]
    return "".join(parts)


def _moved(old: Promise, new: Promise) -> str:
    text = _("因%(why)s，%(when)s %(told)s，时限由 %(old)s 改为 %(due)s") % {
        "why": clause(new.reason),
        "when": prose(new.told_at),
        "told": told(new.told_via),
        "old": prose(old.due_at),
        "due": prose(new.due_at),
    }
    if old.outcome == Promise.Outcome.BROKEN:
        text += _("，告知时原时限已过，原承诺计为未兑现")
    if new.approved_by is not None:
        text += _("，经%(who)s批准") % {"who": new.approved_by.name}
    return f"{text}。"


def _worked(dossier: Dossier, each: Round) -> str:
    steps = [_step(p) for p in dossier.progress if p.cycle == each.cycle]
    text = f"{'；'.join(steps)}。" if steps else ""
    if each.resolution and each.resolved_at:
        text += _("%(when)s 解决：%(result)s") % {
            "when": prose(each.resolved_at),
            "result": clause(each.resolution),
        }
        rows = dossier.of_cycle(each.cycle)
        if rows:
            text += _("，承诺%(outcome)s") % {"outcome": rows[-1].get_outcome_display()}
        text += "。"
    return text


def _step(row: Progress) -> str:
    if row.kind == Progress.Kind.ASKED:
        text = _("%(when)s %(who)s请示再延期，%(why)s")
        return text % {
            "when": prose(row.at),
            "who": row.by.name,
            "why": clause(row.text),
        }
    if row.kind == Progress.Kind.GRANTED:
        text = _("%(when)s %(who)s%(why)s")
        return text % {"when": prose(row.at), "who": row.by.name, "why": clause(row.text)}
    if row.kind == Progress.Kind.DECLINED:
        text = _("%(when)s %(who)s不同意再延期，理由：%(why)s")
        return text % {"when": prose(row.at), "who": row.by.name, "why": clause(row.text)}
    kind = "" if row.kind == Progress.Kind.PROGRESS else f"{row.get_kind_display()}，"
    return f"{prose(row.occurred_at)} {row.by.name}{kind or ' '}{clause(row.text)}"


def _reviewed(dossier: Dossier, each: Round) -> str:
    parts = []
    for row in dossier.callbacks:
        if row.cycle != each.cycle:
            continue
        if row.satisfaction == Sat.NOT_POSSIBLE:
            parts.append(_("匿名投诉，无法回访。"))
        elif row.satisfaction == Sat.UNREACHABLE:
            parts.append(
                _("%(when)s %(via)s回访，联系不上。")
                % {"when": prose(row.asked_at), "via": row.get_via_display()}
            )
        else:
            said = f"：{quoted(row.comment)}" if row.comment else ""
            parts.append(
                _("%(when)s %(via)s回访，客户表示%(answer)s%(said)s。")
                % {
                    "when": prose(row.asked_at),
                    "via": row.get_via_display(),
                    "answer": row.get_satisfaction_display(),
                    "said": said,
                }
            )
    return "".join([*parts, *_dissatisfied(dossier, each.cycle)])


def _dissatisfied(dossier: Dossier, cycle: int) -> Iterator[str]:
    for row in dossier.decisions:
        ends = row.kind == Decision.Kind.DISSATISFIED and row.choice == "close"
        if ends and row.cycle == cycle:
            yield _("%(who)s决定可以结案，理由：%(why)s。") % {
                "who": row.by.name,
                "why": clause(row.reason),
            }
